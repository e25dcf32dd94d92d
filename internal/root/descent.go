package root

import (
	"errors"
	"io"
	"io/fs"
	"os"

	"golang.org/x/sys/unix"
)

// What belongs to a user can change at any moment: a directory becomes a link to /etc between a look at it and what is
// done to it. So nothing here is looked up twice. Each node is opened in the descriptor of its directory, no link
// followed, and what is done is done to what was opened.

// WithoutLinks gives the same root, in which a path that leads through a link is an error (ELOOP): for paths that have
// been resolved, on which a link can only be something that was swapped in since. It is closed and synced with r.
func (r *Root) WithoutLinks() *Root {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.plain == nil {
		r.plain = &Root{Reader: &Reader{fd: r.fd, dir: r.dir, resolve: r.without}, written: r.written, full: r}
	}
	return r.plain
}

// Own gives a node and all below it other owners: want says which, of every node; a mode in it is left alone. It does
// nothing if wanted says no of the node itself. Links are given, never followed; a fifo or device is not opened. Mounts
// below are part of the tree.
func (r *Root) Own(name string, wanted func(Facts) bool, want func(Facts) Attrs) error {
	fd, err := r.resolve(r.fd, clean(name), unix.O_PATH|unix.O_NOFOLLOW)
	if err != nil {
		return unlessAbsent(name, err)
	}
	var st unix.Stat_t
	if err := unix.Fstat(fd, &st); err != nil || !wanted(facts(&st)) {
		_ = unix.Close(fd)
		return pathError("chown", name, err)
	}
	return pathError("chown", name, r.written.own(fd, want))
}

// own does so for what an O_PATH descriptor names, and closes it.
func (f *filesystems) own(fd int, want func(Facts) Attrs) error {
	dir, err := f.ownNode(fd, want)
	_ = unix.Close(fd)
	if err != nil || dir < 0 {
		return err
	}
	return eachIn(dir, func(base string) error {
		fd, err := openAt(dir, base, unix.O_PATH|unix.O_NOFOLLOW)
		if err != nil {
			return ignoreAbsent(err)
		}
		return f.own(fd, want)
	})
}

// ownNode gives one node its owner, and opens it if it is a directory; otherwise dir is negative.
func (f *filesystems) ownNode(fd int, want func(Facts) Attrs) (dir int, err error) {
	var st unix.Stat_t
	if err := unix.Fstat(fd, &st); err != nil {
		return -1, err
	}
	found := facts(&st)
	if a := want(found); !(Attrs{a.UID, a.GID, -1}).Fit(found) {
		if err := unix.Fchownat(fd, "", int(a.UID), int(a.GID), unix.AT_EMPTY_PATH); err != nil {
			return -1, err
		}
	}
	if found.Kind != Directory {
		return -1, nil
	}
	f.add(fd, found.Dev)
	return openAt(fd, ".", unix.O_RDONLY|unix.O_DIRECTORY)
}

// eachIn calls f with each name in an open directory, in no order, and closes it. Errors say where below it they
// happened.
func eachIn(fd int, f func(base string) error) error {
	d := os.NewFile(uintptr(fd), ".")
	defer d.Close()
	for {
		names, err := d.Readdirnames(1024)
		for _, base := range names {
			if err := f(base); err != nil {
				return &belowError{base, err}
			}
		}
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
	}
}

// A belowError is an error with the name, in a directory, of what it is about. Names come together on the way up: on
// the way down, a path for each node would take memory by the square of the depth.
type belowError struct {
	name string
	err  error
}

// Error gives the whole way down, and then what happened.
func (e *belowError) Error() string {
	text, err := e.name, e.err
	for below, ok := err.(*belowError); ok; below, ok = err.(*belowError) {
		text, err = text+"/"+below.name, below.err
	}
	return text + ": " + err.Error()
}

func (e *belowError) Unwrap() error { return e.err }

// MakeTree makes a directory, copies into it what is in some others, and then gives it its owner and mode. Directories,
// regular files and links are copied, with their modes; all belongs to the owner that want has. What two of the others
// have comes from the first; one that is not there holds nothing. Until the end nobody but root, or who runs this, can
// get in.
func (r *Root) MakeTree(name string, from []string, want Attrs) error {
	if err := r.Mkdir(name, 0o700); err != nil {
		return err
	}
	to, err := r.resolve(r.fd, clean(name), unix.O_RDONLY|unix.O_DIRECTORY|unix.O_NOFOLLOW)
	if err != nil {
		return pathError("open", name, err)
	}
	defer unix.Close(to)
	for _, source := range from {
		fd, err := r.resolve(r.fd, clean(source), unix.O_RDONLY|unix.O_DIRECTORY|unix.O_NOFOLLOW)
		if errors.Is(err, fs.ErrNotExist) || errors.Is(err, unix.ENOTDIR) || errors.Is(err, unix.ELOOP) {
			continue
		}
		if err != nil {
			return pathError("open", source, err)
		}
		if err := copyInto(fd, to, want); err != nil {
			return pathError("copy", source, err)
		}
	}
	return pathError("chown", name, setOpen(to, want))
}

// copyInto copies what is in one open directory, and closes that, into another.
func copyInto(from, to int, owner Attrs) error {
	return eachIn(from, func(base string) error { return copyNode(from, to, base, owner) })
}

func copyNode(from, to int, base string, owner Attrs) error {
	look, err := openAt(from, base, unix.O_PATH|unix.O_NOFOLLOW)
	if err != nil {
		return ignoreAbsent(err)
	}
	defer unix.Close(look)
	var st unix.Stat_t
	if err := unix.Fstat(look, &st); err != nil {
		return err
	}
	f := facts(&st)
	want := Attrs{UID: owner.UID, GID: owner.GID, Mode: int64(f.Mode)}
	switch f.Kind {
	case Directory:
		return copyDirectory(look, to, base, want)
	case Symlink:
		return copyLink(look, to, base, want)
	case File:
		return copyFile(from, to, base, f, want)
	}
	return nil
}

// copyDirectory copies a directory with what is in it. One that is there gets what it lacks.
func copyDirectory(look, to int, base string, want Attrs) error {
	made := unix.Mkdirat(to, base, 0o700)
	if made != nil && made != unix.EEXIST {
		return made
	}
	below, err := openAt(to, base, unix.O_RDONLY|unix.O_DIRECTORY|unix.O_NOFOLLOW)
	if made != nil && (err == unix.ENOTDIR || err == unix.ELOOP) {
		return nil // something else has the name, and stays
	}
	if err != nil {
		return err
	}
	defer unix.Close(below)
	source, err := openAt(look, ".", unix.O_RDONLY|unix.O_DIRECTORY)
	if err != nil {
		return err
	}
	if err := copyInto(source, below, want); err != nil || made != nil {
		return err
	}
	return setOpen(below, want)
}

func copyLink(look, to int, base string, want Attrs) error {
	target, err := readlinkAt(look, "")
	if err != nil {
		return err
	}
	if err := unix.Symlinkat(target, to, base); err != nil {
		return unlessThere(err)
	}
	if want.UID < 0 && want.GID < 0 {
		return nil
	}
	return unix.Fchownat(to, base, int(want.UID), int(want.GID), unix.AT_SYMLINK_NOFOLLOW)
}

// unlessThere makes no error of something that is there already.
func unlessThere(err error) error {
	if err == unix.EEXIST {
		return nil
	}
	return err
}

// copyFile copies a regular file. It is opened by its name once more, as what is open with O_PATH cannot be read, and
// has to be what was looked at.
func copyFile(from, to int, base string, seen Facts, want Attrs) error {
	fd, err := openAt(from, base, unix.O_RDONLY|unix.O_NOFOLLOW|unix.O_NONBLOCK|unix.O_NOCTTY)
	if err != nil {
		return err
	}
	source := os.NewFile(uintptr(fd), base)
	defer source.Close()
	var st unix.Stat_t
	if err := unix.Fstat(fd, &st); err != nil {
		return err
	}
	if now := facts(&st); now.Kind != File || now.Ino != seen.Ino || now.Dev != seen.Dev {
		return unix.ESTALE
	}
	made, err := unix.Openat(to, base, unix.O_WRONLY|unix.O_CREAT|unix.O_EXCL|unix.O_NOFOLLOW|unix.O_CLOEXEC, private)
	if err != nil {
		return unlessThere(err)
	}
	target := os.NewFile(uintptr(made), base)
	defer target.Close()
	if _, err := io.Copy(target, source); err != nil {
		return err
	}
	return setOpen(made, want)
}

// setOpen gives owner and mode to what a descriptor, not O_PATH, is open on. The mode comes last: chown(2) clears
// set-id bits.
func setOpen(fd int, want Attrs) error {
	var st unix.Stat_t
	if err := unix.Fstat(fd, &st); err != nil {
		return err
	}
	if want.Fit(facts(&st)) {
		return nil
	}
	if want.UID >= 0 || want.GID >= 0 {
		if err := unix.Fchown(fd, int(want.UID), int(want.GID)); err != nil {
			return err
		}
	}
	if want.Mode < 0 {
		return nil
	}
	return unix.Fchmod(fd, uint32(want.Mode))
}
