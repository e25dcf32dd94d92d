package machine

import (
	"bytes"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// Invariants: no panic, also where modules need each other; no file comes twice; a module comes after what it needs.
func FuzzLoadOrder(f *testing.F) {
	f.Add("kernel/a.ko.xz: kernel/b.ko.xz kernel/c-d.ko\nkernel/b.ko.xz:\n", "a")
	f.Add("a: b\nb: a\n:", "b")
	f.Fuzz(func(t *testing.T, table, name string) {
		order, err := LoadOrder(strings.NewReader(table), []string{name, "a"})
		if err != nil {
			require.Empty(t, order)
			return
		}
		sorted := slices.Sorted(slices.Values(order))
		require.Len(t, slices.Compact(sorted), len(order))
	})
}

// Invariants: no panic; a release is the name of one folder.
func FuzzRelease(f *testing.F) {
	kernel := make([]byte, 0x400)
	copy(kernel[0x202:], "HdrS")
	copy(kernel[0x300:], "6.1.0-1-amd64 (a@b)")
	kernel[0x20f] = 1
	f.Add(kernel)
	f.Add([]byte("MZ"))
	f.Fuzz(func(t *testing.T, kernel []byte) {
		if name, err := Release(bytes.NewReader(kernel)); err == nil {
			require.NotEmpty(t, name)
			require.NotContains(t, name, "/")
			require.False(t, strings.HasPrefix(name, "."))
		}
	})
}
