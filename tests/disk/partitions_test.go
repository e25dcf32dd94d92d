//go:build disk

package disk

import (
	"context"
	"crypto/rand"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"hash/crc32"
	mathrand "math/rand"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"

	"github.com/glowplug-os/glowplug/config"
	"github.com/glowplug-os/glowplug/internal/device"
	"github.com/glowplug-os/glowplug/internal/plan"
	"github.com/glowplug-os/glowplug/internal/scene"
	"github.com/glowplug-os/glowplug/internal/tool"
	"github.com/glowplug-os/glowplug/stages/disks"
)

// A ptDisk is a loop device that can have partitions. This kernel reads no GPT by itself: what it knows it was told.
type ptDisk struct {
	node, file string
	sector     int
}

func ptAttach(t *testing.T, file string, sector int, more ...string) *ptDisk {
	t.Helper()
	args := append([]string{"--find", "--show", "--partscan", "--sector-size", fmt.Sprint(sector)}, more...)
	node := strings.TrimSpace(must(t, "losetup", append(args, file)...))
	t.Cleanup(func() {
		if backing, _ := exec.Command("losetup", "--noheadings", "--output", "BACK-FILE",
			node).Output(); strings.TrimSpace(string(backing)) != file {
			return // it is someone else's by now
		}
		_ = exec.Command("partx", "-d", node).Run()
		// a loop device that was made read-only stays so for whoever is next
		_ = exec.Command("blockdev", "--setrw", node).Run()
		_ = exec.Command("losetup", "-d", node).Run()
	})
	return &ptDisk{node, file, sector}
}

func ptNew(t *testing.T, mib, sector int) *ptDisk {
	t.Helper()
	file := filepath.Join(t.TempDir(), "disk")
	must(t, "truncate", "-s", fmt.Sprintf("%dM", mib), file)
	return ptAttach(t, file, sector)
}

func (d *ptDisk) devices(t *testing.T) *device.Devices {
	return &device.Devices{Tools: tool.New(nil, nil), Aliases: t.TempDir(), Patience: time.Second}
}

func (d *ptDisk) options(t *testing.T) disks.Options {
	return disks.Options{Devices: d.devices(t), Tools: tool.New(nil, nil), Random: rand.Reader}
}

func (d *ptDisk) run(t *testing.T, wipe bool, parts ...config.Partition) error {
	_, err := asForetold(context.Background(), t, d.storage(wipe, parts...), d.options(t))
	return err
}

func (d *ptDisk) storage(wipe bool, parts ...config.Partition) config.Storage {
	return config.Storage{Disks: []config.Disk{{Device: d.node, WipeTable: &wipe, Partitions: parts}}}
}

// look is what glowplug sees.
func (d *ptDisk) look(t *testing.T) *scene.Seen {
	t.Helper()
	disk, err := d.devices(t).Scene().Look(d.node)
	require.NoError(t, err)
	return disk
}

func (d *ptDisk) sum(t *testing.T) uint32 {
	t.Helper()
	must(t, "blockdev", "--flushbufs", d.node)
	data, err := os.ReadFile(d.file)
	require.NoError(t, err)
	return crc32.ChecksumIEEE(data)
}

// table is what sfdisk reads: number, start+size in MiB or sectors ("rest" to the last usable one), label.
func (d *ptDisk) table(t *testing.T) string {
	t.Helper()
	out, err := exec.Command("sfdisk", "-J", d.node).Output()
	if err != nil {
		return "no table"
	}
	var read struct {
		Table struct {
			LastLBA    uint64
			Partitions []struct {
				Node, Name, Type, UUID string
				Start, Size            uint64
			}
		} `json:"partitiontable"`
	}
	require.NoError(t, json.Unmarshal(out, &read))
	text := []string{}
	mib := func(sectors uint64) string {
		if n := sectors * uint64(d.sector); n%(1<<20) == 0 {
			return fmt.Sprint(n >> 20)
		}
		return fmt.Sprintf("%ds", sectors)
	}
	for i, p := range read.Table.Partitions {
		size := mib(p.Size)
		if p.Start+p.Size == read.Table.LastLBA+1 {
			size = "rest"
		}
		text = append(text,
			fmt.Sprintf("%s: %s+%s %s", strings.TrimPrefix(p.Node, d.node+"p"), mib(p.Start), size, p.Name))
		ours := d.look(t).Found.Table.Partitions()[i]
		assert.Equal(t, []any{p.Start, p.Size, p.Type, p.UUID, p.Name},
			[]any{ours.Start, ours.Size, ours.Type.String(), ours.GUID.String(), ours.Label})
	}
	return strings.Join(text, "\n")
}

// sound: the table is one for sgdisk as well, and the kernel has its partitions.
func (d *ptDisk) sound(t *testing.T) {
	t.Helper()
	seen := d.look(t)
	if seen.Found.Table == nil {
		assert.Empty(t, seen.Partitions)
		return
	}
	assert.Contains(t, must(t, "sgdisk", "-v", d.node), "No problems found")
	assert.Empty(t, seen.Found.Table.Damage)
	want := seen.Found.Table.KernelPartitions(filepath.Base(d.node))
	if len(want) == 0 {
		want = nil
	}
	assert.Equal(t, want, seen.Partitions)
	for _, p := range seen.Partitions {
		assert.FileExists(t, "/dev/"+p.Name)
	}
}

type ptOption func(*config.Partition)

// pt is partition number n from a place on, in MiB; -1 for what is not said.
func pt(n, start, size int, more ...ptOption) config.Partition {
	p := config.Partition{Number: n}
	if start >= 0 {
		p.StartMiB = &start
	}
	if size >= 0 {
		p.SizeMiB = &size
	}
	for _, change := range more {
		change(&p)
	}
	return p
}

var yes, no = true, false

func ptLabel(label string) ptOption { return func(p *config.Partition) { p.Label = &label } }
func ptGUID(id string) ptOption     { return func(p *config.Partition) { p.GUID = &id } }
func ptType(id string) ptOption     { return func(p *config.Partition) { p.TypeGUID = &id } }
func ptWipe(p *config.Partition)    { p.WipePartitionEntry = &yes }
func ptResize(p *config.Partition)  { p.Resize = &yes }
func ptGone(p *config.Partition)    { p.ShouldExist = &no }

const (
	ptRoot = "4f68bce3-e8cd-4db1-96e7-fbcaf984b709"
	ptID   = "0b1f1f3e-0000-4000-8000-0123456789ab"
)

// three are on a disk of 64 MiB already. (sgdisk waits a second after writing to a device.)
func three(t *testing.T, d *ptDisk) {
	script := fmt.Sprintf(`label: gpt
start=1MiB, size=10MiB, name=boot, uuid=%s
start=11MiB, size=20MiB, name=root, type=%s
start=40MiB, size=4MiB, name=data
`, ptID, ptRoot)
	write := exec.Command("sfdisk", "--quiet", "--no-reread", "--no-tell-kernel", d.node)
	write.Stdin = strings.NewReader(script)
	out, err := write.CombinedOutput()
	require.NoError(t, err, "%s", out)
	must(t, "partx", "-u", d.node)
}

const threeText = "1: 1+10 boot\n2: 11+20 root\n3: 40+4 data"

type ptCase struct {
	name  string
	have  func(*testing.T, *ptDisk)
	wipe  bool
	parts []config.Partition
	table string
	says  string // a refusal
	anew  bool   // a second run does it all again, or something else
}

func blank(*testing.T, *ptDisk) {}

var ptCases = []ptCase{
	{name: "made", have: blank, parts: []config.Partition{pt(1, -1, 10, ptLabel("a")), pt(2, -1, 5),
		pt(3, -1, -1, ptLabel("c"))}, table: "1: 1+10 a\n2: 11+5 \n3: 16+rest c"},
	{name: "made at a start", have: blank, parts: []config.Partition{pt(1, 20, 10), pt(2, 5, 3),
		pt(4, 40, -1, ptLabel("d"))}, table: "1: 20+10 \n2: 5+3 \n4: 40+rest d"},
	{name: "made in a wiped table", have: three, wipe: true, parts: []config.Partition{pt(1, -1, 3, ptLabel("new"))},
		table: "1: 1+3 new", anew: true},
	{name: "a table is only wiped", have: three, wipe: true, table: "no table", anew: true},
	{name: "added to those that are there", have: three, parts: []config.Partition{pt(4, -1, 7, ptLabel("more")),
		pt(9, 31, 1)}, table: threeText + "\n4: 44+7 more\n9: 31+1 "},
	{name: "grown", have: three, parts: []config.Partition{pt(2, 11, 25, ptLabel("root"), ptType(ptRoot), ptResize)},
		table: "1: 1+10 boot\n2: 11+25 root\n3: 40+4 data"},
	{name: "grown to what is free", have: three, parts: []config.Partition{pt(3, -1, 0, ptResize)},
		table: "1: 1+10 boot\n2: 11+20 root\n3: 40+rest data"},
	{name: "grown beside new ones", have: three, parts: []config.Partition{pt(3, -1, 10, ptResize),
		pt(4, -1, 0, ptLabel("last"))}, table: "1: 1+10 boot\n2: 11+20 root\n3: 40+10 data\n4: 50+rest last"},
	{name: "shrunk", have: three, parts: []config.Partition{pt(2, -1, 12, ptResize), pt(4, 23, 5)},
		table: "1: 1+10 boot\n2: 11+12 root\n3: 40+4 data\n4: 23+5 "},
	{name: "a corrupt table is wiped", have: func(t *testing.T, d *ptDisk) {
		three(t, d)
		d.overwrite(t, int64(d.sector)+16, []byte{1, 2, 3, 4})
		d.overwrite(t, 64<<20-int64(d.sector)+16, []byte{1, 2, 3, 4})
	}, wipe: true, parts: []config.Partition{pt(1, -1, 3)}, table: "1: 1+3 ", anew: true},
	{name: "start and size 0", have: blank, parts: []config.Partition{pt(1, 0, 8), pt(2, 0, 0)},
		table: "1: 1+8 \n2: 9+rest "},
	{name: "numbers 0", have: three, parts: []config.Partition{pt(0, -1, 2, ptLabel("x")), pt(5, -1, 2),
		pt(0, -1, 1, ptLabel("y"))}, table: threeText + "\n4: 46+2 x\n5: 44+2 \n6: 48+1 y", anew: true},
	{name: "number 0 with a GUID is found again", have: three,
		parts: []config.Partition{pt(0, -1, -1, ptGUID(ptID), ptLabel("boot"))}, table: threeText},
	{name: "one deleted", have: three, parts: []config.Partition{pt(2, -1, -1, ptGone, ptWipe)},
		table: "1: 1+10 boot\n3: 40+4 data"},
	{name: "all deleted", have: three, parts: []config.Partition{pt(3, -1, -1, ptGone, ptWipe),
		pt(2, -1, -1, ptGone, ptWipe), pt(1, -1, -1, ptGone, ptWipe)}, table: ""},
	{name: "all mixed", have: three, parts: []config.Partition{
		pt(1, 1, 10, ptLabel("boot")), pt(2, 11, 25, ptLabel("usr"), ptWipe), pt(3, -1, -1, ptGone, ptWipe),
		pt(5, 50, 4, ptLabel("five")), pt(4, 40, 10, ptLabel("four")), pt(7, -1, -1, ptGone),
	}, table: "1: 1+10 boot\n2: 11+25 usr\n4: 40+10 four\n5: 50+4 five"},
	{name: "all as wanted",
		have: three, parts: []config.Partition{pt(1, 1, 10, ptLabel("boot"), ptGUID(strings.ToUpper(ptID))),
			pt(2, 11, 20, ptLabel("root"), ptType(ptRoot)), pt(3, 40, 4, ptLabel("data"))}, table: threeText},
	{name: "all as wanted, and may go", have: three, parts: []config.Partition{pt(1, 1, 10, ptLabel("boot"), ptWipe),
		pt(2, 11, 20, ptLabel("root"), ptWipe), pt(3, 40, 4, ptLabel("data"), ptWipe)}, table: threeText},
	{name: "nothing is said of them", have: three,
		parts: []config.Partition{pt(1, -1, -1), pt(3, -1, -1, ptLabel("data"))}, table: threeText},
	{name: "one that is not there should not be", have: three,
		parts: []config.Partition{pt(8, -1, -1, ptGone), pt(9, 3, 4, ptGone, ptWipe)}, table: threeText},
	{name: "not as wanted, and may go", have: three, parts: []config.Partition{pt(1, 2, 8, ptLabel("boot"), ptWipe),
		pt(3, 40, 4, ptLabel("srv"), ptWipe)}, table: "1: 2+8 boot\n2: 11+20 root\n3: 40+4 srv"},
	{name: "one deleted and one added", have: three, parts: []config.Partition{pt(1, -1, -1, ptGone, ptWipe),
		pt(4, 2, 6, ptLabel("four"))}, table: "2: 11+20 root\n3: 40+4 data\n4: 2+6 four"},
	{name: "a start is not said", have: three, parts: []config.Partition{pt(2, -1, 20, ptLabel("root"))},
		table: threeText},
	{name: "a size is not said", have: three, parts: []config.Partition{pt(2, 11, -1, ptLabel("root"))},
		table: threeText},
	{name: "a filesystem that fills the disk is wiped", have: fills, wipe: true,
		parts: []config.Partition{pt(1, -1, 8)}, table: "1: 1+8 ", anew: true},
	{name: "damage is mended", have: func(t *testing.T, d *ptDisk) {
		three(t, d)
		d.overwrite(t, 0, make([]byte, d.sector))
	}, parts: []config.Partition{pt(1, -1, -1)}, table: threeText},

	{name: "deleted without leave", have: three, parts: []config.Partition{pt(2, -1, -1, ptGone)},
		says: "exists and should not: wipePartitionEntry would let it be deleted"},
	{name: "another start", have: three, parts: []config.Partition{pt(2, 12, 19)},
		says: "is not as wanted: start sector is"},
	{name: "another size", have: three, parts: []config.Partition{pt(2, 11, 21)},
		says: "resize would let its size be changed"},
	{name: "another type", have: three, parts: []config.Partition{pt(2, -1, -1, ptType(ptID))},
		says: "type is 4F68BCE3"},
	{name: "another GUID", have: three, parts: []config.Partition{pt(1, -1, -1, ptGUID(ptRoot))},
		says: "GUID is 0B1F1F3E"},
	{name: "another label", have: three, parts: []config.Partition{pt(1, -1, -1, ptLabel("other"))},
		says: `label is "boot", want "other"`},
	{name: "one of two is there, otherwise", have: three, parts: []config.Partition{pt(5, 50, 2), pt(1, 1, 9)},
		says: "$.storage.disks.0.partitions.1"},
	{name: "size 0 does not fill the disk", have: three, parts: []config.Partition{pt(3, 40, 0)},
		says: "size in sectors is"},
	{name: "start 0 is elsewhere", have: three, parts: []config.Partition{pt(3, 0, 4)}, says: "start sector is"},
	{name: "resized with another label", have: three,
		parts: []config.Partition{pt(3, 40, 6, ptLabel("other"), ptResize)}, says: `label is "data", want "other"`},
	{name: "does not fit", have: three, parts: []config.Partition{pt(4, 30, 20)}, says: "partition 4 does not fit"},
	{name: "a filesystem fills the disk", have: fills, parts: []config.Partition{pt(1, -1, 8)},
		says: `is not partitioned, but filled with ext4 "all"`},
	{name: "an MBR", have: func(t *testing.T, d *ptDisk) {
		must(t, "sh", "-c", "echo label:dos | sfdisk -q "+d.node)
	}, parts: []config.Partition{pt(1, -1, 8)}, says: "has an MBR partition table"},
}

func fills(t *testing.T, d *ptDisk) { must(t, "mkfs.ext4", "-q", "-F", "-L", "all", d.node) }

func (d *ptDisk) overwrite(t *testing.T, at int64, data []byte) {
	t.Helper()
	f, err := os.OpenFile(d.node, os.O_WRONLY, 0)
	require.NoError(t, err)
	_, err = f.WriteAt(data, at)
	require.NoError(t, err)
	require.NoError(t, f.Sync())
	require.NoError(t, f.Close())
}

func TestPartitionsOfRealDisks(t *testing.T) {
	for _, sector := range []int{512, 4096} {
		for _, c := range ptCases {
			t.Run(fmt.Sprintf("%d/%s", sector, c.name), func(t *testing.T) {
				d := ptNew(t, 64, sector)
				c.have(t, d)
				before, kernel := d.sum(t), d.look(t).Partitions
				err := d.run(t, c.wipe, c.parts...)
				if c.says != "" {
					require.ErrorContains(t, err, c.says)
					assert.Equal(t, before, d.sum(t), "the disk is not what it was")
					assert.Equal(t, kernel, d.look(t).Partitions)
					return
				}
				require.NoError(t, err)
				assert.Equal(t, c.table, d.table(t))
				d.sound(t)
				if c.anew {
					return
				}
				after := d.sum(t)
				forecast, err := disks.Preview(d.storage(c.wipe, c.parts...), d.devices(t).Scene(), rand.Reader)
				require.NoError(t, err)
				steps := forecast.Actions()
				for _, s := range steps {
					assert.Equal(t, plan.Keep, s.Effect, steps.Bind(nil).String())
				}
				require.NoError(t, d.run(t, c.wipe, c.parts...))
				assert.Equal(t, after, d.sum(t))
			})
		}
	}
}

// ptHostile are disks that nobody can make sense of.
var ptHostile = map[string]func(t *testing.T, d *ptDisk){
	"random bytes": func(t *testing.T, d *ptDisk) {
		noise := make([]byte, 1<<20)
		mathrand.New(mathrand.NewSource(3)).Read(noise)
		noise[510], noise[511] = 0x55, 0xAA
		d.overwrite(t, 0, noise)
	},
	"both checksums are wrong": func(t *testing.T, d *ptDisk) {
		d.overwrite(t, int64(d.sector)+16, []byte("none")) // one byte would be the right one at times
		d.overwrite(t, 64<<20-int64(d.sector)+16, []byte("none"))
	},
	"the table is cut off": func(t *testing.T, d *ptDisk) {
		d.overwrite(t, int64(d.sector), make([]byte, 63<<20))
		d.overwrite(t, 63<<20, make([]byte, 1<<20))
	},
	"2^32 entries":       func(t *testing.T, d *ptDisk) { d.edit(t, 80, "\xFF\xFF\xFF\xFF") },
	"entries behind all": func(t *testing.T, d *ptDisk) { d.edit(t, 72, "\xFF\xFF\xFF\xFF\xFF\xFF\xFF\x7F") },
	"sizes of 2^64": func(t *testing.T, d *ptDisk) {
		d.edit(t, 40, "\x00\x00\x00\x00\x00\x00\x00\x00\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF")
	},
	"partitions overlap": func(t *testing.T, d *ptDisk) {
		d.editEntry(t, 128+32, le64(uint64(2<<20/d.sector)))
	},
	"a partition ends early": func(t *testing.T, d *ptDisk) { d.editEntry(t, 40, le64(1)) },
	"a partition is behind the end": func(t *testing.T, d *ptDisk) {
		d.editEntry(t, 256+40, "\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF")
	},
}

func le64(n uint64) string { return string(le.AppendUint64(nil, n)) }

func TestHostileDisksAreLeftAlone(t *testing.T) {
	for _, sector := range []int{512, 4096} {
		for name, spoil := range ptHostile {
			t.Run(fmt.Sprintf("%d/%s", sector, name), func(t *testing.T) {
				d := ptNew(t, 64, sector)
				three(t, d)
				spoil(t, d)
				before, kernel := d.sum(t), d.look(t).Partitions
				err := d.run(t, false, pt(1, -1, 5))
				require.ErrorContains(t, err, "wipeTable would let all of it be overwritten")
				require.ErrorContains(t, err, "$.storage.disks.0")
				assert.Equal(t, before, d.sum(t), "the disk is not what it was")
				assert.Equal(t, kernel, d.look(t).Partitions)
				require.NoError(t, d.run(t, true, pt(1, -1, 5)))
				assert.Equal(t, "1: 1+5 ", d.table(t))
				d.sound(t)
			})
		}
	}
}

func TestAHybridMBRIsNotContradicted(t *testing.T) {
	d := ptNew(t, 64, 512)
	three(t, d)
	must(t, "sgdisk", "--hybrid", "1", d.node)
	require.NoError(t, d.run(t, false, pt(4, 50, 5)))
	assert.Equal(t, threeText+"\n4: 50+5 ", d.table(t))
	before := d.sum(t)
	require.ErrorContains(t, d.run(t, false, pt(1, -1, 5)), "wipePartitionEntry")
	assert.Equal(t, before, d.sum(t))
}

// What sgdisk does to a hybrid MBR when a partition goes is what we do.
func TestAMirrorGoesWithItsPartition(t *testing.T) {
	d, theirs := ptNew(t, 64, 512), ptNew(t, 64, 512)
	entries := func(d *ptDisk) string {
		return must(t, "sh", "-c", "dd status=none bs=1 skip=446 count=66 if="+d.node+" | od -An -tx1 -v")
	}
	for _, disk := range []*ptDisk{d, theirs} {
		three(t, disk)
		must(t, "sgdisk", "--hybrid", "1:3", disk.node)
		must(t, "partx", "-u", disk.node)
	}
	require.NoError(t, d.run(t, false, pt(1, -1, -1, ptGone, ptWipe)))
	must(t, "sgdisk", "--delete", "1", theirs.node)
	ours, sgdisk := strings.Split(entries(d), "\n"), strings.Split(entries(theirs), "\n")
	assert.Equal(t, sgdisk[1:], ours[1:], "but for the size of the entry that protects")
	require.NoError(t, d.run(t, false, pt(3, -1, -1, ptGone, ptWipe)))
	assert.Contains(t, entries(d),
		strings.Repeat(" 00", 16)+"\n"+strings.Repeat(" 00", 16)+"\n"+strings.Repeat(" 00", 16)+"\n 55 aa")
	d.sound(t)
}

func TestANumberIsTakenFromAPartitionThatGoes(t *testing.T) {
	d := ptNew(t, 64, 512)
	require.NoError(t, d.run(t, false, pt(1, -1, 5, ptLabel("old"))))
	freed, taking := pt(1, -1, -1, ptGone, ptWipe), pt(0, -1, 10, ptLabel("data"))
	require.NoError(t, d.run(t, false, freed, taking))
	assert.Equal(t, "1: 1+10 data", d.table(t))
	before := d.sum(t)
	require.NoError(t, d.run(t, false, freed, taking), "again")
	assert.Equal(t, before, d.sum(t))
}

func TestLabelsOfEmoji(t *testing.T) {
	d := ptNew(t, 64, 512)
	before := d.sum(t)
	require.ErrorContains(t, d.run(t, false, pt(1, -1, 5, ptLabel(strings.Repeat("🔥", 36)))), "room for 36")
	assert.Equal(t, before, d.sum(t))
	require.NoError(t, d.run(t, false, pt(1, -1, 5, ptLabel(strings.Repeat("🔥", 18)))))
	assert.Equal(t, "1: 1+5 "+strings.Repeat("🔥", 18), d.table(t))
}

func TestDisksInUse(t *testing.T) {
	d := ptNew(t, 64, 512)
	three(t, d)
	must(t, "mkfs.ext4", "-q", d.node+"p2")
	at := mount(t, d.node+"p2")
	before := d.sum(t)
	for name, err := range map[string]error{
		"partition 2 is in use (mounted at " + at + ")": d.run(t, true),
		"is in use (mounted at " + at + "), and would be changed": errors.Join(
			d.run(t, false, pt(2, -1, -1, ptGone, ptWipe)), d.run(t, false, pt(2, -1, 10, ptResize)),
			d.run(t, false, pt(2, 12, 10, ptWipe))),
	} {
		assert.ErrorContains(t, err, name)
		assert.ErrorContains(t, err, "$.storage.disks.0")
	}
	assert.Equal(t, before, d.sum(t))
	require.NoError(t, d.run(t, false, pt(2, -1, -1), pt(3, -1, -1, ptGone, ptWipe), pt(5, -1, 4)),
		"beside one that is in use")
	assert.Equal(t, "1: 1+10 boot\n2: 11+20 root\n5: 31+4 ", d.table(t))
	d.sound(t)
}

func TestADiskThatIsMountedAsAWhole(t *testing.T) {
	d := ptNew(t, 64, 512)
	fills(t, d)
	at := mount(t, d.node)
	assert.ErrorContains(t, d.run(t, true, pt(1, -1, 4)), "is in use: mounted at "+at)
}

// Someone who has the partition open is found before anything is written.
func TestAnOpenPartitionIsNotDeleted(t *testing.T) {
	d := ptNew(t, 64, 512)
	three(t, d)
	f, err := os.Open(d.node + "p3")
	require.NoError(t, err)
	before, kernel := d.sum(t), d.look(t).Partitions
	err = d.run(t, false, pt(1, -1, -1, ptGone, ptWipe), pt(3, -1, -1, ptGone, ptWipe))
	require.ErrorContains(t, err, "nothing was written: partition 3: the kernel does not drop it: device or resource "+
		"busy; something has "+d.node+"p3 open")
	assert.Equal(t, before, d.sum(t))
	assert.Equal(t, kernel, d.look(t).Partitions, "partition 1 came back")
	require.NoError(t, f.Close())
	require.NoError(t, d.run(t, false, pt(1, -1, -1, ptGone, ptWipe), pt(3, -1, -1, ptGone, ptWipe)))
	assert.Equal(t, "2: 11+20 root", d.table(t))
}

func TestAReadOnlyDisk(t *testing.T) {
	d := ptNew(t, 64, 512)
	three(t, d)
	must(t, "blockdev", "--setro", d.node)
	require.NoError(t, d.run(t, false, pt(1, -1, -1)), "nothing to write")
	require.ErrorContains(t, d.run(t, false, pt(4, -1, 3)),
		"is read-only, and its partition table would have to be written")
	must(t, "blockdev", "--setrw", d.node)
	require.NoError(t, d.run(t, false, pt(4, -1, 3)))
	d.sound(t)
	again := ptAttach(t, d.file, 512, "--read-only")
	require.ErrorContains(t, again.run(t, true), "is read-only")
}

// A node that somebody else has made, as device-mapper's library does where there is no udev, is the same disk.
func TestTwoNodesOfOneDisk(t *testing.T) {
	d := ptNew(t, 64, 512)
	three(t, d)
	var stat unix.Stat_t
	require.NoError(t, unix.Stat(d.node+"p1", &stat))
	second := filepath.Join(t.TempDir(), "boot")
	require.NoError(t, unix.Mknod(second, unix.S_IFBLK|0o600, int(stat.Rdev)))
	devices := d.devices(t)
	node, err := devices.Node(second)
	require.NoError(t, err)
	assert.Equal(t, d.node+"p1", node)
	seen, err := devices.Scene().Look(second)
	require.NoError(t, err)
	assert.Equal(t, filepath.Base(d.node)+"p1", seen.Name)
	err = (&fsRun{}).run(t, fsWanted(d.node+"p1", "ext4"), fsWanted(second, "swap"))
	require.ErrorContains(t, err, "is the device of $.storage.filesystems.0 as well")
	assert.Empty(t, fsFound(t, second).Signatures)
	fsMake(t, fsWanted(second, "swap"))
	must(t, "swapon", second)
	defer must(t, "swapoff", second)
	require.ErrorContains(t, d.run(t, true), "partition 1 is in use (swap)")
}

// What is on the medium counts, not what the kernel remembers of a device that somebody has open.
func TestADeviceIsReadAnew(t *testing.T) {
	dev := fsDisk(t, 64*fsMiB, 512)
	user, err := os.Open(dev)
	require.NoError(t, err)
	defer user.Close()
	_, err = user.ReadAt(make([]byte, 8192), 0)
	require.NoError(t, err)
	file := strings.TrimSpace(must(t, "losetup", "--noheadings", "--output", "BACK-FILE", dev))
	f, err := os.OpenFile(file, os.O_WRONLY, 0)
	require.NoError(t, err)
	defer f.Close()
	_, err = f.WriteAt([]byte("SWAPSPACE2"), 4086)
	require.NoError(t, err)
	_, err = f.WriteAt([]byte{1}, 1024)
	require.NoError(t, err)
	seen, err := new(device.Devices).Scene().Look(dev)
	require.NoError(t, err)
	assert.Equal(t, "swap", seen.Content.First().Type)
}

// Programs that udev starts for a device open it for themselves while they look at it. That is no use of it.
func TestWhoOnlyLooksIsWaitedFor(t *testing.T) {
	dev := fsDisk(t, 320*fsMiB, 512)
	f, err := os.OpenFile(dev, os.O_RDONLY|unix.O_EXCL, 0)
	require.NoError(t, err)
	time.AfterFunc(150*time.Millisecond, func() { _ = f.Close() })
	require.NoError(t, (&fsRun{}).run(t, fsWanted(dev, "vfat")))
	f, err = os.OpenFile(dev, os.O_RDONLY|unix.O_EXCL, 0)
	require.NoError(t, err)
	defer f.Close()
	require.ErrorContains(t, (&fsRun{}).run(t, fsWanted(dev, "vfat", fsWipe)), "device or resource busy")
}

// A table of a kind that only the kernel knows (of a DASD, a Mac) is content as well. Here the kernel was told of its
// partitions.
func TestPartitionsOfAnUnknownTable(t *testing.T) {
	d := ptNew(t, 320, 512)
	must(t, "addpart", d.node, "1", "2048", "4096")
	before := d.sum(t)
	require.ErrorContains(t, d.run(t, false, pt(1, -1, 5)),
		"has a partition table that only the kernel can read; wipeTable would let it be overwritten")
	require.ErrorContains(t, (&fsRun{}).run(t, fsWanted(d.node, "ext4")), "has partitions")
	assert.Equal(t, before, d.sum(t))
	require.NoError(t, d.run(t, true, pt(1, -1, 5)))
	d.sound(t)
}

// The lock is udev's: who holds it is named, and waited for.
func TestALockedDiskIsWaitedFor(t *testing.T) {
	d := ptNew(t, 64, 512)
	f, err := os.Open(d.node)
	require.NoError(t, err)
	defer f.Close()
	require.NoError(t, unix.Flock(int(f.Fd()), unix.LOCK_EX))
	err = d.run(t, false, pt(1, -1, 3))
	require.ErrorContains(t, err, fmt.Sprintf("(process %d) for more than 1s", os.Getpid()))
	time.AfterFunc(500*time.Millisecond, func() { _ = unix.Flock(int(f.Fd()), unix.LOCK_UN) })
	require.NoError(t, d.run(t, false, pt(1, -1, 3)))
	d.sound(t)
}

func TestADiskThatVanishes(t *testing.T) {
	d := ptNew(t, 64, 512)
	o := d.options(t)
	o.Tell = func(_ string, e plan.Event) {
		if e.Turn == plan.Kept && strings.HasPrefix(e.Step.Subject, "partition 1") { // the table is yet to be written
			must(t, "losetup", "-d", d.node)
		}
	}
	_, err := disks.Run(context.Background(), d.storage(false, pt(1, -1, 3)), o)
	require.ErrorContains(t, err, "partition table of "+d.node+" ($.storage.disks.0): ")
	again := ptAttach(t, d.file, 512)
	require.NoError(t, again.run(t, false, pt(1, -1, 3)))
	again.sound(t)
}

// A disk whose medium is full takes no writes, at whatever point of the change. When it has room again the next run
// does the rest.
func TestADiskWithoutRoom(t *testing.T) {
	for _, room := range []int{0, 4, 8, 16, 20, 24, 28, 36, 40} {
		t.Run(fmt.Sprint(room), func(t *testing.T) {
			small := mount(t, "-t", "tmpfs", "-o", "size=1m", "tmpfs")
			file, filler := filepath.Join(small, "disk"), filepath.Join(small, "filler")
			must(t, "truncate", "-s", "64M", file)
			d := ptAttach(t, file, 512)
			must(t, "sh", "-c", fmt.Sprintf("head -c %dk /dev/zero > %s; true", 1024-room, filler))
			err := d.run(t, false, pt(1, -1, 3))
			if room <= 20 {
				require.Error(t, err)
			}
			if err != nil {
				require.ErrorContains(t, err, "$.storage.disks.0")
				require.ErrorContains(t, err, "GPT", "what was being written")
			} else {
				must(t, "blockdev", "--flushbufs", d.node)
				d.sound(t)
			}
			require.NoError(t, os.Remove(filler))
			require.NoError(t, d.run(t, false, pt(1, -1, 3)))
			assert.Equal(t, "1: 1+3 ", d.table(t))
			d.sound(t)
		})
	}
}

// A run stopped after any step is completed by the next one: the same table, the same partitions of the kernel.
func TestStoppedRunsConverge(t *testing.T) {
	parts := []config.Partition{pt(1, 1, 10, ptGUID(ptID)), pt(2, -1, -1, ptGone, ptWipe), pt(3, -1, 8, ptResize),
		pt(0, 20, 5, ptGUID(ptRoot), ptWipe)}
	whole := ptNew(t, 64, 512)
	three(t, whole)
	forecast, err := disks.Preview(whole.storage(false, parts...), whole.devices(t).Scene(), rand.Reader)
	require.NoError(t, err)
	steps := forecast.Actions()
	require.Len(t, steps, 5)
	require.NoError(t, whole.run(t, false, parts...))
	want := whole.table(t)
	for k := 1; k < len(steps); k++ {
		d, done := ptNew(t, 64, 512), 0
		three(t, d)
		o := d.options(t)
		ctx, stop := context.WithCancel(t.Context())
		o.Tell = func(_ string, e plan.Event) {
			if e.Turn != plan.Finished && e.Turn != plan.Kept {
				return
			}
			if done++; done == k {
				stop()
			}
		}
		_, err := disks.Run(ctx, d.storage(false, parts...), o)
		require.ErrorIs(t, err, context.Canceled)
		require.NoError(t, d.run(t, false, parts...))
		assert.Equal(t, want, d.table(t), "stopped after step %d", k)
		d.sound(t)
	}
}

// After a cut between the table and the kernel the kernel is told, and nothing else is done.
func TestAKernelThatDoesNotKnowIsTold(t *testing.T) {
	d := ptNew(t, 64, 4096)
	three(t, d)
	must(t, "partx", "-d", "--nr", "1", d.node)
	before := d.sum(t)
	forecast, err := disks.Preview(d.storage(false, pt(1, -1, -1)), d.devices(t).Scene(), rand.Reader)
	require.NoError(t, err)
	assert.Contains(
		t,
		forecast.Actions().Bind(nil).String(),
		"is right; the kernel is told (partition 1 is not there for the kernel)",
	)
	must(t, "blockdev", "--setro", d.node)
	require.NoError(t, d.run(t, false, pt(1, -1, -1)), "for this the disk is not written to")
	assert.Equal(t, before, d.sum(t))
	d.sound(t)
}

// edit changes both headers of a table, and makes their checksums right.
func (d *ptDisk) edit(t *testing.T, at int, bytes string) {
	for _, where := range []int64{int64(d.sector), 64<<20 - int64(d.sector)} {
		d.seal(t, where, func(header, _ []byte) { copy(header[at:], bytes) })
	}
}

// editEntry changes an entry in both copies.
func (d *ptDisk) editEntry(t *testing.T, at int, bytes string) {
	for _, where := range []int64{int64(d.sector), 64<<20 - int64(d.sector)} {
		d.seal(t, where, func(_, entries []byte) { copy(entries[at:], bytes) })
	}
}

func (d *ptDisk) seal(t *testing.T, where int64, change func(header, entries []byte)) {
	t.Helper()
	f, err := os.Open(d.node)
	require.NoError(t, err)
	defer f.Close()
	header, entries := make([]byte, 92), make([]byte, 128*128)
	_, err = f.ReadAt(header, where)
	require.NoError(t, err)
	entriesAt := int64(le.Uint64(header[72:])) * int64(d.sector)
	_, err = f.ReadAt(entries, entriesAt)
	require.NoError(t, err)
	change(header, entries)
	le.PutUint32(header[88:], crc32.ChecksumIEEE(entries))
	le.PutUint32(header[16:], 0)
	le.PutUint32(header[16:], crc32.ChecksumIEEE(header))
	d.overwrite(t, entriesAt, entries)
	d.overwrite(t, where, header)
}

var le = binary.LittleEndian
