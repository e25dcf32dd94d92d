package device

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// Invariants: no panic; a link of udev's database for each line with one, below /dev.
func FuzzUdevEntry(f *testing.F) {
	f.Add("S:disk/by-label/a\nS:disk/by-id/b\\x20c\nI:123\nE:ID_FS_TYPE=ext4\nG:systemd\nV:1\n")
	f.Add("S:\nS:../../etc/passwd")
	entry := filepath.Join(f.TempDir(), "b8:0")
	f.Fuzz(func(t *testing.T, text string) {
		require.NoError(t, os.WriteFile(entry, []byte(text), 0o600))
		links := claimed(entry)
		require.Len(t, links, strings.Count("\n"+text, "\nS:"))
		for _, link := range links {
			require.True(t, strings.HasPrefix(link, "/dev/"))
			require.NotContains(t, link, "\n")
		}
	})
}
