package guest

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/glowplug-os/glowplug/internal/block"
)

// Invariants: no panic; an entry without the mark stays as it is, a second time changes nothing, and no line that is
// not of options does.
func FuzzUnmarked(f *testing.F) {
	f.Add("title a\nlinux /vmlinuz\noptions root=/dev/a ignition.firstboot quiet\n")
	f.Add("options\tignition.firstboot=\"a b\" ignition.firstboot\noptions x=\"ignition.firstboot\"")
	f.Fuzz(func(t *testing.T, entry string) {
		once := unmarked(entry)
		require.LessOrEqual(t, len(once), len(entry))
		require.Equal(t, once, unmarked(once))
		if !strings.Contains(entry, mark) && !strings.Contains(entry, `"`) {
			require.Equal(t, entry, once)
		}
	})
}

// Invariants: no panic; a root that a fstab names is in it; a mounted subvolume is a path, or as the table has it; what
// a fstab mounts is below the root.
func FuzzTabs(f *testing.F) {
	f.Add("UUID=a / btrfs subvol=/root,compress 0 0\n# x\n", "root")
	f.Add("30 1 0:30 /a\\040b / rw - btrfs /dev/a rw\n", "/a b")
	f.Fuzz(func(t *testing.T, tab, subvolume string) {
		if rootOfTab(tab, subvolume) {
			require.Contains(t, tab, strings.Trim(subvolume, "/"))
		}
		mounts, _ := block.ParseMounts([]byte(tab)) // none where it is no such table
		require.NotEmpty(t, mountedSubvolume(mounts, "/"))
		_, named := namedRoot(tab)
		require.False(t, strings.HasPrefix(named, "/"))
		require.NotContains(t, subvolumeOf(tab), ",")
		for _, at := range mountedByTab(tab) {
			require.True(t, strings.HasPrefix(at, "/") && at != "/", at)
		}
		homeIn(tab, subvolume)
	})
}

// Invariants: no panic; what is heard is said again, and heard as the same.
func FuzzHeard(f *testing.F) {
	f.Add([]byte(`{"event":{"turn":1,"id":"a","subject":"b"}}`))
	f.Add([]byte(`{"line":"\u001b"} x`))
	f.Fuzz(func(t *testing.T, text []byte) {
		said, err := Heard(text)
		if err != nil {
			return
		}
		first, err := line(said)
		require.NoError(t, err)
		back, err := Heard(first)
		require.NoError(t, err)
		second, err := line(back)
		require.NoError(t, err)
		require.Equal(t, string(first), string(second))
	})
}
