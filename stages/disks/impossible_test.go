package disks

import (
	"bytes"
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/glowplug-os/glowplug/config"
	"github.com/glowplug-os/glowplug/internal/block"
	"github.com/glowplug-os/glowplug/internal/device"
)

// What no machine could do is told before any device is looked for.
func TestWhatTheConfigShowsToBeImpossible(t *testing.T) {
	const guid, upper = "b2fcb3ab-1f4d-4a3b-9f2b-2f5d6f8d2f01", "B2FCB3AB-1F4D-4A3B-9F2B-2F5D6F8D2F01"
	wiped := func(device, format, label string) config.Filesystem {
		return config.Filesystem{Device: device, Format: &format, Label: &label, WipeFilesystem: made(true)}
	}
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
		"a dot in the label of a vfat": {
			config.Storage{Filesystems: []config.Filesystem{wiped("/dev/none", "vfat", "EFI.SYS")}},
			"filesystem on /dev/none ($.storage.filesystems.0): " +
				"the label of a vfat cannot hold ., which mkfs.fat refuses"},
		"a label of a btrfs that is too long": {
			config.Storage{Filesystems: []config.Filesystem{wiped("/dev/none", "btrfs", strings.Repeat("x", 256))}},
			"filesystem on /dev/none ($.storage.filesystems.0): the label of a btrfs has at most 255 bytes, " +
				"this one has 256"},
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

// A filesystem that is there may have a label that its maker refuses, as one that another program made.
func TestALabelThatNoMakerTakesIsRefusedOnceItIsKnownThatItHasToBeMade(t *testing.T) {
	const want = "filesystem on /dev/x ($.storage.filesystems.0): " +
		"the label of a vfat cannot hold ., which mkfs.fat refuses"
	s := config.Storage{Filesystems: []config.Filesystem{fsOf("/dev/x", "vfat", labelled("EFI.SYS"))}}
	seen := func(unknown string, found ...block.Signature) Seen {
		return Seen{Device: device.Device{Node: "/dev/vdb1", Content: block.Content{Signatures: found}},
			Unknown: unknown}
	}
	for _, c := range []struct {
		claim, want string
		seen        Seen
	}{
		{"on a blank device", want, seen("")},
		{"not where it is there", "", seen("", block.Signature{Type: "vfat", Label: "EFI.SYS"})},
		{"not where another is in the way, which is told", "", seen("", block.Signature{Type: "vfat", Label: "EFI"})},
		{"not where nothing is known yet", "", seen("it is made by this config")},
	} {
		left := planned{after: []prediction{{names: []string{"/dev/vdb1", "/dev/x"}, seen: c.seen}}}
		err := unlabelled(s, left.left)
		if c.want == "" {
			assert.NoError(t, err, c.claim)
		} else {
			assert.EqualError(t, err, c.want, c.claim)
		}
		assert.NoError(t, unlabelled(s, planned{}.left), c.claim)
	}
	_, err := planFilesystems(s, fsView{"/dev/x": seen("")}, &work{})
	require.EqualError(t, err, want)
	_, err = planFilesystems(s, fsView{"/dev/x": seen("", block.Signature{Type: "vfat", Label: "EFI.SYS"})}, &work{})
	assert.NoError(t, err)

	image := imageDisk(t, 64)
	s.Filesystems[0].Device = image
	_, err = Run(t.Context(), s, disksFor(t))
	assert.ErrorContains(t, err, ": the label of a vfat cannot hold ., which mkfs.fat refuses")
}

func TestALabelThatNoMakerTakesIsRefusedBeforeItsPartitionIsMade(t *testing.T) {
	for _, mayWipe := range []bool{false, true} {
		image := imageDisk(t, 64)
		fs := fsOf(image+"1", "vfat", labelled("EFI.SYS"))
		fs.WipeFilesystem = made(mayWipe)
		_, err := Run(t.Context(), config.Storage{
			Disks:       []config.Disk{{Device: image, Partitions: []config.Partition{part(1, 1, 32, "efi")}}},
			Filesystems: []config.Filesystem{fs},
		}, disksFor(t))
		assert.ErrorContains(t, err, ": the label of a vfat cannot hold .")
		now, err := os.ReadFile(image)
		require.NoError(t, err)
		assert.Empty(t, bytes.Trim(now, "\x00"))
	}
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
