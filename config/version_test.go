package config

import (
	"errors"
	"testing"

	"github.com/stretchr/testify/require"
)

// Invariants: no panic; what is taken for a version is read again from how it is printed, and an error is one line of
// characters with ink.
func FuzzVersion(f *testing.F) {
	for _, text := range []string{"3.4.0", "03.6.0", "3.7.0-experimental", "3.0.0+x", "2.3.0", "1",
		"9999999999999999999.0.0", "3.\x1b[0m.0", "-3.+4.0"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		v, err := ParseVersion(text)
		if err == nil {
			again, err := ParseVersion(v.String())
			require.NoError(t, err)
			require.Equal(t, v, again)
			return
		}
		var wrong *VersionError
		require.True(t, errors.As(err, &wrong))
		for _, c := range err.Error() {
			require.False(t, c < ' ' || c == 0x7f, "%q", err)
		}
	})
}
