package root

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"
)

// outside makes a folder of somebody else's, and a home with a folder, a fifo and links that lead out.
func outside(t *testing.T, dir string) {
	t.Helper()
	for _, d := range []string{"etc", "etc/deep", "home/a", "home/b", "home/c"} {
		require.NoError(t, os.MkdirAll(filepath.Join(dir, d), 0o755))
		require.NoError(t, os.WriteFile(filepath.Join(dir, d, "file"), nil, 0o644))
	}
	require.NoError(t, unix.Mkfifo(filepath.Join(dir, "home/fifo"), 0o644))
	require.NoError(t, os.Symlink("/etc", filepath.Join(dir, "home/link")))
	require.NoError(t, os.Symlink("/nowhere", filepath.Join(dir, "home/dangling")))
}

// inodes gives the inode number of each name below some folders, links not followed.
func inodes(t *testing.T, dir string, below ...string) map[uint64]string {
	t.Helper()
	all := map[uint64]string{}
	for _, b := range below {
		require.NoError(t, filepath.WalkDir(filepath.Join(dir, b), func(name string, _ os.DirEntry, err error) error {
			var st unix.Stat_t
			require.NoError(t, unix.Lstat(name, &st))
			all[st.Ino], _ = filepath.Rel(dir, name)
			return err
		}))
	}
	return all
}

func TestWhatGetsAnotherOwnerIsInTheTreeWhateverIsSwapped(t *testing.T) {
	both(t, func(t *testing.T, r *Root, dir string) {
		outside(t, dir)
		before := inodes(t, dir, "home", "etc")
		var visited []string
		require.NoError(t, r.WithoutLinks().Own("/home", func(Facts) bool { return true }, func(f Facts) Attrs {
			name := before[f.Ino]
			visited = append(visited, name)
			// As soon as a folder has been looked at, its user puts a link in its place, and in the places of the
			// others.
			if f.Kind == Directory && strings.HasPrefix(name, "home/") {
				for _, d := range []string{"home/a", "home/b", "home/c"} {
					at := filepath.Join(dir, d)
					if os.Rename(at, filepath.Join(dir, "away-"+filepath.Base(d))) == nil {
						require.NoError(t, os.Symlink("/etc", at))
					}
				}
			}
			return LeaveAttrs
		}))
		for _, name := range visited {
			assert.False(t, strings.HasPrefix(name, "etc"), "%s is not below the home", name)
		}
		assert.Contains(t, visited, "home/fifo")
		assert.Equal(t, "home", visited[0])
		swapped := slices.ContainsFunc(visited, func(name string) bool {
			return name == "home/a/file" || name == "home/b/file" || name == "home/c/file"
		})
		assert.True(t, swapped,
			"the folder that was opened before it was swapped is still the one that is gone through: %s", visited)
	})
}

func TestOwnersChangeWhereAsked(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("only root can give files away")
	}
	both(t, func(t *testing.T, r *Root, dir string) {
		outside(t, dir)
		require.NoError(t, os.Lchown(filepath.Join(dir, "home"), 70001, 70001))
		require.NoError(t, os.Lchown(filepath.Join(dir, "home/link"), 70001, 0))
		require.NoError(t, os.Lchown(filepath.Join(dir, "home/fifo"), 0, 70001))
		want := func(f Facts) Attrs {
			a := LeaveAttrs
			if f.UID == 70001 {
				a.UID = 70002
			}
			if f.GID == 70001 {
				a.GID = 70002
			}
			return a
		}
		require.NoError(t, r.Own("/home", func(top Facts) bool { return top.UID == 5 }, want))
		require.NoError(t, r.Own("/nobody", func(Facts) bool { return true }, want))
		top, err := r.Lstat("/home")
		require.NoError(t, err)
		assert.Equal(t, uint32(70001), top.UID, "the home is not one of the wanted user's")
		require.NoError(t, r.Own("/home", func(top Facts) bool { return top.UID == 70001 }, want))
		for name, owners := range map[string][2]uint32{
			"home": {70002, 70002}, "home/link": {70002, 0}, "home/fifo": {0, 70002}, "home/a": {0, 0}, "etc": {0, 0},
			"etc/file": {0, 0},
		} {
			f, err := r.Lstat(name)
			require.NoError(t, err)
			assert.Equal(t, owners, [2]uint32{f.UID, f.GID}, name)
		}
	})
}

func TestAPathThatLeadsThroughALinkIsRefusedWhereNoneMayBe(t *testing.T) {
	both(t, func(t *testing.T, r *Root, dir string) {
		outside(t, dir)
		_, err := r.Lstat("/home/a/file") // which keeps its folder open
		require.NoError(t, err)
		plain := r.WithoutLinks()
		_, err = plain.MkdirAll("/home/link/new", 0o755)
		assert.ErrorIs(t, err, unix.ELOOP)
		assert.ErrorIs(t, plain.RemoveAll("/home/link/deep"), unix.ELOOP)
		assert.ErrorIs(t, plain.Move("/home/link/deep", "/home/deep"), unix.ELOOP)
		assert.ErrorIs(t, plain.Move("/home/a", "/home/link/a"), unix.ELOOP)
		assert.ErrorIs(t, plain.SetAttrs("/home/link/file", Attrs{-1, -1, 0o600}), unix.ELOOP)
		assert.ErrorIs(t, plain.MakeTree("/home/link/tree", nil, LeaveAttrs), unix.ELOOP)
		_, err = plain.Create("/home/link/file", LeaveAttrs)
		assert.ErrorIs(t, err, unix.ELOOP)
		_, err = plain.Lstat("/home/link/file")
		assert.ErrorIs(t, err, unix.ELOOP)
		_, err = plain.ReadFile("/home/link", 10)
		assert.Error(t, err, "and is not followed")

		require.NoError(t, plain.RemoveAll("/home/link"), "a link at the end is itself")
		require.NoError(t, plain.Move("/home/a", "/home/moved"))
		for _, name := range []string{"etc/deep/file", "etc/file", "home/moved/file"} {
			assert.FileExists(t, filepath.Join(dir, name))
		}
		assert.NoFileExists(t, filepath.Join(dir, "home/link"))
		found, err := r.Lstat("/home/a/file")
		require.NoError(t, err)
		assert.Equal(t, Absent, found.Kind, "the root has no old descriptor of what was moved")
	})
}

func TestATreeIsMadeOfOthers(t *testing.T) {
	both(t, func(t *testing.T, r *Root, dir string) {
		outside(t, dir)
		for name, text := range map[string]string{"one/f": "1", "one/d/x": "1", "two/f": "2", "two/d/y": "2",
			"two/d/x": "2", "two/e/z": "2", "one/e": "a file"} {
			require.NoError(t, os.MkdirAll(filepath.Dir(filepath.Join(dir, name)), 0o755))
			require.NoError(t, os.WriteFile(filepath.Join(dir, name), []byte(text), 0o640))
		}
		require.NoError(t, os.Chmod(filepath.Join(dir, "one/d"), 0o750|os.ModeSetgid))
		require.NoError(t, os.Symlink("f", filepath.Join(dir, "one/l")))
		require.NoError(t, unix.Mkfifo(filepath.Join(dir, "two/fifo"), 0o644))
		require.NoError(t, r.MakeTree("/new", []string{"/none", "/home/link", "/one", "/two"}, Attrs{-1, -1, 0o711}))
		for name, text := range map[string]string{"f": "1", "d/x": "1", "d/y": "2", "e": "a file", "l": "1"} {
			assert.Equal(t, text, readAll(t, filepath.Join(dir, "new", name)), name)
		}
		for name, mode := range map[string]uint32{"/new": 0o711, "/new/d": 0o2750, "/new/f": 0o640, "/new/d/y": 0o640} {
			f, err := r.Lstat(name)
			require.NoError(t, err)
			assert.Equal(t, mode, f.Mode, name)
		}
		assert.NoFileExists(t, filepath.Join(dir, "new/fifo"))
		assert.NoDirExists(t, filepath.Join(dir, "new/deep"))
		assert.ErrorIs(t, r.MakeTree("/new", nil, LeaveAttrs), unix.EEXIST)
	})
}

func TestErrorsSayWhereBelow(t *testing.T) {
	err := &belowError{"a", &belowError{"b", unix.EIO}}
	assert.EqualError(t, err, "a/b: input/output error")
	assert.ErrorIs(t, err, unix.EIO)
}
