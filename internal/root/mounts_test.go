package root

import (
	"os"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/glowplug-os/glowplug/internal/block"
)

const table = `21 1 8:1 / / rw,relatime shared:1 - ext4 /dev/sda1 rw
22 21 0:5 / /dev rw - devtmpfs none rw
30 21 8:2 / /sysroot rw - ext4 /dev/sda2 rw
31 30 8:3 / /sysroot/var rw master:2 - ext4 /dev/sda3 rw
32 31 0:9 / /sysroot/var/a\040b\011\012\134 rw - tmpfs none rw
33 30 8:1 /etc/hosts /sysroot/etc/hosts rw - ext4 /dev/sda1 rw
34 30 0:9 / /sysroot/var rw - tmpfs none rw
35 21 0:9 / /sysroot-b/x rw - tmpfs none rw
36 30 0:9 / /sysroot/od\99d\04 rw - tmpfs none rw
`

func TestMountsAreThoseBelowTheRoot(t *testing.T) {
	for dir, want := range map[string][]string{
		"/sysroot": {"/etc/hosts", `/od\99d\04`, "/var", "/var/a b\t\n\\"},
		"/": {"/dev", "/sysroot", "/sysroot-b/x", "/sysroot/etc/hosts", `/sysroot/od\99d\04`, "/sysroot/var",
			"/sysroot/var/a b\t\n\\"},
		"/sysroot/var": {"/a b\t\n\\"}, "/none": nil,
	} {
		found, err := mountsBelow([]byte(table), dir)
		require.NoError(t, err)
		assert.Equal(t, want, found, dir)
	}
	_, err := mountsBelow([]byte("broken\n"), "/")
	assert.Error(t, err, "what is mounted is not known")
}

func TestTheFirstMountAtAPathOrBelow(t *testing.T) {
	mounts := []string{"/etc", "/etc-old/x", "/etc/a/b", "/var"}
	for at, want := range map[string]string{
		"/": "/etc", "/etc": "/etc", "/etc/a": "/etc/a/b", "/etc/a/b": "/etc/a/b", "/etc/a/b/c": "", "/etc-": "",
		"/etc-old": "/etc-old/x", "/va": "", "/z": "",
	} {
		assert.Equal(t, want, FirstMount(mounts, at), at)
	}
	assert.Empty(t, FirstMount(nil, "/"))
}

func FuzzMountsBelow(f *testing.F) {
	f.Add(table, "/sysroot")
	f.Fuzz(func(t *testing.T, table, dir string) {
		found, _ := mountsBelow([]byte(table), dir)
		for _, at := range found {
			assert.Equal(t, byte('/'), at[0])
		}
	})
}

func TestARootKnowsItsMounts(t *testing.T) {
	r, err := Open("/")
	require.NoError(t, err)
	defer r.Close()
	all, err := r.Mounts()
	require.NoError(t, err)
	if _, err := os.Stat(block.MountTable); err == nil {
		assert.Contains(t, all, "/proc")
	}
	below, err := Open(t.TempDir())
	require.NoError(t, err)
	defer below.Close()
	all, err = below.Mounts()
	require.NoError(t, err)
	assert.Empty(t, all)
}
