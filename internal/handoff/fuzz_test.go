package handoff

import (
	"os"
	"testing"

	"github.com/stretchr/testify/require"
)

// Invariants: no panic; what is loaded is saved, and loads again as the same; another file gives a StateError.
func FuzzState(f *testing.F) {
	f.Add([]byte(`{"fetchedConfigs":[{"kind":"base","source":"a","referenced":false}],` +
		`"luksPersistKeyFiles":{"a":"b"},"notatedDirectories":["/a"],"providerOutputFiles":[{"path":"/b"}],"region":"r","said":"YQ=="}`))
	f.Add([]byte(`{"tangAdvertisements":[{}],"luksPersistVolumeKeyFiles":{"":""}}`))
	f.Add([]byte(`null`))
	p := in(f.TempDir())
	require.NoError(f, p.SaveState(State{}))
	f.Fuzz(func(t *testing.T, text []byte) {
		require.NoError(t, os.WriteFile(p.State, text, 0o600))
		first, err := p.LoadState()
		var wrong *StateError
		if err != nil {
			require.ErrorAs(t, err, &wrong)
			return
		}
		require.NoError(t, p.SaveState(first))
		saved, err := os.ReadFile(p.State)
		require.NoError(t, err)
		second, err := p.LoadState()
		require.NoError(t, err)
		require.NoError(t, p.SaveState(second))
		again, err := os.ReadFile(p.State)
		require.NoError(t, err)
		require.Equal(t, string(saved), string(again))
	})
}
