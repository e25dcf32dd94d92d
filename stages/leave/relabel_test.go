package leave

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/glowplug-os/glowplug/internal/root"
	"github.com/glowplug-os/glowplug/internal/target"
	"github.com/glowplug-os/glowplug/internal/tool"
)

func TestLabelsOfTheRootThatRuns(t *testing.T) {
	in, err := root.Open("/")
	require.NoError(t, err)
	defer in.Close()
	dir := t.TempDir()
	setfiles := filepath.Join(dir, "setfiles")
	require.NoError(t, os.WriteFile(setfiles,
		[]byte("#!/bin/sh\n{ echo \"$@\"; tr '\\0' ' '; } >${0%/*}/labelled\n"), 0o755))
	m := &maker{&target.Means{Root: in, Tools: tool.New(map[string]string{"setfiles": setfiles}, nil)}}
	require.NoError(t, m.setfiles(t.Context(), "/etc/contexts", []string{"/a", "/b"}))
	got, err := os.ReadFile(filepath.Join(dir, "labelled"))
	require.NoError(t, err)
	assert.Equal(t, "-vF0 /etc/contexts -f -\n/a /b ", string(got))
}
