package root

import (
	"errors"
	"fmt"
	"hash/fnv"
	"io"

	"golang.org/x/sys/unix"
)

// tempPrefix starts the name of everything that is not in its place yet.
const tempPrefix = ".glowplug-"

// tempName gives the temporary name for base in the same directory. It is the same in every run, so that a run after
// one that was cut off meets the leftover and clears it; a random one would stay for ever.
func tempName(base string) string {
	h := fnv.New64a()
	_, _ = h.Write([]byte(base))
	return fmt.Sprintf("%s%016x", tempPrefix, h.Sum64())
}

// A Temp is a file being written under a temporary name beside its place. Nobody who may not read the file in its place
// can read it before.
type Temp struct {
	root      *Root
	dir       *dir
	name      string // of the file it will be
	base, tmp string
	fd        int
	want      Attrs
	fits      bool // it has the attributes it is to have
	size      int64
	mark      int64
	gone      bool
	kept      bool // Discard leaves it, as a record names it
}

// private is the mode of a file that does not have its owner yet.
const private = 0o600

// Create starts a file that will stand at name with these attributes. The caller ends it with Place or Discard.
func (r *Root) Create(name string, want Attrs) (*Temp, error) {
	d, base, err := r.parent(name)
	if err != nil {
		return nil, pathError("create", name, err)
	}
	r.touch(d)
	t := &Temp{root: r, dir: d, name: name, base: base, tmp: tempName(base), fd: -1, want: want}
	mode := uint32(private)
	if want.Mode >= 0 {
		mode = uint32(want.Mode) & 0o777
	}
	err = t.make(func() (err error) {
		t.fd, err = unix.Openat(d.fd, t.tmp, unix.O_RDWR|unix.O_CREAT|unix.O_EXCL|unix.O_NOFOLLOW|unix.O_CLOEXEC, mode)
		return err
	})
	if err != nil {
		r.release(d)
		return nil, pathError("create", name, err)
	}
	if err := t.look(mode); err != nil {
		t.Discard()
		return nil, pathError("create", name, err)
	}
	return t, nil
}

// look finds out what owner and mode the new file has got. That depends on the umask, the directory's setgid bit and
// default ACL and the mount's options, so on the directory alone, which is looked at once. It saves two calls a file.
func (t *Temp) look(mode uint32) error {
	t.root.mu.Lock()
	fresh, known := t.dir.fresh, t.dir.freshMode == mode && t.dir.freshKnown
	t.root.mu.Unlock()
	if !known {
		var st unix.Stat_t
		if err := unix.Fstat(t.fd, &st); err != nil {
			return err
		}
		fresh = facts(&st)
		t.root.mu.Lock()
		t.dir.fresh, t.dir.freshMode, t.dir.freshKnown = fresh, mode, true
		t.root.mu.Unlock()
	}
	t.fits = t.want.Fit(fresh)
	if t.fits || fresh.Mode == private {
		return nil
	}
	return unix.Fchmod(t.fd, private)
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
	if err := removeAt(t.dir.fd, t.tmp); err != nil {
		return err
	}
	return try()
}

func (t *Temp) Write(p []byte) (int, error) {
	done := 0
	for done < len(p) { // a filesystem that runs full takes a part first, and says so with the next call
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
	if err == nil && n < len(p) {
		return n, io.EOF
	}
	return max(n, 0), pathError("read", t.name, err)
}

// setAttrs gives the file what it was not made with. The mode comes last: chown(2) clears set-id bits.
func (t *Temp) setAttrs() error {
	if t.fits {
		return nil
	}
	if t.want.UID >= 0 || t.want.GID >= 0 {
		if err := unix.Fchown(t.fd, int(t.want.UID), int(t.want.GID)); err != nil {
			return pathError("chown", t.name, err)
		}
	}
	if t.want.Mode >= 0 {
		if err := unix.Fchmod(t.fd, uint32(t.want.Mode)); err != nil {
			return pathError("chmod", t.name, err)
		}
	}
	t.fits = true
	return nil
}

// Sync writes the file's bytes to disk: for keys and records, whose step is not over before they are safe.
func (t *Temp) Sync() error { return pathError("fsync", t.name, unix.Fsync(t.fd)) }

// Place gives the file its attributes and its name. What stands there is replaced if mayReplace says so and it is no
// directory; otherwise that something stands there is an error (fs.ErrExist) and the file is gone.
func (t *Temp) Place(mayReplace bool) error {
	err := t.setAttrs()
	if err == nil {
		err = pathError("rename", t.name, t.rename(mayReplace))
	}
	if err != nil {
		t.Discard()
		return err
	}
	t.end()
	return nil
}

// PlaceSynced is Sync, Place, and an fsync(2) of the directory: when it returns, content and name survive a power cut.
func (t *Temp) PlaceSynced(mayReplace bool) error {
	err := t.setAttrs() // first, so that they are on disk with the content
	if err == nil {
		err = t.Sync()
	}
	if err != nil {
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

// rename is the one call that makes the new thing appear, and the old one go.
func (t *Temp) rename(mayReplace bool) error {
	if mayReplace {
		// Directories may have been opened through a link that is there now.
		if f, err := t.dir.lstat(t.name, t.base); err == nil && f.Kind == Symlink {
			t.root.Forget()
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

// Discard removes a file that has not got its place. After Place it does nothing. Its error is for those who succeed
// all the same: the file would stay.
func (t *Temp) Discard() (err error) {
	if t.gone {
		return nil
	}
	if !t.kept {
		err = pathError("remove", t.name, ignoreAbsent(unix.Unlinkat(t.dir.fd, t.tmp, 0)))
	}
	t.end()
	return err
}

// end gives the descriptors back, once.
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
