package copies

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

// Invariants: no panic; a journal renames only images that are meant, whatever it names.
func FuzzJournal(f *testing.F) {
	f.Add([]byte(`{"images":["/etc/passwd"]}`))
	f.Add([]byte(`{"images":["a","a"]}`))
	f.Add([]byte(`{"images":["mine","../other","other"]}`))
	dir := f.TempDir()
	mine, other := filepath.Join(dir, "mine"), filepath.Join(dir, "other")
	require.NoError(f, os.WriteFile(other+newSuffix, nil, 0o600))
	f.Fuzz(func(t *testing.T, text []byte) {
		err := finish(mine, text, []string{mine})
		if err != nil {
			require.NotContains(t, err.Error(), "\x1b")
		}
		_, err = os.Lstat(other + newSuffix)
		require.NoError(t, err)
	})
}
