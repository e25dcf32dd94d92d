package lint

import (
	"testing"

	"github.com/stretchr/testify/require"
)

// Invariants: no panic; what is wrong with a key comes with what to do, and both are of this program's words alone.
func FuzzKeyFault(f *testing.F) {
	f.Add("ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAABAgMEBQYHCAkKCwwNDg8QERITFBUWFxgZGhscHR4f name\n")
	f.Add("no-pty,command=\"a \\\" b\" ssh-rsa AAAAB3NzaC1yc2EAAAADAQABAAAA/////w==")
	f.Add("# a\n\nssh-dss AAAA\nssh-\t\x1b")
	f.Fuzz(func(t *testing.T, entry string) {
		fault, do := keyFault(entry)
		require.Equal(t, fault == "", do == "")
		for _, c := range fault + do {
			require.True(t, c >= ' ' && c < 0x7f)
		}
	})
}
