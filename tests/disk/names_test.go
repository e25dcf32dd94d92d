//go:build disk

package disk

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/glowplug-os/glowplug/config"
	"github.com/glowplug-os/glowplug/internal/diag"
)

const nameGUID = "5a7a4c0e-0001-4000-8000-000000000001"

// named makes a link as udev does, and takes it away after the test, with folders that were not there.
func named(t *testing.T, link, node string) {
	t.Helper()
	for _, dir := range []string{"/dev/disk", filepath.Dir(link)} {
		if os.Mkdir(dir, 0o755) == nil {
			t.Cleanup(func() { _ = os.Remove(dir) })
		}
	}
	require.NoError(t, os.Symlink(node, link))
	t.Cleanup(func() { _ = os.Remove(link) })
}

// Another disk of the machine has partitions of the same names. Links lead to these, and nothing of the kind that the
// config goes by them for is made, on either disk.
func TestANameThatLeadsToAnotherDiskStopsTheStageBeforeAnythingIsFormatted(t *testing.T) {
	for kind, link := range map[string]string{
		"a label": "/dev/disk/by-partlabel/glowplug-names", "a GUID": "/dev/disk/by-partuuid/" + nameGUID,
		"a disk's name": "/dev/disk/by-id/glowplug-names-part1",
	} {
		for use, storage := range map[string]config.Storage{
			"filesystem": {Filesystems: []config.Filesystem{fsWanted("/dev/none", "ext4", fsWipe)}},
			"volume":     {Luks: []config.Luks{{Name: "glowplug-names", WipeVolume: &yes}}},
		} {
			t.Run(use+" by "+kind, func(t *testing.T) {
				ours, other := ptNew(t, 64, 512), ptNew(t, 64, 512)
				parts := []config.Partition{pt(1, 1, 20, ptLabel("glowplug-names"), ptGUID(nameGUID))}
				require.NoError(t, other.run(t, false, parts...))
				named(t, "/dev/disk/by-id/glowplug-names", ours.node)
				named(t, link, other.node+"p1")
				for i := range storage.Filesystems {
					storage.Filesystems[i].Device = link
				}
				for i := range storage.Luks {
					storage.Luks[i].Device = &link
				}
				storage.Disks = []config.Disk{{Device: "/dev/disk/by-id/glowplug-names", Partitions: parts}}
				o := ours.options(t)
				o.Devices.Patience = 300 * time.Millisecond
				before := other.sum(t)
				_, err := asForetold(context.Background(), t, storage, o)
				require.ErrorContains(t, err, "device "+link+" leads to "+other.node+
					"p1, which is not partition 1 of /dev/disk/by-id/glowplug-names ($.storage.disks.0.partitions.0)")
				assert.Contains(t, strings.Join(diag.Hints(err), " "), "-part1")
				assert.Equal(t, before, other.sum(t))
				assert.Empty(t, fsFound(t, ours.node+"p1").Signatures)
			})
		}
	}
}
