package block

import (
	"bytes"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// Invariants: no panic; a mount for each line; what is undone of a field is never longer than the field.
func FuzzMountTable(f *testing.F) {
	f.Add([]byte("22 1 8:1 / / rw,relatime shared:1 - ext4 /dev/sda1 rw\n23 22 0:5 / /a\\040b rw - tmpfs tmpfs rw\n"))
	f.Add([]byte("1 1 8: / \\0 rw - \\777 x"))
	f.Fuzz(func(t *testing.T, text []byte) {
		all, err := ParseMounts(text)
		if err != nil {
			require.Empty(t, all)
			require.NotContains(t, err.Error(), "\x1b")
			return
		}
		lines := bytes.Count(text, []byte("\n"))
		if len(text) > 0 && text[len(text)-1] != '\n' {
			lines++
		}
		require.Len(t, all, lines)
		size := 0
		for _, m := range all {
			size += len(m.Target) + len(m.Type) + len(m.Source)
		}
		require.LessOrEqual(t, size, len(text))
	})
}

// Invariants: no panic; what is read is printed as it was, but for the case.
func FuzzGUID(f *testing.F) {
	f.Add("C12A7328-F81F-11D2-BA4B-00A0C93EC93B")
	f.Add("c12a7328-f81f-11d2-ba4b-00a0c93ec93\x1b")
	f.Fuzz(func(t *testing.T, text string) {
		if g, err := ParseGUID(text); err == nil {
			require.Equal(t, strings.ToUpper(text), g.String())
		} else {
			require.NotContains(t, err.Error(), "\x1b")
		}
	})
}
