package readonly

import (
	"errors"
	"fmt"
	"runtime"
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"
)

// Seal takes the rights from all threads. Lacks says what there is not, in words; the error is of what there is, and
// what did not work all the same.
func Seal() (lacks []string, err error) {
	// A filter for all threads asks this of the thread that installs it only, and gives it to the others
	// (seccomp_sync_threads of the kernel).
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	if err := unix.Prctl(unix.PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0); err != nil {
		return nil, fmt.Errorf("giving up new privileges: %w", err)
	}
	switch has, err := restrict(); {
	case errors.Is(err, unix.ENOTSUP):
		lacks = append(lacks, "Landlock, since the program is built with cgo")
	case err != nil:
		return nil, fmt.Errorf("landlock: %w", err)
	case !has:
		lacks = append(lacks, "Landlock in this kernel")
	}
	filter := program()
	if filter == nil {
		return append(lacks, "seccomp filter for "+runtime.GOARCH), nil
	}
	switch err := install(filter); {
	case errors.Is(err, unix.ENOSYS), errors.Is(err, unix.EINVAL):
		return append(lacks, "seccomp in this kernel"), nil
	case err != nil:
		return lacks, fmt.Errorf("seccomp: %w", err)
	}
	return lacks, nil
}

// rights are what Landlock takes, by the version of its interface that has them first (linux/landlock.h).
var rights = [...]struct {
	since int
	right uint64
}{
	{1, unix.LANDLOCK_ACCESS_FS_EXECUTE | unix.LANDLOCK_ACCESS_FS_WRITE_FILE | unix.LANDLOCK_ACCESS_FS_REMOVE_DIR |
		unix.LANDLOCK_ACCESS_FS_REMOVE_FILE | unix.LANDLOCK_ACCESS_FS_MAKE_CHAR | unix.LANDLOCK_ACCESS_FS_MAKE_DIR |
		unix.LANDLOCK_ACCESS_FS_MAKE_REG | unix.LANDLOCK_ACCESS_FS_MAKE_SOCK | unix.LANDLOCK_ACCESS_FS_MAKE_FIFO |
		unix.LANDLOCK_ACCESS_FS_MAKE_BLOCK | unix.LANDLOCK_ACCESS_FS_MAKE_SYM},
	{2, unix.LANDLOCK_ACCESS_FS_REFER},
	{3, unix.LANDLOCK_ACCESS_FS_TRUNCATE},
}

// restrict has Landlock refuse the rights everywhere: a ruleset without a rule. False means that the kernel lacks it,
// ENOTSUP that with cgo there may be threads that Go does not know of (syscall.AllThreadsSyscall): Landlock goes by
// thread.
func restrict() (bool, error) {
	version, _, errno := unix.Syscall(unix.SYS_LANDLOCK_CREATE_RULESET, 0, 0, unix.LANDLOCK_CREATE_RULESET_VERSION)
	if errno == unix.ENOSYS || errno == unix.EOPNOTSUPP {
		return false, nil
	}
	if errno != 0 {
		return false, errno
	}
	var taken struct{ fs uint64 } // all that version 1 has of struct landlock_ruleset_attr
	for _, each := range rights {
		if int(version) >= each.since {
			taken.fs |= each.right
		}
	}
	fd, _, errno := unix.Syscall(unix.SYS_LANDLOCK_CREATE_RULESET, uintptr(unsafe.Pointer(&taken)),
		unsafe.Sizeof(taken), 0)
	if errno != 0 {
		return false, errno
	}
	defer unix.Close(int(fd))
	if _, _, errno := syscall.AllThreadsSyscall6(unix.SYS_PRCTL, unix.PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0, 0); errno != 0 {
		return false, errno
	}
	if _, _, errno := syscall.AllThreadsSyscall(unix.SYS_LANDLOCK_RESTRICT_SELF, fd, 0, 0); errno != 0 {
		return false, errno
	}
	return true, nil
}

// install gives a filter to all threads.
func install(filter []unix.SockFilter) error {
	p := unix.SockFprog{Len: uint16(len(filter)), Filter: &filter[0]}
	thread, _, errno := unix.Syscall(unix.SYS_SECCOMP, unix.SECCOMP_SET_MODE_FILTER, unix.SECCOMP_FILTER_FLAG_TSYNC,
		uintptr(unsafe.Pointer(&p)))
	switch {
	case errno != 0:
		return errno
	case thread != 0:
		return fmt.Errorf("thread %d has a filter of its own", thread)
	}
	return nil
}
