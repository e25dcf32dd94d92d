package script

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"
)

// Two runs at once would clear each other's temporary files.
func TestApplyLeavesARootAloneThatAnotherRunHasLocked(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	root, config := filepath.Join(dir, "root"), filepath.Join(dir, "c.ign")
	require.NoError(t, os.Mkdir(root, 0o755))
	require.NoError(t, os.WriteFile(config, []byte(`{"ignition":{"version":"3.4.0"},
		"storage":{"directories":[{"path":"/d","mode":493}]}}`), 0o600))
	run := func(args ...string) (string, error) {
		args = append(append([]string{"apply", "--no-owner", "--root", root}, args...), config)
		text, err := exec.CommandContext(t.Context(), filepath.Join(programs, "glowplug"), args...).CombinedOutput()
		return string(text), err
	}
	held, err := os.Open(root)
	require.NoError(t, err)
	require.NoError(t, unix.Flock(int(held.Fd()), unix.LOCK_EX))
	text, err := run()
	require.Error(t, err)
	assert.Contains(t, text, "glowplug apply: "+root+": another program is at work there")
	assert.Contains(t, text, "hint: wait until it has ended")
	assert.NoDirExists(t, filepath.Join(root, "d"))
	text, err = run("--dry-run")
	require.NoError(t, err, "a plan changes nothing: %s", text)
	require.NoError(t, held.Close())
	text, err = run()
	require.NoError(t, err, text)
	assert.DirExists(t, filepath.Join(root, "d"))
}
