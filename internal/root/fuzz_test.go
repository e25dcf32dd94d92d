package root

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

// Invariants: no panic; a record renames nothing but temporary files of ours, whatever it names, and nothing outside of
// the root.
func FuzzRecover(f *testing.F) {
	f.Add([]byte(`[{"temp":"/a","name":"/b"}]`))
	f.Add([]byte(`[{"temp":"/.glowplug-1","name":"/c","backup":"/c-"}]`))
	f.Add([]byte(`[{"temp":"/","name":"/"},{"Temp":"/../../.glowplug-x","Name":"/../../a","Backup":"/"}]`))
	top := f.TempDir()
	inside := filepath.Join(top, "root")
	require.NoError(f, os.Mkdir(inside, 0o700))
	outside, foreign := filepath.Join(top, tempPrefix+"x"), filepath.Join(inside, "a")
	for _, file := range []string{outside, foreign} {
		require.NoError(f, os.WriteFile(file, []byte("kept"), 0o600))
	}
	r, err := Open(inside)
	require.NoError(f, err)
	f.Cleanup(func() { _ = r.Close() })
	f.Fuzz(func(t *testing.T, text []byte) {
		require.NoError(t, os.WriteFile(filepath.Join(inside, "record"), text, 0o600))
		_ = r.Recover("/record")
		for _, file := range []string{outside, foreign} {
			kept, err := os.ReadFile(file)
			require.NoError(t, err)
			require.Equal(t, "kept", string(kept))
		}
	})
}
