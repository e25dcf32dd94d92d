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
	"github.com/glowplug-os/glowplug/internal/scene"
	"github.com/glowplug-os/glowplug/stages/disks/filesystem"
	"github.com/glowplug-os/glowplug/stages/disks/kind"
	"github.com/glowplug-os/glowplug/tests/machines"
)

// What no machine could do is told before any device is looked for.
func TestWhatTheConfigShowsToBeImpossible(t *testing.T) {
	const guid, upper = "b2fcb3ab-1f4d-4a3b-9f2b-2f5d6f8d2f01", "B2FCB3AB-1F4D-4A3B-9F2B-2F5D6F8D2F01"
	wiped := func(device, format, label string) config.Filesystem {
		return config.Filesystem{Device: device, Format: &format, Label: &label, WipeFilesystem: machines.To(true)}
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
			Format: machines.To("vfat"), UUID: machines.To(guid)}}},
			"filesystem on /dev/none ($.storage.filesystems.0): vfat takes no UUID like " + guid},
		"no UUID for an ext4": {config.Storage{Filesystems: []config.Filesystem{{Device: "/dev/none",
			Format: machines.To("ext4"), UUID: machines.To(""), WipeFilesystem: machines.To(true)}}},
			`filesystem on /dev/none ($.storage.filesystems.0): ext4 takes no UUID like ""`},
		"a dot in the label of a vfat": {
			config.Storage{Filesystems: []config.Filesystem{wiped("/dev/none", "vfat", "EFI.SYS")}},
			"filesystem on /dev/none ($.storage.filesystems.0): " +
				"the label of a vfat cannot hold ., which mkfs.fat refuses"},
		"a label of a btrfs that is too long": {
			config.Storage{Filesystems: []config.Filesystem{wiped("/dev/none", "btrfs", strings.Repeat("x", 256))}},
			"filesystem on /dev/none ($.storage.filesystems.0): the label of a btrfs has at most 254 bytes, " +
				"this one has 256"},
		"an array of level 6 of three": {config.Storage{Raid: []config.Raid{{Name: "r", Level: machines.To("raid6"),
			Devices: []string{"/dev/a", "/dev/b", "/dev/c"}}}},
			"array r ($.storage.raid.0): an array of level raid6 has at least 4 devices beside spares, this one has 3"},
		"two pins of one": {config.Storage{Luks: []config.Luks{{Name: "v", Device: machines.To("/dev/none"),
			Clevis: config.Clevis{Tpm2: machines.To(true), Threshold: machines.To(2)}}}},
			"luks v ($.storage.luks.0): 2 pins are to open the volume, of 1 that it has"},
		"a number for a volume": {config.Storage{Luks: []config.Luks{{Name: "v", Device: machines.To("/dev/none"),
			UUID: machines.To("12")}}}, "luks v ($.storage.luks.0): a volume takes no UUID like 12"},
	} {
		_, err := Run(t.Context(), c.storage, disksFor(t))
		require.EqualError(t, err, c.want, name)
		_, err = Preview(c.storage, nil, nil)
		assert.EqualError(t, err, c.want, name)
	}
	key := config.Resource{Source: machines.To(""), Compression: machines.To("gzip")}
	assert.NoError(t, refused(config.Storage{Luks: []config.Luks{{Name: "v", Device: machines.To("/dev/none"),
		KeyFile: key}}}), "the key is a random one")
	assert.NoError(t, refused(config.Storage{Disks: []config.Disk{{Partitions: []config.Partition{
		partition(1, ""), partition(2, ""), partition(3, guid),
		{Number: 4, GUID: machines.To(guid), ShouldExist: machines.To(false)}}}}}))
}

// A filesystem that is there may have a label that its maker refuses, as one that another program made.
func TestALabelThatNoMakerTakesIsRefusedOnceItIsKnownThatItHasToBeMade(t *testing.T) {
	const want = "filesystem on /dev/x ($.storage.filesystems.0): " +
		"the label of a vfat cannot hold ., which mkfs.fat refuses"
	s := config.Storage{Filesystems: []config.Filesystem{fsOf("/dev/x", "vfat", labelled("EFI.SYS"))}}
	seen := func(unknown string, found ...block.Signature) scene.Seen {
		seen := machines.Holds(found...)
		seen.Node, seen.Unknown = "/dev/vdb1", unknown
		return seen
	}
	for _, c := range []struct {
		claim, want string
		seen        scene.Seen
	}{
		{"on a blank device", want, seen("")},
		{"not where it is there", "", seen("", block.Signature{Type: "vfat", Label: "EFI.SYS"})},
		{"not where another is in the way, which is told", "", seen("", block.Signature{Type: "vfat", Label: "EFI"})},
		{"not where nothing is known yet", "", seen("it is made by this config")},
	} {
		will := &kind.Planned{After: []scene.Prediction{{Names: []string{"/dev/vdb1", "/dev/x"}, Seen: &c.seen}}}
		err := filesystem.Unmakable(s, left(machines.Told{}, will))
		if c.want == "" {
			assert.NoError(t, err, c.claim)
		} else {
			assert.EqualError(t, err, c.want, c.claim)
		}
		assert.NoError(t, filesystem.Unmakable(s, left(machines.Told{}, &kind.Planned{})), c.claim)
	}
	_, err := filesystem.Row().Plan(s, machines.Told{"/dev/x": seen("")}, nil)
	require.EqualError(t, err, want)
	without := config.Storage{Filesystems: []config.Filesystem{fsOf("/dev/x", "ext4")}}
	without.Filesystems[0].UUID = machines.To("")
	_, err = filesystem.Row().Plan(without, machines.Told{"/dev/x": seen("")}, nil)
	require.EqualError(t, err, `filesystem on /dev/x ($.storage.filesystems.0): ext4 takes no UUID like ""`)
	_, err = filesystem.Row().Plan(without, machines.Told{"/dev/x": seen("", block.Signature{Type: "ext4"})}, nil)
	require.NoError(t, err, "one whose UUID is zeros")
	_, err = filesystem.Row().
		Plan(s, machines.Told{"/dev/x": seen("", block.Signature{Type: "vfat", Label: "EFI.SYS"})}, nil)
	assert.NoError(t, err)

	image := machines.File(t, 64)
	s.Filesystems[0].Device = image
	_, err = Run(t.Context(), s, disksFor(t))
	assert.ErrorContains(t, err, ": the label of a vfat cannot hold ., which mkfs.fat refuses")
}

func TestALabelThatNoMakerTakesIsRefusedBeforeItsPartitionIsMade(t *testing.T) {
	for _, mayWipe := range []bool{false, true} {
		image := machines.File(t, 64)
		fs := fsOf(image+"1", "vfat", labelled("EFI.SYS"))
		fs.WipeFilesystem = machines.To(mayWipe)
		_, err := Run(t.Context(), config.Storage{
			Disks:       []config.Disk{{Device: image, Partitions: []config.Partition{machines.Part(1, 1, 32, "efi")}}},
			Filesystems: []config.Filesystem{fs},
		}, disksFor(t))
		assert.ErrorContains(t, err, ": the label of a vfat cannot hold .")
		now, err := os.ReadFile(image)
		require.NoError(t, err)
		assert.Empty(t, bytes.Trim(now, "\x00"))
	}
}
