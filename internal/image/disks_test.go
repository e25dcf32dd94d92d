package image

import (
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

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
