package stages

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/glowplug-os/glowplug/config"
	"github.com/glowplug-os/glowplug/internal/codes"
	"github.com/glowplug-os/glowplug/internal/scene"
	"github.com/glowplug-os/glowplug/tests/machines"
)

// What a config has on a partition that it gives up itself is in the way of it, at its place.
func TestWhatIsOnAPartitionThatGoesIsAConflict(t *testing.T) {
	const wiped, deleted = "will not be there: the partition table of /dev/vda is wiped",
		"will not be there: partition 2 of /dev/vda is deleted"
	const wipe = `{'device': '/dev/vda', 'wipeTable': true}`
	const one = `{'device': '/dev/vda', 'wipeTable': true, 'partitions': [{'number': 1, 'startMiB': 1, 'sizeMiB': 40}]}`
	const remove = `{'device': '/dev/vda', 'partitions': [
		{'number': 2, 'shouldExist': false, 'wipePartitionEntry': true}]}`
	const volume = `'luks': [{'name': 'v', 'device': '/dev/vda2'}]`
	const array = `'raid': [{'name': 'r', 'level': 'raid0', 'devices': ['/dev/vda2']}]`
	filesystem := func(device string) string {
		return `'filesystems': [{'device': '` + device + `', 'format': 'ext4', 'wipeFilesystem': true}]`
	}
	for name, c := range map[string]struct {
		disk          machines.Disk
		disks, others string
		says          string // "" if it is not in the way
	}{
		"of a table that is wiped":            {oldGPT(t), wipe, filesystem("/dev/vda1"), wiped},
		"by its label":                        {oldGPT(t), wipe, filesystem("/dev/disk/by-partlabel/spare"), wiped},
		"by the label of what it holds":       {oldGPT(t), wipe, filesystem("/dev/disk/by-label/photos"), wiped},
		"of an MBR":                           {oldMBR(t), wipe, filesystem("/dev/vda5"), wiped},
		"of a table that is made anew":        {oldGPT(t), one, filesystem("/dev/vda2"), wiped},
		"one that is deleted":                 {oldGPT(t), remove, filesystem("/dev/vda2"), deleted},
		"a volume on one that is deleted":     {oldGPT(t), remove, volume, deleted},
		"an array on one that is deleted":     {oldGPT(t), remove, array, deleted},
		"one that is made anew":               {oldGPT(t), one, filesystem("/dev/vda1"), ""},
		"by the label, and it is there again": {oldGPT(t), one, filesystem("/dev/disk/by-label/photos"), ""},
		"beside one that is deleted":          {oldGPT(t), remove, filesystem("/dev/vda1"), ""},
		"on the disk":                         {oldGPT(t), wipe, filesystem("/dev/vda"), ""},
	} {
		t.Run(name, func(t *testing.T) {
			devices := func(config.Storage) (scene.Scene, error) {
				return scene.Images{"/dev/vda": c.disk.Image()}.Scene(), nil
			}
			_, _, problems := asked(t, "{'ignition': {'version': '3.4.0'}, 'storage': {'disks': ["+c.disks+"],\n"+
				c.others+"}}", Question{Machine: Machine{Devices: devices}})
			if c.says == "" {
				assert.Empty(t, problems)
				return
			}
			require.Len(t, problems, 1)
			p := problems[0]
			assert.Contains(t, p.Message, c.says)
			assert.Equal(t, codes.InTheWay, p.Code)
			assert.Equal(t, "have the config make it, keep what it is on, or name another device", p.Hint)
			assert.Regexp(t, `^\$\.storage\.(filesystems|luks|raid)\.0$`, p.Path)
		})
	}
}

// A filesystem on a partition of an MBR is planned as on one of a GPT.
func TestAPartitionOfAnMBRIsThere(t *testing.T) {
	devices := func(config.Storage) (scene.Scene, error) {
		return scene.Images{"/dev/vda": oldMBR(t).Image()}.Scene(), nil
	}
	text, _, problems := asked(t, `{'ignition': {'version': '3.4.0'}, 'storage': {'filesystems': [
		{'device': '/dev/vda1', 'format': 'ext4'}, {'device': '/dev/disk/by-label/music', 'format': 'xfs',
		'wipeFilesystem': true}]}}`, Question{Machine: Machine{Devices: devices}})
	assert.Empty(t, problems)
	assert.Contains(t, text, "Destroyed\n  - /dev/vda5: ext4 \"music\"\n")
	assert.Contains(t, text, "1 filesystem (1 replaced); 1 unchanged\n")
}
