//go:build vmhost

package vm

import (
	"cmp"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/glowplug-os/glowplug/tests/vm/machine"
	"github.com/glowplug-os/glowplug/tests/vm/replay"
)

// The writes of a boot are noted, and what power cuts can leave of them is put onto disks, on which the boot begins
// again. GLOWPLUG_CUTS is how many cuts.
func TestPowerCutsAmongWrites(t *testing.T) {
	dir := t.TempDir()
	log := filepath.Join(dir, "log")
	var disks []machine.Disk
	for _, disk := range replay.Disks {
		disks = append(disks, machine.Disk{Name: disk.Name, SizeMiB: disk.MiB})
	}
	noted := t.Run("noted", func(t *testing.T) {
		inside(t, makePayload(t, "tests/vm/replay", "TestABootWhoseWritesAreNoted"),
			machine.Spec{Logged: machine.WriteLog{File: filepath.Join(dir, "disks"), Log: log, Disks: disks}})
	})
	require.True(t, noted)
	payload := makePayload(t, "tests/vm/replay", "TestABootOnWhatAPowerCutLeaves")
	require.NoError(t, os.WriteFile(filepath.Join(payload, replay.CountFile),
		[]byte(cmp.Or(os.Getenv("GLOWPLUG_CUTS"), "10")), 0o600))
	inside(t, payload, machine.Spec{Disks: append(disks, machine.Disk{Name: replay.LogDisk, Path: log})})
}
