//go:build disk

package disk

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"

	"github.com/glowplug-os/glowplug/internal/root"
)

// withMounts makes a root with a tmpfs below /srv/data, and with /etc/hosts and /etc/passwd bind-mounted as containers
// have them.
func withMounts(t *testing.T) string {
	t.Helper()
	ownMounts(t)
	root := t.TempDir()
	for name, text := range map[string]string{
		"srv/data/first": "first", "srv/data/deep/x": "x", "etc/hosts": "below",
		"etc/passwd": "root:x:0:0::/root:/bin/sh\n", "etc/group": "root:x:0:\n", "outside/hosts": "hosts\n",
	} {
		require.NoError(t, os.MkdirAll(filepath.Dir(filepath.Join(root, name)), 0o755))
		require.NoError(t, os.WriteFile(filepath.Join(root, name), []byte(text), 0o644))
	}
	deep := filepath.Join(root, "srv/data/deep")
	require.NoError(t, unix.Mount("none", deep, "tmpfs", 0, ""))
	require.NoError(t, os.WriteFile(filepath.Join(deep, "precious"), []byte("precious"), 0o644))
	require.NoError(t,
		unix.Mount(filepath.Join(root, "outside/hosts"), filepath.Join(root, "etc/hosts"), "", unix.MS_BIND, ""))
	require.NoError(t,
		unix.Mount(filepath.Join(root, "etc/passwd"), filepath.Join(root, "etc/passwd"), "", unix.MS_BIND, ""))
	t.Cleanup(func() {
		for _, name := range []string{"srv/data/deep", "etc/hosts", "etc/passwd"} {
			_ = unix.Unmount(filepath.Join(root, name), unix.MNT_DETACH) // a test may have done it
		}
	})
	return root
}

func TestWhatIsMountedIsNeitherRemovedNorReplaced(t *testing.T) {
	over := func(path string) object { return object{"path": path, "overwrite": true} }
	first := object{"path": "/a", "contents": plain("x")}
	for claim, c := range map[string]struct {
		config object
		names  string
	}{
		"a folder with a filesystem below it": {storage(object{"files": []object{first},
			"directories": []object{over("/srv/data")}}), "/srv/data/deep"},
		"a filesystem itself": {storage(object{"files": []object{first},
			"directories": []object{over("/srv/data/deep")}}), "/srv/data/deep"},
		"a file": {storage(object{"files": []object{first,
			{"path": "/etc/hosts", "overwrite": true, "contents": plain("new")}}}), "/etc/hosts"},
		"an account file": {object{"ignition": object{"version": "3.6.0"}, "storage": object{"files": []object{first}},
			"passwd": object{"users": []object{{"name": "joe"}}}}, "/etc/passwd"},
	} {
		t.Run(claim, func(t *testing.T) {
			root := withMounts(t)
			code, out := applied(t, root, writeConfig(t, c.config))
			assert.Equal(t, 1, code, out)
			assert.Contains(t, out, "something is mounted at "+c.names+", so it cannot be replaced or removed")
			assert.NoFileExists(t, filepath.Join(root, "a"), "nothing else is done either")
			for _, name := range []string{"srv/data/first", "srv/data/deep/precious", "etc/hosts"} {
				assert.FileExists(t, filepath.Join(root, name))
			}
			assert.NoDirExists(t, filepath.Join(root, "home"))
		})
	}
}

func applied(t *testing.T, root, config string) (code int, out string) {
	t.Helper()
	return ways[0].run(t, root, config)
}

func TestWhatIsMountedGetsOwnerModeAndMore(t *testing.T) {
	root := withMounts(t)
	config := writeConfig(t, storage(object{
		"directories": []object{{"path": "/srv/data/deep", "mode": 0o700, "user": object{"id": 5}}},
		"files": []object{{"path": "/etc/hosts", "mode": 0o600, "append": []object{plain("more\n")}},
			{"path": "/srv/data/deep/new"}},
	}))
	for range 2 {
		code, out := applied(t, root, config)
		require.Equal(t, 0, code, out)
	}
	text, err := os.ReadFile(filepath.Join(root, "outside/hosts"))
	require.NoError(t, err)
	assert.Equal(t, "hosts\nmore\n", string(text))
	info, err := os.Stat(filepath.Join(root, "srv/data/deep"))
	require.NoError(t, err)
	uid, _ := owner(t, info)
	assert.Equal(t, 5, uid)
	assert.Equal(t, os.FileMode(0o700), info.Mode().Perm())
}

// TestNoMountIsCrossed removes a tree itself, also where no /proc tells what is mounted.
func TestNoMountIsCrossed(t *testing.T) {
	target := withMounts(t)
	r, err := root.Open(target)
	require.NoError(t, err)
	defer r.Close()
	mounts, err := r.Mounts()
	require.NoError(t, err)
	assert.Equal(t, []string{"/etc/hosts", "/etc/passwd", "/srv/data/deep"}, mounts)
	require.EqualError(t, r.RemoveAll("/srv"), "remove /srv/data/deep: something is mounted there")
	assert.FileExists(t, filepath.Join(target, "srv/data/first"), "nothing is removed")

	require.NoError(t, unix.Mount("none", "/proc", "tmpfs", 0, ""))
	require.EqualError(t, r.RemoveAll("/srv"), "remove /srv: something is mounted there")
	assert.FileExists(t, filepath.Join(target, "srv/data/deep/precious"))
	require.NoError(t, unix.Unmount(filepath.Join(target, "srv/data/deep"), 0))
	require.NoError(t, r.RemoveAll("/srv"))
	assert.NoDirExists(t, filepath.Join(target, "srv"))
}
