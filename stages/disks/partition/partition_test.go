package partition

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/glowplug-os/glowplug/config"
	"github.com/glowplug-os/glowplug/internal/block"
	"github.com/glowplug-os/glowplug/internal/diag"
	"github.com/glowplug-os/glowplug/internal/plan"
	"github.com/glowplug-os/glowplug/internal/scene"
	"github.com/glowplug-os/glowplug/stages/disks/kind"
	"github.com/glowplug-os/glowplug/tests/machines"
	"github.com/glowplug-os/glowplug/tests/verdicts"
)

// A readCase is a disk, what a config wants of it, and the plan.
type readCase struct {
	disk func(*testing.T) machines.Disk
	want config.Disk
	plan string
}

func oldDisk(t *testing.T) machines.Disk {
	d := machines.NewDisk(t, 64, machines.Part(1, 1, 10, "root"), machines.Part(2, 20, 10, "data"))
	copy(d[20<<20+1024:], machines.Ext4("old"))
	return d
}

func blankDisk(t *testing.T) machines.Disk { return machines.NewDisk(t, 64) }

// spoilt is a disk with some bytes written over.
func spoilt(disk func(*testing.T) machines.Disk, at int64, data []byte) func(*testing.T) machines.Disk {
	return func(t *testing.T) machines.Disk {
		d := disk(t)
		copy(d[at:], data)
		return d
	}
}

// on is a machine with the disk as /dev/vda.
func on(d machines.Disk) scene.Scene { return scene.Images{"/dev/vda": d.Image()}.Scene() }

// changed is a machine whose /dev/vda is seen otherwise than its bytes say.
type changed struct {
	scene.Scene
	have func(*scene.Seen)
}

// Look has the change.
func (c changed) Look(path string) (*scene.Seen, error) {
	seen, err := c.Scene.Look(path)
	if c.have != nil {
		c.have(seen)
	}
	return seen, err
}

// planned is the plan of one disk, and its change.
func planned(view scene.Scene, want config.Disk) (*change, error) {
	want.Device = "/dev/vda"
	p := planner{view: view, random: machines.Dice(), links: view.Links()}
	if err := p.add(0, &want); err != nil {
		return nil, kind.Disk(0, want.Device).Fail(err)
	}
	return p.disks[0].last, nil
}

func storageOf(wipe bool, parts ...config.Partition) config.Storage {
	return config.Storage{Disks: []config.Disk{{Device: "/dev/vda", WipeTable: &wipe, Partitions: parts}}}
}

// parted is a disk with partitions, wiped one that is wiped before.
func parted(parts ...config.Partition) config.Disk { return config.Disk{Partitions: parts} }

func wiped(parts ...config.Partition) config.Disk {
	return config.Disk{WipeTable: machines.To(true), Partitions: parts}
}

func mayWipe(p *config.Partition) { p.WipePartitionEntry = machines.To(true) }

func mayResize(p *config.Partition) { p.Resize = machines.To(true) }

func readCases() map[string]readCase {
	root := machines.Part(1, 1, 10, "root")
	data := machines.Part(2, 20, 10, "data")
	return map[string]readCase{
		"nothing is asked of a disk": {oldDisk, config.Disk{}, `
= partition table of /dev/vda  as it is
`},
		"a blank disk gets its partitions": {blankDisk,
			parted(root, config.Partition{TypeGUID: machines.To("c12a7328-f81f-11d2-ba4b-00a0c93ec93b")}), `
+ partition 1 of /dev/vda      "root", at 1 MiB, 10 MiB
+ partition 2 of /dev/vda      "", at 11 MiB, 108511 sectors, type C12A7328-F81F-11D2-BA4B-00A0C93EC93B
~ partition table of /dev/vda  written, and the kernel told
`},
		"all is as wanted": {oldDisk, parted(root, data, machines.Gone(7, false)), `
= partition 1 of /dev/vda      "root", at 1 MiB, 10 MiB
= partition 2 of /dev/vda      "data", at 20 MiB, 10 MiB
= partition 7 of /dev/vda      is not there
= partition table of /dev/vda  as it is
`},
		"what is lost is told": {oldDisk, parted(machines.Gone(1, true),
			machines.With(machines.Part(2, 20, 12, "new"), mayWipe)), `
- partition 1 of /dev/vda      deleted; was "root", at 1 MiB, 10 MiB
- partition 2 of /dev/vda      "new", at 20 MiB, 12 MiB; was "data", at 20 MiB, 10 MiB (size in sectors is 20480, want 24576; label is "data", want "new"); ext4 "old" stays
~ partition table of /dev/vda  written, and the kernel told
`},
		"sizes change": {oldDisk, parted(
			machines.With(machines.Part(1, 1, 12, "root"), mayResize),
			machines.With(machines.Part(2, 20, 8, "data"), mayResize)), `
~ partition 1 of /dev/vda      "root", at 1 MiB, 12 MiB, size was 10 MiB
- partition 2 of /dev/vda      "data", at 20 MiB, 8 MiB, size was 10 MiB; loses the last 2 MiB
~ partition table of /dev/vda  written, and the kernel told
`},
		"a number goes to another entry": {oldDisk, parted(machines.Gone(2, true),
			machines.With(config.Partition{SizeMiB: machines.To(3)}, mayWipe)),
			`
= partition 2 of /dev/vda      its number is given to another entry
- partition 2 of /dev/vda      "", at 11 MiB, 3 MiB; was "data", at 20 MiB, 10 MiB (start sector is 40960, want 22528; size in sectors is 20480, want 6144); loses ext4 "old"
~ partition table of /dev/vda  written, and the kernel told
`},
		"a table is wiped": {oldDisk, wiped(), `
- partition table of /dev/vda  wiped, with partitions 1 "root", at 1 MiB, 10 MiB; 2 "data", at 20 MiB, 10 MiB, holding ext4 "old"
~ partition table of /dev/vda  written, and the kernel told
`},
		"a blank disk is wiped": {blankDisk, wiped(data), `
~ partition table of /dev/vda  wiped, nothing is lost
+ partition 2 of /dev/vda      "data", at 20 MiB, 10 MiB
~ partition table of /dev/vda  written, and the kernel told
`},
		"a filesystem that fills the disk is wiped": {spoilt(blankDisk, 1024, machines.Ext4("all")),
			wiped(), `
- partition table of /dev/vda  wiped, with ext4 "all" that fills the disk
~ partition table of /dev/vda  written, and the kernel told
`},
		"an MBR is wiped": {spoilt(blankDisk, 510, []byte{0x55, 0xAA}), wiped(), `
- partition table of /dev/vda  wiped: the disk has an MBR partition table
~ partition table of /dev/vda  written, and the kernel told
`},
		"damage is mended for partitions that are wanted": {spoilt(oldDisk, 512, []byte("EFI TRAP")),
			parted(root), `
= partition 1 of /dev/vda      "root", at 1 MiB, 10 MiB
~ partition table of /dev/vda  mended (primary GPT: no GPT header)
`},
		"damage is left alone on a disk of which nothing is wanted": {spoilt(oldDisk, 512, []byte("EFI TRAP")),
			parted(machines.Gone(5, false)), `
= partition 5 of /dev/vda      is not there
= partition table of /dev/vda  as it is
`},
	}
}

func TestPlansOfDisksAsPeopleReadThem(t *testing.T) {
	for name, c := range readCases() {
		t.Run(name, func(t *testing.T) {
			change, err := planned(on(c.disk(t)), c.want)
			require.NoError(t, err)
			steps := telling{change}.actions().Bind(nil)
			assert.Equal(t, strings.TrimPrefix(c.plan, "\n"), steps.String())
			for _, s := range steps {
				assert.True(t, strings.HasPrefix(s.Origin, "$.storage.disks.0"), s.Origin)
			}
		})
	}
}

func TestDisksThatAreRefused(t *testing.T) {
	root := machines.Part(1, 1, 10, "root")
	image, high := machines.NewDisk(t, 64, root), machines.NewDisk(t, 64, machines.Part(256, 20, 1, "high"))
	copy(image[1<<20+1024:], machines.Ext4("old"))
	raw := func(at int64, data string) machines.Disk {
		d := machines.NewDisk(t, 64)
		copy(d[at:], data)
		return d
	}
	other := machines.With(root, func(p *config.Partition) { p.Label = machines.To("other") })
	larger := machines.With(root, func(p *config.Partition) { p.SizeMiB = machines.To(12) })
	for name, c := range map[string]struct {
		image machines.Disk
		have  func(*scene.Seen)
		want  config.Disk
		says  []string
	}{
		"one that should be gone": {image, nil, parted(machines.Gone(1, false)),
			[]string{
				`partition 1 of /dev/vda ($.storage.disks.0.partitions.0): `,
				`exists and should not: wipePartitionEntry would let it be deleted; it holds ext4 "old"`}},
		"all refusals at once": {image, nil, parted(machines.Part(4, 40, 60, ""), other),
			[]string{
				"disk /dev/vda ($.storage.disks.0.partitions.0): partition 4 does not fit"}},
		"a mismatch": {image, nil, parted(machines.Part(3, 30, 1, ""), other),
			[]string{`($.storage.disks.0.partitions.1): `, `label is "root", want "other"`}},
		"another size": {image, nil, parted(larger),
			[]string{"resize would let its size be changed, wipePartitionEntry would let it be made anew"}},
		"an MBR": {raw(510, "\x55\xAA"), nil, config.Disk{},
			[]string{"has an MBR partition table; wipeTable would let all of it be overwritten"}},
		"a protective MBR only": {raw(446,
			"\x00\x00\x02\x00\xEE\xFF\xFF\xFF\x01\x00\x00\x00\xFF\xFF\x01\x00"+strings.Repeat("\x00", 48)+"\x55\xAA"),
			nil, config.Disk{}, []string{"has no good GPT, but an MBR that protects one"}},
		"a whole filesystem": {raw(1024, string(machines.Ext4("all"))),
			nil, parted(root),
			[]string{`is not partitioned, but filled with ext4 "all"; wipeTable would let it be overwritten`}},
		"the disk itself in use": {image, func(d *scene.Seen) {
			d.Users = []scene.User{{Use: scene.Device, Name: "dm-0"}}
		}, config.Disk{},
			[]string{
				"is in use: part of dm-0"}},
		"wiping a disk in use": {image, func(d *scene.Seen) {
			d.Busy = busy(1, scene.User{Use: scene.Mount, Name: "/var"})
		},
			wiped(), []string{
				"the partition table is not wiped: partition 1 is in use (mounted at /var)"}},
		"changing a partition in use": {image, func(d *scene.Seen) { d.Busy = busy(1, scene.User{Use: scene.Swap}) },
			parted(machines.With(larger, mayResize)), []string{
				"($.storage.disks.0.partitions.0): is in use (swap), and would be changed"}},
		"a read-only disk": {image, func(d *scene.Seen) { d.ReadOnly = true },
			parted(machines.Part(2, 20, 1, "")), []string{
				"is read-only, and its partition table would have to be written"}},
		"a place that the kernel has in use": {image, func(d *scene.Seen) {
			d.Name, d.Busy = "vda", busy(9, scene.User{Use: scene.Swap})
			d.Partitions = []block.KernelPartition{{Name: "vda9", Number: 9, Start: 40960, Size: 2048}}
		}, parted(machines.Part(2, 19, 2, "")),
			[]string{"the kernel has partition 9 there, which is in use (swap)"}},
		"a partition in use elsewhere": {image, func(d *scene.Seen) {
			d.Name, d.Busy = "vda", busy(1, scene.User{Use: scene.Swap})
			d.Partitions = []block.KernelPartition{{Name: "vda1", Number: 1, Start: 40960, Size: 2048}}
		}, parted(root),
			[]string{"partition 1 is in use (swap), but not where the table has it"}},
		"partitions of another kind of table": {raw(0, ""), func(d *scene.Seen) {
			d.Partitions = []block.KernelPartition{{Name: "vda1", Number: 1, Start: 2048, Size: 2048}}
		}, parted(root),
			[]string{"has a partition table that only the kernel can read"}},
		"a number that no table has": {image, nil, parted(machines.Part(129, 30, 1, "")),
			[]string{"($.storage.disks.0.partitions.0): partition 129: the table has numbers 1 to 128"}},
		"a number that Linux has not": {high, nil, parted(machines.Part(256, 20, 1, "high")),
			[]string{"($.storage.disks.0.partitions.0): Linux has no partitions above number 255"}},
		"a number that Linux has not, made": {high, nil, parted(machines.With(machines.Part(256, 30, 1, ""), mayWipe)),
			[]string{"($.storage.disks.0.partitions.0): Linux has no partitions above number 255"}},
		"36 characters beyond UTF-16's first plane": {image, nil,
			parted(machines.Part(2, 30, 1, strings.Repeat("\U0001F525", 36))), []string{
				"72 UTF-16 units, a partition's name has room for 36"}},
		"a disk that is too small": {make(machines.Disk, 8192), nil, parted(root), []string{"no size for a GPT"}},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := planned(changed{on(c.image), c.have}, c.want)
			require.Error(t, err)
			if settable := strings.Contains(err.Error(), "would let"); settable {
				require.NotEmpty(t, diag.Hints(err))
				assert.Contains(t, diag.Hints(err)[0], "if what is there may be lost set wipe")
			}
			for _, text := range c.says {
				assert.ErrorContains(t, err, text)
			}
			var step *plan.StepError
			assert.ErrorAs(t, err, &step)
		})
	}
}

func busy(number int, by scene.User) map[int][]scene.User { return map[int][]scene.User{number: {by}} }

// All entries are judged, also two of one disk, and what others make is planned all the same.
func TestAllRefusedDisksAreNamed(t *testing.T) {
	root, s := machines.Part(1, 1, 10, "root"), storageOf(false, machines.Gone(1, false))
	view := scene.Images{"/dev/vda": machines.NewDisk(t, 64, root).Image(),
		"/dev/vdb": machines.NewDisk(t, 64).Image()}.Scene()
	s.Disks = append(s.Disks, config.Disk{Device: "/dev/vda", Partitions: []config.Partition{
		machines.Part(1, 1, 9, "root"), machines.Part(2, 20, 1, "data")}},
		config.Disk{Device: "/no/such/disk"}, config.Disk{Device: "/dev/vdb", Partitions: []config.Partition{root}},
		config.Disk{Device: "/dev/vda1"})
	p, err := planAll(s, view, machines.Dice())
	for _, text := range []string{"($.storage.disks.0.partitions.0)", "($.storage.disks.1.partitions.0)",
		"($.storage.disks.2): device /no/such/disk",
		"($.storage.disks.4): device /dev/vda1: is a partition, not a disk"} {
		assert.ErrorContains(t, err, text)
	}
	require.Len(t, p.Lanes, 1)
	assert.Contains(t, p.Lanes[0].Bind(nil).String(), "+ partition 1 of /dev/vdb")
}

func TestUseIsJudgedAsDocumented(t *testing.T) {
	table := verdicts.Of(t, "A disk in use")
	for n := range 16 {
		u := use{n&1 > 0, n&2 > 0, n&4 > 0, n&8 > 0}
		want := table.On(verdicts.Yes(u.disk), verdicts.Yes(u.partition), verdicts.Yes(u.wipe), verdicts.Yes(u.changed))
		assert.Equal(t, want, string(judge(u)), "%+v", u)
	}
	table.Used()
}

func TestNamesThatWillLeadToPartitions(t *testing.T) {
	id, err := block.ParseGUID("0B1F1F3E-0000-4000-8000-0123456789AB")
	require.NoError(t, err)
	disk := &scene.Seen{Node: "/dev/nvme0n1"}
	assert.Equal(t, []string{"/dev/nvme0n1p3", "/dev/disk/by-id/nvme-X-part3",
		`/dev/disk/by-partlabel/my\x20data\x2f`, "/dev/disk/by-partuuid/0b1f1f3e-0000-4000-8000-0123456789ab"},
		partitionNames([]string{"/dev/disk/by-id/nvme-X", "/dev/nvme0n1"}, disk, 3, "my data/", id))
	disk.Mapper = "mpatha"
	assert.Equal(t, []string{"/dev/disk/by-id/dm-name-mpathap3"},
		partitionNames([]string{"/dev/mapper/mpatha"}, disk, 3, "", block.GUID{}))
	one, other := scene.Seen{Node: "/dev/vda1"}, scene.Seen{Node: "/dev/vdb1"}
	for _, p := range unambiguous([]scene.Prediction{{Names: []string{"/dev/vda1", "same"}, Seen: &one},
		{Names: []string{"/dev/vdb1", "same"}, Seen: &other}}) {
		for _, name := range p.Names {
			assert.Equal(t, name == "same", p.Seen.Unknown != "", name)
		}
	}
}

// A look does not show where partitions of a device-mapper disk begin. Where all else is as the table has it, a run
// still asks device-mapper, and a plan says that the table is kept.
func TestATableOfADeviceMapperDiskIsKept(t *testing.T) {
	for name, c := range map[string]struct {
		has  []block.KernelPartition
		want string
	}{
		"as the table has it": {[]block.KernelPartition{{Name: "dm-1", Number: 1, Size: 20480}},
			"keep: as it is; device-mapper is asked whether it knows"},
		"another size": {[]block.KernelPartition{{Name: "dm-1", Number: 1, Size: 2048}},
			"change: is right; device-mapper is told"},
		"none": {nil, "change: is right; device-mapper is told"},
	} {
		of, err := planned(changed{on(oldDisk(t)), func(d *scene.Seen) {
			d.Name, d.Mapper, d.Partitions = "dm-0", "mpatha", c.has
		}}, parted(machines.Part(1, 1, 10, "root")))
		require.NoError(t, err, name)
		last := telling{of}.actions()[1]
		assert.Equal(t, c.want, last.Effect.String()+": "+last.Detail, name)
		assert.NotNil(t, last.Act, name)
	}
}

// A preview of filesystems on partitions that are not there yet finds what is at their place.
func TestPartitionsThatAreNotThereAreSeen(t *testing.T) {
	d := machines.NewDisk(t, 64)
	copy(d[20<<20+1024:], machines.Ext4("stale"))
	view := scene.NewAfter(on(d))
	p, err := planAll(storageOf(false, machines.Part(1, 1, 10, "root"), machines.Part(2, 20, 10, "data")), view,
		machines.Dice())
	require.NoError(t, err)
	view.Add(p.After, p.Gone)
	for name, want := range map[string]string{"data": `ext4 "stale"`, "root": "nothing known on it"} {
		seen, err := view.Look("/dev/disk/by-partlabel/" + name)
		require.NoError(t, err)
		assert.Equal(t, want, scene.Describe(seen.Content))
	}
}

func TestWhatGoesIsListedWithWhatItHolds(t *testing.T) {
	d := oldDisk(t)
	p, err := planAll(storageOf(true, machines.Part(1, 1, 10, "root")), on(d), machines.Dice())
	require.NoError(t, err)
	lane := p.Lanes[0]
	assert.Equal(
		t,
		[]kind.Loss{{Node: "/dev/vda1", What: "nothing known on it"}, {Node: "/dev/vda2", What: `ext4 "old"`}},
		lane[0].Loses,
	)
	last := lane[len(lane)-1]
	assert.Len(t, last.Before.Layout().Parts, 2)
	assert.Len(t, last.After.Layout().Parts, 1)
	assert.Equal(t, "/dev/vda", last.Seen[0].Node)
	p, err = planAll(storageOf(false, machines.Part(1, 1, 10, "root")), on(blankDisk(t)), machines.Dice())
	require.NoError(t, err)
	assert.Equal(t, kind.UnlessKnown, p.Lanes[0][1].Outcomes)
}

func TestPartitionsHaveTheirNamesInTheConfig(t *testing.T) {
	d := machines.NewDisk(t, 64, machines.Part(1, 1, 10, "old"), machines.Part(3, 30, 5, "kept"))
	guid := "B2FCB3AB-1F4D-4A3B-9F2B-2F5D6F8D2F01"
	c, err := planned(on(d), parted(config.Partition{Number: 1},
		config.Partition{Label: machines.To("a b"), GUID: &guid, SizeMiB: machines.To(5)}, machines.Gone(7, true)))
	require.NoError(t, err)
	all := c.meanings([]string{"/dev/vda", "/dev/disk/by-id/x"})
	require.Len(t, all, 2)
	assert.Equal(t, []string{"/dev/disk/by-id/x-part1"}, all[0].Names,
		"a label that the config does not give is whoever's")
	assert.Equal(t, []string{"/dev/disk/by-id/x-part2", `/dev/disk/by-partlabel/a\x20b`,
		"/dev/disk/by-partuuid/b2fcb3ab-1f4d-4a3b-9f2b-2f5d6f8d2f01"}, all[1].Names)
	assert.Equal(t, "partition 2 of /dev/vda ($.storage.disks.0.partitions.1)", all[1].String())
	assert.Equal(t, "/dev/vda2", all[1].Node)
	assert.NotEqual(t, all[0].GUID, all[1].GUID)
}

func TestAGUIDThatThePartitionBesideHas(t *testing.T) {
	d := machines.NewDisk(t, 64, machines.Part(1, 1, 10, "root"))
	seen, err := on(d).Look("/dev/vda")
	require.NoError(t, err)
	guid := seen.Found.Table.Partitions()[0].GUID.String()
	same := machines.With(machines.Part(2, 30, 1, ""), func(p *config.Partition) { p.GUID = &guid })
	_, err = planned(on(d), parted(same))
	require.ErrorContains(t, err, "partition 2 of /dev/vda ($.storage.disks.0.partitions.0): the GUID ")
	require.ErrorContains(t, err, " is that of partition 1 of /dev/vda as well")
	_, err = planned(on(d), config.Disk{WipeTable: machines.To(true), Partitions: []config.Partition{same}})
	assert.NoError(t, err, "one that goes has none")
}
