package root

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"sort"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"
)

// both runs a test on a root with each way of resolving.
func both(t *testing.T, test func(t *testing.T, r *Root, dir string)) {
	for name, resolve := range map[string]resolver{"the kernel's way": nil, "the walk": walkInRoot} {
		t.Run(name, func(t *testing.T) {
			dir := filepath.Join(t.TempDir(), "root")
			require.NoError(t, os.Mkdir(dir, 0o755))
			r, err := Open(dir)
			require.NoError(t, err)
			if resolve != nil {
				r.resolve, r.without = resolve, walkPlain
			}
			test(t, r, dir)
			assert.Empty(t, leftovers(t, dir), "nothing is left under a temporary name")
			require.NoError(t, r.Sync())
			require.NoError(t, r.Close())
		})
	}
}

func leftovers(t *testing.T, dir string) (names []string) {
	t.Helper()
	require.NoError(t, filepath.WalkDir(dir, func(p string, _ fs.DirEntry, err error) error {
		if strings.HasPrefix(filepath.Base(p), tempPrefix) {
			names = append(names, p)
		}
		return err
	}))
	return names
}

func put(t *testing.T, r *Root, name, text string, mayReplace bool) error {
	t.Helper()
	f, err := r.Create(name, Attrs{-1, -1, 0o640})
	if err != nil {
		return err
	}
	defer f.Discard()
	_, err = io.WriteString(f, text)
	require.NoError(t, err)
	return f.Place(mayReplace)
}

func readAll(t *testing.T, name string) string {
	t.Helper()
	text, err := os.ReadFile(name)
	require.NoError(t, err)
	return string(text)
}

func TestAFileAppearsWholeOrNotAtAll(t *testing.T) {
	both(t, func(t *testing.T, r *Root, dir string) {
		f, err := r.Create("/f", LeaveAttrs)
		require.NoError(t, err)
		_, err = io.WriteString(f, "one")
		require.NoError(t, err)
		_, err = os.Lstat(filepath.Join(dir, "f"))
		require.ErrorIs(t, err, fs.ErrNotExist)
		f.Mark()
		_, err = io.WriteString(f, "wrong start")
		require.NoError(t, err)
		require.NoError(t, f.Reset())
		_, err = io.WriteString(f, "two")
		require.NoError(t, err)
		require.NoError(t, f.Place(false))
		assert.Equal(t, "onetwo", readAll(t, filepath.Join(dir, "f")))

		require.ErrorIs(t, put(t, r, "f", "other", false), fs.ErrExist)
		assert.Equal(t, "onetwo", readAll(t, filepath.Join(dir, "f")))
		require.NoError(t, put(t, r, "f", "other", true))
		assert.Equal(t, "other", readAll(t, filepath.Join(dir, "f")))
		got, err := r.Lstat("f")
		require.NoError(t, err)
		assert.Equal(t, Facts{Kind: File, Mode: 0o640, UID: got.UID, GID: got.GID, Size: 5, Dev: got.Dev, Ino: got.Ino,
			Links: 1}, got)
	})
}

func TestALeftoverOfARunThatWasCutOffIsCleared(t *testing.T) {
	both(t, func(t *testing.T, r *Root, dir string) {
		f, err := r.Create("f", LeaveAttrs)
		require.NoError(t, err)
		require.NoError(t, unix.Close(f.fd)) // as if the process had gone
		require.Len(t, leftovers(t, dir), 1)
		require.NoError(t, put(t, r, "f", "x", false))
		require.NoError(t, os.Symlink("/nowhere", filepath.Join(dir, tempName("l"))))
		require.NoError(t, r.Symlink("t", "l", LeaveAttrs, false))
	})
}

func TestLinksDoNotLeadOut(t *testing.T) {
	both(t, func(t *testing.T, r *Root, dir string) {
		outside := filepath.Join(filepath.Dir(dir), "outside")
		require.NoError(t, os.Mkdir(outside, 0o755))
		require.NoError(t, os.WriteFile(filepath.Join(outside, "f"), []byte("untouched"), 0o600))
		require.NoError(t, os.Mkdir(filepath.Join(dir, "d"), 0o755))
		require.NoError(t, os.Symlink(outside, filepath.Join(dir, "abs")))
		require.NoError(t, os.Symlink("../outside", filepath.Join(dir, "up")))
		require.NoError(t, os.Symlink("/d", filepath.Join(dir, "in")))

		require.ErrorIs(t, put(t, r, "abs/f", "x", true), fs.ErrNotExist)
		require.ErrorIs(t, put(t, r, "up/f", "x", true), fs.ErrNotExist)
		require.NoError(t, put(t, r, "in/f", "x", true))
		assert.Equal(t, "x", readAll(t, filepath.Join(dir, "d/f")))
		_, err := r.MkdirAll("abs/new", 0o755)
		require.Error(t, err)
		require.NoError(t, r.RemoveAll("abs"))
		require.NoError(t, r.RemoveAll("in"))
		assert.Equal(t, "x", readAll(t, filepath.Join(dir, "d/f")))
		assert.Equal(t, "untouched", readAll(t, filepath.Join(outside, "f")))

		require.NoError(t, os.Symlink(filepath.Join(outside, "f"), filepath.Join(dir, "last")))
		require.NoError(t, put(t, r, "last", "y", true))
		assert.Equal(t, "untouched", readAll(t, filepath.Join(outside, "f")))
	})
}

func TestWhatIsNoFileIsNotOpened(t *testing.T) {
	both(t, func(t *testing.T, r *Root, dir string) {
		require.NoError(t, unix.Mkfifo(filepath.Join(dir, "fifo"), 0o644))
		require.NoError(t, os.Mkdir(filepath.Join(dir, "d"), 0o755))
		require.NoError(t, os.Symlink("f", filepath.Join(dir, "l")))
		require.NoError(t, os.WriteFile(filepath.Join(dir, "f"), []byte("text"), 0o644))
		for _, name := range []string{"fifo", "d"} {
			_, err := r.Open(name, true)
			require.ErrorIs(t, err, errNotRegular, name)
			_, err = r.OpenAppend(name)
			require.Error(t, err, name)
		}
		_, err := r.Open("l", false)
		require.Error(t, err)
		text, err := r.ReadFile("l", 4)
		require.NoError(t, err)
		assert.Equal(t, "text", string(text))
		_, err = r.ReadFile("l", 3)
		require.ErrorIs(t, err, errTooLarge)
		_, err = r.ReadFile("none/none", 3)
		require.ErrorIs(t, err, fs.ErrNotExist)
		got, err := r.Lstat("fifo")
		require.NoError(t, err)
		assert.Equal(t, Other, got.Kind)
	})
}

func TestAttributesOfNewFilesAreExact(t *testing.T) {
	for _, umask := range []int{0o022, 0o077, 0} {
		old := unix.Umask(umask)
		both(t, func(t *testing.T, r *Root, dir string) {
			_, err := r.MkdirAll("shared", 0o755)
			require.NoError(t, err)
			require.NoError(t, r.SetAttrs("shared", Attrs{-1, -1, 0o2775}))
			for i, mode := range []int64{0o644, 0o644, 0o600, 0o4755, 0o644, 0, 0o777, 0o777} {
				for _, in := range []string{"", "shared/"} {
					name := fmt.Sprint(in, i)
					f, err := r.Create(name, Attrs{int64(os.Getuid()), int64(os.Getgid()), mode})
					require.NoError(t, err)
					require.NoError(t, f.Place(false))
					got, err := r.Lstat(name)
					require.NoError(t, err)
					assert.Equal(t, uint32(mode), got.Mode, "umask %o: %s", umask, name)
				}
			}
		})
		unix.Umask(old)
	}
}

func TestASyncedFileIsComplete(t *testing.T) {
	both(t, func(t *testing.T, r *Root, dir string) {
		f, err := r.Create("f", Attrs{-1, -1, 0o4711})
		require.NoError(t, err)
		_, err = io.WriteString(f, "text")
		require.NoError(t, err)
		buf := make([]byte, 9)
		n, err := f.ReadAt(buf, 1)
		assert.Equal(t, "ext", string(buf[:n]))
		require.ErrorIs(t, err, io.EOF)
		require.NoError(t, f.PlaceSynced(false))
		got, err := r.Lstat("f")
		require.NoError(t, err)
		assert.Equal(t, [2]int64{0o4711, 4}, [2]int64{int64(got.Mode), got.Size})
	})
}

func TestAFileIsPrivateUntilItHasItsOwner(t *testing.T) {
	both(t, func(t *testing.T, r *Root, dir string) {
		for range 2 {
			f, err := r.Create("f", Attrs{int64(os.Getuid()) + 1, -1, 0o644})
			require.NoError(t, err)
			info, err := os.Lstat(filepath.Join(dir, f.tmp))
			require.NoError(t, err)
			assert.Equal(t, fs.FileMode(0o600), info.Mode())
			f.Discard()
		}
	})
}

func TestMkdirAllMakesExactModesAndTellsWhat(t *testing.T) {
	old := unix.Umask(0o077)
	defer unix.Umask(old)
	both(t, func(t *testing.T, r *Root, dir string) {
		require.NoError(t, os.Mkdir(filepath.Join(dir, "a"), 0o755))
		made, err := r.MkdirAll("a/b/c", 0o755)
		require.NoError(t, err)
		assert.Equal(t, []string{"/a/b", "/a/b/c"}, made)
		got, err := r.Lstat("a/b")
		require.NoError(t, err)
		assert.Equal(t, uint32(0o755), got.Mode)
		made, err = r.MkdirAll("a/b/c", 0o755)
		require.NoError(t, err)
		assert.Empty(t, made)
		require.NoError(t, put(t, r, "a/f", "", false))
		_, err = r.MkdirAll("a/f/x", 0o755)
		require.ErrorIs(t, err, unix.ENOTDIR)
		require.NoError(t, os.Symlink("nowhere", filepath.Join(dir, "dangling")))
		_, err = r.MkdirAll("dangling/x", 0o755)
		require.Error(t, err)
		_, err = r.MkdirAll("/"+strings.Repeat("n", 300), 0o755)
		require.ErrorIs(t, err, unix.ENAMETOOLONG)
	})
}

func TestRemoveAllRemovesATreeAndFollowsNothing(t *testing.T) {
	both(t, func(t *testing.T, r *Root, dir string) {
		keep := filepath.Join(dir, "keep")
		require.NoError(t, os.MkdirAll(filepath.Join(dir, "t", strings.Repeat("d/", 60)), 0o755))
		require.NoError(t, os.Mkdir(keep, 0o755))
		require.NoError(t, os.WriteFile(filepath.Join(keep, "f"), nil, 0o644))
		require.NoError(t, os.Symlink(keep, filepath.Join(dir, "t/d/l")))
		for i := range 2500 {
			require.NoError(t, os.WriteFile(filepath.Join(dir, "t", fmt.Sprint(i)), nil, 0o644))
		}
		require.NoError(t, r.RemoveAll("t"))
		_, err := os.Lstat(filepath.Join(dir, "t"))
		require.ErrorIs(t, err, fs.ErrNotExist)
		assert.FileExists(t, filepath.Join(keep, "f"))
		require.NoError(t, r.RemoveAll("t"))
		require.NoError(t, r.RemoveAll("t/below/nothing"))
		require.ErrorIs(t, r.RemoveAll("/x/.."), unix.EBUSY)
	})
}

func TestADirectoryThatWasReplacedIsNotRemembered(t *testing.T) {
	both(t, func(t *testing.T, r *Root, dir string) {
		_, err := r.MkdirAll("a/b", 0o755)
		require.NoError(t, err)
		require.NoError(t, put(t, r, "a/b/f", "old", false))
		require.NoError(t, r.RemoveAll("a"))
		_, err = r.MkdirAll("a/b", 0o755)
		require.NoError(t, err)
		require.NoError(t, put(t, r, "a/b/f", "new", false))
		assert.Equal(t, "new", readAll(t, filepath.Join(dir, "a/b/f")))
		require.NoError(t, r.Symlink("a", "l", LeaveAttrs, false))
		require.NoError(t, put(t, r, "l/b/g", "", false))
		_, err = r.MkdirAll("z/b", 0o755)
		require.NoError(t, err)
		require.NoError(t, r.Symlink("z", "l", LeaveAttrs, true))
		require.NoError(t, put(t, r, "l/b/h", "", false))
		assert.FileExists(t, filepath.Join(dir, "z/b/h"))
	})
}

func TestManyDirectoriesAtOnce(t *testing.T) {
	both(t, func(t *testing.T, r *Root, dir string) {
		for round := range 2 {
			for i := range 3 * cachedDirs {
				_, err := r.MkdirAll(fmt.Sprint("d", i), 0o755)
				require.NoError(t, err)
				require.NoError(t, put(t, r, fmt.Sprint("d", i, "/f"), fmt.Sprint(round), true))
			}
		}
		assert.LessOrEqual(t, len(r.dirs.open), cachedDirs)
		names, err := filepath.Glob(filepath.Join(dir, "d*/f"))
		require.NoError(t, err)
		assert.Len(t, names, 3*cachedDirs)
	})
}

func TestHardLinksLinkTheLinkItself(t *testing.T) {
	both(t, func(t *testing.T, r *Root, dir string) {
		require.NoError(t, os.Symlink("nowhere", filepath.Join(dir, "s")))
		require.NoError(t, r.Link("s", "h", false))
		s, err := r.Lstat("s")
		require.NoError(t, err)
		h, err := r.Lstat("h")
		require.NoError(t, err)
		assert.Equal(t, s, h)
		assert.Equal(t, "nowhere", h.Target)
		require.ErrorIs(t, r.Link("s", "h", false), fs.ErrExist)
		require.NoError(t, r.Link("s", "h", true), "a rename onto the same file does nothing, and leaves nothing")
		require.ErrorIs(t, r.Link("none", "x", false), fs.ErrNotExist)
	})
}

func TestAttributesOfALinkAreNotItsTargets(t *testing.T) {
	both(t, func(t *testing.T, r *Root, dir string) {
		require.NoError(t, os.WriteFile(filepath.Join(dir, "f"), nil, 0o600))
		require.NoError(t, os.Symlink("f", filepath.Join(dir, "l")))
		require.Error(t, r.SetAttrs("l", Attrs{-1, -1, 0o777}))
		require.NoError(t, r.SetAttrs("l", Attrs{int64(os.Getuid()), int64(os.Getgid()), -1}))
		require.NoError(t, r.SetAttrs("f", Attrs{int64(os.Getuid()), -1, 0o4751}))
		f, err := r.Lstat("f")
		require.NoError(t, err)
		assert.Equal(t, uint32(0o4751), f.Mode)
		require.NoError(t, r.chmod(openPath(t, r, "f"), "f", 0o700))
		assert.True(t, Attrs{-1, -1, 0o4751}.Fit(f))
		assert.False(t, Attrs{-1, -1, 0o751}.Fit(f))
		f.Modeless = true
		assert.True(t, Attrs{-1, -1, 0o751}.Fit(f), "no mode can be had that differs")
		assert.False(t, Attrs{int64(f.UID) + 1, -1, 0o4751}.Fit(f), "the owner can")
	})
}

func openPath(t *testing.T, r *Root, name string) int {
	t.Helper()
	fd, err := r.resolve(r.fd, name, unix.O_PATH)
	require.NoError(t, err)
	t.Cleanup(func() { unix.Close(fd) })
	return fd
}

// TestAFullDiskLeavesNothing runs itself again as a process of its own: the limit on file sizes that stands in for a
// full disk would hit what the test framework writes, too.
func TestAFullDiskLeavesNothing(t *testing.T) {
	const child = "GLOWPLUG_TEST_FULL_DISK"
	if os.Getenv(child) == "" {
		cmd := exec.Command(os.Args[0], "-test.run=^TestAFullDiskLeavesNothing$", "-test.v")
		cmd.Env = append(os.Environ(), child+"=1")
		out, err := cmd.CombinedOutput()
		require.NoError(t, err, "%s", out)
		assert.Contains(t, string(out), "--- PASS: TestAFullDiskLeavesNothing/the_walk")
		return
	}
	both(t, func(t *testing.T, r *Root, dir string) {
		var old unix.Rlimit
		require.NoError(t, unix.Getrlimit(unix.RLIMIT_FSIZE, &old))
		require.NoError(t, unix.Setrlimit(unix.RLIMIT_FSIZE, &unix.Rlimit{Cur: 1000, Max: old.Max}))
		defer unix.Setrlimit(unix.RLIMIT_FSIZE, &old)
		f, err := r.Create("f", LeaveAttrs)
		require.NoError(t, err)
		n, err := f.Write(make([]byte, 5000))
		require.ErrorIs(t, err, unix.EFBIG)
		assert.Equal(t, 1000, n)
		f.Discard()
		entries, err := os.ReadDir(dir)
		require.NoError(t, err)
		assert.Empty(t, entries)
	})
}

func TestARootIsAnExistingDirectory(t *testing.T) {
	dir := t.TempDir()
	_, err := Open(filepath.Join(dir, "none"))
	require.ErrorIs(t, err, fs.ErrNotExist)
	require.NoError(t, os.WriteFile(filepath.Join(dir, "f"), nil, 0o644))
	_, err = Open(filepath.Join(dir, "f"))
	require.ErrorIs(t, err, unix.ENOTDIR)
	var path *fs.PathError
	require.True(t, errors.As(err, &path))
}

func TestEachFilesystemIsSyncedByOneDescriptor(t *testing.T) {
	both(t, func(t *testing.T, r *Root, dir string) {
		for _, name := range []string{"a", "b", "c/d"} {
			_, err := r.MkdirAll(filepath.Dir(name), 0o755)
			require.NoError(t, err)
			require.NoError(t, put(t, r, name, "", false))
		}
		devices := make([]int, 0, len(r.written.open))
		for dev := range r.written.open {
			devices = append(devices, int(dev))
		}
		sort.Ints(devices)
		assert.Len(t, devices, 1)
		require.NoError(t, r.Sync())
		require.NoError(t, put(t, r, "c/e", "", false))
		require.NoError(t, r.Sync(), "what is written later is synced too")
		assert.Len(t, r.written.open, 1)
	})
}

func TestARootTakesSeveralWritersAtOnce(t *testing.T) {
	both(t, func(t *testing.T, r *Root, dir string) {
		var all sync.WaitGroup
		for w := range 8 {
			all.Go(func() {
				for i := range 60 {
					in := fmt.Sprint("d", (i*7+w)%200)
					_, err := r.MkdirAll(in, 0o755)
					if !assert.True(t, err == nil || errors.Is(err, fs.ErrExist), "%v", err) {
						return
					}
					assert.NoError(t, put(t, r, fmt.Sprint(in, "/", w, "-", i), "x", false))
					if i%20 == 0 {
						r.Forget()
					}
				}
			})
		}
		all.Wait()
		names, err := filepath.Glob(filepath.Join(dir, "d*/*"))
		require.NoError(t, err)
		assert.Len(t, names, 8*60)
	})
}

func TestWhatWasWrittenCanBeReadAfterItHasItsPlace(t *testing.T) {
	root, err := Open(t.TempDir())
	require.NoError(t, err)
	defer root.Close()
	file, err := root.Create("/a", LeaveAttrs)
	require.NoError(t, err)
	_, err = io.WriteString(file, "before")
	require.NoError(t, err)
	file.Mark()
	_, err = io.WriteString(file, "content")
	require.NoError(t, err)
	f, offset, err := file.Reread()
	require.NoError(t, err)
	defer f.Close()
	require.NoError(t, file.Place(false))
	got, err := io.ReadAll(io.NewSectionReader(f, offset, 7))
	require.NoError(t, err)
	assert.Equal(t, "content", string(got))
	_, err = f.WriteAt([]byte("x"), 0)
	assert.Error(t, err, "it is for reading")
}
