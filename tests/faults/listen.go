//go:build linux && amd64

package faults

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync/atomic"
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"
)

// A Call is one that a program is about to make.
type Call struct {
	Program string // the name of the program's file
	Name    string
	Class   string
	About   string // paths of files, or what /proc calls a descriptor that is none
	Writes  bool   // an open that may write
	Creates bool   // one that may make the file
	Text    string // the beginning of what a write writes
	Request uint32 // of an ioctl
}

// A Verdict is what becomes of a call. The zero value has it done.
type Verdict struct {
	Errno syscall.Errno // the call is refused with it
	Short bool          // of what a write writes only the first half is written
	Kill  bool          // the program, and all in its process group, is killed before the call
}

// notification and response are structs of linux/seccomp.h.
type notification struct {
	id    uint64
	pid   uint32
	flags uint32
	nr    int32
	arch  uint32
	ip    uint64
	args  [6]uint64
}

type response struct {
	id    uint64
	val   int64
	errno int32
	flags uint32
}

const goOn = 1 // SECCOMP_USER_NOTIF_FLAG_CONTINUE

// A listener answers for one program and what it starts.
type listener struct {
	fd    int
	group int // its process group
	judge func(Call) Verdict
	known map[int32]call
	over  atomic.Bool // the program has ended, and what it has left is killed
}

// listen answers until all that could ask have ended.
func (l *listener) listen() error {
	l.known = map[int32]call{}
	for _, c := range calls {
		l.known[int32(c.number)] = c
	}
	for idle := 0; ; {
		polled := []unix.PollFd{{Fd: int32(l.fd), Events: unix.POLLIN}}
		switch n, err := unix.Poll(polled, 100); {
		case n == 0 && l.over.Load() && idle == 50: // what is killed may take a while to end, and then hangs up
			return nil
		case n == 0:
			idle++
			continue
		case errors.Is(err, unix.EINTR):
			continue
		case err != nil:
			return fmt.Errorf("listener: %w", err)
		case polled[0].Revents&unix.POLLIN == 0:
			return nil
		}
		var n notification
		switch err := control(l.fd, unix.SECCOMP_IOCTL_NOTIF_RECV, unsafe.Pointer(&n)); err {
		case 0:
			l.answer(&n)
		case unix.ENOENT, unix.EINTR: // whoever asked was interrupted
		default:
			return fmt.Errorf("listener: %w", err)
		}
	}
}

func control(fd int, request uintptr, to unsafe.Pointer) syscall.Errno {
	_, _, err := unix.Syscall(unix.SYS_IOCTL, uintptr(fd), request, uintptr(to))
	return err
}

func (l *listener) answer(n *notification) {
	r := response{id: n.id, flags: goOn}
	known := l.known[n.nr]
	switch v := l.judge(see(n, known)); {
	case v.Kill:
		_ = unix.Kill(-l.group, unix.SIGKILL)
		return // an answer could come before the signal, and the call be done
	case v.Errno != 0:
		r.flags, r.errno = 0, -int32(v.Errno)
	case v.Short:
		if wrote := short(n, known); wrote > 0 {
			r.flags, r.val = 0, wrote
		}
	}
	_ = control(l.fd, unix.SECCOMP_IOCTL_NOTIF_SEND, unsafe.Pointer(&r)) // ENOENT: it is killed by now
}

// see looks at who asks for what.
func see(n *notification, c call) Call {
	s := Call{Program: program(n.pid), Name: c.name, Class: c.class, About: about(n, c.shape)}
	switch c.name {
	case "open":
		s.opens(n.args[1])
	case "openat":
		s.opens(n.args[2])
	case "openat2":
		if how := memory(n.pid, n.args[2], 8); len(how) == 8 {
			s.opens(*(*uint64)(unsafe.Pointer(&how[0])))
		}
	case "creat":
		s.Writes, s.Creates = true, true
	case "ioctl":
		s.Request = uint32(n.args[1])
	case "write":
		s.Text = string(memory(n.pid, n.args[1], min(n.args[2], 400)))
	}
	return s
}

func (s *Call) opens(flags uint64) {
	s.Writes = flags&(unix.O_WRONLY|unix.O_RDWR) != 0
	s.Creates = flags&unix.O_CREAT != 0
}

func program(pid uint32) string {
	exe, err := os.Readlink(fmt.Sprintf("/proc/%d/exe", pid))
	if err != nil {
		return "?"
	}
	return filepath.Base(exe)
}

func about(n *notification, s shape) string {
	a := n.args
	switch s {
	case byPath:
		return n.path(unix.AT_FDCWD, a[0])
	case byPathAt:
		return n.path(int32(a[0]), a[1])
	case byPaths:
		return n.path(unix.AT_FDCWD, a[0]) + " " + n.path(unix.AT_FDCWD, a[1])
	case byPathsAt:
		return n.path(int32(a[0]), a[1]) + " " + n.path(int32(a[2]), a[3])
	case toPath:
		return n.path(unix.AT_FDCWD, a[1])
	case toPathAt:
		return n.path(int32(a[1]), a[2])
	case byFile:
		return n.file(int32(a[0]))
	case byFiles:
		return n.file(int32(a[0])) + " " + n.file(int32(a[2]))
	}
	return ""
}

// file is what a descriptor is of.
func (n *notification) file(fd int32) string {
	at, err := os.Readlink(fmt.Sprintf("/proc/%d/fd/%d", n.pid, fd))
	if err != nil {
		return "?"
	}
	kind, _, _ := strings.Cut(at, ":[") // "pipe:[123]"
	return kind
}

func (n *notification) path(dir int32, at uint64) string {
	var text string
	if at != 0 {
		text = text0(memory(n.pid, at, unix.PathMax))
	}
	switch {
	case filepath.IsAbs(text):
		return text
	case dir == unix.AT_FDCWD:
		return filepath.Join(cmp.Or(link(fmt.Sprintf("/proc/%d/cwd", n.pid)), "?"), text)
	}
	return filepath.Join(n.file(dir), text)
}

func link(at string) string {
	to, _ := os.Readlink(at)
	return to
}

func text0(b []byte) string {
	before, _, _ := bytes.Cut(b, []byte{0})
	return string(before)
}

// memory reads at most so many bytes of a process: fewer where its pages end.
func memory(pid uint32, at, size uint64) []byte {
	file, err := os.Open("/proc/" + strconv.Itoa(int(pid)) + "/mem")
	if err != nil {
		return nil
	}
	defer file.Close()
	b := make([]byte, size)
	n, _ := file.ReadAt(b, int64(at))
	if n == 0 && size > 0 { // the rest of a page is always there
		n, _ = file.ReadAt(b[:min(size, 4096-at%4096)], int64(at))
	}
	return b[:n]
}

// short does the first half of a write in the place of who asked for it, and gives how much that is; 0 where it cannot.
func short(n *notification, c call) int64 {
	if c.name != "write" && c.name != "pwrite64" || n.args[2] < 2 {
		return 0
	}
	half := memory(n.pid, n.args[1], n.args[2]/2)
	process, err := unix.PidfdOpen(leader(n.pid), 0)
	if err != nil {
		return 0
	}
	defer unix.Close(process)
	fd, err := unix.PidfdGetfd(process, int(int32(n.args[0])), 0)
	if err != nil {
		return 0
	}
	defer unix.Close(fd)
	var wrote int
	if c.name == "write" {
		wrote, err = unix.Write(fd, half)
	} else {
		wrote, err = unix.Pwrite(fd, half, int64(n.args[3]))
	}
	if err != nil {
		return 0
	}
	return int64(wrote)
}

// leader is the process of a thread.
func leader(thread uint32) int {
	text, _ := os.ReadFile(fmt.Sprintf("/proc/%d/status", thread))
	for line := range strings.Lines(string(text)) {
		if id, is := strings.CutPrefix(line, "Tgid:"); is {
			n, _ := strconv.Atoi(strings.TrimSpace(id))
			return n
		}
	}
	return 0
}
