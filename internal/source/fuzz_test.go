package source

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/glowplug-os/glowplug/config"
)

// Invariants: no panic; a digest that is taken is written with its function and all its digits; what is wrong is said
// in one line without characters that a terminal obeys.
func FuzzDigest(f *testing.F) {
	f.Add("sha256-e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855", uint8(4))
	f.Add("sha512-", uint8(0))
	f.Add("\x1b-\n", uint8(9))
	f.Fuzz(func(t *testing.T, text string, version uint8) {
		d, fault := ParseDigest(text, min(config.Version(version), config.Newest))
		if fault == nil {
			require.NotEmpty(t, d)
			return
		}
		for _, c := range fault.Message + fault.Hint {
			require.False(t, c < ' ' || c == 0x7f, "%q", fault.Message)
		}
		require.LessOrEqual(t, fault.At, len(text))
	})
}
