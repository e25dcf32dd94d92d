package disks

import (
	"bytes"
	"log/slog"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/glowplug-os/glowplug/config"
	"github.com/glowplug-os/glowplug/internal/device"
	"github.com/glowplug-os/glowplug/internal/diag"
	"github.com/glowplug-os/glowplug/internal/tool"
)

// twoDisks are a machine with the files ours and other, which a name leads to.
func twoDisks(t *testing.T, leads string) (w *work, at func(string) string) {
	t.Helper()
	dir := t.TempDir()
	at = func(name string) string { return filepath.Join(dir, name) }
	for _, name := range []string{"ours", "other"} {
		require.NoError(t, os.WriteFile(at(name), nil, 0o600))
	}
	require.NoError(t, os.Symlink(leads, at("name")))
	d := &device.Devices{Tools: tool.New(nil, nil), Root: dir, Aliases: at("aliases"),
		Patience: 50 * time.Millisecond}
	return &work{Options: Options{Devices: d}, means: meanings{}}, at
}

func TestANameOfTheConfigMeansWhatTheConfigMakes(t *testing.T) {
	for name, c := range map[string]struct {
		leads, origin string
		more          []meaning
		fails         string
	}{
		"it leads there": {"ours", "$.storage.filesystems.0", nil, ""},
		"it leads to another device": {"other", "$.storage.filesystems.0", nil,
			"other, which is not partition 1 ($.storage.disks.0.partitions.0), as the config has it"},
		"it leads nowhere":                          {"none", "$.storage.filesystems.0", nil, "did not appear"},
		"what an entry names itself is what it has": {"other", "$.storage.disks.0.partitions.0", nil, ""},
		"two entries give it to one device": {"ours", "$.storage.filesystems.0",
			[]meaning{{what: "partition 1", origin: "$.storage.disks.1.partitions.0", node: "ours"}}, ""},
		"two entries give it to two devices": {"ours", "$.storage.filesystems.0",
			[]meaning{{what: "partition 2", origin: "$.storage.disks.1.partitions.0", node: "other"}},
			"the config calls partition 1 ($.storage.disks.0.partitions.0) so, and partition 2"},
	} {
		t.Run(name, func(t *testing.T) {
			w, at := twoDisks(t, c.leads)
			first := meaning{what: "partition 1", origin: "$.storage.disks.0.partitions.0", node: "ours"}
			for _, m := range append([]meaning{first}, c.more...) {
				m.names, m.node = []string{at("name")}, at(m.node)
				w.means.add([]meaning{m})
			}
			each := want{at("name"), "filesystem on name", c.origin}
			err := w.lead(t.Context(), []want{{at("none"), "another", "$.storage.filesystems.1"}, each})
			if c.fails != "" {
				require.ErrorContains(t, err, "filesystem on name ("+c.origin+"): device ")
				require.ErrorContains(t, err, c.fails)
				assert.NotEmpty(t, diag.Hints(err))
				return
			}
			require.NoError(t, err)
			require.NoError(t, w.alias(each))
			to, err := filepath.EvalSymlinks(w.Devices.AliasOf(at("name")))
			require.NoError(t, err)
			assert.Equal(t, c.leads, filepath.Base(to))
		})
	}
}

// A link may turn to another device at any time: tools get what was meant.
func TestAnAliasIsWhatWasMeant(t *testing.T) {
	w, at := twoDisks(t, "other")
	w.means.add([]meaning{{names: []string{at("name")}, find: func() (string, error) { return at("ours"), nil }}})
	require.NoError(t, w.alias(want{at("name"), "", "$.storage.filesystems.0"}))
	to, err := filepath.EvalSymlinks(w.Devices.AliasOf(at("name")))
	require.NoError(t, err)
	assert.Equal(t, at("ours"), to)
}

// What a round gives a label to is meant by that label in its other entries.
func TestEntriesOfOneRoundMeanEachOther(t *testing.T) {
	w, at := twoDisks(t, "other")
	wants := []want{{at("name"), "filesystem on name", "$.storage.filesystems.1"}}
	require.NoError(t, w.alias(wants[0]))
	m := meaning{names: []string{at("name")}, what: "filesystem on ours", origin: "$.storage.filesystems.0",
		node: at("ours")}
	require.ErrorContains(t, w.coincide(wants, []meaning{m}),
		"other, which is not filesystem on ours ($.storage.filesystems.0)")
	m.node = at("other")
	require.NoError(t, w.coincide(wants, []meaning{m}))
	m.node, m.origin = at("ours"), wants[0].origin
	require.NoError(t, w.coincide(wants, []meaning{m}), "its own label")
}

func TestNamesThatTwoDisksGetAreRefusedWhereTheConfigGoesByThem(t *testing.T) {
	o := disksFor(t)
	const guid = "b2fcb3ab-1f4d-4a3b-9f2b-2f5d6f8d2f01"
	labelled := func(name string) config.Partition {
		return with(part(1, 1, 10, name), func(p *config.Partition) { p.GUID = made(guid) })
	}
	s := config.Storage{Disks: []config.Disk{
		{Device: imageDisk(t, 64), Partitions: []config.Partition{labelled("data")}},
		{Device: imageDisk(t, 64), Partitions: []config.Partition{labelled("data")}}}}
	for device, refused := range map[string]bool{"/dev/disk/by-partlabel/data": true,
		"/dev/disk/by-partuuid/" + guid: true, "/dev/disk/by-partlabel/other": false} {
		for _, use := range []config.Storage{
			{Filesystems: []config.Filesystem{{Device: device, Format: made("ext4")}}},
			{Luks: []config.Luks{{Name: "v", Device: &device}}},
			{Raid: []config.Raid{{Name: "r", Devices: []string{"/dev/x", device}}}},
		} {
			use.Disks = s.Disks
			_, err := planPartitions(use, live{o.Devices}, &work{Options: o})
			if !refused {
				require.NoError(t, err)
				continue
			}
			require.ErrorContains(t, err, "device "+device+": the config calls partition 1 of "+
				s.Disks[0].Device+" ($.storage.disks.0.partitions.0) so, and partition 1 of "+s.Disks[1].Device)
		}
	}
}

func TestPartitionsHaveTheirNamesInTheConfig(t *testing.T) {
	image := imageDisk(t, 64, part(1, 1, 10, "old"), part(3, 30, 5, "kept"))
	guid := "B2FCB3AB-1F4D-4A3B-9F2B-2F5D6F8D2F01"
	c, err := plannedDisk(t, lookImage(t, image), image, config.Disk{Partitions: []config.Partition{
		{Number: 1}, {Label: made("a b"), GUID: &guid, SizeMiB: made(5)}, gonePart(7, true)}})
	require.NoError(t, err)
	all := c.meanings([]string{"/dev/vda", "/dev/disk/by-id/x"})
	require.Len(t, all, 2)
	assert.Equal(t, []string{"/dev/disk/by-id/x-part1"}, all[0].names,
		"a label that the config does not give is whoever's")
	assert.Equal(t, []string{"/dev/disk/by-id/x-part2", `/dev/disk/by-partlabel/a\x20b`,
		"/dev/disk/by-partuuid/b2fcb3ab-1f4d-4a3b-9f2b-2f5d6f8d2f01"}, all[1].names)
	assert.Equal(t, "partition 2 of /dev/vda ($.storage.disks.0.partitions.1)", all[1].String())
	assert.Equal(t, "/dev/vda2", all[1].node)
	assert.NotEqual(t, all[0].guid, all[1].guid)
}

func TestPartitionsWithTheGUIDOfOthersAreNamed(t *testing.T) {
	w, at := twoDisks(t, "ours")
	var log bytes.Buffer
	w.Log = slog.New(slog.NewTextHandler(&log, nil))
	require.NoError(t, os.MkdirAll(at("run/udev/data"), 0o700))
	require.NoError(t, os.WriteFile(at("run/udev/data/b8:1"), []byte("S:disk/by-partuuid/1\n"), 0o600))
	means := []meaning{{what: "partition 1 of /dev/sda", guid: "/dev/disk/by-partuuid/1"},
		{what: "partition 2 of /dev/sda", guid: "/dev/disk/by-partuuid/2"}}
	w.twins(means)
	assert.Empty(t, log.String())
	require.NoError(t, os.WriteFile(at("run/udev/data/b8:17"), []byte("S:disk/by-partuuid/1\n"), 0o600))
	w.twins(means)
	assert.Contains(t, log.String(), "level=WARN")
	assert.Contains(t, log.String(),
		"partition 1 of /dev/sda: its GUID 1 is that of several partitions: device 8:1, device 8:17; ")
}

// Between two stages a link may go over to another disk, or go with the label that it had.
func TestLaterStagesAreAboutTheSameDevices(t *testing.T) {
	w, at := twoDisks(t, "ours")
	var log bytes.Buffer
	logger := slog.New(slog.NewTextHandler(&log, nil))
	s := config.Storage{Filesystems: []config.Filesystem{{Device: at("name")}, {Device: at("other")},
		{Device: "tag", Format: made("virtiofs")}}, Luks: []config.Luks{{Device: made(at("name"))}}}
	names := func() []string {
		m := Meant(s, w.Devices, logger)
		return []string{m.Filesystems[0].Device, m.Filesystems[1].Device, m.Filesystems[2].Device, *m.Luks[0].Device}
	}
	asTheyAre := []string{at("name"), at("other"), "tag", at("name")}
	assert.Equal(t, asTheyAre, names(), "no stage has been here")
	require.NoError(t, w.alias(want{at("name"), "", ""}))
	assert.Equal(t, asTheyAre, names())
	assert.Empty(t, log.String())
	require.NoError(t, os.Remove(at("name")))
	assert.Equal(t, []string{at("ours"), at("other"), "tag", at("ours")}, names(), "it leads nowhere")
	require.NoError(t, os.Symlink("other", at("name")))
	assert.Equal(t, []string{at("ours"), at("other"), "tag", at("ours")}, names(), "it leads elsewhere")
	assert.Contains(t, log.String(), "no more leads to "+at("ours"))
	require.NoError(t, os.Remove(at("ours")))
	assert.Equal(t, asTheyAre, names(), "what was worked on is gone")
	assert.Equal(t, at("name"), s.Filesystems[0].Device, "the config stays as it is")
}
