package disks

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math/rand"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/glowplug-os/glowplug/config"
	"github.com/glowplug-os/glowplug/internal/block"
	"github.com/glowplug-os/glowplug/internal/device"
	"github.com/glowplug-os/glowplug/internal/diag"
	"github.com/glowplug-os/glowplug/internal/plan"
	"github.com/glowplug-os/glowplug/internal/tool"
)

// dice are GUIDs that are the same in each run.
func dice() io.Reader { return rand.New(rand.NewSource(4)) }

// made gives a new value to point at.
func made[T any](v T) *T { return &v }

// disksFor are what planning on image files needs.
func disksFor(t *testing.T) Options {
	t.Helper()
	return Options{Devices: &device.Devices{Tools: tool.New(nil, nil), Aliases: t.TempDir()}, Random: dice()}
}

// imageDisk makes an image file of so many MiB, with partitions.
func imageDisk(t testing.TB, mib int64, parts ...config.Partition) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "disk")
	f, err := os.Create(path)
	require.NoError(t, err)
	defer f.Close()
	require.NoError(t, f.Truncate(mib<<20))
	if len(parts) == 0 {
		return path
	}
	table, err := block.NewTable(uint64(mib)<<20/512, 512, dice())
	require.NoError(t, err)
	base, decisions, err := block.Layout(table, specs(parts))
	require.NoError(t, err)
	table, err = block.Apply(base, decisions, dice())
	require.NoError(t, err)
	require.NoError(t, table.WriteTo(f))
	return path
}

// put writes bytes into an image.
func put(t testing.TB, path string, at int64, data []byte) {
	t.Helper()
	f, err := os.OpenFile(path, os.O_WRONLY, 0)
	require.NoError(t, err)
	_, err = f.WriteAt(data, at)
	require.NoError(t, err)
	require.NoError(t, f.Close())
}

// ext4Block is the superblock of an ext4 of that label: where libblkid's documentation and the kernel's have its
// fields.
func ext4Block(label string) []byte {
	super := make([]byte, 1024)
	binary.LittleEndian.PutUint16(super[56:], 0xEF53)
	binary.LittleEndian.PutUint32(super[76:], 1)
	binary.LittleEndian.PutUint32(super[92:], 4)      // has a journal
	binary.LittleEndian.PutUint32(super[96:], 2|0x40) // file types, extents
	copy(super[120:], label)
	return super
}

func part(number, startMiB, sizeMiB int, label string) config.Partition {
	return config.Partition{Number: number, StartMiB: &startMiB, SizeMiB: &sizeMiB, Label: &label}
}

func with(p config.Partition, change func(*config.Partition)) config.Partition {
	change(&p)
	return p
}

func gonePart(number int, wipe bool) config.Partition {
	return config.Partition{Number: number, ShouldExist: made(false), WipePartitionEntry: &wipe}
}

// lookImage observes an image.
func lookImage(t testing.TB, path string) device.Disk {
	t.Helper()
	disk, err := (&device.Devices{}).LookDisk(path)
	require.NoError(t, err)
	return disk
}

// planned of one disk, which is called /dev/vda in all that people read.
func plannedDisk(
	t testing.TB, disk device.Disk, image string, want config.Disk, members ...string,
) (*tableChange, error) {
	t.Helper()
	f, err := os.Open(image)
	require.NoError(t, err)
	t.Cleanup(func() { _ = f.Close() })
	all := map[string]bool{}
	for _, m := range members {
		all[m] = true
	}
	want.Device, disk.Path, disk.Node = "/dev/vda", "/dev/vda", "/dev/vda"
	return planDisk(0, want, disk, f, memberOf{all, []string{"/dev/vda"}}, dice())
}

// A readCase is a disk, what a config wants of it, and the plan.
type readCase struct {
	image func(*testing.T) string
	want  config.Disk
	plan  string
}

func oldDisk(t *testing.T) string {
	image := imageDisk(t, 64, part(1, 1, 10, "root"), part(2, 20, 10, "data"))
	put(t, image, 20<<20+1024, ext4Block("old"))
	return image
}

func blankDisk(t *testing.T) string { return imageDisk(t, 64) }

// spoilt is a disk with some bytes written over.
func spoilt(disk func(*testing.T) string, at int64, data []byte) func(*testing.T) string {
	return func(t *testing.T) string {
		image := disk(t)
		put(t, image, at, data)
		return image
	}
}

func readCases() map[string]readCase {
	root := part(1, 1, 10, "root")
	data := part(2, 20, 10, "data")
	return map[string]readCase{
		"nothing is asked of a disk": {oldDisk, config.Disk{}, `
= partition table of /dev/vda  as it is
`},
		"a blank disk gets its partitions": {blankDisk,
			config.Disk{Partitions: []config.Partition{root, with(config.Partition{}, func(p *config.Partition) {
				p.TypeGUID = made("c12a7328-f81f-11d2-ba4b-00a0c93ec93b")
			})}}, `
+ partition 1 of /dev/vda      "root", at 1 MiB, 10 MiB
+ partition 2 of /dev/vda      "", at 11 MiB, 108511 sectors, type C12A7328-F81F-11D2-BA4B-00A0C93EC93B
~ partition table of /dev/vda  written, and the kernel told
`},
		"all is as wanted": {oldDisk, config.Disk{Partitions: []config.Partition{root, data, gonePart(7, false)}}, `
= partition 1 of /dev/vda      "root", at 1 MiB, 10 MiB
= partition 2 of /dev/vda      "data", at 20 MiB, 10 MiB
= partition 7 of /dev/vda      is not there
= partition table of /dev/vda  as it is
`},
		"what is lost is told": {oldDisk, config.Disk{Partitions: []config.Partition{gonePart(1, true),
			with(part(2, 20, 12, "new"), func(p *config.Partition) { p.WipePartitionEntry = made(true) })}}, `
- partition 1 of /dev/vda      deleted; was "root", at 1 MiB, 10 MiB
- partition 2 of /dev/vda      "new", at 20 MiB, 12 MiB; was "data", at 20 MiB, 10 MiB (size in sectors is 20480, want 24576; label is "data", want "new"); loses ext4 "old"
~ partition table of /dev/vda  written, and the kernel told
`},
		"sizes change": {oldDisk, config.Disk{Partitions: []config.Partition{
			with(part(1, 1, 12, "root"), func(p *config.Partition) { p.Resize = made(true) }),
			with(part(2, 20, 8, "data"), func(p *config.Partition) { p.Resize = made(true) })}}, `
~ partition 1 of /dev/vda      "root", at 1 MiB, 12 MiB, size was 10 MiB
- partition 2 of /dev/vda      "data", at 20 MiB, 8 MiB, size was 10 MiB; loses the last 2 MiB
~ partition table of /dev/vda  written, and the kernel told
`},
		"a number goes to another entry": {oldDisk, config.Disk{Partitions: []config.Partition{gonePart(2, true),
			with(config.Partition{SizeMiB: made(3)}, func(p *config.Partition) { p.WipePartitionEntry = made(true) })}},
			`
= partition 2 of /dev/vda      its number is given to another entry
- partition 2 of /dev/vda      "", at 11 MiB, 3 MiB; was "data", at 20 MiB, 10 MiB (start sector is 40960, want 22528; size in sectors is 20480, want 6144); loses ext4 "old"
~ partition table of /dev/vda  written, and the kernel told
`},
		"a table is wiped": {oldDisk, config.Disk{WipeTable: made(true)}, `
- partition table of /dev/vda  wiped, with partitions 1 "root", at 1 MiB, 10 MiB; 2 "data", at 20 MiB, 10 MiB, holding ext4 "old"
~ partition table of /dev/vda  written, and the kernel told
`},
		"a blank disk is wiped": {blankDisk, config.Disk{WipeTable: made(true), Partitions: []config.Partition{data}}, `
~ partition table of /dev/vda  wiped, nothing is lost
+ partition 2 of /dev/vda      "data", at 20 MiB, 10 MiB
~ partition table of /dev/vda  written, and the kernel told
`},
		"a filesystem that fills the disk is wiped": {spoilt(blankDisk, 1024, ext4Block("all")),
			config.Disk{WipeTable: made(true)}, `
- partition table of /dev/vda  wiped, with ext4 "all" that fills the disk
~ partition table of /dev/vda  written, and the kernel told
`},
		"an MBR is wiped": {spoilt(blankDisk, 510, []byte{0x55, 0xAA}), config.Disk{WipeTable: made(true)}, `
- partition table of /dev/vda  wiped: the disk has an MBR partition table
~ partition table of /dev/vda  written, and the kernel told
`},
		"damage is mended for partitions that are wanted": {spoilt(oldDisk, 512, []byte("EFI TRAP")),
			config.Disk{Partitions: []config.Partition{root}}, `
= partition 1 of /dev/vda      "root", at 1 MiB, 10 MiB
~ partition table of /dev/vda  mended (primary GPT: no GPT header)
`},
		"damage is left alone on a disk of which nothing is wanted": {spoilt(oldDisk, 512, []byte("EFI TRAP")),
			config.Disk{Partitions: []config.Partition{gonePart(5, false)}}, `
= partition 5 of /dev/vda      is not there
= partition table of /dev/vda  as it is
`},
	}
}

func TestPlansOfDisksAsPeopleReadThem(t *testing.T) {
	for name, c := range readCases() {
		t.Run(name, func(t *testing.T) {
			image := c.image(t)
			change, err := plannedDisk(t, lookImage(t, image), image, c.want)
			require.NoError(t, err)
			assert.Equal(t, strings.TrimPrefix(c.plan, "\n"), change.steps(nil).String())
			for _, s := range change.steps(nil) {
				assert.True(t, strings.HasPrefix(s.Origin, "$.storage.disks.0"), s.Origin)
			}
		})
	}
}

func TestDisksThatAreRefused(t *testing.T) {
	root := part(1, 1, 10, "root")
	image := imageDisk(t, 64, root)
	put(t, image, 1<<20+1024, ext4Block("old"))
	raw := func(at int64, data string) string {
		image := imageDisk(t, 64)
		put(t, image, at, []byte(data))
		return image
	}
	other := with(root, func(p *config.Partition) { p.Label = made("other") })
	larger := with(root, func(p *config.Partition) { p.SizeMiB = made(12) })
	for name, c := range map[string]struct {
		image string
		have  func(*device.Disk)
		want  config.Disk
		says  []string
	}{
		"one that should be gone": {image, nil, config.Disk{Partitions: []config.Partition{gonePart(1, false)}},
			[]string{
				`partition 1 of /dev/vda ($.storage.disks.0.partitions.0): `,
				`exists and should not: wipePartitionEntry would let it be deleted; it holds ext4 "old"`}},
		"all refusals at once": {image, nil, config.Disk{Partitions: []config.Partition{part(4, 40, 60, ""), other}},
			[]string{
				"disk /dev/vda ($.storage.disks.0.partitions.0): partition 4 does not fit"}},
		"a mismatch": {image, nil, config.Disk{Partitions: []config.Partition{part(3, 30, 1, ""), other}},
			[]string{`($.storage.disks.0.partitions.1): `, `label is "root", want "other"`}},
		"another size": {image, nil, config.Disk{Partitions: []config.Partition{larger}},
			[]string{"resize would let its size be changed, wipePartitionEntry would let it be made anew"}},
		"an MBR": {raw(510, "\x55\xAA"), nil, config.Disk{},
			[]string{"has an MBR partition table; wipeTable would let all of it be overwritten"}},
		"a protective MBR only": {raw(446,
			"\x00\x00\x02\x00\xEE\xFF\xFF\xFF\x01\x00\x00\x00\xFF\xFF\x01\x00"+strings.Repeat("\x00", 48)+"\x55\xAA"),
			nil, config.Disk{}, []string{"has no good GPT, but an MBR that protects one"}},
		"a whole filesystem": {raw(1024, string(ext4Block("all"))),
			nil, config.Disk{Partitions: []config.Partition{root}},
			[]string{`is not partitioned, but filled with ext4 "all"; wipeTable would let it be overwritten`}},
		"the disk itself in use": {image, func(d *device.Disk) { d.Users = []string{"part of dm-0"} }, config.Disk{},
			[]string{
				"is in use: part of dm-0"}},
		"wiping a disk in use": {image, func(d *device.Disk) { d.Busy = map[int][]string{1: {"mounted at /var"}} },
			config.Disk{WipeTable: made(true)}, []string{
				"the partition table is not wiped: partition 1 is in use (mounted at /var)"}},
		"changing a partition in use": {image, func(d *device.Disk) { d.Busy = map[int][]string{1: {"swap"}} },
			config.Disk{Partitions: []config.Partition{with(larger,
				func(p *config.Partition) { p.Resize = made(true) })}}, []string{
				"($.storage.disks.0.partitions.0): is in use (swap), and would be changed"}},
		"a read-only disk": {image, func(d *device.Disk) { d.ReadOnly = true },
			config.Disk{Partitions: []config.Partition{part(2, 20, 1, "")}}, []string{
				"is read-only, and its partition table would have to be written"}},
		"a place that the kernel has in use": {image, func(d *device.Disk) {
			d.Name, d.Busy = "vda", map[int][]string{9: {"swap"}}
			d.Partitions = []block.KernelPartition{{Name: "vda9", Number: 9, Start: 40960, Size: 2048}}
		}, config.Disk{Partitions: []config.Partition{part(2, 19, 2, "")}},
			[]string{"the kernel has partition 9 there, which is in use (swap)"}},
		"a partition in use elsewhere": {image, func(d *device.Disk) {
			d.Name, d.Busy = "vda", map[int][]string{1: {"swap"}}
			d.Partitions = []block.KernelPartition{{Name: "vda1", Number: 1, Start: 40960, Size: 2048}}
		}, config.Disk{Partitions: []config.Partition{root}},
			[]string{"partition 1 is in use (swap), but not where the table has it"}},
		"partitions of another kind of table": {raw(0, ""), func(d *device.Disk) {
			d.Partitions = []block.KernelPartition{{Name: "vda1", Number: 1, Start: 2048, Size: 2048}}
		}, config.Disk{Partitions: []config.Partition{root}},
			[]string{"has a partition table that only the kernel can read"}},
		"a number that no table has": {image, nil, config.Disk{Partitions: []config.Partition{part(129, 30, 1, "")}},
			[]string{"($.storage.disks.0.partitions.0): partition 129: the table has numbers 1 to 128"}},
		"36 characters beyond UTF-16's first plane": {image, nil,
			config.Disk{Partitions: []config.Partition{part(2, 30, 1, strings.Repeat("\U0001F525", 36))}}, []string{
				"72 UTF-16 units, a partition's name has room for 36"}},
		"a disk that is too small": {func() string {
			path := filepath.Join(t.TempDir(), "disk")
			require.NoError(t, os.WriteFile(path, make([]byte, 8192), 0o600))
			return path
		}(), nil, config.Disk{Partitions: []config.Partition{root}}, []string{"no size for a GPT"}},
	} {
		t.Run(name, func(t *testing.T) {
			before, err := os.ReadFile(c.image)
			require.NoError(t, err)
			disk := lookImage(t, c.image)
			if c.have != nil {
				c.have(&disk)
			}
			_, err = plannedDisk(t, disk, c.image, c.want)
			require.Error(t, err)
			if settable := strings.Contains(err.Error(), "would let"); settable {
				require.NotEmpty(t, diag.Hints(err))
				assert.Contains(t, diag.Hints(err)[0], "if what is there may be lost set wipe")
			}
			err = plan.Step{Subject: "disk /dev/vda", Origin: "$.storage.disks.0"}.Fail(err)
			for _, text := range c.says {
				assert.ErrorContains(t, err, text)
			}
			var step *plan.StepError
			assert.ErrorAs(t, err, &step)
			after, err := os.ReadFile(c.image)
			require.NoError(t, err)
			assert.True(t, bytes.Equal(before, after), "the disk is not what it was")
		})
	}
}

// All entries are judged, also two of one disk.
func TestAllRefusedDisksAreNamed(t *testing.T) {
	image := imageDisk(t, 64, part(1, 1, 10, "root"))
	s := storageOf(image, false, gonePart(1, false))
	s.Disks = append(s.Disks, config.Disk{Device: image, Partitions: []config.Partition{part(1, 1, 9, "root")}},
		config.Disk{Device: "/no/such/disk"})
	o := disksFor(t)
	_, err := planPartitions(s, live{o.Devices}, &work{Options: o})
	for _, place := range []string{"$.storage.disks.0.partitions.0", "$.storage.disks.1.partitions.0",
		"$.storage.disks.2"} {
		assert.ErrorContains(t, err, "("+place+")")
	}
}

// The table "A disk in use" of docs/disks.md, over all inputs.
func TestUseIsJudgedAsDocumented(t *testing.T) {
	doc, err := os.ReadFile("../../docs/disks.md")
	require.NoError(t, err)
	_, section, found := strings.Cut(string(doc), "\n## A disk in use\n")
	require.True(t, found)
	section, _, _ = strings.Cut(section, "\n## ")
	either := map[string][]bool{"yes": {true}, "no": {false}, "any": {true, false}}
	seen := map[use]bool{}
	for line := range strings.Lines(section) {
		cells := strings.Split(strings.Trim(line, "| \n"), " | ")
		if len(cells) != 5 || either[cells[0]] == nil {
			continue
		}
		for _, disk := range either[cells[0]] {
			for _, partition := range either[cells[1]] {
				for _, wipe := range either[cells[2]] {
					for _, changed := range either[cells[3]] {
						u := use{disk, partition, changed, wipe}
						assert.False(t, seen[u], "%+v is in two rows", u)
						seen[u] = true
						assert.Equal(t, cells[4] == "refuse", u.refuse(), "%+v", u)
					}
				}
			}
		}
	}
	assert.Len(t, seen, 16)
}

// storageOf is a config of one disk.
func storageOf(path string, wipe bool, parts ...config.Partition) config.Storage {
	return config.Storage{Disks: []config.Disk{{Device: path, WipeTable: &wipe, Partitions: parts}}}
}

var tables = cmp.AllowUnexported(block.Table{})

// A sketch reads as the disk would after the same writes.
func TestASketchReadsAsTheDiskWould(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		disk := bytes.Repeat([]byte{'.'}, 256)
		var drawn io.ReaderAt = bytes.NewReader(bytes.Clone(disk))
		for range 3 {
			s := &sketch{under: drawn}
			for range rapid.IntRange(0, 4).Draw(t, "writes") {
				at, n := rapid.IntRange(0, 255).Draw(t, "at"), rapid.IntRange(0, 80).Draw(t, "bytes")
				data := bytes.Repeat([]byte{rapid.Byte().Draw(t, "byte")}, min(n, 256-at))
				if rapid.Bool().Draw(t, "zeros") {
					clear(data)
					require.NoError(t, s.Zero(int64(at), int64(len(data))))
				} else {
					_, err := s.WriteAt(data, int64(at))
					require.NoError(t, err)
				}
				copy(disk[at:], data)
			}
			drawn = s
		}
		from, n := rapid.IntRange(0, 255).Draw(t, "from"), rapid.IntRange(0, 100).Draw(t, "length")
		got := make([]byte, min(n, 256-from))
		_, err := drawn.ReadAt(got, int64(from))
		require.NoError(t, err)
		require.Equal(t, disk[from:from+len(got)], got)
	})
}

// What is predicted of a disk and its partitions is what is then seen, and a second plan has nothing to do.
func TestDisksBecomeWhatWasPredicted(t *testing.T) {
	root, data := part(1, 1, 10, "root"), part(2, 20, 10, "data")
	stale := func(t *testing.T, image string) string {
		put(t, image, 20<<20+1024, ext4Block("stale"))
		return image
	}
	for name, c := range map[string]struct {
		image   string
		storage func(string) config.Storage
	}{
		"made":  {stale(t, imageDisk(t, 64)), func(d string) config.Storage { return storageOf(d, false, root, data) }},
		"wiped": {stale(t, imageDisk(t, 64, root, data)), func(d string) config.Storage { return storageOf(d, true) }},
		"wiped and made": {stale(t, imageDisk(t, 64, root, data)),
			func(d string) config.Storage { return storageOf(d, true, data) }},
		"in the first gap": {imageDisk(t, 64), func(d string) config.Storage {
			return storageOf(d, true, with(root, func(p *config.Partition) { p.StartMiB, p.SizeMiB = nil, nil }))
		}},
		"for an array": {stale(t, imageDisk(t, 64)), func(d string) config.Storage {
			s := storageOf(d, false, root, data)
			s.Raid = []config.Raid{{Name: "md", Devices: []string{"/dev/disk/by-partlabel/data"}}}
			return s
		}},
		"by three entries": {stale(t, imageDisk(t, 64, root)), func(d string) config.Storage {
			s := storageOf(d, true, data)
			s.Disks = append(s.Disks, config.Disk{Device: filepath.Dir(d) + "/../" +
				filepath.Base(filepath.Dir(d)) + "/disk", Partitions: []config.Partition{root}})
			s.Disks = append(s.Disks,
				config.Disk{Device: d, Partitions: []config.Partition{gonePart(1, true), part(7, 40, 2, "seven")}})
			return s
		}},
	} {
		t.Run(name, func(t *testing.T) {
			o := disksFor(t)
			s := c.storage(c.image)
			p := partitioner{devices: o.Devices, random: o.Random, members: members(s), lanes: map[string]int{}}
			for i, d := range s.Disks {
				require.NoError(t, p.add(i, d, live{o.Devices}))
			}
			require.Len(t, p.plans, 1)
			require.NoError(t, p.predict())
			require.NoError(t, runLanes(context.Background(), p.plans, 1, nil))
			now := lookImage(t, c.image)
			want := p.last[0].after
			want.Path = now.Path
			if d := cmp.Diff(want, now, tables); d != "" {
				t.Error(d)
			}
			f, err := os.Open(c.image)
			require.NoError(t, err)
			defer f.Close()
			predicted := map[string]block.Content{}
			for _, each := range p.after {
				predicted[each.seen.Node] = each.seen.Content
				if each.seen.Node == now.Node {
					assert.Equal(t, now.Partitioned, each.seen.Partitioned)
				}
			}
			assert.Equal(t, now.Content, predicted[now.Node])
			var parts []block.Partition
			if now.Found.Table != nil {
				parts = now.Found.Table.Partitions()
			}
			assert.Len(t, predicted, len(parts)+1)
			for _, part := range parts {
				content, err := block.Probe(io.NewSectionReader(f, int64(part.Start)*512, int64(part.Size)*512),
					int64(part.Size)*512)
				require.NoError(t, err)
				assert.Equal(t, predicted[block.PartitionNode(now.Node, part.Number)], content)
				if name == "for an array" {
					assert.Empty(t, content.Signatures, "what was there by chance is blank")
				}
			}
		})
	}
}

func TestNamesThatWillLeadToPartitions(t *testing.T) {
	id, err := block.ParseGUID("0B1F1F3E-0000-4000-8000-0123456789AB")
	require.NoError(t, err)
	disk := device.Disk{Device: device.Device{Node: "/dev/nvme0n1"}}
	assert.Equal(t, []string{"/dev/nvme0n1p3", "/dev/disk/by-id/nvme-X-part3",
		`/dev/disk/by-partlabel/my\x20data\x2f`, "/dev/disk/by-partuuid/0b1f1f3e-0000-4000-8000-0123456789ab"},
		partitionNames([]string{"/dev/disk/by-id/nvme-X", "/dev/nvme0n1"}, disk, 3, "my data/", id))
	disk.Mapper = "mpatha"
	assert.Equal(t, []string{"/dev/disk/by-id/dm-name-mpathap3"},
		partitionNames([]string{"/dev/mapper/mpatha"}, disk, 3, "", block.GUID{}))
	one, other := Seen{Device: device.Device{Node: "/dev/vda1"}}, Seen{Device: device.Device{Node: "/dev/vdb1"}}
	for _, p := range unambiguous([]prediction{{[]string{"/dev/vda1", "same"}, one},
		{[]string{"/dev/vdb1", "same"}, other}}) {
		for _, name := range p.names {
			assert.Equal(t, name == "same", p.seen.Unknown != "", name)
		}
	}
}

// A preview of filesystems on partitions that are not there yet finds what is at their place.
func TestAPreviewSeesPartitionsThatAreNotThere(t *testing.T) {
	image := imageDisk(t, 64)
	put(t, image, 20<<20+1024, ext4Block("stale"))
	o := disksFor(t)
	view := &expected{now: live{o.Devices}, then: map[string]Seen{}}
	p, err := planPartitions(storageOf(image, false, part(1, 1, 10, "root"), part(2, 20, 10, "data")), view,
		&work{Options: o})
	require.NoError(t, err)
	seen := map[string]string{}
	for _, each := range p.after {
		for _, name := range each.names {
			seen[name] = device.Describe(each.seen.Content)
		}
	}
	assert.Equal(t, `ext4 "stale"`, seen["/dev/disk/by-partlabel/data"])
	assert.Equal(t, "nothing known on it", seen["/dev/disk/by-partlabel/root"])
}

// A disk that changes after it was planned for is not written to.
func TestAPlanThatIsStaleWritesNothing(t *testing.T) {
	for name, change := range map[string]func(t *testing.T, image string){
		"another table": func(t *testing.T, image string) {
			put(t, image, 0, read(t, imageDisk(t, 64, part(1, 1, 1, "other"))))
		},
		"a filesystem":       func(t *testing.T, image string) { put(t, image, 1024, ext4Block("new")) },
		"a disk that shrank": func(t *testing.T, image string) { require.NoError(t, os.Truncate(image, 32<<20)) },
		"a disk that grew":   func(t *testing.T, image string) { require.NoError(t, os.Truncate(image, 65<<20)) },
		"an MBR":             func(t *testing.T, image string) { put(t, image, 510, []byte{0x55, 0xAA}) },
	} {
		t.Run(name, func(t *testing.T) {
			image := imageDisk(t, 64)
			o := disksFor(t)
			p, err := planPartitions(storageOf(image, false, part(1, 1, 10, "root")), live{o.Devices},
				&work{Options: o})
			require.NoError(t, err)
			change(t, image)
			before := read(t, image)
			err = runLanes(context.Background(), p.lanes, 1, nil)
			require.ErrorContains(t, err, "it was planned for as it was, and nothing was written")
			assert.ErrorContains(t, err, "$.storage.disks.0")
			assert.True(t, bytes.Equal(before, read(t, image)))
		})
	}
}

func read(t *testing.T, path string) []byte {
	t.Helper()
	data, err := os.ReadFile(path)
	require.NoError(t, err)
	return data
}

// A run that was stopped after any step, and done again, leaves what one run does: byte by byte, as all GUIDs are said.
func TestStoppedPartitioningIsCompletedByTheNextRun(t *testing.T) {
	guid := func(p config.Partition, id string) config.Partition {
		return with(p, func(p *config.Partition) { p.GUID = made("00000000-0000-4000-8000-0000000000" + id) })
	}
	s := func(image string) config.Storage {
		return storageOf(image, false, guid(part(1, 1, 10, "root"), "01"),
			guid(config.Partition{SizeMiB: made(5)}, "02"), guid(config.Partition{}, "03"), gonePart(9, true))
	}
	stop := errors.New("cut off")
	run := func(image string, steps int) error {
		o := disksFor(t)
		p, err := planPartitions(s(image), live{o.Devices}, &work{Options: o})
		require.NoError(t, err)
		if steps > 0 {
			p.lanes[0] = slices.Insert(p.lanes[0], steps,
				plan.Step{Do: func(context.Context) error { return stop }})
		}
		return runLanes(context.Background(), p.lanes, 1, nil)
	}
	fresh := func() string { return imageDisk(t, 64, part(9, 40, 2, "old")) }
	whole := fresh()
	require.NoError(t, run(whole, 0))
	for k := 1; k <= 5; k++ {
		image := fresh()
		require.ErrorIs(t, run(image, k), stop)
		require.NoError(t, run(image, 0))
		assert.True(t, bytes.Equal(read(t, whole), read(t, image)), "stopped after step %d", k)
	}
	assert.Equal(t, "1 2 3", numbers(lookImage(t, whole)), "a partition without a number is found by its GUID")
}

// A power cut within a write, or between two, is made good by the next run: it mends what only the kernel would stumble
// over.
func TestCutWritesAreCompletedByTheNextRun(t *testing.T) {
	id := func(p config.Partition) config.Partition {
		return with(p, func(p *config.Partition) {
			p.GUID = made("00000000-0000-4000-8000-00000000000" + strconv.Itoa(p.Number))
		})
	}
	run := func(image string) {
		o := disksFor(t)
		p, err := planPartitions(storageOf(image, false, id(part(1, 1, 3, "one")), id(part(2, 4, 3, "two")),
			gonePart(3, true)), live{o.Devices}, &work{Options: o})
		require.NoError(t, err)
		require.NoError(t, runLanes(context.Background(), p.lanes, 1, nil))
	}
	image := imageDisk(t, 16, part(3, 8, 2, "three"))
	put(t, image, 0, make([]byte, 512)) // no protective MBR: it is written as well
	before := read(t, image)
	change, err := plannedDisk(t, lookImage(t, image), image,
		storageOf("", false, id(part(1, 1, 3, "one")), id(part(2, 4, 3, "two")), gonePart(3, true)).Disks[0])
	require.NoError(t, err)
	require.Len(t, change.sketch.patches, 5)
	run(image)
	want := read(t, image)
	for k, w := range change.sketch.patches {
		for _, n := range []int{0, len(w.data) / 3, len(w.data)} {
			cut := bytes.Clone(before)
			for _, done := range change.sketch.patches[:k] {
				copy(cut[done.offset:], done.data)
			}
			copy(cut[w.offset:], w.data[:n])
			require.NoError(t, os.WriteFile(image, cut, 0o600))
			run(image)
			require.True(t, bytes.Equal(want, read(t, image)), "cut %d bytes into write %d", n, k)
		}
	}
}

func numbers(d device.Disk) string {
	var all []string
	for _, p := range d.Found.Table.Partitions() {
		all = append(all, fmt.Sprint(p.Number))
	}
	return strings.Join(all, " ")
}
