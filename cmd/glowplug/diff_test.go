package main

import (
	"io"
	"os"
	"path/filepath"
	"runtime/debug"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/glowplug-os/glowplug/internal/cli"
	"github.com/glowplug-os/glowplug/internal/diag"
)

// With these limits, which are for documents, nearly all work of larger plans was collecting garbage.
func TestPlansAreComparedWithoutTheLimitsOfReading(t *testing.T) {
	least := func() int64 { return debug.SetMemoryLimit(-1) }
	percent := func() int {
		now := debug.SetGCPercent(100)
		debug.SetGCPercent(now)
		return now
	}
	limit, growth := least(), percent()
	file := filepath.Join(t.TempDir(), "a.ign")
	require.NoError(t, os.WriteFile(file, []byte(`{"ignition": {"version": "3.4.0"}}`), 0o600))
	p := &cli.Process{Name: "glowplug", Out: &diag.Screen{To: io.Discard}, Err: &diag.Screen{To: io.Discard}}
	_, end, err := (&diffOptions{}).both(t.Context(), p, []string{file, file})
	require.NoError(t, err)
	assert.Less(t, least(), limit)
	end()
	assert.Equal(t, limit, least())
	assert.Equal(t, growth, percent())
}
