package process_test

import (
	"context"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/glowplug-os/glowplug/internal/cli"
	"github.com/glowplug-os/glowplug/internal/diag"
	"github.com/glowplug-os/glowplug/internal/process"
)

func TestColoursAreForTerminalsThatWantThem(t *testing.T) {
	device, err := os.Open(os.DevNull) // a character device, as a terminal is
	require.NoError(t, err)
	defer device.Close()
	file, err := os.Create(filepath.Join(t.TempDir(), "report"))
	require.NoError(t, err)
	defer file.Close()
	in := func(set string) func(string) string {
		return func(name string) string {
			_, value, _ := strings.Cut(set, name+"=")
			return value
		}
	}
	assert.True(t, process.ShowsColors(device, in("")))
	assert.True(t, process.ShowsColors(device, in("TERM=xterm")))
	assert.False(t, process.ShowsColors(device, in("TERM=dumb")))
	assert.False(t, process.ShowsColors(device, in("NO_COLOR=1")))
	assert.False(t, process.ShowsColors(file, in("")))
}

func TestStandardInputIsAConfig(t *testing.T) {
	t.Parallel()
	p := &cli.Process{In: strings.NewReader("text")}
	name, text, err := process.Read(p, "-")
	require.NoError(t, err)
	assert.Equal(t, "standard input", name)
	assert.Equal(t, "text", string(text))
	_, _, err = process.Read(p, filepath.Join(t.TempDir(), "absent"))
	require.ErrorIs(t, err, os.ErrNotExist)
}

func TestAWaitForAConfigThatDoesNotComeEnds(t *testing.T) {
	t.Parallel()
	in, out := io.Pipe()
	defer out.Close()
	p := &cli.Process{In: in}
	ctx, stop := context.WithCancel(t.Context())
	stop()
	_, _, err := process.ReadUntil(ctx, p, "-")
	require.ErrorIs(t, err, context.Canceled)
}

// endless is a device such as /dev/zero.
type endless struct{}

func (endless) Read(p []byte) (int, error) { return len(p), nil }

func TestWhatNeverEndsIsNoConfig(t *testing.T) {
	_, _, err := process.Read(&cli.Process{In: endless{}}, "-")
	require.ErrorIs(t, err, process.ErrTooLarge)
	assert.NotEmpty(t, diag.Hints(err))
	if _, err := os.Stat("/dev/zero"); err != nil {
		t.Skip(err)
	}
	_, _, err = process.Read(&cli.Process{}, "/dev/zero")
	require.ErrorIs(t, err, process.ErrTooLarge)
}
