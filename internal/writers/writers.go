// Package writers tells who has a file open for writing. Locks are not its business: they are for programs that take
// them, and many do not.
package writers

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"

	"github.com/glowplug-os/glowplug/internal/diag"
)

// Find gives words for who has a file open for writing, such as "process 12 (dd)"; "" for nobody who can be seen. f is
// open for reading alone. Attached: a loop device has the file open, which is not asked about.
//
// The kernel knows of all programs of this system, and says so to the file's owner and to root. Where it does not, what
// is seen are the processes that this one may look into: its user's, or all of them for root.
func Find(f *os.File, attached bool) string {
	is, known := open(f)
	if known && !is {
		return ""
	}
	who := process(f)
	if who == "" && is && !attached {
		return "a program"
	}
	return who
}

// open asks the kernel, which gives nobody a lease on reading while a file is open for writing (fcntl(2)), and none to
// who is neither the owner nor root, nor on every filesystem. The lease ends at once. Go does nothing at the signal
// that there would be meanwhile.
func open(f *os.File) (is, known bool) {
	_, err := unix.FcntlInt(f.Fd(), unix.F_SETLEASE, unix.F_RDLCK)
	if err == nil {
		_, _ = unix.FcntlInt(f.Fd(), unix.F_SETLEASE, unix.F_UNLCK)
		return false, true
	}
	is = errors.Is(err, unix.EAGAIN)
	return is, is
}

// process looks for one with a descriptor that can be written to.
func process(f *os.File) string {
	is, err := identity(int(f.Fd()), "")
	if err != nil {
		return ""
	}
	all, _ := filepath.Glob("/proc/[0-9]*/fd/[0-9]*") // without those that may not be read
	for _, at := range all {
		if other, err := identity(unix.AT_FDCWD, at); err != nil || other != is || !writable(at) {
			continue
		}
		folder := filepath.Dir(filepath.Dir(at))
		name, _ := os.ReadFile(filepath.Join(folder, "comm"))
		return fmt.Sprintf("process %s (%s)", filepath.Base(folder), diag.OneLine(strings.TrimSpace(string(name))))
	}
	return ""
}

// An inode is a file, whatever it is called.
type inode struct {
	major, minor uint32
	number       uint64
}

// identity asks no server, which might not answer: what a process has open may be anywhere.
func identity(dir int, name string) (inode, error) {
	var s unix.Statx_t
	err := unix.Statx(dir, name, unix.AT_EMPTY_PATH|unix.AT_STATX_DONT_SYNC, unix.STATX_INO, &s)
	return inode{s.Dev_major, s.Dev_minor, s.Ino}, err
}

// writable tells it of a descriptor by its flags, which are octal (proc_pid_fdinfo(5)).
func writable(at string) bool {
	text, err := os.ReadFile(filepath.Join(filepath.Dir(filepath.Dir(at)), "fdinfo", filepath.Base(at)))
	if err != nil {
		return false
	}
	for line := range strings.Lines(string(text)) {
		if value, is := strings.CutPrefix(line, "flags:"); is {
			flags, err := strconv.ParseUint(strings.TrimSpace(value), 8, 64)
			return err == nil && flags&unix.O_ACCMODE != unix.O_RDONLY
		}
	}
	return false
}
