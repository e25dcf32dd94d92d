package disks

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/glowplug-os/glowplug/internal/device"
	"github.com/glowplug-os/glowplug/internal/plan"
)

// What lies on disks that are given up is stopped, the topmost first, unless anything else would go with it.
func TestOnlyWhatLiesOnDisksThatAreGivenUpIsStopped(t *testing.T) {
	dir := t.TempDir()
	for _, file := range []string{
		// An array of two disks with a volume on it.
		"vda1/holders/md127", "vdb1/holders/md127", "md127/slaves/vda1", "md127/slaves/vdb1", "md127/holders/dm-0",
		"dm-0/slaves/md127", "dm-0/dm/uuid=CRYPT-LUKS2-0-v", "dm-0/dm/name=v",
		// An array whose other member is elsewhere.
		"vda2/holders/md126", "md126/slaves/vda2", "md126/slaves/vdz1",
		// A logical volume, which nothing here knows how to stop, on an array.
		"vda3/holders/md125", "md125/slaves/vda3", "md125/holders/dm-1", "dm-1/slaves/md125", "dm-1/dm/uuid=LVM-0",
		"dm-1/dm/name=vg-lv",
		// An array with a volume that nobody uses, and beside it something else.
		"vda4/holders/md124", "md124/slaves/vda4", "md124/holders/dm-2", "dm-2/slaves/md124",
		"dm-2/dm/uuid=CRYPT-LUKS2-0-w", "dm-2/dm/name=w",
		"md124/holders/dm-3", "dm-3/slaves/md124", "dm-3/dm/uuid=LVM-1", "dm-3/dm/name=vg-other",
		// Nothing.
		"vda/ro=0", "vdb/ro=0",
	} {
		name, text, _ := strings.Cut(file, "=")
		path := filepath.Join(dir, "sys/class/block", name)
		require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o755))
		require.NoError(t, os.WriteFile(path, []byte(text+"\n"), 0o600))
	}
	require.NoError(t, os.MkdirAll(filepath.Join(dir, "proc/thread-self"), 0o755))
	require.NoError(t, os.WriteFile(filepath.Join(dir, "proc/thread-self/mountinfo"), nil, 0o600))
	d := &device.Devices{Root: dir}
	stopped := func(names ...string) string {
		r := releaser{devices: d, sys: d.Sys(), step: map[string]plan.Step{}, givenUp: map[string]bool{}, names: names}
		for _, name := range names {
			r.givenUp[name] = true
		}
		lane, err := r.lane()
		require.NoError(t, err)
		var all []string
		for _, s := range lane {
			all = append(all, s.Subject)
		}
		return strings.Join(all, " ")
	}
	assert.Equal(t, "dm-0 md127", stopped("vda", "vda1", "vda2", "vda3", "vdb", "vdb1"))
	assert.Empty(t, stopped("vda", "vda1", "vda2", "vda3"), "the other disk of the array is not given up")
	assert.Empty(t, stopped("vda", "vda4"), "the array stays, so its volume does")
	assert.Empty(t, stopped("vda"))
}
