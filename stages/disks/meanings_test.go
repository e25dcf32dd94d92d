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
	"github.com/glowplug-os/glowplug/internal/scene"
	"github.com/glowplug-os/glowplug/internal/tool"
	"github.com/glowplug-os/glowplug/stages/disks/kind"
	"github.com/glowplug-os/glowplug/stages/disks/partition"
	"github.com/glowplug-os/glowplug/tests/machines"
)

// twoDisks are a machine with the files ours and other, which a name leads to.
func twoDisks(t *testing.T, leads string) (r *run, at func(string) string) {
	t.Helper()
	dir := t.TempDir()
	at = func(name string) string { return filepath.Join(dir, name) }
	for _, name := range []string{"ours", "other"} {
		require.NoError(t, os.WriteFile(at(name), nil, 0o600))
	}
	require.NoError(t, os.Symlink(leads, at("name")))
	d := &device.Devices{Tools: tool.New(nil, nil), Root: dir, Aliases: at("aliases"),
		Patience: 50 * time.Millisecond}
	return newRun(config.Storage{}, Options{Devices: d}), at
}

func wanted(path, subject, origin string) kind.Want {
	return kind.Want{Path: path, Entry: &kind.Entry{ID: origin, Subject: subject, Origin: origin}}
}

func TestANameOfTheConfigMeansWhatTheConfigMakes(t *testing.T) {
	for name, c := range map[string]struct {
		leads, origin string
		more          []*kind.Meaning
		fails         string
	}{
		"it leads there": {"ours", "$.storage.filesystems.0", nil, ""},
		"it leads to another device": {"other", "$.storage.filesystems.0", nil,
			"other, which is not partition 1 ($.storage.disks.0.partitions.0), as the config has it"},
		"it leads nowhere":                          {"none", "$.storage.filesystems.0", nil, "did not appear"},
		"what an entry names itself is what it has": {"other", "$.storage.disks.0.partitions.0", nil, ""},
		"two entries give it to one device": {"ours", "$.storage.filesystems.0",
			[]*kind.Meaning{{What: "partition 1", Origin: "$.storage.disks.1.partitions.0", Node: "ours"}}, ""},
		"two entries give it to two devices": {"ours", "$.storage.filesystems.0",
			[]*kind.Meaning{{What: "partition 2", Origin: "$.storage.disks.1.partitions.0", Node: "other"}},
			"the config calls partition 1 ($.storage.disks.0.partitions.0) so, and partition 2"},
	} {
		t.Run(name, func(t *testing.T) {
			r, at := twoDisks(t, c.leads)
			first := &kind.Meaning{What: "partition 1", Origin: "$.storage.disks.0.partitions.0", Node: "ours"}
			for _, m := range append([]*kind.Meaning{first}, c.more...) {
				m.Names, m.Node = []string{at("name")}, at(m.Node)
				r.means.add([]*kind.Meaning{m})
			}
			each := wanted(at("name"), "filesystem on name", c.origin)
			err := r.lead(t.Context(), []kind.Want{wanted(at("none"), "another", "$.storage.filesystems.1"), each})
			if c.fails != "" {
				require.ErrorContains(t, err, "filesystem on name ("+c.origin+"): device ")
				require.ErrorContains(t, err, c.fails)
				assert.NotEmpty(t, diag.Hints(err))
				return
			}
			require.NoError(t, err)
			require.NoError(t, r.alias(each))
			to, err := filepath.EvalSymlinks(r.Devices.AliasOf(at("name")))
			require.NoError(t, err)
			assert.Equal(t, c.leads, filepath.Base(to))
		})
	}
}

// A link may turn to another device at any time: tools get what was meant.
func TestAnAliasIsWhatWasMeant(t *testing.T) {
	r, at := twoDisks(t, "other")
	find := func(scene.Scene) (string, error) { return at("ours"), nil }
	r.means.add([]*kind.Meaning{{Names: []string{at("name")}, Find: find}})
	require.NoError(t, r.alias(wanted(at("name"), "", "$.storage.filesystems.0")))
	to, err := filepath.EvalSymlinks(r.Devices.AliasOf(at("name")))
	require.NoError(t, err)
	assert.Equal(t, at("ours"), to)
}

// What a round gives a label to is meant by that label in its other entries.
func TestEntriesOfOneRoundMeanEachOther(t *testing.T) {
	r, at := twoDisks(t, "other")
	wants := []kind.Want{wanted(at("name"), "filesystem on name", "$.storage.filesystems.1")}
	require.NoError(t, r.alias(wants[0]))
	m := &kind.Meaning{Names: []string{at("name")}, What: "filesystem on ours", Origin: "$.storage.filesystems.0",
		Node: at("ours")}
	require.ErrorContains(t, r.coincide(wants, []*kind.Meaning{m}),
		"other, which is not filesystem on ours ($.storage.filesystems.0)")
	m.Node = at("other")
	require.NoError(t, r.coincide(wants, []*kind.Meaning{m}))
	m.Node, m.Origin = at("ours"), wants[0].Origin
	require.NoError(t, r.coincide(wants, []*kind.Meaning{m}), "its own label")
}

func TestNamesThatTwoDisksGetAreRefusedWhereTheConfigGoesByThem(t *testing.T) {
	o := disksFor(t)
	const guid = "b2fcb3ab-1f4d-4a3b-9f2b-2f5d6f8d2f01"
	labelled := func(name string) config.Partition {
		return machines.With(machines.Part(1, 1, 10, name), func(p *config.Partition) { p.GUID = machines.To(guid) })
	}
	s := config.Storage{Disks: []config.Disk{
		{Device: machines.File(t, 64), Partitions: []config.Partition{labelled("data")}},
		{Device: machines.File(t, 64), Partitions: []config.Partition{labelled("data")}}}}
	for device, refused := range map[string]bool{"/dev/disk/by-partlabel/data": true,
		"/dev/disk/by-partuuid/" + guid: true, "/dev/disk/by-partlabel/other": false} {
		for _, use := range []config.Storage{
			{Filesystems: []config.Filesystem{{Device: device, Format: machines.To("ext4")}}},
			{Luks: []config.Luks{{Name: "v", Device: &device}}},
			{Raid: []config.Raid{{Name: "r", Devices: []string{"/dev/x", device}}}},
		} {
			use.Disks = s.Disks
			_, err := planRow(partition.Row(), use, o.Devices.Scene(), o.Random)
			if !refused {
				require.NoError(t, err)
				continue
			}
			require.ErrorContains(t, err, "device "+device+": the config calls partition 1 of "+
				s.Disks[0].Device+" ($.storage.disks.0.partitions.0) so, and partition 1 of "+s.Disks[1].Device)
		}
	}
}

func TestPartitionsWithTheGUIDOfOthersAreNamed(t *testing.T) {
	r, at := twoDisks(t, "ours")
	var log bytes.Buffer
	r.Log = slog.New(slog.NewTextHandler(&log, nil))
	require.NoError(t, os.MkdirAll(at("run/udev/data"), 0o700))
	require.NoError(t, os.WriteFile(at("run/udev/data/b8:1"), []byte("S:disk/by-partuuid/1\n"), 0o600))
	means := []*kind.Meaning{{What: "partition 1 of /dev/sda", GUID: "/dev/disk/by-partuuid/1"},
		{What: "partition 2 of /dev/sda", GUID: "/dev/disk/by-partuuid/2"}}
	r.twins(means)
	assert.Empty(t, log.String())
	require.NoError(t, os.WriteFile(at("run/udev/data/b8:17"), []byte("S:disk/by-partuuid/1\n"), 0o600))
	r.twins(means)
	assert.Contains(t, log.String(), "level=WARN")
	assert.Contains(t, log.String(),
		"partition 1 of /dev/sda: its GUID 1 is that of several partitions: device 8:1, device 8:17; ")
}

// Between two stages a link may go over to another disk, or go with the label that it had.
func TestLaterStagesAreAboutTheSameDevices(t *testing.T) {
	r, at := twoDisks(t, "ours")
	var log bytes.Buffer
	logger := slog.New(slog.NewTextHandler(&log, nil))
	s := config.Storage{Filesystems: []config.Filesystem{{Device: at("name")}, {Device: at("other")},
		{Device: "tag", Format: machines.To("virtiofs")}}, Luks: []config.Luks{{Device: machines.To(at("name"))}}}
	names := func() []string {
		m := Meant(s, r.Devices, logger)
		return []string{m.Filesystems[0].Device, m.Filesystems[1].Device, m.Filesystems[2].Device, *m.Luks[0].Device}
	}
	asTheyAre := []string{at("name"), at("other"), "tag", at("name")}
	assert.Equal(t, asTheyAre, names(), "no stage has been here")
	require.NoError(t, r.alias(wanted(at("name"), "", "")))
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
