package script

import (
	"io"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"
)

// Whoever types a command that waits for standard input must be able to leave it.
func TestASignalEndsACommandThatWaitsForItsInput(t *testing.T) {
	for _, line := range []string{
		"glowplug validate -", "glowplug convert -", "glowplug apply --root ROOT -", "butane", "glowplug-validate -",
		"ignition-apply --root ROOT -",
	} {
		for _, sign := range []syscall.Signal{syscall.SIGINT, syscall.SIGTERM} {
			t.Run(line+", "+sign.String(), func(t *testing.T) {
				t.Parallel()
				args := strings.Fields(strings.ReplaceAll(line, "ROOT", t.TempDir()))
				c := exec.CommandContext(t.Context(), filepath.Join(programs, args[0]), args[1:]...)
				in, err := c.StdinPipe()
				require.NoError(t, err)
				require.NoError(t, c.Start())
				waitUntilRead(t, in)
				require.NoError(t, c.Process.Signal(sign))
				assert.Error(t, c.Wait(), "it has not done what it was asked for")
			})
		}
	}
}

// waitUntilRead gives a process a byte, and waits until it has taken it.
func waitUntilRead(t *testing.T, in io.WriteCloser) {
	t.Helper()
	_, err := in.Write([]byte("{"))
	require.NoError(t, err)
	for {
		left, err := unix.IoctlGetInt(int(in.(interface{ Fd() uintptr }).Fd()), unix.TIOCINQ)
		require.NoError(t, err)
		if left == 0 {
			return
		}
		time.Sleep(time.Millisecond)
	}
}
