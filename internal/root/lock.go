package root

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"strings"

	"golang.org/x/sys/unix"
)

// ErrBusy is of a root that another process has locked.
var ErrBusy = errors.New("another program is at work there")

// Lock takes a root for one run, until it is closed: the temporary files of two would be in each other's way. It is a
// flock(2) of the directory itself, which leaves nothing behind. A filesystem that has no such locks, or takes none of
// a directory (NFS), goes without.
func Lock(r *Reader) error {
	err := unix.Flock(r.fd, unix.LOCK_EX|unix.LOCK_NB)
	if !errors.Is(err, unix.EWOULDBLOCK) {
		return nil
	}
	pid := r.holder()
	if pid <= 0 {
		return ErrBusy
	}
	return fmt.Errorf("%w: process %d%s", ErrBusy, pid, program(pid))
}

// holder finds the process that has the lock, by /proc/locks (proc_locks(5)); 0 if it does not tell, as where that
// process is not to be seen from here.
func (r *Reader) holder() (pid int) {
	var st unix.Stat_t
	if unix.Fstat(r.fd, &st) != nil {
		return 0
	}
	id := fmt.Sprintf("%02x:%02x:%d", unix.Major(st.Dev), unix.Minor(st.Dev), st.Ino)
	text, _ := os.ReadFile("/proc/locks")
	for line := range strings.SplitSeq(string(text), "\n") {
		// 1: FLOCK  ADVISORY  WRITE 708 00:15:19684 0 EOF
		words := strings.Fields(line)
		if len(words) > 5 && words[1] == "FLOCK" && words[5] == id {
			_, _ = fmt.Sscan(words[4], &pid)
			return pid
		}
	}
	return 0
}

// program is the name of a process, in brackets; "" if that is not known.
func program(pid int) string {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/comm", pid))
	if err != nil {
		return ""
	}
	return fmt.Sprintf(" (%q)", bytes.TrimSpace(text))
}
