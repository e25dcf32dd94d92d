package root

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestProtectionsAreSeenWithoutATry(t *testing.T) {
	dir := t.TempDir()
	require.NoError(t, os.Mkdir(filepath.Join(dir, "d"), 0o555))
	require.NoError(t, os.WriteFile(filepath.Join(dir, "f"), nil, 0o444))
	require.NoError(t, os.Symlink("nowhere", filepath.Join(dir, "l")))
	in, err := Open(dir)
	require.NoError(t, err)
	defer in.Close()
	for name, want := range map[string]Protection{"/": {}, "/d": {Denied: os.Geteuid() != 0},
		"/f": {Denied: os.Geteuid() != 0}, "/l": {}} {
		got, err := in.Protection(name)
		require.NoError(t, err)
		assert.Equal(t, want, got, name)
	}
	_, err = in.Protection("/none")
	require.ErrorIs(t, err, os.ErrNotExist)
}
