//go:build linux && amd64

package faults

import "golang.org/x/sys/unix"

// A shape says which arguments of a call tell what it is about.
type shape uint8

const (
	byPath    shape = iota // a path is the first
	byPathAt               // a directory's descriptor and a path
	byPaths                // two paths
	byPathsAt              // two times a descriptor and a path
	toPath                 // any text, then a path: symlink(2)
	toPathAt               // any text, a descriptor, a path
	byFile                 // a descriptor
	byFiles                // two: what is read, what is written to
	alone                  // nothing
)

// A call is one of those that the kernel asks about.
type call struct {
	number uintptr
	name   string
	class  string // of calls that fail alike
	shape  shape
}

// calls change a machine, or look at it. Left out are those that cannot fail where a program is right, those of Go's
// runtime (futex, epoll, mmap), and those that only the network has.
var calls = []call{
	{unix.SYS_EXECVE, "execve", "exec", byPath},
	{unix.SYS_EXIT_GROUP, "exit_group", "exit", alone},
	{unix.SYS_OPEN, "open", "open", byPath}, {unix.SYS_OPENAT, "openat", "open", byPathAt},
	{unix.SYS_OPENAT2, "openat2", "open", byPathAt}, {unix.SYS_CREAT, "creat", "open", byPath},
	{unix.SYS_READ, "read", "read", byFile}, {unix.SYS_PREAD64, "pread64", "read", byFile},
	{unix.SYS_GETDENTS64, "getdents64", "read", byFile},
	{unix.SYS_READLINK, "readlink", "stat", byPath}, {unix.SYS_READLINKAT, "readlinkat", "stat", byPathAt},
	{unix.SYS_STAT, "stat", "stat", byPath}, {unix.SYS_LSTAT, "lstat", "stat", byPath},
	{unix.SYS_FSTAT, "fstat", "stat", byFile}, {unix.SYS_NEWFSTATAT, "newfstatat", "stat", byPathAt},
	{unix.SYS_STATX, "statx", "stat", byPathAt}, {unix.SYS_FACCESSAT, "faccessat", "stat", byPathAt},
	{unix.SYS_FACCESSAT2, "faccessat2", "stat", byPathAt}, {unix.SYS_ACCESS, "access", "stat", byPath},
	{unix.SYS_STATFS, "statfs", "stat", byPath}, {unix.SYS_FSTATFS, "fstatfs", "stat", byFile},
	{unix.SYS_WRITE, "write", "write", byFile}, {unix.SYS_PWRITE64, "pwrite64", "write", byFile},
	{unix.SYS_WRITEV, "writev", "write", byFile}, {unix.SYS_PWRITEV2, "pwritev2", "write", byFile},
	{unix.SYS_COPY_FILE_RANGE, "copy_file_range", "copy", byFiles},
	{unix.SYS_FSYNC, "fsync", "sync", byFile}, {unix.SYS_FDATASYNC, "fdatasync", "sync", byFile},
	{unix.SYS_SYNCFS, "syncfs", "sync", byFile},
	{unix.SYS_RENAME, "rename", "rename", byPaths}, {unix.SYS_RENAMEAT, "renameat", "rename", byPathsAt},
	{unix.SYS_RENAMEAT2, "renameat2", "rename", byPathsAt},
	{unix.SYS_LINK, "link", "link", byPaths}, {unix.SYS_LINKAT, "linkat", "link", byPathsAt},
	{unix.SYS_SYMLINK, "symlink", "symlink", toPath}, {unix.SYS_SYMLINKAT, "symlinkat", "symlink", toPathAt},
	{unix.SYS_MKDIR, "mkdir", "mkdir", byPath}, {unix.SYS_MKDIRAT, "mkdirat", "mkdir", byPathAt},
	{unix.SYS_UNLINK, "unlink", "unlink", byPath}, {unix.SYS_UNLINKAT, "unlinkat", "unlink", byPathAt},
	{unix.SYS_RMDIR, "rmdir", "unlink", byPath},
	{unix.SYS_CHMOD, "chmod", "chmod", byPath}, {unix.SYS_FCHMOD, "fchmod", "chmod", byFile},
	{unix.SYS_FCHMODAT, "fchmodat", "chmod", byPathAt}, {unix.SYS_FCHMODAT2, "fchmodat2", "chmod", byPathAt},
	{unix.SYS_CHOWN, "chown", "chown", byPath}, {unix.SYS_LCHOWN, "lchown", "chown", byPath},
	{unix.SYS_FCHOWN, "fchown", "chown", byFile}, {unix.SYS_FCHOWNAT, "fchownat", "chown", byPathAt},
	{unix.SYS_TRUNCATE, "truncate", "truncate", byPath}, {unix.SYS_FTRUNCATE, "ftruncate", "truncate", byFile},
	{unix.SYS_FALLOCATE, "fallocate", "fallocate", byFile},
	{unix.SYS_SETXATTR, "setxattr", "setxattr", byPath}, {unix.SYS_LSETXATTR, "lsetxattr", "setxattr", byPath},
	{unix.SYS_FSETXATTR, "fsetxattr", "setxattr", byFile},
	{unix.SYS_GETXATTR, "getxattr", "getxattr", byPath}, {unix.SYS_LGETXATTR, "lgetxattr", "getxattr", byPath},
	{unix.SYS_FGETXATTR, "fgetxattr", "getxattr", byFile}, {unix.SYS_FLISTXATTR, "flistxattr", "getxattr", byFile},
	{unix.SYS_UTIMENSAT, "utimensat", "utime", byPathAt},
	{unix.SYS_MOUNT, "mount", "mount", byPaths}, {unix.SYS_MOVE_MOUNT, "move_mount", "mount", byPathsAt},
	{unix.SYS_FSMOUNT, "fsmount", "mount", byFile}, {unix.SYS_FSOPEN, "fsopen", "mount", byPath},
	{unix.SYS_FSCONFIG, "fsconfig", "mount", byFile},
	{unix.SYS_UMOUNT2, "umount2", "umount", byPath},
	{unix.SYS_IOCTL, "ioctl", "ioctl", byFile}, {unix.SYS_FLOCK, "flock", "lock", byFile},
	{unix.SYS_MEMFD_CREATE, "memfd_create", "memfd", byPath}, {unix.SYS_SENDFILE, "sendfile", "copy", byFiles},
}
