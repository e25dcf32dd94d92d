package root

import (
	"cmp"
	"errors"
	"io"
	"io/fs"
	"os"

	"golang.org/x/sys/unix"
)

// RemoveAll removes a path and, if it is a directory, all below it. Links are removed, never followed. Nothing there is
// no error. If something is mounted there, or anywhere below, nothing is removed; nor is the root.
func (r *Root) RemoveAll(name string) error {
	if clean(name) == "/" {
		return pathError("remove", name, unix.EBUSY)
	}
	d, base, err := r.parent(name)
	if err != nil {
		return unlessAbsent(name, err)
	}
	defer r.release(d)
	found, err := d.lstat(name, base)
	if err != nil || found.Kind == Absent {
		return err
	}
	if found.Kind == Directory {
		if err := r.unmounted(name); err != nil {
			return err
		}
	}
	r.touch(d)
	if found.Kind == Directory || found.Kind == Symlink {
		r.Forget()
	}
	return pathError("remove", name, removeAt(d.fd, base))
}

// unmounted looks for mounts at a path and below it before any of it is touched.
func (r *Root) unmounted(name string) error {
	all, err := r.Mounts()
	if err != nil {
		return pathError("remove", name, err)
	}
	if at := FirstMount(all, clean(name)); at != "" {
		return pathError("remove", at, errMountPoint)
	}
	return nil
}

var errMountPoint = errors.New("something is mounted there")

// removeAt removes base and all below it, depth first, by descriptors only.
func removeAt(parent int, base string) error {
	err := unix.Unlinkat(parent, base, 0)
	// unlink(2) of a directory: EISDIR on Linux, EPERM by POSIX.
	if err == nil || err == unix.ENOENT || err != unix.EISDIR && err != unix.EPERM {
		return ignoreAbsent(err)
	}
	fd, errOpen := openAt(parent, base, unix.O_RDONLY|unix.O_DIRECTORY|unix.O_NOFOLLOW)
	if errOpen != nil {
		if errOpen == unix.ENOTDIR {
			return err
		}
		return ignoreAbsent(errOpen)
	}
	// What was mounted since somebody looked, or where nobody could look, is not gone into.
	if same, err := sameMount(parent, fd); err != nil || !same {
		_ = unix.Close(fd)
		return cmp.Or(err, errMountPoint)
	}
	// One descriptor for each level is open meanwhile; a tree deeper than the limit of open files is an error (EMFILE).
	if err := empty(fd, base); err != nil {
		return err
	}
	return ignoreAbsent(unix.Unlinkat(parent, base, unix.AT_REMOVEDIR))
}

// ignoreAbsent takes it for success that somebody else removed something first.
func ignoreAbsent(err error) error {
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return err
}

// empty removes what is in a directory and closes it. Names are read and removed in batches: a directory of a million
// files needs no list of them, and reading starts over after each batch because removal moves what is left.
func empty(fd int, name string) error {
	d := os.NewFile(uintptr(fd), name)
	defer d.Close()
	for {
		names, err := d.Readdirnames(1024)
		for _, n := range names {
			if err := removeAt(fd, n); err != nil {
				return err
			}
		}
		if len(names) == 0 {
			if errors.Is(err, io.EOF) {
				return nil
			}
			return err
		}
		if _, err := d.Seek(0, 0); err != nil {
			return err
		}
	}
}
