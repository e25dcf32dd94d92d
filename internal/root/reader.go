package root

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"path"
	"strings"
	"sync"

	"golang.org/x/sys/unix"
)

// A Kind is what lstat(2) finds at a path. Other is a device, a fifo or a socket.
type Kind uint8

// The kinds.
const (
	Absent Kind = iota
	File
	Directory
	Symlink
	Other
)

// String gives the words for a kind: "nothing", "a regular file", ...
func (k Kind) String() string {
	return [...]string{"nothing", "a regular file", "a directory", "a symbolic link", "a device, fifo or socket"}[k]
}

// Facts are what lstat(2) and readlink(2) say of a path.
type Facts struct {
	Kind     Kind
	Mode     uint32 // permission and special bits, 0 to 07777
	UID, GID uint32
	Size     int64
	Dev, Ino uint64
	Links    uint64 // names that it has
	Target   string // of a symbolic link, as it is stored

	// Modeless: the filesystem gives all its files one mode and passes over chmod(2) without an error, as vfat does.
	Modeless bool
}

// A Reader is a Root as far as it is looked at. It changes nothing.
type Reader struct {
	fd      int
	dir     string   // for tools, which want a path
	resolve resolver // openInRoot or walkInRoot, or one that follows no link

	mu    sync.Mutex
	dirs  dirCache
	modes map[uint64]bool // device number → whether that filesystem is modeless
}

// Dir gives the absolute path of the root, for tools that take one (systemctl --root).
func (r *Reader) Dir() string { return r.dir }

// parent opens the directory of a path and gives the last component. The root itself is "." in the root.
func (r *Reader) parent(name string) (*dir, string, error) {
	name = clean(name)
	if name == "/" {
		d, err := r.open("/")
		return d, ".", err
	}
	d, err := r.open(path.Dir(name))
	return d, path.Base(name), err
}

// open gives a directory by its clean path, links followed. The caller releases it.
func (r *Reader) open(name string) (*dir, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.dirs.clock++
	if d, ok := r.dirs.open[name]; ok {
		d.users++
		d.used = r.dirs.clock
		return d, nil
	}
	fd, err := r.resolve(r.fd, name, unix.O_PATH|unix.O_DIRECTORY)
	if err != nil {
		return nil, err
	}
	d := &dir{path: name, fd: fd, users: 1, cached: true, used: r.dirs.clock}
	r.dirs.add(d)
	return d, nil
}

// release ends one use of a directory. It stays open as long as the cache has it.
func (r *Reader) release(d *dir) {
	r.mu.Lock()
	defer r.mu.Unlock()
	d.users--
	d.closeIfIdle()
}

// forget drops every open directory.
func (r *Reader) forget() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.dirs.flush()
}

// Lstat gives the facts of a path, its last component not followed. That nothing is there is no error.
func (r *Reader) Lstat(name string) (Facts, error) {
	d, base, err := r.parent(name)
	if err != nil {
		return Facts{}, unlessAbsent(name, err)
	}
	defer r.release(d)
	f, err := d.lstat(name, base)
	if err == nil && (f.Kind == File || f.Kind == Directory) {
		f.Modeless = r.modeless(d, base, f.Dev)
	}
	return f, err
}

// modeless looks at each filesystem once. One that does not say what it is is taken for a usual one.
func (r *Reader) modeless(d *dir, base string, device uint64) bool {
	r.mu.Lock()
	modeless, known := r.modes[device]
	r.mu.Unlock()
	if known {
		return modeless
	}
	fd, err := openAt(d.fd, base, unix.O_PATH|unix.O_NOFOLLOW)
	if err != nil {
		return false
	}
	defer unix.Close(fd)
	var fs unix.Statfs_t
	if unix.Fstatfs(fd, &fs) == nil {
		modeless = fs.Type == unix.MSDOS_SUPER_MAGIC || fs.Type == unix.EXFAT_SUPER_MAGIC
	}
	r.mu.Lock()
	if r.modes == nil {
		r.modes = map[uint64]bool{}
	}
	r.modes[device] = modeless
	r.mu.Unlock()
	return modeless
}

// unlessAbsent makes no error of what means that nothing is there: a name that does not exist, or one below a file.
func unlessAbsent(name string, err error) error {
	if errors.Is(err, unix.ENOENT) || errors.Is(err, unix.ENOTDIR) {
		return nil
	}
	return pathError("lstat", name, err)
}

// lstat gives the facts of base in d; name is for messages.
func (d *dir) lstat(name, base string) (Facts, error) {
	var st unix.Stat_t
	if err := unix.Fstatat(d.fd, base, &st, unix.AT_SYMLINK_NOFOLLOW); err != nil {
		return Facts{}, unlessAbsent(name, err)
	}
	f := facts(&st)
	if f.Kind == Symlink {
		var err error
		if f.Target, err = readlinkAt(d.fd, base); err != nil {
			return Facts{}, pathError("readlink", name, err)
		}
	}
	return f, nil
}

// facts translates what stat(2) says. Only links lack something: their target has to be read.
func facts(st *unix.Stat_t) Facts {
	kind := Other
	switch st.Mode & unix.S_IFMT {
	case unix.S_IFREG:
		kind = File
	case unix.S_IFDIR:
		kind = Directory
	case unix.S_IFLNK:
		kind = Symlink
	}
	return Facts{
		Kind: kind, Mode: st.Mode & 0o7777, UID: st.Uid, GID: st.Gid,
		Size: st.Size, Dev: uint64(st.Dev), Ino: st.Ino, Links: uint64(st.Nlink),
	}
}

// Open opens a regular file for reading. A last component that is a link is followed if follow says so. Anything but a
// regular file is an error, and never blocks: opening a fifo or a tape drive would.
func (r *Reader) Open(name string, follow bool) (*os.File, error) {
	return r.openFile(name, unix.O_RDONLY, follow)
}

// openFile looks before it opens, and looks again at what it got, because the name may mean something else by then.
func (r *Reader) openFile(name string, flags int, follow bool) (*os.File, error) {
	if !follow {
		flags |= unix.O_NOFOLLOW
	}
	// Looking first keeps drivers asleep: their open has side effects even with O_NONBLOCK.
	look, err := r.resolve(r.fd, name, unix.O_PATH|flags&unix.O_NOFOLLOW)
	if err != nil {
		return nil, pathError("open", name, err)
	}
	err = wantRegular(look)
	_ = unix.Close(look)
	if err != nil {
		return nil, pathError("open", name, err)
	}
	fd, err := r.resolve(r.fd, name, flags|unix.O_NONBLOCK|unix.O_NOCTTY)
	if err != nil {
		return nil, pathError("open", name, err)
	}
	if err := wantRegular(fd); err != nil {
		_ = unix.Close(fd)
		return nil, pathError("open", name, err)
	}
	return os.NewFile(uintptr(fd), name), nil
}

var errNotRegular = errors.New("not a regular file")

// wantRegular tells whether a descriptor, O_PATH or not, is of a regular file.
func wantRegular(fd int) error {
	var st unix.Stat_t
	if err := unix.Fstat(fd, &st); err != nil {
		return err
	}
	if st.Mode&unix.S_IFMT != unix.S_IFREG {
		return errNotRegular
	}
	return nil
}

var errTooLarge = errors.New("larger than expected")

// ReadFile reads a regular file of at most limit bytes, links followed. A file that is not there is fs.ErrNotExist.
func (r *Reader) ReadFile(name string, limit int64) ([]byte, error) {
	f, err := r.Open(name, true)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	text, err := io.ReadAll(io.LimitReader(f, limit+1))
	if err != nil {
		return nil, err
	}
	if int64(len(text)) > limit {
		return nil, pathError("read", name, errTooLarge)
	}
	return text, nil
}

// Names lists what is in a directory, links on the way followed, in no order. A directory that is not there is empty.
func (r *Reader) Names(dir string) ([]string, error) {
	fd, err := r.resolve(r.fd, clean(dir), unix.O_RDONLY|unix.O_DIRECTORY)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, pathError("open", dir, err)
	}
	f := os.NewFile(uintptr(fd), dir)
	defer f.Close()
	names, err := f.Readdirnames(-1)
	return names, pathError("read", dir, err)
}

// clean gives a path the one form that the cache of directories knows it by.
func clean(name string) string {
	if !strings.HasPrefix(name, "/") {
		name = "/" + name
	}
	return path.Clean(name) // which allocates nothing for a path that is clean already
}

// pathError names the operation and the path, which is one in the root and says nothing of where the root is. It gives
// nil for nil, and keeps the words of an error that has them already.
func pathError(op, name string, err error) error {
	var already *fs.PathError
	if err == nil || errors.As(err, &already) {
		return err
	}
	return &fs.PathError{Op: op, Path: clean(name), Err: err}
}
