package image

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"

	"github.com/glowplug-os/glowplug/internal/diag"
)

// Two names of one file are one disk with two names, but two names that the kernel gives are two disks.
func TestAnImageStandsForOneDisk(t *testing.T) {
	a, b := file(t, 1<<20, 0, ""), file(t, 1<<20, 0, "")
	link := filepath.Join(t.TempDir(), "link")
	require.NoError(t, os.Symlink(a, link))
	for name, c := range map[string]struct {
		named   map[string]string
		names   map[string][]string // by disk
		refused string
	}{
		"two disks": {map[string]string{"/dev/sda": a, "/dev/sdb": b},
			map[string][]string{"/dev/sda": {"/dev/sda"}, "/dev/sdb": {"/dev/sdb"}}, ""},
		"two names": {map[string]string{"/dev/disk/by-id/x": a, "/dev/sda": link},
			map[string][]string{"/dev/sda": {"/dev/sda", "/dev/disk/by-id/x"}}, ""},
		"two links": {map[string]string{"/dev/disk/by-id/x": a, "/dev/disk/by-path/y": a},
			map[string][]string{"/dev/disk/by-id/x": {"/dev/disk/by-id/x", "/dev/disk/by-path/y"}}, ""},
		"a name of a rule": {map[string]string{"/dev/system": a, "/dev/vda": a},
			map[string][]string{"/dev/system": {"/dev/system", "/dev/vda"}}, ""},
		"two names of the kernel": {map[string]string{"/dev/sda": a, "/dev/sdb": a}, nil,
			"/dev/sda and for /dev/sdb"},
		"two names of the kernel, by link": {map[string]string{"/dev/vda": a, "/dev/vdb": link}, nil,
			"/dev/vda and for /dev/vdb"},
		"of two kinds": {map[string]string{"/dev/nvme0n1": a, "/dev/sda": a}, nil,
			"/dev/nvme0n1 and for /dev/sda"},
		"beside one of a rule": {map[string]string{"/dev/root": a, "/dev/sda": a, "/dev/sdb": a}, nil,
			"/dev/sda and for /dev/sdb"},
		"no file": {map[string]string{"/dev/sda": a + ".none"}, nil, "no such file"},
	} {
		all, files, err := Disks(c.named, idle(t))
		for _, f := range files {
			_ = f.Close()
		}
		if c.refused != "" {
			require.ErrorContains(t, err, c.refused, name)
			assert.Len(t, diag.Hints(err), 1, name)
			continue
		}
		require.NoError(t, err, name)
		names := map[string][]string{}
		for disk, i := range all {
			names[disk] = i.Names
		}
		assert.Equal(t, c.names, names, name)
	}
}

// What makes a blank image is no help where there is one.
func TestHintsFitWhatIsWrongWithAnImage(t *testing.T) {
	const blank = "truncate -s 10G FILE"
	sealed := file(t, 1<<20, 0, "")
	require.NoError(t, os.Chmod(sealed, 0))
	locked := file(t, 1<<20, 0, "")
	f, err := os.Open(locked)
	require.NoError(t, err)
	defer f.Close()
	require.NoError(t, unix.Flock(int(f.Fd()), unix.LOCK_EX))
	for name, c := range map[string]struct {
		path, want string
		blank      bool
	}{
		"no file":       {sealed + ".none", "no such file", true},
		"an empty one":  {file(t, 0, 0, ""), "is empty", true},
		"a directory":   {t.TempDir(), "is a directory", false},
		"another form":  {file(t, 1<<20, 0, "QFI\xfb"), "is a qcow2 image", false},
		"cut off":       {file(t, 1<<20+100, 0, ""), "no whole number of sectors", false},
		"in use":        {locked, "is in use", false},
		"not to be had": {sealed, "permission denied", false},
	} {
		_, files, err := Disks(map[string]string{"/dev/vda": c.path}, idle(t))
		for _, f := range files {
			_ = f.Close()
		}
		if name == "not to be had" && os.Geteuid() == 0 {
			continue // root may read it
		}
		require.ErrorContains(t, err, c.want, name)
		hints := diag.Hints(err)
		require.Len(t, hints, 1, name)
		assert.Equal(t, c.blank, strings.Contains(hints[0], blank), name)
		assert.Equal(t, name == "a directory", strings.Contains(hints[0], "block device"), name)
	}
	assert.Contains(t, diag.Hints(advised(fs.ErrPermission))[0], "run it as root")
}

// Locks are for one at a time, or for several; a plan is one of several.
func TestAnImageThatAProgramHasForItselfIsInUse(t *testing.T) {
	for name, c := range map[string]struct {
		how     int
		refused bool
	}{"for itself": {unix.LOCK_EX, true}, "as others may": {unix.LOCK_SH, false}} {
		path := file(t, 1<<20, 0, "")
		f, err := os.Open(path)
		require.NoError(t, err)
		require.NoError(t, unix.Flock(int(f.Fd()), c.how))
		opened, err := Open(path, idle(t))
		require.Equal(t, c.refused, err != nil, name)
		if c.refused {
			require.ErrorContains(t, err, "is in use: a program has a lock on it")
			require.NoError(t, f.Close())
			opened, err = Open(path, idle(t))
			require.NoError(t, err, "the lock is gone")
		}
		other, err := os.Open(path)
		require.NoError(t, err)
		if c.refused {
			require.NoError(t, unix.Flock(int(other.Fd()), unix.LOCK_EX|unix.LOCK_NB), "nothing stays locked by a look")
		}
		require.NoError(t, errors.Join(opened.Close(), other.Close()))
		_ = f.Close()
	}
}

// A numbered is a block device of a number.
type numbered struct {
	fs.FileInfo
	number uint64
}

func (numbered) Mode() fs.FileMode { return fs.ModeDevice }

func (n numbered) Sys() any { return &syscall.Stat_t{Rdev: n.number} }

func TestALoopDeviceOfAFileIsThatFile(t *testing.T) {
	info, err := os.Stat(file(t, 1<<20, 0, ""))
	require.NoError(t, err)
	behind, loop, other := &File{info: info, loops: []uint64{7}}, &File{info: numbered{number: 7}},
		&File{info: numbered{number: 8}}
	assert.True(t, behind.Same(loop))
	assert.True(t, loop.Same(behind))
	assert.False(t, behind.Same(other))
	assert.False(t, other.Same(behind))
}
