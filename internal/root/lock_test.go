package root

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestARootIsLockedByOneAtATime(t *testing.T) {
	dir := t.TempDir()
	link := filepath.Join(t.TempDir(), "link")
	require.NoError(t, os.Symlink(dir, link))
	first, err := Open(dir)
	require.NoError(t, err)
	require.NoError(t, Lock(first.Reader))
	require.NoError(t, Lock(first.Reader), "its own lock is in nobody's way")
	second := opened(t, link)
	err = Lock(second.Reader)
	require.ErrorIs(t, err, ErrBusy)
	if first.holder() != 0 { // some filesystems have another device number there than stat(2) gives
		assert.ErrorContains(t, err, fmt.Sprintf("process %d (", os.Getpid()))
	}
	require.NoError(t, Lock(opened(t, t.TempDir()).Reader), "another root")
	require.NoError(t, first.Close())
	require.NoError(t, Lock(second.Reader))
	names, err := second.Names("/")
	require.NoError(t, err)
	assert.Empty(t, names, "it leaves nothing behind")
}
