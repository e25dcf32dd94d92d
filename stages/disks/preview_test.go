package disks

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/glowplug-os/glowplug/config"
	"github.com/glowplug-os/glowplug/internal/diag"
	"github.com/glowplug-os/glowplug/internal/plan"
	"github.com/glowplug-os/glowplug/internal/scene"
	"github.com/glowplug-os/glowplug/stages/disks/kind"
	"github.com/glowplug-os/glowplug/tests/machines"
)

// storage reads the storage part of a config, with ' for ".
func storage(t *testing.T, text string) (s config.Storage) {
	t.Helper()
	require.NoError(t, json.Unmarshal([]byte(strings.ReplaceAll(text, "'", `"`)), &s))
	return s
}

// All that a boot would do is told of images of its disks, with no machine at all.
func TestAPreviewNeedsNothingButImages(t *testing.T) {
	old := machines.NewDisk(t, 64, machines.Part(1, 1, 10, "root"), machines.Part(2, 20, 10, "data"))
	copy(old[20<<20+1024:], machines.Ext4("old"))
	view := scene.Images{"/dev/vda": machines.NewDisk(t, 64).Image(), "/dev/vdb": machines.NewDisk(t, 64).Image(),
		"/dev/vdc": old.Image()}.Scene()
	s := storage(t, `{'disks': [
			{'device': '/dev/vda', 'partitions': [{'number': 1, 'label': 'm0'}]},
			{'device': '/dev/vdb', 'partitions': [{'number': 1, 'label': 'm1'}]},
			{'device': '/dev/vdc', 'wipeTable': true, 'partitions': [{'number': 1, 'startMiB': 20, 'sizeMiB': 10, 'label': 'var'}]}],
		'raid': [{'name': 'r', 'level': 'raid1', 'devices': ['/dev/disk/by-partlabel/m0', '/dev/vdb1']}],
		'luks': [{'name': 'v', 'device': '/dev/md/r'}],
		'filesystems': [{'device': '/dev/mapper/v', 'format': 'xfs'}, {'device': '/dev/vdc1', 'format': 'ext4', 'label': 'old'}]}`)
	forecast, err := Preview(s, view, machines.Dice())
	require.NoError(t, err)
	assert.Equal(t, `+ partition 1 of /dev/vda      "m0", at 1 MiB, 128991 sectors
~ partition table of /dev/vda  written, and the kernel told
+ partition 1 of /dev/vdb      "m1", at 1 MiB, 128991 sectors
~ partition table of /dev/vdb  written, and the kernel told
- partition table of /dev/vdc  wiped, with partitions 1 "root", at 1 MiB, 10 MiB; 2 "data", at 20 MiB, 10 MiB, holding ext4 "old"
+ partition 1 of /dev/vdc      "var", at 20 MiB, 10 MiB
~ partition table of /dev/vdc  written, and the kernel told
+ array r                      level raid1 of /dev/disk/by-partlabel/m0, /dev/vdb1
+ key of luks v                random
? luks v                       formatted if nothing is on /dev/md/r then, else refused (a new array may show what its members held before)
? filesystem on /dev/mapper/v  xfs: made if nothing is on it then, kept if it is this, else refused (what a volume holds shows once it is open)
= filesystem on /dev/vdc1      ext4 "old"
`, forecast.Actions().Bind(nil).String())
	ids := map[string]bool{}
	for _, step := range forecast.Actions() {
		assert.False(t, ids[step.ID], step.ID)
		ids[step.ID] = true
		assert.Nil(t, step.Do)
	}
	var deferred []kind.Outcome
	for _, lane := range forecast[4].Lanes {
		deferred = append(deferred, lane[0].Outcomes...)
	}
	assert.Equal(t, []kind.Outcome{{Found: "nothing", Verdict: "make"}, {Found: "the format", Verdict: "keep"},
		{Found: "something else", Verdict: "refuse"}, {Found: "unfinished", Verdict: "make"},
		{Found: "unfinished and more", Verdict: "refuse"}}, deferred)
}

// What does not depend on a conflict is planned, and what does is no conflict of its own.
func TestAllConflictsAreToldAtOnce(t *testing.T) {
	kept := machines.NewDisk(t, 64, machines.Part(1, 1, 10, "root"))
	full := machines.NewDisk(t, 64)
	copy(full[1024:], machines.Ext4("box"))
	view := scene.Images{
		"/dev/vda": kept.Image(),
		"/dev/vdb": full.Image(),
		"/dev/vdc": machines.NewDisk(t, 64).Image(),
	}.Scene()
	s := storage(t, `{'disks': [
			{'device': '/dev/vda', 'partitions': [{'number': 1, 'shouldExist': false}, {'number': 2, 'label': 'm'}]},
			{'device': '/dev/vdc', 'partitions': [{'number': 1, 'label': 'data'}]}],
		'raid': [{'name': 'r', 'level': 'raid0', 'devices': ['/dev/disk/by-partlabel/m']}],
		'luks': [{'name': 'v', 'device': '/dev/vdb', 'keyFile': {'source': 'data:,key'}}],
		'filesystems': [{'device': '/dev/mapper/v', 'format': 'xfs'}, {'device': '/dev/vdc1', 'format': 'ext4'},
			{'device': '/dev/vda1', 'format': 'swap'}]}`)
	forecast, err := Preview(s, view, machines.Dice())
	var told []string
	for line := range strings.Lines(err.Error()) {
		told = append(told, strings.TrimSpace(line[:min(len(line), 60)]))
	}
	assert.Equal(t, []string{"partition 1 of /dev/vda ($.storage.disks.0.partitions.0): wh",
		"luks v ($.storage.luks.0): /dev/vdb (64 MiB, ext4 \"box\") is"}, told)
	var step *plan.StepError
	require.True(t, errors.As(err, &step))
	for i, setting := range []string{"wipePartitionEntry", "wipeVolume"} { // what would give it up is told once
		each := diag.Errors(err)[i]
		assert.Contains(t, strings.Join(diag.Hints(each), " "), "set "+setting+" to true")
		assert.NotContains(t, each.Error(), setting+`"`)
	}
	text := forecast.Actions().Bind(nil).String()
	assert.Contains(t, text, "+ partition 1 of /dev/vdc")
	assert.Contains(t, text, "? array r ")
	assert.Contains(t, text, "it may depend on $.storage.disks.0.partitions.0, which cannot be done")
	assert.Contains(t, text, "? filesystem on /dev/mapper/v ")
	assert.Contains(t, text, "it may depend on $.storage.luks.0, which cannot be done")
	assert.Contains(t, text, "+ filesystem on /dev/vdc1 ")
	assert.Contains(t, text, "+ filesystem on /dev/vda1 ")
}

// spoilt is a disk of which nothing can be read.
type spoilt struct{}

func (spoilt) ReadAt([]byte, int64) (int, error) { return 0, errors.New("input/output error") }

// What depends on a disk that cannot be looked at is decided later, and the rest is planned.
func TestADiskThatCannotBeLookedAtIsUnknownAndHidesNothing(t *testing.T) {
	view := scene.Images{"/dev/vda": machines.NewDisk(t, 64).Image(),
		"/dev/vdb": {ReaderAt: spoilt{}, Size: 64 << 20}}.Scene()
	s := storage(t, `{'disks': [
			{'device': '/dev/vda', 'partitions': [{'number': 1, 'label': 'm0'}]},
			{'device': '/dev/vdb', 'wipeTable': true, 'partitions': [{'number': 1, 'label': 'm1'}]},
			{'device': '/dev/vdc', 'partitions': [{'number': 2, 'label': 'data', 'sizeMiB': 10, 'startMiB': 1}, {'label': 'x'},
				{'number': 9, 'shouldExist': false, 'wipePartitionEntry': true}]}],
		'raid': [{'name': 'r', 'level': 'raid1', 'devices': ['/dev/vda1', '/dev/disk/by-partlabel/m1']}],
		'filesystems': [{'device': '/dev/vdc2', 'format': 'ext4'}, {'device': '/dev/disk/by-label/old', 'format': 'xfs'},
			{'device': '/dev/vda1', 'format': 'swap'}, {'device': '/dev/vdb1', 'wipeFilesystem': true, 'format': 'none'}]}`)
	forecast, err := Preview(s, view, machines.Dice())
	require.EqualError(t, err, "disk /dev/vdb ($.storage.disks.1): not known, because device /dev/vdb: "+
		"bytes 67043328 to 67047423: input/output error\ndisk /dev/vdc ($.storage.disks.2): not known, "+
		"because device /dev/vdc: no image has it")
	for _, each := range diag.Errors(err) {
		require.ErrorAs(t, each, new(*NotKnownError))
	}
	assert.Equal(t, `+ partition 1 of /dev/vda               "m0", at 1 MiB, 128991 sectors
~ partition table of /dev/vda           written, and the kernel told
? partition table of /dev/vdb           wiped, whatever is on the disk (it could not be looked at)
? partition 1 of /dev/vdb               "m1", as large as goes (it could not be looked at)
? partition table of /dev/vdb           written, and the kernel told (it could not be looked at)
? partition 2 of /dev/vdc               "data", at 1 MiB, 10 MiB (it could not be looked at)
? a partition of /dev/vdc               "x", as large as goes (it could not be looked at)
? partition 9 of /dev/vdc               not to be there (it could not be looked at)
? partition table of /dev/vdc           written unless it is as wanted (it could not be looked at)
? array r                               level raid1 of /dev/vda1, /dev/disk/by-partlabel/m1: made if its members are blank or given up, assembled if they hold it; nothing is known of its disk
? filesystem on /dev/vdc2               ext4: made if nothing is on it then, kept if it is this, else refused (nothing is known of its disk)
? filesystem on /dev/disk/by-label/old  xfs: made if nothing is on it then, kept if it is this, else refused (it may be on $.storage.disks.2, which is not known)
+ filesystem on /dev/vda1               swap
? filesystem on /dev/vdb1               an empty device, whatever is on it then (nothing is known of its disk)
`, forecast.Actions().Bind(nil).String())
	lanes := forecast[1].Lanes
	assert.Equal(t, []kind.Outcome{{Found: "none", Verdict: "create"}}, lanes[1][1].Outcomes, "of a new table")
	assert.Equal(t, []kind.Outcome{{Found: "none", Verdict: "create"}, {Found: "one as wanted", Verdict: "keep"},
		{Found: "one of another size", Verdict: "refuse"}, {Found: "another one", Verdict: "refuse"}},
		lanes[2][0].Outcomes)
	assert.Equal(t, []kind.Outcome{{Found: "none", Verdict: "keep"}, {Found: "another one", Verdict: "delete"}},
		lanes[2][2].Outcomes)
}

// What is said of a name that is not there says which image has been looked for it.
func TestAPartitionThatAnImageLacksIsSaidToBeNone(t *testing.T) {
	image := machines.NewDisk(t, 64, machines.Part(1, 1, 10, "root")).Image()
	image.Names = []string{"/dev/vda", "/dev/disk/by-id/virtio-a"}
	images := scene.Images{"/dev/vda": image, "/dev/nvme0n1": machines.NewDisk(t, 64).Image(),
		"/dev/vdb": {ReaderAt: spoilt{}, Size: 64 << 20}}
	for name, want := range map[string]string{
		"/dev/vda3":                      "/dev/vda has no partition 3",
		"/dev/disk/by-id/virtio-a-part2": "/dev/vda has no partition 2",
		"/dev/nvme0n1p1":                 "/dev/nvme0n1 has no partition 1",
		"/dev/nvme0n2":                   "no image has it",
		"/dev/vda03":                     "no image has it",
		"/dev/vda0":                      "no image has it",
		"/dev/vdb1":                      "no image has it",
		"/dev/vdc1":                      "no image has it",
	} {
		for _, format := range []string{"xfs", ""} { // nothing is made without a format, but its device is waited for
			s := storage(t, `{'filesystems': [{'device': '`+name+`', 'format': '`+format+`'}]}`)
			_, err := Preview(s, images.Scene(), nil)
			require.ErrorContains(t, err, "device "+name+": "+want)
		}
	}
}

// A device that is no disk of the config, and not there, hides nothing either, and is told once.
func TestADeviceThatIsNotThereIsUnknown(t *testing.T) {
	s := storage(t, `{'luks': [{'name': 'v', 'device': '/dev/vdx'}], 'raid': [
			{'name': 'r', 'level': 'raid1', 'devices': ['/dev/vdy', '/dev/vdz']}],
		'filesystems': [{'device': '/dev/vdx', 'format': 'swap'}, {'device': '/dev/mapper/v', 'format': 'xfs'},
			{'device': '/dev/vda', 'format': 'xfs'}, {'device': '/dev/md/other', 'wipeFilesystem': true, 'format': 'ext4'}]}`)
	forecast, err := Preview(s, scene.Images{"/dev/vda": machines.NewDisk(t, 64).Image()}.Scene(), machines.Dice())
	var told []string
	for _, each := range diag.Errors(err) {
		text := each.Error()
		told = append(told, strings.Fields(text)[0]+" "+text[strings.LastIndex(text, " device "):])
	}
	assert.Equal(t, []string{"array  device /dev/vdy: no image has it", "array  device /dev/vdz: no image has it",
		"luks  device /dev/vdx: no image has it", "filesystem  device /dev/md/other: no image has it"}, told)
	var signs string
	for _, step := range forecast.Actions() {
		signs += step.Effect.Sign()
	}
	assert.Equal(t, "?+??"+"?+?", signs)
}
