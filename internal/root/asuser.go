package root

import (
	"errors"
	"fmt"
	"runtime"

	"golang.org/x/sys/unix"
)

// As calls do with the same root as seen by a user: every call that do makes through it has that user's id and group,
// no other groups and no capabilities. It is how to write below a home, where the user may have put links: they lead no
// further than the user could go.
//
// The kernel keeps these ids for each thread, so do runs on a thread of its own, which ends with it; no other goroutine
// ever has it. A child process would do as well, but takes some milliseconds for each user, and has to be a program
// that is there. Do must not start goroutines, which would be whoever runs this, and must not run programs.
//
// Who is not root can only be itself; any other user is an error (EPERM). Root as a user (uid 0) keeps its
// capabilities.
func (r *Root) As(uid, gid uint32, do func(*Root) error) error {
	if uid == noID || gid == noID {
		return fmt.Errorf("become user %d, group %d: %w", uid, gid, errNoID)
	}
	// Directories that were opened as somebody else are not shared: who has a descriptor needs no permission on the
	// way.
	user := &Root{Reader: &Reader{fd: r.fd, dir: r.dir, resolve: r.resolve}, without: r.without,
		written: &filesystems{}}
	err := onOwnThread(func() error {
		if err := become(uid, gid); err != nil {
			return fmt.Errorf("become user %d, group %d: %w", uid, gid, err)
		}
		return do(user)
	})
	user.Forget()
	r.written.take(user.written)
	return err
}

// noID is the id that means "leave it" to the kernel (setresuid(2)): who asked to become it would stay root.
const noID = 1<<32 - 1

var errNoID = errors.New("no user or group has this id")

// errNoReturn is for a function that ends its goroutine.
var errNoReturn = errors.New("ended without a result")

// onOwnThread calls f on a thread that nothing else runs on, before or after. A goroutine that ends while it is locked
// to its thread ends the thread, and the runtime starts no new thread from one that is locked.
func onOwnThread(f func() error) error {
	result := make(chan error, 1)
	go func() {
		err := errNoReturn
		defer func() { result <- err }()
		runtime.LockOSThread()
		if unix.Gettid() == unix.Getpid() {
			// The main thread cannot end and stands for the whole process in /proc and for kill(2). It is held here
			// while the next goroutine gets another.
			err = onOwnThread(f)
			runtime.UnlockOSThread()
			return
		}
		err = f()
	}()
	return <-result
}

// become changes the ids of the calling thread for good. The wrappers of package syscall change all threads, so they
// are of no use here. Groups go first: without the user's right to set them they could not be dropped any more.
func become(uid, gid uint32) error {
	if unix.Geteuid() != 0 && uint32(unix.Geteuid()) == uid && uint32(unix.Getegid()) == gid {
		return nil
	}
	if _, _, err := unix.RawSyscall(setgroups, 0, 0, 0); err != 0 {
		return err
	}
	if _, _, err := unix.RawSyscall(setresgid, uintptr(gid), uintptr(gid), uintptr(gid)); err != 0 {
		return err
	}
	if _, _, err := unix.RawSyscall(setresuid, uintptr(uid), uintptr(uid), uintptr(uid)); err != 0 {
		return err
	}
	if uid == 0 {
		return nil
	}
	// The kernel has dropped them already, unless the process was started with SECBIT_NO_SETUID_FIXUP.
	none := [2]unix.CapUserData{}
	return unix.Capset(&unix.CapUserHeader{Version: unix.LINUX_CAPABILITY_VERSION_3}, &none[0])
}
