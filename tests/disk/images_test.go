//go:build disk

package disk

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// What is on an image that is mounted, whole or in part, or swapped on, changes while it is looked at. That a loop
// device has it is no use of it; sectors of a device are as large as it says.
func TestAPlanRefusesImagesThatAreInUse(t *testing.T) {
	dir := t.TempDir()
	file, config := filepath.Join(dir, "disk.img"), filepath.Join(dir, "c.ign")
	at := filepath.Join(dir, "at")
	require.NoError(t, os.Mkdir(at, 0o700))
	require.NoError(t, os.WriteFile(config, []byte(`{"ignition": {"version": "3.4.0"}, "storage": {"disks": [
		{"device": "/dev/vda", "wipeTable": true, "partitions": [{"label": "x", "sizeMiB": 20}]}]}}`), 0o600))
	must(t, "truncate", "-s", "64M", file)
	must(t, "mkfs.ext4", "-q", "-F", file)
	plan := func(image string) (int, string) {
		t.Helper()
		return call(t, exec.Command(program(t, "glowplug"), "plan", "--image", image, config))
	}
	refused := func(image, why string) {
		t.Helper()
		code, out := plan(image)
		assert.Equal(t, 1, code, out)
		assert.Contains(t, out, why)
	}
	loop := strings.TrimSpace(must(t, "losetup", "-f", "--show", file))
	t.Cleanup(func() { must(t, "losetup", "-d", loop) })
	for _, image := range []string{file, loop} {
		code, out := plan(image)
		assert.Equal(t, 4, code, out)
	}
	code, out := call(t, exec.Command(program(t, "glowplug"), "apply", "--image", file, config))
	assert.Equal(t, 1, code, out)
	assert.Contains(t, out, "is in use: it is attached as "+loop)
	must(t, "mount", loop, at)
	t.Cleanup(func() { _ = exec.Command("umount", at).Run() })
	refused(file, "is in use, as "+loop+": mounted at "+at)
	refused(loop, "is in use, as "+loop+": mounted at "+at)
	must(t, "umount", at)
	code, out = plan(file)
	assert.Equal(t, 4, code, out)

	large := filepath.Join(dir, "large.img")
	must(t, "truncate", "-s", "64M", large)
	loop4096 := strings.TrimSpace(must(t, "losetup", "-f", "--show", "--sector-size", "4096", large))
	t.Cleanup(func() { must(t, "losetup", "-d", loop4096) })
	code, out = plan(loop4096)
	assert.Equal(t, 3, code, out)
	assert.Contains(t, out, `"x", at 1 MiB, 20 MiB`)
}
