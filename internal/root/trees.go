package root

import (
	"context"
	"errors"
	"fmt"
	"path"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// Move renames what is at one path to another where nothing is. Both are on one filesystem; across two it is an error.
func (r *Root) Move(from, to string) error {
	source, base, err := r.parent(from)
	if err != nil {
		return pathError("rename", from, err)
	}
	defer r.release(source)
	target, name, err := r.parent(to)
	if err != nil {
		return pathError("rename", to, err)
	}
	defer r.release(target)
	r.touch(source)
	r.touch(target)
	err = unix.Renameat2(source.fd, base, target.fd, name, unix.RENAME_NOREPLACE)
	r.Forget() // directories below have another path now
	return pathError("rename", to, err)
}

// AccountLock is the lock of lckpwdf(3), which every program takes that changes account files.
const AccountLock = "/etc/.pwd.lock"

// lockWait is how long lckpwdf(3) waits.
const lockWait = 15 * time.Second

// LockAccounts takes the lock that programs which change account files take, and gives the function that lets it go. A
// lock that somebody keeps is an error after 15 s; so is, at once, a lock file of shadow-utils whose process lives.
func (r *Root) LockAccounts(ctx context.Context) (unlock func(), err error) {
	for _, name := range []string{"passwd", "group", "shadow", "gshadow", "subuid", "subgid"} {
		if err := r.noLockFile("/etc/" + name + ".lock"); err != nil {
			return nil, err
		}
	}
	if _, err := r.MkdirAll(path.Dir(AccountLock), 0o755); err != nil {
		return nil, err
	}
	d, base, err := r.parent(AccountLock)
	if err != nil {
		return nil, pathError("lock", AccountLock, err)
	}
	defer r.release(d)
	fd, err := unix.Openat(d.fd, base, unix.O_WRONLY|unix.O_CREAT|unix.O_CLOEXEC|unix.O_NOFOLLOW|unix.O_NONBLOCK, 0o600)
	if err != nil {
		return nil, pathError("lock", AccountLock, err)
	}
	deadline, cancel := context.WithTimeoutCause(ctx, lockWait, errLocked)
	defer cancel()
	for {
		lock := unix.Flock_t{Type: unix.F_WRLCK}
		err := unix.FcntlFlock(uintptr(fd), unix.F_OFD_SETLK, &lock)
		if err == nil {
			return func() { _ = unix.Close(fd) }, nil
		}
		if !errors.Is(err, unix.EAGAIN) && !errors.Is(err, unix.EACCES) {
			_ = unix.Close(fd)
			return nil, pathError("lock", AccountLock, err)
		}
		select {
		case <-deadline.Done():
			_ = unix.Close(fd)
			return nil, pathError("lock", AccountLock, context.Cause(deadline))
		case <-time.After(100 * time.Millisecond):
		}
	}
}

var errLocked = errors.New("another program is changing the accounts, and has been for 15 s")

// noLockFile looks for a lock file of shadow-utils, which holds a process id. One of a process that is gone is removed,
// as shadow-utils does.
func (r *Root) noLockFile(name string) error {
	f, err := r.Lstat(name)
	if err != nil || f.Kind == Absent {
		return err
	}
	text, err := r.ReadFile(name, 64)
	if err != nil {
		return err
	}
	pid := 0
	if n, _ := fmt.Sscanf(strings.Trim(string(text), "\x00\n "), "%d", &pid); n == 1 && pid > 0 {
		if err := unix.Kill(pid, 0); errors.Is(err, unix.ESRCH) {
			return r.RemoveAll(name)
		}
		return fmt.Errorf("%s: process %d is changing the accounts", name, pid)
	}
	return fmt.Errorf("%s: the lock file names no process; remove it if nobody changes the accounts", name)
}
