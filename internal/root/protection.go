package root

import (
	"errors"

	"golang.org/x/sys/unix"
)

// A Protection is what keeps a path from being changed.
type Protection struct {
	ReadOnly   bool // its filesystem is, or the mount that it is on
	Immutable  bool // ioctl_iflags(2): nothing is written to it, made, renamed or removed in it; it stays itself
	AppendOnly bool // the same, but what is in it may grow, and new names may be made in it
	Denied     bool // who runs this may not write to it, or not make names in it
}

// Protection looks at a path, its last component not followed, and tries nothing. What a kernel or a filesystem does
// not tell is taken for no protection.
func (r *Reader) Protection(name string) (p Protection, err error) {
	d, base, err := r.parent(name)
	if err != nil {
		return p, pathError("lstat", name, err)
	}
	defer r.release(d)
	p, err = protectionAt(d.fd, base)
	return p, pathError("open", name, err)
}

// protectionAt looks at a name in an open directory.
func protectionAt(dir int, name string) (p Protection, err error) {
	fd, err := openAt(dir, name, unix.O_PATH|unix.O_NOFOLLOW)
	if err != nil {
		return p, err
	}
	defer unix.Close(fd)
	var fs unix.Statfs_t
	p.ReadOnly = unix.Fstatfs(fd, &fs) == nil && fs.Flags&unix.ST_RDONLY != 0
	var x unix.Statx_t
	mode := uint32(unix.W_OK)
	if unix.Statx(fd, "", unix.AT_EMPTY_PATH, unix.STATX_TYPE, &x) == nil {
		p.Immutable = x.Attributes&unix.STATX_ATTR_IMMUTABLE != 0
		p.AppendOnly = x.Attributes&unix.STATX_ATTR_APPEND != 0
		if x.Mode&unix.S_IFMT == unix.S_IFDIR {
			mode |= unix.X_OK
		}
	}
	// Of a filter of system calls that lacks this one the answer is EPERM.
	p.Denied = errors.Is(unix.Faccessat(fd, "", mode, unix.AT_EACCESS|unix.AT_EMPTY_PATH), unix.EACCES)
	return p, nil
}
