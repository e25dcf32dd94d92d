package device

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"github.com/glowplug-os/glowplug/internal/block"
	"github.com/glowplug-os/glowplug/internal/diag"
	"github.com/glowplug-os/glowplug/internal/scene"
	"github.com/glowplug-os/glowplug/internal/tool"
)

// Devices are the machine's block devices.
type Devices struct {
	Tools *tool.Set
	// Root is where /dev, /proc, /run and /sys are looked up: "" but in tests.
	Root string
	// Aliases is the folder of links to devices (see Alias).
	Aliases string
	// Patience is how long a device may take to appear. 0 is DefaultPatience.
	Patience time.Duration
	Log      *slog.Logger
}

// DefaultPatience is what systemd gives a device unit (DefaultDeviceTimeoutSec, systemd-system.conf(5)).
const DefaultPatience = 90 * time.Second

// at is where something of the machine's own is.
func (d *Devices) at(name string) string { return filepath.Join("/", d.Root, name) }

// Sys is the kernel's view.
func (d *Devices) Sys() block.Sysfs { return block.Sysfs{FS: os.DirFS(d.at("/sys"))} }

// Node is the device that a path leads to, all links followed, by the kernel's own name: without udev /dev/mapper/x is
// no link but a second node of /dev/dm-0.
func (d *Devices) Node(path string) (string, error) {
	return d.node(path, path)
}

// node calls a device by the name that people know when it is not there.
func (d *Devices) node(path, known string) (string, error) {
	node, err := filepath.EvalSymlinks(path)
	if err != nil {
		return "", fmt.Errorf("device %s: %w", diag.Name(known), cause(err))
	}
	return d.kernelNode(node), nil
}

// kernelNode is the node that the kernel has made for the device of a node; the same one if it has made none.
func (d *Devices) kernelNode(node string) string {
	number, is := Number(node)
	if !is {
		return node
	}
	link, err := os.Readlink(d.at(fmt.Sprintf("/sys/dev/block/%d:%d", unix.Major(number), unix.Minor(number))))
	if err != nil {
		return node
	}
	name := block.NodeOf(filepath.Base(link))
	if same, is := Number(name); is && same == number {
		return name
	}
	return node
}

// Number gives the number of a block device.
func Number(node string) (uint64, bool) {
	var stat unix.Stat_t
	err := unix.Stat(node, &stat)
	return stat.Rdev, err == nil && stat.Mode&unix.S_IFMT == unix.S_IFBLK
}

// cause is an error of the file system without the call and path, which the message around it has.
func cause(err error) error {
	var failed *fs.PathError
	if errors.As(err, &failed) {
		return failed.Err
	}
	return err
}

// Alias makes the link below Aliases through which tools get a device, which is at some path, mostly its own. Names by
// label or UUID come and go while a device is being worked on; an alias stays. Others know these paths
// (docs/peer/engine.md §9.0).
func (d *Devices) Alias(path, at string) error {
	node, err := d.Node(at)
	if err != nil {
		return err
	}
	alias := d.AliasOf(path)
	if err := os.MkdirAll(filepath.Dir(alias), 0o750); err != nil {
		return err
	}
	fresh := filepath.Clean(d.Aliases) + ".new" // not in the folder, where it might be a device's alias
	if err := os.Remove(fresh); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	if err := os.Symlink(node, fresh); err != nil {
		return err
	}
	return os.Rename(fresh, alias)
}

// Open opens a device, or an image file, to read what is on it now: what the kernel remembers of a device that somebody
// has open may be old, as those that build upon devices (md, xfs) do not write through that memory.
func (d *Devices) Open(path string, flags int) (*os.File, error) {
	f, err := os.OpenFile(path, flags|unix.O_CLOEXEC|unix.O_NONBLOCK, 0)
	if err != nil {
		return nil, fmt.Errorf("device %s: %w", diag.Name(path), cause(err))
	}
	var stat unix.Stat_t
	err = unix.Fstat(int(f.Fd()), &stat)
	if kind := stat.Mode & unix.S_IFMT; err == nil && kind != unix.S_IFBLK && kind != unix.S_IFREG {
		err = errors.New("is no block device")
	}
	if err != nil {
		_ = f.Close()
		return nil, fmt.Errorf("device %s: %w", diag.Name(path), err)
	}
	_ = unix.Fadvise(int(f.Fd()), 0, 0, unix.FADV_DONTNEED) // keeps what is yet to be written
	return f, nil
}

// AliasOf is the path of a device's alias, made or not.
func (d *Devices) AliasOf(path string) string {
	return filepath.Join(d.Aliases, filepath.Clean("/"+path))
}

// Alone has a device used for a moment that nobody else uses, see OpenAlone. No program is started meanwhile: between
// its fork and its exec it would hold the device too, and a tool that is run on the device right after this would find
// it in use.
func (d *Devices) Alone(ctx context.Context, path string, flags int, use func(*os.File) error) error {
	for {
		syscall.ForkLock.RLock()
		f, err := d.Open(path, flags|unix.O_EXCL)
		if err == nil {
			err = errors.Join(use(f), f.Close())
		}
		syscall.ForkLock.RUnlock()
		if !errors.Is(err, unix.EBUSY) {
			return err
		}
		// Wait where programs can be started.
		if f, err = d.OpenAlone(ctx, path, flags); err != nil {
			return err
		}
		if err := f.Close(); err != nil {
			return err
		}
	}
}

// OpenAlone opens a device that nobody else uses: the kernel refuses if it, or a partition of it, is mounted or part of
// another, in any namespace (open(2), O_EXCL). Those who only look at what udev shows them, as mdadm and lvm, are
// waited for.
func (d *Devices) OpenAlone(ctx context.Context, path string, flags int) (f *os.File, err error) {
	err = d.poll(ctx, min(exclusivePatience, d.patience()), diag.Name(path), func() (bool, error) {
		f, err = d.Open(path, flags|unix.O_EXCL)
		return !errors.Is(err, unix.EBUSY), err
	})
	if errors.Is(err, unix.EBUSY) {
		return nil, scene.InUse(fmt.Errorf("%w, it or one of its partitions, "+
			"by a mount (also of another mount namespace) or as part of another device", err))
	}
	return f, err
}

// Settle has udev look at devices again, and waits until it has. Without udev there is nobody to wait for.
func (d *Devices) Settle(ctx context.Context, nodes ...string) error {
	if !d.udev() {
		return nil
	}
	_, err := d.Tools.Run(ctx, tool.Command{Tool: "udevadm", Args: append([]string{"trigger", "--settle"}, nodes...)})
	return err
}

// udev reports whether udev runs: its control socket is there as long as it does.
func (d *Devices) udev() bool {
	_, err := os.Lstat(d.at("/run/udev/control"))
	return err == nil
}
