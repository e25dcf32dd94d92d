package disks

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/glowplug-os/glowplug/config"
)

// What no machine could do is told before any device is looked for.
func TestWhatTheConfigShowsToBeImpossible(t *testing.T) {
	const guid, upper = "b2fcb3ab-1f4d-4a3b-9f2b-2f5d6f8d2f01", "B2FCB3AB-1F4D-4A3B-9F2B-2F5D6F8D2F01"
	partition := func(number int, guid string) config.Partition { return config.Partition{Number: number, GUID: &guid} }
	for name, c := range map[string]struct {
		storage config.Storage
		want    string
	}{
		"a GUID twice": {config.Storage{Disks: []config.Disk{{Device: "/dev/none",
			Partitions: []config.Partition{partition(1, guid), partition(2, upper)}}}},
			"disk /dev/none ($.storage.disks.0.partitions.1): the GUID " + guid +
				" is that of partition entry 0 as well"},
		"a UUID for a vfat": {config.Storage{Filesystems: []config.Filesystem{{Device: "/dev/none",
			Format: made("vfat"), UUID: made(guid)}}},
			"filesystem on /dev/none ($.storage.filesystems.0): vfat takes no UUID like " + guid},
		"no UUID for an ext4": {config.Storage{Filesystems: []config.Filesystem{{Device: "/dev/none",
			Format: made("ext4"), UUID: made("")}}},
			`filesystem on /dev/none ($.storage.filesystems.0): ext4 takes no UUID like ""`},
		"a number for a volume": {config.Storage{Luks: []config.Luks{{Name: "v", Device: made("/dev/none"),
			UUID: made("12")}}}, "luks v ($.storage.luks.0): a volume takes no UUID like 12"},
	} {
		_, err := Run(t.Context(), c.storage, disksFor(t))
		require.EqualError(t, err, c.want, name)
		_, err = Preview(c.storage, disksFor(t))
		assert.EqualError(t, err, c.want, name)
	}
	assert.NoError(t, impossible(config.Storage{Disks: []config.Disk{{Partitions: []config.Partition{
		partition(1, ""), partition(2, ""), partition(3, guid),
		{Number: 4, GUID: made(guid), ShouldExist: made(false)}}}}}))
}

func TestAGUIDThatThePartitionBesideHas(t *testing.T) {
	image := imageDisk(t, 64, part(1, 1, 10, "root"))
	disk := lookImage(t, image)
	guid := disk.Found.Table.Partitions()[0].GUID.String()
	_, err := plannedDisk(t, disk, image, config.Disk{Partitions: []config.Partition{with(part(2, 30, 1, ""),
		func(p *config.Partition) { p.GUID = &guid })}})
	require.ErrorContains(t, err, "partition 2 of /dev/vda ($.storage.disks.0.partitions.0): the GUID ")
	require.ErrorContains(t, err, " is that of partition 1 of /dev/vda as well")
	_, err = plannedDisk(t, disk, image, config.Disk{WipeTable: made(true),
		Partitions: []config.Partition{with(part(2, 30, 1, ""), func(p *config.Partition) { p.GUID = &guid })}})
	assert.NoError(t, err, "one that goes has none")
}
