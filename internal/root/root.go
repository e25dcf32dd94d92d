package root

import (
	"errors"
	"io/fs"
	"os"
	"path"
	"path/filepath"

	"golang.org/x/sys/unix"
)

// A Root is a directory that stands for "/": every path is looked up below it as a process that is chrooted there would
// look it up, and no link, mount of /proc or rename leads out. All paths are slash-separated; whether one starts with a
// slash makes no difference. Methods may be used by several goroutines.
//
// os.Root is no substitute: it refuses links with an absolute target, such as /var/run, which every root has.
type Root struct {
	*Reader
	without resolver // openPlain or walkPlain, for WithoutLinks
	full    *Root    // of a root without links: the one that it is of
	plain   *Root    // WithoutLinks, once somebody has asked for it; the lock is Reader's
	written *filesystems
}

// Open opens an existing directory as a root.
func Open(dir string) (*Root, error) {
	dir, err := filepath.Abs(dir)
	if err != nil {
		return nil, err
	}
	// The way to the root itself is the caller's: links in it are followed, as with any directory on a command line.
	fd, err := openAt(unix.AT_FDCWD, dir, unix.O_RDONLY|unix.O_DIRECTORY)
	if err != nil {
		return nil, &fs.PathError{Op: "open", Path: dir, Err: err}
	}
	full, plain := pickResolvers(fd)
	return &Root{Reader: &Reader{fd: fd, dir: dir, resolve: full}, without: plain, written: &filesystems{}}, nil
}

// Close gives the descriptors back. It does not sync.
func (r *Root) Close() error {
	r.Forget()
	r.written.close()
	return unix.Close(r.fd)
}

// Forget drops every open directory from the cache: a name on the way to one of them may mean something else now, as
// after a tool has removed it.
func (r *Root) Forget() {
	for _, each := range []*Root{r, r.full, r.view()} {
		if each != nil {
			each.forget()
		}
	}
}

// view gives the root without links, if there is one.
func (r *Root) view() *Root {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.plain
}

// OpenAppend opens an existing regular file, not a link to one, for reading, and for writing at its end.
func (r *Root) OpenAppend(name string) (*os.File, error) {
	if err := r.willWrite(name); err != nil {
		return nil, err
	}
	return r.openFile(name, unix.O_RDWR|unix.O_APPEND, false)
}

// Mkdir makes one directory, whose parent is there.
func (r *Root) Mkdir(name string, mode uint32) error {
	d, base, err := r.parent(name)
	if err != nil {
		return pathError("mkdir", name, err)
	}
	defer r.release(d)
	r.touch(d)
	if err := unix.Mkdirat(d.fd, base, mode&0o777); err != nil {
		return pathError("mkdir", name, err)
	}
	return pathError("chmod", name, d.settleMode(base, mode&0o777))
}

// settleMode undoes the umask. The bits above, such as a setgid bit inherited from the parent, stay.
func (d *dir) settleMode(base string, mode uint32) error {
	var st unix.Stat_t
	if err := unix.Fstatat(d.fd, base, &st, unix.AT_SYMLINK_NOFOLLOW); err != nil || st.Mode&0o777 == mode {
		return err
	}
	fd, err := openAt(d.fd, base, unix.O_RDONLY|unix.O_DIRECTORY|unix.O_NOFOLLOW)
	if err != nil {
		return err
	}
	defer unix.Close(fd)
	return unix.Fchmod(fd, st.Mode&0o7000|mode)
}

// MkdirAll makes a directory and those above it that are missing, and tells which it made, topmost first.
func (r *Root) MkdirAll(name string, mode uint32) (made []string, err error) {
	name = clean(name)
	d, err := r.open(name)
	if err == nil {
		r.release(d)
		return nil, nil
	}
	if !errors.Is(err, unix.ENOENT) || name == "/" {
		return nil, pathError("mkdir", name, err)
	}
	if made, err = r.MkdirAll(path.Dir(name), mode); err != nil {
		return made, err
	}
	if err := r.Mkdir(name, mode); err != nil {
		// Another goroutine may have made it meanwhile; a link that leads nowhere also says EEXIST, but opens no
		// better.
		if d, errOpen := r.open(name); errOpen == nil {
			r.release(d)
			return made, nil
		}
		return made, err
	}
	return append(made, name), nil
}

// Sync writes to disk all that was changed through r so far: one syncfs(2) for each filesystem.
func (r *Root) Sync() error { return pathError("syncfs", r.dir, r.written.sync()) }

// willWrite remembers for Sync the filesystem that a path is on.
func (r *Root) willWrite(name string) error {
	d, _, err := r.parent(name)
	if err != nil {
		return pathError("open", name, err)
	}
	r.touch(d)
	r.release(d)
	return nil
}

// touch remembers the filesystem of a directory for Sync.
func (r *Root) touch(d *dir) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if d.touched {
		return
	}
	d.touched = true
	var st unix.Stat_t
	if err := unix.Fstat(d.fd, &st); err == nil {
		r.written.add(d.fd, uint64(st.Dev))
	}
}
