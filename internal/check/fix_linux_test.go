package check

import (
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestAFileThatIsWrittenKeepsItsAttributes(t *testing.T) {
	file := filepath.Join(t.TempDir(), "a.ign")
	require.NoError(t, os.WriteFile(file, []byte("old"), 0o640))
	if err := syscall.Setxattr(file, "user.note", []byte("kept"), 0); err != nil {
		t.Skip(err)
	}
	require.NoError(t, rewrite(file, "new"))
	value := make([]byte, 9)
	size, err := syscall.Getxattr(file, "user.note", value)
	require.NoError(t, err)
	assert.Equal(t, "kept", string(value[:size]))
}

func TestAPipeIsNotWritten(t *testing.T) {
	pipe := filepath.Join(t.TempDir(), "pipe")
	require.NoError(t, syscall.Mkfifo(pipe, 0o600))
	require.ErrorIs(t, rewrite(pipe, "new"), errNotRegular)
	info, err := os.Lstat(pipe)
	require.NoError(t, err)
	assert.Equal(t, os.ModeNamedPipe, info.Mode().Type())
}
