package providers

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"

	"github.com/glowplug-os/glowplug/internal/block"
)

// Local is this machine as far as system calls reach: files, devices, sockets, interfaces, the hypervisor. Clock,
// randomness, environment, HTTP, mounts and tools are for the caller to add.
func Local() Machine {
	return Machine{
		Arch: runtime.GOARCH, ReadFile: func(name string) ([]byte, error) {
			return readLocal(name, textMax)
		}, Glob: filepath.Glob, Scratch: scratch,
		Interfaces: interfaces, Dial: dial, Labelled: labelled, Discs: discs,
		Open: open, Control: control, VMware: vmwareRequest,
	}
}

// readLocal reads a file that may be at most so long: some, like whole disks and devices, are longer than memory. It
// asks for the file in one piece where that is known to be possible, as sysfs begins anew with each.
func readLocal(name string, most int64) ([]byte, error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	var text bytes.Buffer
	if info, err := f.Stat(); err == nil {
		text.Grow(int(min(info.Size(), most)) + bytes.MinRead)
	}
	if _, err := text.ReadFrom(io.LimitReader(f, most+1)); err != nil {
		return nil, err
	}
	if int64(text.Len()) > most {
		return nil, tooLong(name, most)
	}
	return text.Bytes(), nil
}

func scratch(use func(dir string) error) error {
	dir, err := os.MkdirTemp("", "glowplug-*")
	if err != nil {
		return err
	}
	return errors.Join(use(dir), os.RemoveAll(dir))
}

func interfaces() ([]Interface, error) {
	all, err := net.Interfaces()
	if err != nil {
		return nil, err
	}
	var found []Interface
	for _, i := range all {
		it := Interface{Name: i.Name, Index: i.Index, Up: i.Flags&net.FlagUp != 0,
			Loopback: i.Flags&net.FlagLoopback != 0}
		addresses, err := i.Addrs()
		if err != nil {
			continue // it has gone meanwhile
		}
		for _, a := range addresses {
			if n, ok := a.(*net.IPNet); ok && n.IP.To4() == nil {
				it.LinkV6 = it.LinkV6 || n.IP.IsLinkLocalUnicast()
				it.GlobalV6 = it.GlobalV6 || !n.IP.IsLinkLocalUnicast()
			}
		}
		found = append(found, it)
	}
	return found, nil
}

func dial(ctx context.Context, network, address string) (net.Conn, error) {
	if network != "vsock" {
		var d net.Dialer
		return d.DialContext(ctx, network, address)
	}
	cid, port, _ := strings.Cut(address, ":")
	c, err := strconv.ParseUint(cid, 10, 32)
	if err != nil {
		return nil, err
	}
	p, err := strconv.ParseUint(port, 10, 32)
	if err != nil {
		return nil, err
	}
	return dialVsock(ctx, uint32(c), uint32(p))
}

// A vsock is a connection to the host. Package net does not know its addresses, so it is a file; not an embedded one,
// whose two dozen other methods would all be linked, each twice.
type vsock struct{ file *os.File }

func (v *vsock) Read(p []byte) (int, error)  { return v.file.Read(p) }
func (v *vsock) Write(p []byte) (int, error) { return v.file.Write(p) }

// Close ends the connection.
func (v *vsock) Close() error { return v.file.Close() }

// LocalAddr gives the kind of socket.
func (v *vsock) LocalAddr() net.Addr { return &net.UnixAddr{Net: "vsock"} }

// RemoteAddr gives the kind of socket.
func (v *vsock) RemoteAddr() net.Addr { return v.LocalAddr() }

// SetDeadline bounds reading and writing.
func (v *vsock) SetDeadline(t time.Time) error { return v.file.SetDeadline(t) }

// SetReadDeadline bounds reading.
func (v *vsock) SetReadDeadline(t time.Time) error { return v.file.SetReadDeadline(t) }

// SetWriteDeadline bounds writing.
func (v *vsock) SetWriteDeadline(t time.Time) error { return v.file.SetWriteDeadline(t) }

// dialVsock connects while the kernel does; it gives up by itself after two seconds (vsock(7)).
func dialVsock(_ context.Context, cid, port uint32) (net.Conn, error) {
	fd, err := unix.Socket(unix.AF_VSOCK, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return nil, fmt.Errorf("vsock: %w", err)
	}
	err = unix.Connect(fd, &unix.SockaddrVM{CID: cid, Port: port})
	for errors.Is(err, unix.EINTR) {
		err = unix.Connect(fd, &unix.SockaddrVM{CID: cid, Port: port})
	}
	if err == nil {
		err = unix.SetNonblock(fd, true)
	}
	if err != nil {
		_ = unix.Close(fd)
		return nil, fmt.Errorf("vsock %d:%d: %w", cid, port, err)
	}
	return &vsock{os.NewFile(uintptr(fd), "vsock")}, nil
}

// labelled follows udev's link; one that leads nowhere is not there yet.
func labelled(label string) (string, error) {
	link := block.ContentLinks(label, "")[0]
	_, err := os.Stat(link)
	if errors.Is(err, fs.ErrNotExist) {
		return "", nil
	}
	return link, err
}

// discs are the drives that say that there is a disc in them, with what it is formatted as.
func discs() ([]Disc, error) {
	names, err := filepath.Glob("/sys/class/block/*")
	if err != nil {
		return nil, err
	}
	var all []Disc
	for _, name := range names {
		device := "/dev/" + strings.ReplaceAll(filepath.Base(name), "!", "/")
		if kind, ok := discKind(device); ok {
			all = append(all, Disc{device, kind})
		}
	}
	return all, nil
}

// discKind asks a drive; ok is false for a device that is none.
func discKind(device string) (kind string, ok bool) {
	const driveStatus, driveOK = 0x5326, 4 // linux/cdrom.h
	f, err := os.OpenFile(device, os.O_RDONLY|syscall.O_NONBLOCK, 0)
	if err != nil {
		return "", false
	}
	defer f.Close()
	status, _, errno := unix.Syscall(unix.SYS_IOCTL, f.Fd(), driveStatus, 0)
	switch {
	case errno != 0:
		return "", false
	case status != driveOK:
		return "", true
	}
	return discFormat(f), true
}

// discFormat tells UDF and ISO 9660 apart by their volume descriptors, of 2 KiB each from 32 KiB on. What is both is
// UDF.
func discFormat(r io.ReaderAt) (kind string) {
	const first, size, most = 32768, 2048, 64
	var id [5]byte
	for i := range int64(most) {
		if _, err := r.ReadAt(id[:], first+i*size+1); err != nil {
			return kind
		}
		switch string(id[:]) {
		case "CD001":
			kind = "iso9660"
		case "BEA01", "BOOT2", "CDW02":
		case "NSR02", "NSR03":
			return "udf"
		default:
			return kind
		}
	}
	return kind
}

// open opens a device for reading with deadlines. A serial port becomes one for bytes, without echo and line editing.
func open(path string) (Stream, error) {
	f, err := os.OpenFile(path, os.O_RDWR|syscall.O_NONBLOCK|syscall.O_NOCTTY, 0)
	if err != nil {
		return nil, err
	}
	raw, err := f.SyscallConn()
	if err != nil {
		_ = f.Close()
		return nil, err
	}
	failed := raw.Control(func(fd uintptr) {
		settings, none := unix.IoctlGetTermios(int(fd), unix.TCGETS)
		if none != nil {
			return // no terminal
		}
		settings.Iflag, settings.Oflag, settings.Lflag = 0, 0, 0
		settings.Cflag = settings.Cflag&^unix.CSIZE | unix.CS8 | unix.CREAD | unix.CLOCAL
		if err = unix.IoctlSetTermios(int(fd), unix.TCSETS, settings); err == nil {
			err = unix.Flock(int(fd), unix.LOCK_EX|unix.LOCK_NB)
		}
	})
	if err = errors.Join(failed, err); err != nil {
		_ = f.Close()
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return f, nil
}

// controls is an open device.
type controls struct{ file *os.File }

func control(path string) (Controls, error) {
	f, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		return nil, err
	}
	return controls{f}, nil
}

// Close closes the device.
func (c controls) Close() error { return c.file.Close() }

// Call does one ioctl.
func (c controls) Call(request uint, block []byte, links ...Link) error {
	var pinned runtime.Pinner
	defer pinned.Unpin()
	pinned.Pin(&block[0])
	for _, l := range links {
		pinned.Pin(&l.Buffer[0])
		binary.NativeEndian.PutUint64(block[l.Offset:], uint64(uintptr(unsafe.Pointer(&l.Buffer[0]))))
	}
	_, _, errno := unix.Syscall(unix.SYS_IOCTL, c.file.Fd(), uintptr(request), uintptr(unsafe.Pointer(&block[0])))
	runtime.KeepAlive(links)
	if errno != 0 {
		return fmt.Errorf("%s: ioctl %#x: %w", c.file.Name(), request, errno)
	}
	return nil
}
