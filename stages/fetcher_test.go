package stages

import (
	"os"
	"path/filepath"
	"runtime/debug"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/glowplug-os/glowplug/internal/fetch"
)

func TestAClockThatHasStoppedIsNotAlone(t *testing.T) {
	t.Parallel()
	epoch := filepath.Join(t.TempDir(), "clock-epoch")
	require.NoError(t, os.WriteFile(epoch, nil, 0o644))
	made := time.Date(2026, 11, 1, 12, 0, 0, 0, time.UTC)
	require.NoError(t, os.Chtimes(epoch, made, made))
	built := []debug.BuildSetting{{Key: "GOOS", Value: "linux"}, {Key: "vcs.time", Value: "2026-10-05T06:07:08Z"}}
	c := clockOf(built, epoch)
	assert.True(t, c.Built.Equal(time.Date(2026, 10, 5, 6, 7, 8, 0, time.UTC)), c.Built)
	assert.True(t, c.Epoch.Equal(made), c.Epoch)
	assert.Equal(t, fetch.Clock{}, clockOf(nil, epoch+".absent"))
	assert.Equal(t, fetch.Clock{}, clockOf([]debug.BuildSetting{{Key: "vcs.time", Value: "soon"}}, epoch+".absent"))
}
