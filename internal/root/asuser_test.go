package root

import (
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"syscall"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"
)

// identity gives the lines of proc(5) that tell who the calling thread is.
func identity(t *testing.T) string {
	t.Helper()
	text, err := os.ReadFile("/proc/thread-self/status")
	require.NoError(t, err)
	var all []string
	for line := range strings.Lines(string(text)) {
		for _, name := range []string{"Uid:", "Gid:", "Groups:", "CapPrm:", "CapEff:", "CapAmb:"} {
			if strings.HasPrefix(line, name) {
				all = append(all, strings.Join(strings.Fields(line), " "))
			}
		}
	}
	return strings.Join(all, "|")
}

func TestAsAUserTheThreadIsAllTheUsers(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("only root can become somebody else")
	}
	groups, err := syscall.Getgroups()
	require.NoError(t, err)
	require.NoError(t, syscall.Setgroups([]int{0, 70003}))
	defer func() { require.NoError(t, syscall.Setgroups(groups)) }()
	both(t, func(t *testing.T, r *Root, dir string) {
		before := identity(t)
		require.Contains(t, before, "Groups: 0 70003|")
		var during string
		var thread int
		require.NoError(t, r.As(70001, 70002, func(*Root) error {
			during, thread = identity(t), unix.Gettid()
			return nil
		}))
		const none = "0000000000000000"
		assert.Equal(t, "Uid: 70001 70001 70001 70001|Gid: 70002 70002 70002 70002|Groups:|CapPrm: "+none+"|CapEff: "+
			none+"|CapAmb: "+none, during)
		assert.NotEqual(t, os.Getpid(), thread)
		assert.Equal(t, before, identity(t))
	})
}

// TestNobodyElseGetsTheThread has many goroutines run while others are users. The main thread is locked by none of
// them.
func TestNobodyElseGetsTheThread(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("only root can become somebody else")
	}
	r, err := Open(t.TempDir())
	require.NoError(t, err)
	defer r.Close()
	var all sync.WaitGroup
	for i := range 50 {
		all.Go(func() {
			assert.NoError(t, r.As(uint32(70000+i), 70000, func(*Root) error {
				runtime.Gosched()
				assert.NotEqual(t, os.Getpid(), unix.Gettid())
				assert.Equal(t, 70000+i, unix.Geteuid())
				return nil
			}))
			assert.Zero(t, unix.Geteuid())
		})
	}
	all.Wait()
}

func TestAsOneself(t *testing.T) {
	both(t, func(t *testing.T, r *Root, dir string) {
		require.NoError(t, r.As(uint32(os.Getuid()), uint32(os.Getgid()),
			func(me *Root) error { return put(t, me, "f", "text", false) }))
		assert.Equal(t, "text", readAll(t, filepath.Join(dir, "f")))
		assert.Len(t, r.written.open, 1, "what was written is synced with the rest")
		require.NoError(t, r.As(uint32(os.Getuid()), uint32(os.Getgid()),
			func(me *Root) error { return put(t, me, "g", "text", false) }))
		assert.Len(t, r.written.open, 1)
		require.NoError(t, r.Sync())
	})
}

func TestWhoCannotBecomeAUserDoesNothing(t *testing.T) {
	both(t, func(t *testing.T, r *Root, dir string) {
		never := func(*Root) error { t.Error("called"); return nil }
		for _, id := range [][2]uint32{{noID, 0}, {0, noID}} {
			require.ErrorIs(t, r.As(id[0], id[1], never), errNoID)
		}
		if uid := os.Geteuid(); uid != 0 {
			require.ErrorIs(t, r.As(uint32(uid)+1, uint32(os.Getgid()), never), unix.EPERM)
		}
	})
}

func TestAFunctionThatEndsItsGoroutine(t *testing.T) {
	r, err := Open(t.TempDir())
	require.NoError(t, err)
	defer r.Close()
	require.ErrorIs(t,
		r.As(uint32(os.Getuid()), uint32(os.Getgid()), func(*Root) error { runtime.Goexit(); return nil }), errNoReturn)
}

// TestDescriptorsAreNotShared: root has the directory open already, which must not let the user in.
func TestDescriptorsAreNotShared(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("only root can become somebody else")
	}
	both(t, func(t *testing.T, r *Root, dir string) {
		_, err := r.MkdirAll("closed/open", 0o755)
		require.NoError(t, err)
		require.NoError(t, r.SetAttrs("closed/open", Attrs{70001, 70001, 0o755}))
		require.NoError(t, r.SetAttrs("closed", Attrs{-1, -1, 0o700}))
		require.NoError(t, put(t, r, "closed/open/roots", "", false))
		err = r.As(70001, 70001, func(user *Root) error { return put(t, user, "closed/open/users", "", false) })
		require.ErrorIs(t, err, unix.EACCES)
	})
}

func TestNamesInADirectory(t *testing.T) {
	both(t, func(t *testing.T, r *Root, dir string) {
		require.NoError(t, os.MkdirAll(filepath.Join(dir, "d/sub"), 0o755))
		require.NoError(t, os.Symlink("/d", filepath.Join(dir, "l")))
		require.NoError(t, put(t, r, "d/f", "", false))
		names, err := r.Names("/l")
		require.NoError(t, err)
		assert.ElementsMatch(t, []string{"f", "sub"}, names)
		names, err = r.Names("/none")
		require.NoError(t, err)
		assert.Empty(t, names)
		_, err = r.Names("/d/f")
		require.ErrorIs(t, err, unix.ENOTDIR)
	})
}

func TestAFileInheritsAttributes(t *testing.T) {
	both(t, func(t *testing.T, r *Root, dir string) {
		require.NoError(t, put(t, r, "f", "old", false))
		old := filepath.Join(dir, "f")
		want := map[string]string{"user.long": strings.Repeat("x", 900)}
		if err := unix.Setxattr(old, "user.long", []byte(want["user.long"]), 0); err != nil {
			t.Skipf("this filesystem has no attributes: %v", err)
		}
		for i := range 20 {
			name := fmt.Sprintf("user.name-that-makes-the-list-long.%d", i)
			want[name] = fmt.Sprint(i)
			require.NoError(t, unix.Setxattr(old, name, []byte(want[name]), 0))
		}
		if os.Geteuid() == 0 {
			want["security.selinux"] = "system_u:object_r:shadow_t:s0\x00"
			require.NoError(t, unix.Setxattr(old, "security.selinux", []byte(want["security.selinux"]), 0))
		}
		f, err := r.Create("f", Attrs{-1, -1, 0o640})
		require.NoError(t, err)
		require.NoError(t, f.Inherit())
		require.NoError(t, f.Place(true))
		fd, err := unix.Open(old, unix.O_RDONLY, 0)
		require.NoError(t, err)
		defer unix.Close(fd)
		got := map[string]string{}
		names, err := attributeNames(fd)
		require.NoError(t, err)
		for _, name := range names {
			value, err := attribute(fd, name)
			require.NoError(t, err)
			got[name] = string(value)
		}
		assert.Equal(t, want, got)
		f, err = r.Create("new", LeaveAttrs)
		require.NoError(t, err)
		defer f.Discard()
		require.ErrorIs(t, f.Inherit(), os.ErrNotExist)
	})
}
