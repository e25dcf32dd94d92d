package mounts

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/glowplug-os/glowplug/internal/root"
)

const mountinfo = `1 1 0:2 / / rw - rootfs rootfs rw
20 1 254:1 / /sysroot rw,relatime - ext4 /dev/vda1 rw
21 20 254:1 /ostree/var /sysroot/var rw - ext4 /dev/vda1 rw
22 21 254:17 / /sysroot/var/lib rw - xfs /dev/vdb1 rw
23 21 0:40 /v /sysroot/var rw,noatime - btrfs /dev/vdc rw
24 23 0:41 / /sysroot/var/my\040share rw - virtiofs tag rw
`

func TestWhatIsSeenAtAPlace(t *testing.T) {
	all, err := parseTable([]byte(mountinfo))
	require.NoError(t, err)
	for _, c := range []struct {
		claim string
		at    string
		id    int // of the mount that the place is in
		want  []string
	}{
		{"what is mounted last is seen first", "/sysroot/var", 23, []string{"btrfs of /dev/vdc", "ext4 of /dev/vda1"}},
		{"a directory in a mount has none of its own", "/sysroot/var/log", 23, nil},
		{"what is in a mount that is mounted over is not there", "/sysroot/var/lib", 23, nil},
		{"a blank in a path", "/sysroot/var/my share", 24, []string{"virtiofs of tag"}},
		{"the first mount of all is its own parent", "/", 1, []string{"rootfs of rootfs"}},
		{"a mount that the table does not have", "/", 99, nil},
	} {
		t.Run(c.claim, func(t *testing.T) {
			var got []string
			for _, m := range stack(all, c.at, c.id) {
				got = append(got, m.String())
			}
			assert.Equal(t, c.want, got)
		})
	}
}

func TestAVirtiofsIsKnownByItsTag(t *testing.T) {
	all, err := parseTable([]byte(mountinfo))
	require.NoError(t, err)
	share := all[5]
	assert.True(t, entry{format: "virtiofs", device: "tag"}.is(share))
	assert.True(t, entry{format: "virtiofs", device: "tog"}.isOther(share))
	assert.False(t, entry{format: "ext4", device: "/dev/not-there"}.is(share))
	assert.False(t, entry{format: "ext4", device: "/dev/not-there"}.isOther(share),
		"a device that is gone could have been the one")
}

func TestDevicesThatCannotBeReadHoldNoPartsOfOneFilesystem(t *testing.T) {
	there := filepath.Join(t.TempDir(), "disk")
	require.NoError(t, os.WriteFile(there, make([]byte, 1<<20), 0o600))
	for _, pair := range [][2]string{{"/dev/not-there", there}, {there, "/dev/not-there"},
		{"/dev/not-there", "/dev/nor-this"}, {there, there}} {
		assert.False(t, sameUUID(pair[0], pair[1]), "%v", pair)
	}
}

func TestATableThatCannotBeRead(t *testing.T) {
	for _, text := range []string{"x 1 0:2 / / rw - rootfs rootfs rw\n", "1 x 0:2 / / rw - rootfs rootfs rw\n",
		"1 1 0:2 /\n"} {
		_, err := parseTable([]byte(text))
		assert.ErrorContains(t, err, "mountinfo: line 1: ")
	}
}

// FuzzStack: whatever the table says, the mounts at a place are found, each once, and all are at that place.
func FuzzStack(f *testing.F) {
	f.Add([]byte(mountinfo), "/sysroot/var", 23)
	f.Add([]byte("1 2 0:2 / / rw - a a rw\n2 1 0:2 / / rw - b b rw\n"), "/", 1)
	f.Fuzz(func(t *testing.T, text []byte, at string, id int) {
		all, err := parseTable(text)
		if err != nil {
			return
		}
		seen := map[int]bool{}
		for _, m := range stack(all, at, id) {
			assert.False(t, seen[m.id])
			assert.Equal(t, at, m.Target)
			seen[m.id] = true
		}
	})
}

func TestLinksAreFollowedWhereAMountIsTakenDown(t *testing.T) {
	dir := tree(t, "/real/deep", "/abs>/real", "/rel>real/deep", "/out>../../../real", "/to-abs>abs/deep", "/loop>loop",
		"/end>/real")
	root, err := root.Open(dir)
	require.NoError(t, err)
	defer root.Close()
	for from, want := range map[string]string{
		"/real/deep": "/real/deep", "/abs/deep": "/real/deep", "/rel/x": "/real/deep/x", "/out/deep": "/real/deep",
		"/to-abs/x": "/real/deep/x", "/end": "/end", "/none/x/y": "/none/x/y", "/": "/",
	} {
		got, err := resolve(root, from)
		require.NoError(t, err, from)
		assert.Equal(t, want, got, from)
	}
	_, err = resolve(root, "/loop/x")
	assert.EqualError(t, err, "/loop/x: too many symbolic links")
}

func TestProcessesThatKeepAMountAreNamed(t *testing.T) {
	proc := t.TempDir()
	process := func(pid, name string, links map[string]string) {
		require.NoError(t, os.MkdirAll(filepath.Join(proc, pid, "fd"), 0o755))
		require.NoError(t, os.WriteFile(filepath.Join(proc, pid, "comm"), []byte(name+"\n"), 0o600))
		for link, target := range links {
			require.NoError(t, os.Symlink(target, filepath.Join(proc, pid, link)))
		}
	}
	process("12", "shell", map[string]string{"cwd": "/sysroot/var"})
	process("13", "logger", map[string]string{"cwd": "/", "fd/3": "/sysroot/var/log/x"})
	process("14", "other",
		map[string]string{"cwd": "/sysroot/variant", "root": "/", "exe": "/usr/bin/x", "fd/0": "/dev/null"})
	assert.Equal(t, []string{"shell (process 12)", "logger (process 13)"}, usersOf(proc, "/sysroot/var"))
}
