package process_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

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
