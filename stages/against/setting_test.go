package against

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// Invariants: no panic; a value stands on one line of the text, and the same line is found again behind others.
func FuzzSetting(f *testing.F) {
	f.Add("# a\nSELINUX=enforcing\n  SELINUX= disabled \n")
	f.Add("SELINUX=\r\nSELINUXTYPE=a")
	f.Fuzz(func(t *testing.T, text string) {
		value := setting(text, "SELINUX")
		require.NotContains(t, value, "\n")
		require.True(t, strings.Contains(text, value))
		require.Equal(t, "x", setting(text+"\nSELINUX=x", "SELINUX"))
	})
}
