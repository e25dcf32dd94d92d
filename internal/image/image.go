// Package image opens files and devices that stand for disks of another machine, for reading. It refuses those of which
// a plan would say what is not so: images of other forms, such that are cut off, and those that somebody uses, for what
// is on them changes while it is looked at. What is on a disk is internal/block's and internal/scene's business.
package image

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"slices"
	"syscall"

	"golang.org/x/sys/unix"

	"github.com/glowplug-os/glowplug/internal/block"
	"github.com/glowplug-os/glowplug/internal/device"
	"github.com/glowplug-os/glowplug/internal/diag"
	"github.com/glowplug-os/glowplug/internal/scene"
	"github.com/glowplug-os/glowplug/internal/writers"
)

// A File is open, and stands for a disk.
type File struct {
	scene.Image
	f     *os.File
	info  fs.FileInfo
	loops []uint64 // the numbers of the loop devices that a file is behind
}

// Open opens one by its name. Who uses what is asked of this machine's devices.
func Open(name string, devices *device.Devices) (*File, error) {
	f, err := open(name, devices)
	if err != nil {
		return nil, fmt.Errorf("image %s: %w", diag.Name(name), err)
	}
	return f, nil
}

// Close closes the file.
func (i *File) Close() error { return i.f.Close() }

// Same: both are the same file, or the same device, or one is a loop device of the other.
func (i *File) Same(other *File) bool {
	is, also := number(i.info), number(other.info)
	return os.SameFile(i.info, other.info) || is != 0 && is == also ||
		slices.Contains(i.loops, also) || slices.Contains(other.loops, is)
}

// number is a device's, 0 of a file.
func number(info fs.FileInfo) uint64 {
	if stat, is := info.Sys().(*syscall.Stat_t); is && info.Mode().Type() == fs.ModeDevice {
		return stat.Rdev
	}
	return 0
}

// kinds are what is no image, in words. To open some of them would do something.
var kinds = map[fs.FileMode]string{fs.ModeDir: "a directory", fs.ModeNamedPipe: "a pipe", fs.ModeSocket: "a socket",
	fs.ModeDevice | fs.ModeCharDevice: "a character device"}

func stands(info fs.FileInfo) error {
	what, is := kinds[info.Mode().Type()]
	if is {
		return diag.WithHint(fmt.Errorf("is %s; only a file or a block device stands for a disk", what),
			"--disk DEVICE=FILE and --image FILE take the raw image of a disk, or a block device")
	}
	return nil
}

func open(name string, devices *device.Devices) (*File, error) {
	info, err := os.Stat(name)
	if err == nil {
		err = stands(info)
	}
	if err != nil {
		return nil, plain(err)
	}
	f, err := os.OpenFile(name, os.O_RDONLY|unix.O_NONBLOCK, 0) // it may be a pipe by now, which is not waited for
	if err != nil {
		return nil, plain(err)
	}
	i := &File{f: f}
	i.ReaderAt = f
	if i.info, err = f.Stat(); err == nil {
		err = stands(i.info)
	}
	if err == nil {
		err = i.fill(name, devices)
	}
	if err != nil {
		_ = f.Close()
		return nil, err
	}
	return i, nil
}

// plain is an error without the call and the name, which the message around it has.
func plain(err error) error {
	if failed := (*fs.PathError)(nil); errors.As(err, &failed) {
		return failed.Err
	}
	return err
}

var errEmpty = errors.New("is empty, and so no image of a disk")

// fill finds out what a scene needs to know, and refuses the rest.
func (i *File) fill(name string, devices *device.Devices) error {
	var err error
	if i.Size, err = i.f.Seek(0, io.SeekEnd); err != nil {
		return err
	}
	if i.Size == 0 {
		return errEmpty
	}
	if err := i.unused(name, devices); err != nil {
		return err
	}
	if i.isDevice() {
		i.SectorSize, err = unix.IoctlGetInt(int(i.f.Fd()), unix.BLKSSZGET)
		return err
	}
	return i.whole(name)
}

func (i *File) isDevice() bool { return i.info.Mode().Type() == fs.ModeDevice }

// unused refuses what somebody uses.
func (i *File) unused(name string, devices *device.Devices) error {
	nodes := devices.Loops(i.info)
	attached := len(nodes) > 0
	for _, node := range nodes {
		if is, known := device.Number(node); known {
			i.loops = append(i.loops, is)
		}
	}
	if i.isDevice() {
		node, err := devices.Node(name)
		if err != nil {
			return err
		}
		nodes = []string{node}
	}
	for _, node := range nodes {
		users, err := devices.Uses(node)
		if err != nil {
			return err
		}
		if len(users) > 0 {
			return inUse(fmt.Errorf("is in use, as %s: %s", diag.Name(node), scene.Words(users)))
		}
	}
	if i.locked() {
		return inUse(errors.New("is in use: a program has a lock on it, as a machine that runs on it has"))
	}
	if i.isDevice() {
		return nil
	}
	if who := writers.Find(i.f, attached); who != "" {
		return inUse(fmt.Errorf("is in use: %s has it open for writing", who))
	}
	return nil
}

// locked: a program has locked it by fcntl(2), or for itself alone by flock(2). Nothing tells of the latter but to take
// a lock that others may have too, which ends at once.
func (i *File) locked() bool {
	lock := unix.Flock_t{Type: unix.F_WRLCK, Whence: io.SeekStart}
	if err := unix.FcntlFlock(i.f.Fd(), unix.F_OFD_GETLK, &lock); err == nil && lock.Type != unix.F_UNLCK {
		return true
	}
	err := unix.Flock(int(i.f.Fd()), unix.LOCK_SH|unix.LOCK_NB)
	if err == nil {
		_ = unix.Flock(int(i.f.Fd()), unix.LOCK_UN)
	}
	return errors.Is(err, unix.EWOULDBLOCK)
}

func inUse(err error) error {
	return diag.WithHint(err, "end what uses it, or take a copy: what is on it may change meanwhile")
}

// whole finds the size of a file's sectors, and refuses what is no raw image, or not all of one.
func (i *File) whole(name string) error {
	begin, err := i.read(0)
	if err != nil {
		return err
	}
	end, err := i.read(max(0, i.Size-ends))
	if err != nil {
		return err
	}
	found, size, err := block.Sectors(i, i.Size)
	if err != nil {
		return err
	}
	i.SectorSize = size
	if err := known(name, begin, end, found.Table != nil); err != nil {
		return err
	}
	if rest := i.Size % int64(size); rest != 0 {
		return cut(fmt.Errorf("has %s, which is no whole number of sectors of %d bytes",
			diag.Count(i.Size, "byte"), size))
	}
	made, err := block.MadeFor(i, i.Size, size)
	if err == nil && made > uint64(i.Size/int64(size)) {
		err = cut(fmt.Errorf("has %s of %d bytes, and its partition table is for a disk of %d",
			diag.Count(i.Size/int64(size), "sector"), size, made))
	}
	return err
}

func cut(err error) error {
	return diag.WithHint(err, "it seems to be cut off: copy it again")
}

// read gives some bytes of the file.
func (i *File) read(at int64) ([]byte, error) {
	data := make([]byte, min(ends, i.Size-at))
	_, err := i.ReadAt(data, at)
	if errors.Is(err, io.EOF) {
		err = nil
	}
	return data, err
}
