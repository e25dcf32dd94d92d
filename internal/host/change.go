package host

import (
	"errors"
	"fmt"
	"hash/fnv"
	"io"
	"io/fs"
	"os"

	"golang.org/x/sys/unix"
)

// tempPrefix starts the name of everything that is not in its place yet.
const tempPrefix = ".glowplug-"

// tempName gives the temporary name for base in the same directory. It is the same in every run, so that a run after one
// that was cut off meets the leftover and clears it; a random one would stay for ever.
func tempName(base string) string {
	h := fnv.New64a()
	_, _ = h.Write([]byte(base))
	return fmt.Sprintf("%s%016x", tempPrefix, h.Sum64())
}

// A Temp is a file being written under a temporary name beside its place. Until Place it is readable by its owner only.
type Temp struct {
	root      *Root
	dir       *dir
	name      string // of the file it will be
	base, tmp string
	fd        int
	size      int64
	mark      int64
	gone      bool
}

// Create starts a file that will stand at name. The caller ends it with Place or Discard.
func (r *Root) Create(name string) (*Temp, error) {
	d, base, err := r.parent(name)
	if err != nil {
		return nil, pathError("create", name, err)
	}
	r.touch(d)
	t := &Temp{root: r, dir: d, name: name, base: base, tmp: tempName(base), fd: -1}
	err = t.make(func() (err error) {
		t.fd, err = unix.Openat(d.fd, t.tmp, unix.O_RDWR|unix.O_CREAT|unix.O_EXCL|unix.O_NOFOLLOW|unix.O_CLOEXEC, 0o600)
		return err
	})
	if err != nil {
		r.release(d)
		return nil, pathError("create", name, err)
	}
	return t, nil
}

// make makes something under the temporary name, and clears what a run that was cut off left there.
func (t *Temp) make(try func() error) error {
	err := try()
	if err == unix.EINTR {
		err = try()
	}
	if err != unix.EEXIST {
		return err
	}
	if err := t.root.removeAt(t.dir.fd, t.tmp); err != nil {
		return err
	}
	return try()
}

// Write appends to the file.
func (t *Temp) Write(p []byte) (int, error) {
	done := 0
	for done < len(p) {
		n, err := unix.Write(t.fd, p[done:])
		if err == unix.EINTR {
			continue
		}
		if err != nil {
			return done, pathError("write", t.name, err)
		}
		done += n
		t.size += int64(n)
	}
	return done, nil
}

// Mark has Reset go back to here.
func (t *Temp) Mark() { t.mark = t.size }

// Reset takes back what was written since Mark, for another try at it.
func (t *Temp) Reset() error {
	if t.size == t.mark {
		return nil
	}
	if err := unix.Ftruncate(t.fd, t.mark); err != nil {
		return pathError("truncate", t.name, err)
	}
	t.size = t.mark
	_, err := unix.Seek(t.fd, t.mark, 0)
	return pathError("seek", t.name, err)
}

// Size is the number of bytes in the file.
func (t *Temp) Size() int64 { return t.size }

// ReadAt reads what was written.
func (t *Temp) ReadAt(p []byte, offset int64) (int, error) {
	n, err := unix.Pread(t.fd, p, offset)
	return max(n, 0), pathError("read", t.name, err)
}

// SetAttrs gives the file its owner and mode.
func (t *Temp) SetAttrs(a Attrs) error {
	if a.UID >= 0 || a.GID >= 0 {
		if err := unix.Fchown(t.fd, int(a.UID), int(a.GID)); err != nil {
			return pathError("chown", t.name, err)
		}
	}
	if a.Mode < 0 {
		return nil
	}
	return pathError("chmod", t.name, unix.Fchmod(t.fd, uint32(a.Mode)))
}

// Sync writes the file's bytes to disk: for keys and records, whose step is not over before they are safe.
func (t *Temp) Sync() error { return pathError("fsync", t.name, unix.Fsync(t.fd)) }

// Place gives the file its name. What stands there is replaced if mayReplace says so and it is no directory; otherwise
// that something stands there is an error (fs.ErrExist) and the file is gone.
func (t *Temp) Place(mayReplace bool) error {
	err := t.rename(mayReplace)
	if err != nil {
		t.Discard()
		return pathError("rename", t.name, err)
	}
	t.end()
	return nil
}

// PlaceSynced is Sync, Place, and an fsync(2) of the directory.
func (t *Temp) PlaceSynced(mayReplace bool) error {
	if err := t.Sync(); err != nil {
		t.Discard()
		return err
	}
	fd, err := openAt(t.dir.fd, ".", unix.O_RDONLY|unix.O_DIRECTORY)
	if err != nil {
		t.Discard()
		return pathError("open", t.name, err)
	}
	defer unix.Close(fd)
	if err := t.Place(mayReplace); err != nil {
		return err
	}
	return pathError("fsync", t.name, unix.Fsync(fd))
}

func (t *Temp) rename(mayReplace bool) error {
	if mayReplace {
		if f, err := t.dir.lstat(t.name, t.base); err == nil && f.Kind == Symlink {
			t.root.forget()
		}
		return unix.Renameat(t.dir.fd, t.tmp, t.dir.fd, t.base)
	}
	err := unix.Renameat2(t.dir.fd, t.tmp, t.dir.fd, t.base, unix.RENAME_NOREPLACE)
	if !errors.Is(err, unix.EINVAL) && !errors.Is(err, unix.ENOSYS) {
		return err
	}
	// Some filesystems know no flags (NFS): look, then rename.
	var st unix.Stat_t
	if err := unix.Fstatat(t.dir.fd, t.base, &st, unix.AT_SYMLINK_NOFOLLOW); err == nil {
		return unix.EEXIST
	}
	return unix.Renameat(t.dir.fd, t.tmp, t.dir.fd, t.base)
}

// Discard removes a file that has not got its place. After Place it does nothing.
func (t *Temp) Discard() {
	if t.gone {
		return
	}
	_ = unix.Unlinkat(t.dir.fd, t.tmp, 0)
	t.end()
}

func (t *Temp) end() {
	if t.gone {
		return
	}
	t.gone = true
	if t.fd >= 0 {
		_ = unix.Close(t.fd)
	}
	t.root.release(t.dir)
}

// Symlink makes a symbolic link that already has its owner when it appears. Replacing is as in Temp.Place.
func (r *Root) Symlink(target, name string, a Attrs, mayReplace bool) error {
	return r.place(name, mayReplace, func(t *Temp) error {
		if err := unix.Symlinkat(target, t.dir.fd, t.tmp); err != nil {
			return err
		}
		if a.UID < 0 && a.GID < 0 {
			return nil
		}
		return unix.Fchownat(t.dir.fd, t.tmp, int(a.UID), int(a.GID), unix.AT_SYMLINK_NOFOLLOW)
	})
}

// Link makes a hard link to what stands at target, which is not followed if it is a symbolic link. Replacing is as in
// Temp.Place.
func (r *Root) Link(target, name string, mayReplace bool) error {
	to, base, err := r.parent(target)
	if err != nil {
		return pathError("link", target, err)
	}
	defer r.release(to)
	return r.place(name, mayReplace, func(t *Temp) error {
		return unix.Linkat(to.fd, base, t.dir.fd, t.tmp, 0)
	})
}

// place has make put something under a temporary name and gives it its own.
func (r *Root) place(name string, mayReplace bool, make func(*Temp) error) error {
	d, base, err := r.parent(name)
	if err != nil {
		return pathError("link", name, err)
	}
	r.touch(d)
	t := &Temp{root: r, dir: d, name: name, base: base, tmp: tempName(base), fd: -1}
	// A rename onto another name of the same file does nothing at all, so the temporary name is always cleared.
	defer func() { _ = unix.Unlinkat(d.fd, t.tmp, 0); t.end() }()
	if err := t.make(func() error { return make(t) }); err != nil {
		return pathError("link", name, err)
	}
	return pathError("rename", name, t.rename(mayReplace))
}

// RemoveAll removes a path and, if it is a directory, all below it. Links are removed, never followed. Nothing there is
// no error. A mount point is refused before anything in it is touched, and so is the root.
func (r *Root) RemoveAll(name string) error {
	if clean(name) == "/" {
		return pathError("remove", name, unix.EBUSY)
	}
	d, base, err := r.parent(name)
	if err != nil {
		return unlessAbsent(name, err)
	}
	defer r.release(d)
	var here, st unix.Stat_t
	if err := unix.Fstatat(d.fd, base, &st, unix.AT_SYMLINK_NOFOLLOW); err != nil {
		return unlessAbsent(name, err)
	}
	if err := unix.Fstat(d.fd, &here); err != nil {
		return pathError("remove", name, err)
	}
	if st.Mode&unix.S_IFMT == unix.S_IFDIR && st.Dev != here.Dev {
		return pathError("remove", name, errMountPoint)
	}
	r.touch(d)
	if kind := facts(&st).Kind; kind == Directory || kind == Symlink {
		r.forget()
	}
	return pathError("remove", name, r.removeAt(d.fd, base))
}

var errMountPoint = errors.New("a filesystem is mounted there")

// removeAt removes base and all below it, depth first, by descriptors only.
func (r *Root) removeAt(parent int, base string) error {
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
	if err := r.empty(fd, base); err != nil {
		return err
	}
	return ignoreAbsent(unix.Unlinkat(parent, base, unix.AT_REMOVEDIR))
}

func ignoreAbsent(err error) error {
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return err
}

// empty removes what is in a directory and closes it. Names are read and removed in batches: a directory of a million
// files needs no list of them, and reading starts over after each batch because removal moves what is left.
func (r *Root) empty(fd int, name string) error {
	d := os.NewFile(uintptr(fd), name)
	defer d.Close()
	for {
		names, err := d.Readdirnames(1024)
		for _, n := range names {
			if err := r.removeAt(fd, n); err != nil {
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
