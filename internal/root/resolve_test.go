package root

import (
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"

	"github.com/glowplug-os/glowplug/tests/roots"
)

// outcome names what a resolver found, so that two resolvers can be compared.
func outcome(t *testing.T, r resolver, root int, path string, flags int) string {
	t.Helper()
	fd, err := r(root, path, flags)
	if err != nil {
		return unix.ErrnoName(err.(unix.Errno))
	}
	defer unix.Close(fd)
	var st unix.Stat_t
	require.NoError(t, unix.Fstat(fd, &st))
	return fmt.Sprintf("%d:%d", st.Dev, st.Ino)
}

// needOpenat2 ends a test of agreement where there is only one of the two to look at.
func needOpenat2(t *testing.T, root int) {
	t.Helper()
	if fd, err := openInRoot(root, "/", unix.O_PATH); err != nil {
		t.Skip("this kernel or sandbox has no openat2")
	} else {
		unix.Close(fd)
	}
}

func rootFD(t *testing.T, dir string) int {
	t.Helper()
	fd, err := openAt(unix.AT_FDCWD, dir, unix.O_RDONLY|unix.O_DIRECTORY)
	require.NoError(t, err)
	t.Cleanup(func() { unix.Close(fd) })
	return fd
}

func TestBothResolversKeepToTheRoot(t *testing.T) {
	top := t.TempDir()
	dir := filepath.Join(top, "root")
	require.NoError(t, os.MkdirAll(filepath.Join(dir, "etc/real"), 0o755))
	require.NoError(t, os.WriteFile(filepath.Join(top, "secret"), []byte("outside"), 0o644))
	require.NoError(t, os.WriteFile(filepath.Join(dir, "secret"), []byte("inside"), 0o644))
	links := map[string]string{
		"up": "../secret", "far": "../../../../../../secret", "abs": "/secret", "real": top + "/secret",
		"etc/up": "../../secret", "top": "/", "dots": "..", "loop": "loop", "a": "b", "b": "a", "dangling": "nowhere",
		"etc/link": "/etc/real", "slash": "etc/", "fileslash": "secret/", "chain": "etc/link/../../up",
	}
	for name, target := range links {
		require.NoError(t, os.Symlink(target, filepath.Join(dir, name)))
	}
	root := rootFD(t, dir)
	inside := outcome(t, walkInRoot, root, "/secret", unix.O_PATH)
	top1 := outcome(t, walkInRoot, root, "/", unix.O_PATH)
	want := map[string]string{
		"up": inside, "far": inside, "abs": inside, "real": "ENOENT", "etc/up": inside, "top": top1, "dots": top1,
		"loop": "ELOOP", "a": "ELOOP", "dangling": "ENOENT", "../../secret": inside, "top/top/secret": inside,
		"secret/x": "ENOTDIR", "secret/..": "ENOTDIR", "fileslash": "ENOTDIR", "chain": inside,
		"slash/real/../..": top1,
		"missing/x":        "ENOENT", strings.Repeat("x", 300): "ENAMETOOLONG",
	}
	resolvers := map[string]resolver{"walk": walkInRoot}
	if fd, err := openInRoot(root, "/", unix.O_PATH); err == nil {
		unix.Close(fd)
		resolvers["openat2"] = openInRoot
	}
	for name, r := range resolvers {
		for path, expected := range want {
			assert.Equal(t, expected, outcome(t, r, root, path, unix.O_PATH), "%s: %s", name, path)
		}
	}
}

// agreeOn compares the two resolvers over one tree and one path, for every use that the package makes of them.
func agreeOn(t *testing.T, root int, path string) {
	t.Helper()
	for _, flags := range []int{
		unix.O_PATH, unix.O_PATH | unix.O_NOFOLLOW, unix.O_PATH | unix.O_DIRECTORY,
		unix.O_RDONLY | unix.O_NONBLOCK, unix.O_RDONLY | unix.O_NONBLOCK | unix.O_NOFOLLOW,
	} {
		assert.Equal(t, outcome(t, openInRoot, root, path, flags), outcome(t, walkInRoot, root, path, flags), "%q %#x",
			path, flags)
	}
}

// plant fills a tree.
func plant(t testing.TB, dir string, rnd *rand.Rand) { roots.Fill(t, dir, rnd, "", "", "/") }

func TestTheWalkFindsWhatOpenat2Finds(t *testing.T) {
	needOpenat2(t, unix.AT_FDCWD)
	for seed := range uint64(40) {
		dir := filepath.Join(t.TempDir(), "root")
		require.NoError(t, os.Mkdir(dir, 0o755))
		rnd := rand.New(rand.NewPCG(seed, 1))
		plant(t, dir, rnd)
		root := rootFD(t, dir)
		for range 60 {
			var parts []string
			for range 1 + rnd.IntN(5) {
				parts = append(parts, []string{"a", "b", "c", ".."}[rnd.IntN(4)])
			}
			agreeOn(t, root, "/"+strings.Join(parts, "/"))
		}
		if t.Failed() {
			t.Fatalf("seed %d", seed)
		}
	}
}

// FuzzResolversAgree: on fifty roots both ways to resolve any path have one outcome.
func FuzzResolversAgree(f *testing.F) {
	top := roots.Plant(f, 1, plant)
	f.Add(uint64(1), "a/b/../c")
	f.Add(uint64(7), "/../a//b/./c")
	f.Add(uint64(9), "c/c/c/c")
	f.Fuzz(func(t *testing.T, seed uint64, path string) {
		if strings.ContainsRune(path, 0) || strings.HasSuffix(path, "/") || strings.HasSuffix(path, "/.") ||
			len(path) > 1000 {
			return // the package only hands over clean paths
		}
		needOpenat2(t, unix.AT_FDCWD)
		dir := filepath.Join(top, fmt.Sprint(seed%roots.Count))
		agreeOn(t, rootFD(t, dir), path)
	})
}
