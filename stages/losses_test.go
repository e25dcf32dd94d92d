package stages

import (
	"encoding/binary"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/glowplug-os/glowplug/internal/report"
	"github.com/glowplug-os/glowplug/internal/scene"
	"github.com/glowplug-os/glowplug/tests/machines"
	"github.com/glowplug-os/glowplug/tests/trees"
)

// oldGPT is a disk whose first partition holds photos.
func oldGPT(t *testing.T) machines.Disk {
	t.Helper()
	disk := machines.NewDisk(t, 64, machines.Part(1, 1, 40, "photos"), machines.Part(2, 41, 10, "spare"))
	copy(disk[1<<20+1024:], machines.Ext4("photos"))
	return disk
}

// oldMBR is the same with an MBR, and a logical partition with music.
func oldMBR(t *testing.T) machines.Disk {
	t.Helper()
	disk := machines.NewDisk(t, 64)
	entry := func(sector, slot int, kind byte, start, size uint32) {
		mbr := disk[sector*512:]
		mbr[510], mbr[511] = 0x55, 0xAA
		at := mbr[446+16*slot:]
		at[4] = kind
		binary.LittleEndian.PutUint32(at[8:], start)
		binary.LittleEndian.PutUint32(at[12:], size)
	}
	entry(0, 0, 0x83, 2048, 40<<11)
	entry(0, 1, 0x05, 41<<11, 20<<11)
	entry(41<<11, 0, 0x83, 2048, 4<<11)
	copy(disk[1<<20+1024:], machines.Ext4("photos"))
	copy(disk[42<<20+1024:], machines.Ext4("music"))
	return disk
}

const photosOn1, gone = `/dev/vda1: ext4 "photos"`, "nothing known on it"

// What a plan destroys is named by what people have there, once, however the config gives it up.
func TestLossesAreToldByWhatPartitionsHold(t *testing.T) {
	gpt := []string{photosOn1, "/dev/vda2: " + gone}
	mbr := []string{photosOn1, "/dev/vda2: " + gone, `/dev/vda5: ext4 "music"`}
	const whole = `{'filesystems': [{'device': '/dev/vda', 'format': 'ext4', 'wipeFilesystem': true}]}`
	const volume = `{'luks': [{'name': 'v', 'device': '/dev/vda', 'wipeVolume': true}]}`
	const wipe = `{'disks': [{'device': '/dev/vda', 'wipeTable': true}]}`
	const kept = `'disks': [{'device': '/dev/vda', 'wipeTable': true, 'partitions': [
		{'number': 1, 'startMiB': 1, 'sizeMiB': 40, 'label': 'new'}]}]`
	for name, c := range map[string]struct {
		disk    machines.Disk
		storage string
		want    []string
	}{
		"a filesystem over a GPT":  {oldGPT(t), whole, gpt},
		"a filesystem over an MBR": {oldMBR(t), whole, mbr},
		"a volume over a GPT":      {oldGPT(t), volume, gpt},
		"a volume over an MBR":     {oldMBR(t), volume, mbr},
		"a GPT is wiped":           {oldGPT(t), wipe, gpt},
		"an MBR is wiped":          {oldMBR(t), wipe, mbr},
		"wiped, then filled, told once": {oldGPT(t), `{'disks': [{'device': '/dev/vda', 'wipeTable': true}],
			'filesystems': [{'device': '/dev/vda', 'format': 'ext4'}]}`, gpt},
		"an array over both": {oldGPT(t), `{'raid': [{'name': 'r', 'level': 'raid0', 'devices': ['/dev/vda', '/dev/vdb']}],
			'disks': [{'device': '/dev/vda', 'wipeTable': true}, {'device': '/dev/vdb', 'wipeTable': true}]}`,
			append(gpt[:2:2], `/dev/vdb1: ext4 "photos"`, "/dev/vdb2: "+gone, `/dev/vdb5: ext4 "music"`)},
		"made again at the same place": {oldGPT(t), "{" + kept + "}", []string{"/dev/vda2: " + gone}},
		"made again of an MBR":         {oldMBR(t), "{" + kept + "}", mbr[1:]},
		"made again, and kept": {oldGPT(t), "{" + kept + `,
			'filesystems': [{'device': '/dev/vda1', 'format': 'ext4', 'label': 'photos'}]}`,
			[]string{"/dev/vda2: " + gone}},
		"made again, and wiped, told once": {oldGPT(t), "{" + kept + `,
			'filesystems': [{'device': '/dev/vda1', 'format': 'xfs', 'wipeFilesystem': true}]}`,
			[]string{"/dev/vda2: " + gone, photosOn1}},
		"an entry made again at the same place": {oldGPT(t), `{'disks': [{'device': '/dev/vda', 'partitions': [
			{'number': 1, 'startMiB': 1, 'sizeMiB': 40, 'guid': '11111111-2222-4333-8444-555555555555',
			'wipePartitionEntry': true}]}]}`,
			[]string{`/dev/vda1: its entry in the partition table; ext4 "photos" stays`}},
		"an entry made again elsewhere": {oldGPT(t), `{'disks': [{'device': '/dev/vda', 'partitions': [
			{'number': 1, 'startMiB': 2, 'sizeMiB': 30, 'wipePartitionEntry': true}]}]}`, []string{photosOn1}},
		"shrunk": {oldGPT(t), `{'disks': [{'device': '/dev/vda', 'partitions': [
			{'number': 1, 'sizeMiB': 8, 'label': 'photos', 'resize': true}]}]}`,
			[]string{`/dev/vda1: the last 32 MiB of ext4 "photos"`}},
	} {
		devices := scene.Images{"/dev/vda": c.disk.Image(), "/dev/vdb": oldMBR(t).Image()}
		_, p := told(t, "{'storage': "+c.storage+"}", devices.Scene(), trees.Fake{}, true)
		var all []string
		for _, a := range p.Actions {
			for _, lost := range a.Loses {
				all = append(all, lost.Where+": "+strings.ReplaceAll(lost.What, ", UUID", "|"))
			}
		}
		assert.Equal(t, c.want, all, name)
		assert.Equal(t, report.Destroying, p.Exit(), name)
	}
}

// A table made again as it was takes only itself.
func TestATableGoesAlone(t *testing.T) {
	disk := machines.NewDisk(t, 64, machines.Part(1, 1, 40, "photos"))
	copy(disk[1<<20+1024:], machines.Ext4("photos"))
	text, _ := told(t, `{'storage': {'disks': [{'device': '/dev/vda', 'wipeTable': true, 'partitions': [
		{'number': 1, 'startMiB': 1, 'sizeMiB': 40, 'label': 'photos'}]}]}}`,
		scene.Images{"/dev/vda": disk.Image()}.Scene(), trees.Fake{}, true)
	assert.Contains(t, text, "Destroyed\n  - /dev/vda: its partition table\n\n")
}

func TestAShrunkPartitionIsChangedAndNotLost(t *testing.T) {
	_, p := told(t, `{'storage': {'disks': [{'device': '/dev/vda', 'partitions': [
		{'number': 1, 'sizeMiB': 8, 'label': 'photos', 'resize': true}]}]}}`,
		scene.Images{"/dev/vda": oldGPT(t).Image()}.Scene(), trees.Fake{}, true)
	assert.Equal(t, "1 disk: 1 partition (1 changed)", p.Summary())
}

func TestAWipedDiskHasABarBeforeAndAfter(t *testing.T) {
	for name, disk := range map[string]machines.Disk{"|1 photos ": oldGPT(t), "|1         ": oldMBR(t)} {
		text, p := told(t, `{'storage': {'disks': [{'device': '/dev/vda', 'wipeTable': true}]}}`,
			scene.Images{"/dev/vda": disk.Image()}.Scene(), trees.Fake{}, true)
		require.Equal(t, 1, strings.Count(text, "    before  "), text)
		assert.Contains(t, text, "    before  "+name)
		assert.Contains(t, text, "    after   |..............................................................| 64 MiB")
		var b strings.Builder
		require.NoError(t, p.WriteJSON(&b))
		assert.Contains(t, b.String(), `"after": {`)
	}
}

// Two entries for one disk, by two of its names, are about one disk.
func TestADiskOfTwoNamesIsOne(t *testing.T) {
	image := oldGPT(t).Image()
	image.Names = []string{"/dev/vda", "/dev/disk/by-id/x"}
	text, p := told(t, `{'storage': {'disks': [
		{'device': '/dev/vda', 'wipeTable': true, 'partitions': [{'number': 1, 'label': 'a', 'sizeMiB': 20}]},
		{'device': '/dev/disk/by-id/x', 'partitions': [{'number': 2, 'label': 'b'}]}]}}`,
		scene.Images{"/dev/vda": image}.Scene(), trees.Fake{}, true)
	assert.Equal(t, "1 disk: 1 wiped, 2 partitions", p.Summary())
	assert.Equal(t, 1, strings.Count(text, "\nDisk "))
	assert.Contains(t, text, "    before  |1 photos")
	assert.Contains(t, text, "    after   |1 a                 |2 b ")
}

// A disk that a filesystem or a volume fills is shown as one that gets partitions is, listed or not.
func TestADiskThatIsFilledAsAWholeHasABar(t *testing.T) {
	filled := machines.NewDisk(t, 64)
	copy(filled[1024:], machines.Ext4("photos"))
	const photos, none = `|ext4 "photos"     `, "|......................"
	const filesystem = `'filesystems': [{'device': '/dev/vda', 'format': 'xfs', 'label': 'new',
		'wipeFilesystem': true}]`
	const volume = `'luks': [{'name': 'v', 'device': '/dev/vda', 'wipeVolume': true}]`
	const empty = `'filesystems': [{'device': '/dev/vda', 'format': 'none', 'wipeFilesystem': true}]`
	const listed = `'disks': [{'device': '/dev/vda', 'wipeTable': true}], `
	for name, c := range map[string]struct {
		disk          machines.Disk
		storage       string
		before, after string
		destroyed     string
	}{
		"a filesystem over a filesystem": {filled, filesystem, photos, `|xfs "new" `, `/dev/vda: ext4 "photos"`},
		"a volume over a filesystem":     {filled, volume, photos, "|crypto_LUKS  ", `/dev/vda: ext4 "photos"`},
		"a filesystem over a GPT":        {oldGPT(t), filesystem, "|1 photos ", `|xfs "new" `, photosOn1},
		"a volume over an MBR":           {oldMBR(t), volume, "|1         ", "|crypto_LUKS  ", photosOn1},
		"a filesystem on a blank disk":   {machines.NewDisk(t, 64), filesystem, none, `|xfs "new" `, ""},
		"made empty":                     {filled, empty, photos, none, `/dev/vda: ext4 "photos"`},
		"its table is wiped": {filled, "'disks': [{'device': '/dev/vda', 'wipeTable': true}]", photos, none,
			`/dev/vda: ext4 "photos"`},
		"wiped, then filled, shown once": {filled, listed + filesystem, photos, `|xfs "new" `,
			`/dev/vda: ext4 "photos"`},
	} {
		devices := scene.Images{"/dev/vda": c.disk.Image()}
		text, _ := told(t, "{'storage': {"+c.storage+"}}", devices.Scene(), trees.Fake{}, true)
		assert.Contains(t, text, "Disk /dev/vda\n    before  "+c.before, name)
		assert.Contains(t, text, "\n    after   "+c.after, name)
		assert.Equal(t, 1, strings.Count(text, "    before  "), name)
		assert.Equal(t, c.destroyed != "", strings.Contains(text, "Destroyed\n  - "+c.destroyed), "%s: %s", name, text)
	}
	text, _ := told(t, `{'storage': {'disks': [{'device': '/dev/vda', 'partitions': [{'number': 1, 'label': 'a'}]}],
		'filesystems': [{'device': '/dev/vda1', 'format': 'xfs'}]}}`,
		scene.Images{"/dev/vda": machines.NewDisk(t, 64).Image()}.Scene(), trees.Fake{}, true)
	assert.Equal(t, 1, strings.Count(text, "    before  "), "a partition has none")
}
