package root

import (
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"
)

// nest makes directories in each other, deeper than a path can say, and a file in the last; it gives that directory.
func nest(t *testing.T, dir string, levels int, name string) int {
	t.Helper()
	fd, err := openAt(unix.AT_FDCWD, dir, unix.O_RDONLY|unix.O_DIRECTORY)
	require.NoError(t, err)
	for range levels {
		require.NoError(t, unix.Mkdirat(fd, name, 0o755))
		below, err := openAt(fd, name, unix.O_RDONLY|unix.O_DIRECTORY)
		require.NoError(t, err)
		require.NoError(t, unix.Close(fd))
		fd = below
	}
	t.Cleanup(func() { _ = unix.Close(fd) })
	f, err := unix.Openat(fd, "f", unix.O_WRONLY|unix.O_CREAT, 0o644)
	require.NoError(t, err)
	require.NoError(t, unix.Close(f))
	return fd
}

func opened(t *testing.T, dir string) *Root {
	t.Helper()
	r, err := Open(dir)
	require.NoError(t, err)
	t.Cleanup(func() { _ = r.Close() })
	return r
}

func openedFiles(t *testing.T) int {
	t.Helper()
	all, err := os.ReadDir("/proc/self/fd")
	require.NoError(t, err)
	return len(all)
}

func TestATreeIsGoneThroughDeeperThanPathsReach(t *testing.T) {
	for name, levels := range map[string]int{strings.Repeat("n", 100): 100, "d": 3000} {
		dir := t.TempDir()
		r := opened(t, dir)
		require.NoError(t, r.Mkdir("top", 0o755))
		nest(t, filepath.Join(dir, "top"), levels, name)
		require.NoError(t, os.WriteFile(filepath.Join(dir, "top/z"), []byte("last"), 0o644))
		before, most, met := openedFiles(t), 0, 0
		var last string
		require.NoError(t, Through(r.Reader, "/top", func(n Node) error {
			require.NoError(t, n.Err)
			if met++; met%100 == 0 {
				most = max(most, openedFiles(t))
			}
			if n.Kind == File {
				text, err := n.In.Open()
				require.NoError(t, err)
				defer text.Close()
				all, err := io.ReadAll(text)
				require.NoError(t, err)
				last += fmt.Sprintf("%d %s %s\n", n.Depth, n.Name, all)
			}
			return nil
		}))
		assert.Equal(t, levels+3, met)
		assert.Equal(t, fmt.Sprintf("%d f \n1 z last\n", levels+1), last)
		assert.LessOrEqual(t, most, before+openLevels+4)
		assert.Equal(t, before, openedFiles(t))
		require.NoError(t, r.RemoveAll("/top"))
	}
}

func TestAWayThroughATreeSaysWhatItFinds(t *testing.T) {
	dir := t.TempDir()
	r := opened(t, dir)
	at := func(name string) string { return filepath.Join(dir, name) }
	require.NoError(t, os.MkdirAll(at("d/in"), 0o755))
	require.NoError(t, os.Symlink("in", at("d/link")))
	require.NoError(t, unix.Mkfifo(at("d/pipe"), 0o600))
	require.NoError(t, os.WriteFile(at("d/in/f"), nil, 0o640))
	marked := unix.Setxattr(at("d/in/f"), "user.mark", []byte("v"), 0) == nil
	var got []string
	require.NoError(t, Through(r.Reader, "d", func(n Node) error {
		all, err := n.In.Attributes()
		require.NoError(t, err)
		text := fmt.Sprintf("%d %s %o %d%s", n.Depth, n.Name, n.Type, n.Names, n.Target)
		for _, a := range all {
			if strings.HasPrefix(a.Name, "user.") {
				text += " " + a.Name + "=" + string(a.Value)
			}
		}
		got = append(got, text)
		return nil
	}))
	mark := ""
	if marked {
		mark = " user.mark=v"
	}
	assert.Equal(t, []string{"0 d 40000 3", "1 in 40000 1", "2 f 100000 0" + mark, "1 link 120000 0in",
		"1 pipe 10000 0"}, got)
}

func TestAWayThroughATreeEndsWhereItIsEnded(t *testing.T) {
	dir := t.TempDir()
	r := opened(t, dir)
	require.NoError(t, os.MkdirAll(filepath.Join(dir, "a/b/c"), 0o755))
	for end, want := range map[error]error{fs.SkipAll: nil, assert.AnError: assert.AnError} {
		met := 0
		err := Through(r.Reader, "a", func(Node) error {
			if met++; met == 2 {
				return end
			}
			return nil
		})
		assert.Equal(t, want, err)
		assert.Equal(t, 2, met)
	}
	require.NoError(t, Through(r.Reader, "nothing/there", func(Node) error { return assert.AnError }))
}

// A directory that is moved away from under its parent leads back to another one.
func TestAWayBackThatLeadsElsewhereIsAnError(t *testing.T) {
	dir := t.TempDir()
	r := opened(t, dir)
	require.NoError(t, os.Mkdir(filepath.Join(dir, "top"), 0o755))
	nest(t, filepath.Join(dir, "top"), 2*openLevels, "d")
	path := filepath.Join(dir, "top"+strings.Repeat("/d", openLevels/2))
	err := Through(r.Reader, "top", func(n Node) error {
		if n.Depth == 2*openLevels {
			return os.Rename(path, filepath.Join(dir, "moved"))
		}
		return nil
	})
	require.ErrorIs(t, err, unix.ESTALE)
}
