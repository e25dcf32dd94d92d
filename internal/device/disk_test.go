package device

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"

	"github.com/glowplug-os/glowplug/internal/block"
	"github.com/glowplug-os/glowplug/internal/scene"
	"github.com/glowplug-os/glowplug/internal/tool"
)

// machine makes a root with what the kernel tells: a path that ends in / is a folder, text that begins with > a link.
func machine(t *testing.T, files map[string]string) *Devices {
	t.Helper()
	root := t.TempDir()
	for name, text := range files {
		at := filepath.Join(root, name)
		require.NoError(t, os.MkdirAll(filepath.Dir(at), 0o755))
		switch target, link := strings.CutPrefix(text, ">"); {
		case strings.HasSuffix(name, "/"):
			require.NoError(t, os.MkdirAll(at, 0o755))
		case link:
			require.NoError(t, os.Symlink(target, at))
		default:
			require.NoError(t, os.WriteFile(at, []byte(text), 0o644))
		}
	}
	return &Devices{Root: root, Patience: 50 * time.Millisecond}
}

func TestPartitionsInUseAreFoundByNumber(t *testing.T) {
	const at = "sys/class/block/nope/"
	d := machine(t, map[string]string{
		at + "dev": "250:0", at + "holders/": "",
		at + "nopep1/partition": "1", at + "nopep1/start": "2048", at + "nopep1/size": "2048",
		at + "nopep1/dev": "250:1", at + "nopep1/holders/": "",
		at + "nopep2/partition": "2", at + "nopep2/start": "4096", at + "nopep2/size": "8", at + "nopep2/dev": "250:2",
		at + "nopep2/holders/dm-3/": "", "sys/class/block/dm-3/": "",
		at + "nopep3/partition": "3", at + "nopep3/start": "6144", at + "nopep3/size": "8",
		at + "nopep3/dev":      "250:3",
		at + "nopep3/holders/": "",
		"proc/thread-self/mountinfo": "22 1 250:1 / /mnt\\040x rw - ext4 /dev/root rw\n" +
			"23 1 0:40 / / rw - tmpfs tmpfs rw\n",
	})
	disk := &scene.Seen{Path: "/dev/nope", Node: "/dev/null", Name: "nope"}
	require.NoError(t, d.Scene().kernelView(disk))
	assert.Equal(t, map[int][]scene.User{1: {{Use: scene.Mount, Name: "/mnt x"}},
		2: {{Use: scene.Device, Name: "dm-3"}}}, disk.Busy)
	assert.Len(t, disk.Partitions, 3)
	assert.False(t, disk.Partition)
	part := scene.Seen{Node: "/dev/null", Name: "nope/nopep1"}
	require.NoError(t, d.Scene().kernelView(&part))
	assert.True(t, part.Partition)
}

// Who uses a device is told with all that uses that in turn.
func TestUsersAreToldWithTheirOwn(t *testing.T) {
	const at = "sys/class/block/"
	d := machine(t, map[string]string{
		at + "null/dev": "1:3", at + "null/holders/md127/": "",
		at + "md127/md/array_state": "clean\n", at + "md127/dev": "9:127", at + "md127/slaves/null/": "",
		at + "md127/slaves/vdb/": "", at + "md127/holders/dm-0/": "",
		at + "dm-0/dm/uuid": "CRYPT-LUKS2-1-v\n", at + "dm-0/dm/name": "v\n", at + "dm-0/dev": "253:0",
		at + "dm-0/slaves/md127/": "", at + "dm-0/holders/": "",
		"proc/thread-self/mountinfo": "22 1 253:0 / /var rw - ext4 /dev/mapper/v rw\n",
	})
	seen := scene.Seen{Node: "/dev/null", Name: "null"}
	require.NoError(t, d.Scene().kernelView(&seen))
	assert.Equal(t, []scene.User{{Use: scene.Array, Name: "md127", Runs: true, Under: []string{"null", "vdb"},
		Users: []scene.User{{Use: scene.Volume, Name: "dm-0", Volume: "v", Under: []string{"md127"},
			Users: []scene.User{{Use: scene.Mount, Name: "/var"}}}}}}, seen.Users)
	_, is, err := d.Scene().Find("/dev/null")
	require.NoError(t, err)
	assert.Equal(t, scene.User{Use: scene.Device, Name: "null"}, is)
	_, _, err = d.Scene().Find("/dev/none")
	assert.ErrorIs(t, err, fs.ErrNotExist)
}

// Who uses a partition of an array uses the array.
func TestUsersOfAnArraysPartitionsUseTheArray(t *testing.T) {
	const at = "sys/class/block/"
	const first, second = at + "md127/md127p1/", at + "md127/md127p2/"
	d := machine(t, map[string]string{
		at + "null/dev": "1:3", at + "null/holders/md127/": "",
		at + "md127/md/array_state": "clean\n", at + "md127/dev": "9:127", at + "md127/slaves/null/": "",
		at + "md127/holders/": "",
		first + "partition":   "1\n", first + "start": "2048", first + "size": "8", first + "dev": "259:0",
		first + "holders/": "", second + "partition": "2\n", second + "start": "4096", second + "size": "8",
		second + "dev": "259:1", second + "holders/dm-0/": "",
		at + "dm-0/dm/uuid": "CRYPT-LUKS2-1-v\n", at + "dm-0/dm/name": "v\n", at + "dm-0/dev": "253:0",
		at + "dm-0/slaves/md127p2/": "", at + "dm-0/holders/": "",
		"proc/thread-self/mountinfo": "22 1 259:0 / /var rw - ext4 /dev/md127p1 rw\n",
	})
	seen := scene.Seen{Node: "/dev/null", Name: "null"}
	require.NoError(t, d.Scene().kernelView(&seen))
	require.Len(t, seen.Users, 1)
	assert.Equal(t, []scene.User{{Use: scene.Mount, Name: "/var"},
		{Use: scene.Volume, Name: "dm-0", Volume: "v", Under: []string{"md127p2"}}}, seen.Users[0].Users)
}

// Arrays and volumes are taken down while they are looked at.
func TestAHolderThatHasGoneHoldsNothing(t *testing.T) {
	const at = "sys/class/block/"
	d := machine(t, map[string]string{
		at + "null/dev": "1:3", at + "null/holders/dm-1/": "", at + "null/holders/md1/": "",
		at + "null/holders/md2/": "", at + "md2/md/array_state": "clean\n", at + "md2/slaves/null/": "",
		"proc/thread-self/mountinfo": "",
	})
	seen := scene.Seen{Node: "/dev/null", Name: "null"}
	require.NoError(t, d.Scene().kernelView(&seen))
	assert.Equal(t, []scene.User{{Use: scene.Array, Name: "md2", Runs: true}}, seen.Users,
		"of one that is about to go nobody knows what it lies on")
	bad := machine(t, map[string]string{at + "null/holders/md2/": "", at + "md2/slaves/null/": "",
		at + "md2/holders/": "", at + "md2/dev": "?", "proc/thread-self/mountinfo": ""})
	require.ErrorContains(t, bad.Scene().kernelView(&seen), `device number "?"`, "it is there")
}

func TestWhichErrorsTellThatAnArrayLeaves(t *testing.T) {
	for err, want := range map[error]bool{unix.EBUSY: true, unix.ENODEV: true, unix.ENOENT: false, unix.EIO: false} {
		assert.Equal(t, want, leaves(&fs.PathError{Op: "read", Path: "md/array_state", Err: err}), "%v", err)
	}
}

// The partitions of a multipath disk are devices of their own, which hold the disk: that is no use.
func TestPartitionsOfAMapperDisk(t *testing.T) {
	const by = "dev/disk/by-id/dm-name-mp[a]"
	d := machine(t, map[string]string{
		"sys/class/block/null/dm/name": "mp[a]", "sys/class/block/null/holders/zero/": "",
		"sys/class/block/zero/size": "2048", "sys/class/block/zero/holders/dm-9/": "",
		by + "p1": ">/dev/zero", by + "p2": ">/dev/not-there",
		by + "p4": ">/dev/full", by + "p3x": ">/dev/zero", by: ">/dev/null",
		"proc/thread-self/mountinfo": "", "proc/swaps": "Filename Type\n/dev/zero partition 1 0 -2\n",
	})
	disk := &scene.Seen{Path: "/dev/null", Node: "/dev/null", Name: "null"}
	require.NoError(t, d.Scene().kernelView(disk))
	assert.Equal(t, "mp[a]", disk.Mapper)
	assert.False(t, disk.Partitioned(), "its table says that")
	assert.Equal(t, []block.KernelPartition{{Name: "zero", Number: 1, Size: 2048}}, disk.Partitions)
	assert.Equal(t, map[int][]scene.User{1: {{Use: scene.Swap}}}, disk.Busy)
	assert.Equal(t, "/dev/disk/by-id/dm-name-mp[a]p7", disk.PartitionNode(7))
}

func TestTablesOfDeviceMapper(t *testing.T) {
	start, size, err := linear("0 2048 linear 253:0 4096\n")
	require.NoError(t, err)
	assert.Equal(t, []uint64{4096, 2048}, []uint64{start, size})
	for _, bad := range []string{"", "0 1 striped 253:0 4", "0 1 linear 253:0 4 5", "0 x linear 253:0 4",
		"0 1 linear 253:0 x", "0 1 linear 253:0\n0 1 linear 253:0 4"} {
		_, _, err := linear(bad)
		assert.Error(t, err, bad)
	}
}

func TestWhatTheKernelShouldHave(t *testing.T) {
	has := []block.KernelPartition{{Name: "a1", Number: 1, Start: 8, Size: 8},
		{Name: "a2", Number: 2, Start: 16, Size: 8}}
	for name, c := range map[string]struct {
		want    []block.KernelPartition
		numbers map[int]bool
		text    string
	}{
		"others do not count": {nil, map[int]bool{7: true, 1: false}, ""},
		"all is right":        {has, map[int]bool{1: true, 2: true}, ""},
		"names do not count": {[]block.KernelPartition{{Name: "dm-1", Number: 1, Start: 8, Size: 8}},
			map[int]bool{1: true}, ""},
		"one should be gone": {nil, map[int]bool{2: true}, "partition 2 is still there for the kernel"},
		"one is missing": {[]block.KernelPartition{{Number: 5, Start: 1, Size: 1}}, map[int]bool{5: true},
			"partition 5 is not there for the kernel"},
		"one is elsewhere": {[]block.KernelPartition{{Number: 1, Start: 9, Size: 8}}, map[int]bool{1: true},
			"partition 1: for the kernel it has 8 units of 512 bytes from 8 on, want 8 from 9 on"},
		"one has another size": {[]block.KernelPartition{{Number: 1, Start: 8, Size: 9}}, map[int]bool{1: true},
			"partition 1: for the kernel it has 8 units of 512 bytes from 8 on, want 9 from 8 on"},
	} {
		assert.Equal(t, c.text, Difference(has, c.want, c.numbers), name)
	}
}

// What udev and dmsetup are asked is that the disk's own event comes first, and then device-mapper's tables.
func TestAMapperDiskIsAskedFor(t *testing.T) {
	d := machine(t, map[string]string{"run/udev/control": "", "disk": strings.Repeat("\x00", 4096)})
	program := func(name, script string) string {
		at := filepath.Join(d.Root, name)
		require.NoError(t, os.WriteFile(at, []byte("#!/bin/sh\n"+script+"\n"), 0o755))
		return at
	}
	log := filepath.Join(d.Root, "log")
	d.Tools = tool.New(map[string]string{"udevadm": program("udevadm", `echo "$@" >> `+log)}, nil)
	disk := &scene.Seen{Path: filepath.Join(d.Root, "disk"), Node: "/dev/dm-0", Name: "dm-0", Mapper: "m"}
	want := []block.KernelPartition{{Number: 2, Start: 8, Size: 8}}
	err := d.Announce(context.Background(), disk, want, map[int]bool{2: true}, nil)
	require.EqualError(t, err, "partition 2 is not there for the kernel")
	told, err := os.ReadFile(log)
	require.NoError(t, err)
	assert.Equal(t, "settle\ntrigger --settle /dev/dm-0\n", string(told))
}

func TestAClaimWaitsForTheLock(t *testing.T) {
	path := filepath.Join(t.TempDir(), "disk")
	require.NoError(t, os.WriteFile(path, make([]byte, 1<<20), 0o600))
	other, err := os.Open(path)
	require.NoError(t, err)
	defer other.Close()
	require.NoError(t, unix.Flock(int(other.Fd()), unix.LOCK_EX))
	d := &Devices{Patience: 50 * time.Millisecond}
	_, err = d.Claim(context.Background(), path, true, true)
	assert.EqualError(t, err,
		fmt.Sprintf("device %s: locked by %s (process %d) for more than 50ms", path, comm(t), os.Getpid()))
	ctx, cancel := context.WithCancelCause(context.Background())
	cancel(errors.New("told to stop"))
	d.Patience = time.Minute
	_, err = d.Claim(ctx, path, true, true)
	assert.ErrorContains(t, err, "told to stop")
	require.NoError(t, unix.Flock(int(other.Fd()), unix.LOCK_UN))
	c, err := d.Claim(context.Background(), path, true, true)
	require.NoError(t, err)
	assert.ErrorIs(t, unix.Flock(int(other.Fd()), unix.LOCK_EX|unix.LOCK_NB), unix.EWOULDBLOCK)
	c.Close()
	require.NoError(t, unix.Flock(int(other.Fd()), unix.LOCK_EX|unix.LOCK_NB))
}

func comm(t *testing.T) string {
	t.Helper()
	name, err := os.ReadFile("/proc/self/comm")
	require.NoError(t, err)
	return strings.TrimSpace(string(name))
}

func TestAClaimWritesAndBlanks(t *testing.T) {
	path := filepath.Join(t.TempDir(), "disk")
	require.NoError(t, os.WriteFile(path, []byte(strings.Repeat("x", 200<<10)), 0o600))
	d := &Devices{}
	c, err := d.Claim(context.Background(), path, true, true)
	require.NoError(t, err)
	defer c.Close()
	require.NoError(t, c.Zero(10, 150<<10))
	_, err = c.WriteAt([]byte("table"), 0)
	require.NoError(t, err)
	require.NoError(t, c.Sync())
	require.NoError(t, c.Tell(context.Background(), nil, map[int]bool{1: true}),
		"an image file is nothing to the kernel")
	require.NoError(t, c.Forget(context.Background(), map[int]bool{1: true}))
	got, err := os.ReadFile(path)
	require.NoError(t, err)
	assert.Equal(t, "tablexxxxx"+strings.Repeat("\x00", 150<<10)+strings.Repeat("x", 50<<10-10), string(got))
	found, err := c.Found()
	require.NoError(t, err)
	assert.Equal(t, block.KindNone, found.Kind)
	reader, err := d.Claim(context.Background(), "/dev/null", true, true)
	if reader != nil {
		reader.Close()
	}
	assert.ErrorContains(t, err, "is no block device")
}

// A device can be called like the file that another's alias is made of.
func TestAliasesDoNotGetInEachOthersWay(t *testing.T) {
	d := machine(t, map[string]string{"dev/a": "one", "dev/a.new": "two", "dev/link": ">a"})
	d.Aliases = filepath.Join(d.Root, "run/aliases")
	for range 2 {
		for _, name := range []string{"dev/a.new", "dev/a", "dev/link"} {
			require.NoError(t, d.Alias(filepath.Join(d.Root, name), filepath.Join(d.Root, name)))
		}
	}
	for name, want := range map[string]string{"dev/a.new": "two", "dev/a": "one", "dev/link": "one"} {
		text, err := os.ReadFile(d.AliasOf(filepath.Join(d.Root, name)))
		require.NoError(t, err)
		assert.Equal(t, want, string(text))
	}
}

func TestNodesAreDevicesThatHaveASize(t *testing.T) {
	const at = "sys/class/block/"
	d := machine(t, map[string]string{at + "vdb/size": "8\n", at + "vda/size": "2048\n", at + "loop3/size": "0\n",
		at + "ram0/size": "16\n", at + "fd0/size": "8\n", at + "cciss!c0d0/size": "8\n", at + "empty/": ""})
	assert.Equal(t, []string{"/dev/cciss/c0d0", "/dev/vda", "/dev/vdb"}, d.Scene().Nodes())
	assert.Empty(t, machine(t, nil).Scene().Nodes())
}

func TestLinksOfDisks(t *testing.T) {
	d := machine(t, map[string]string{"dev/disk/by-id/x": ">/dev/null", "dev/disk/by-path/y": ">/dev/null",
		"dev/disk/by-id/z": ">/dev/zero", "dev/disk/by-id/gone": ">/dev/none", "dev/disk/by-label/other": ">/dev/null"})
	assert.Equal(t, map[string][]string{"/dev/null": {"/dev/disk/by-id/x", "/dev/disk/by-path/y"},
		"/dev/zero": {"/dev/disk/by-id/z"}}, d.Scene().Links())
}
