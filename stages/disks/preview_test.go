package disks

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/glowplug-os/glowplug/config"
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
		"/dev/vdc": old.Image()}
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
? luks v                       formatted if nothing is on /dev/md/r then, opened if it is this volume, else refused (a new array may show what its members held before)
? filesystem on /dev/mapper/v  xfs: made if nothing is on it then, kept if it is this, else refused (what a volume holds shows once it is open)
= filesystem on /dev/vdc1      ext4 "old"
`, forecast.Plan().String())
	ids := map[string]bool{}
	for _, step := range forecast.Plan() {
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
	}
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
	assert.Equal(t, []string{"partition 1 of /dev/vda ($.storage.disks.0.partitions.0): pa",
		"luks v ($.storage.luks.0): /dev/vdb (64 MiB, ext4 \"box\") is"}, told)
	var step *plan.StepError
	require.True(t, errors.As(err, &step))
	text := forecast.Plan().String()
	assert.Contains(t, text, "+ partition 1 of /dev/vdc")
	assert.Contains(t, text, "? array r ")
	assert.Contains(t, text, "it may depend on $.storage.disks.0.partitions.0, which cannot be done")
	assert.Contains(t, text, "? filesystem on /dev/mapper/v ")
	assert.Contains(t, text, "it may depend on $.storage.luks.0, which cannot be done")
	assert.Contains(t, text, "+ filesystem on /dev/vdc1 ")
	assert.Contains(t, text, "+ filesystem on /dev/vda1 ")
}
