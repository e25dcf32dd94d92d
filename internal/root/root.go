package root

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
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

// A Root is a directory that stands for "/": every path is looked up below it as a process that is chrooted there would
// look it up, and no link, mount of /proc or rename leads out. All paths are slash-separated; whether one starts with a
// slash makes no difference. Methods may be used by several goroutines.
//
// os.Root is no substitute: it refuses links with an absolute target, such as /var/run, which every root has.
type Root struct {
	fd      int
	dir     string   // for tools, which want a path
	resolve resolver // openInRoot or walkInRoot
	without resolver // openPlain or walkPlain, for WithoutLinks
	full    *Root    // of a root without links: the one that it is of

	mu     sync.Mutex
	dirs   dirCache
	synced map[uint64]int  // device number → a descriptor on that filesystem, for syncfs
	modes  map[uint64]bool // device number → whether that filesystem is modeless
	plain  *Root           // WithoutLinks, once somebody has asked for it
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
	return &Root{fd: fd, dir: dir, resolve: full, without: plain, synced: map[uint64]int{}}, nil
}

// Dir gives the absolute path of the root, for tools that take one (systemctl --root).
func (r *Root) Dir() string { return r.dir }

// Close gives the descriptors back. It does not sync.
func (r *Root) Close() error {
	r.Forget()
	for _, each := range []*Root{r, r.view()} {
		if each == nil {
			continue
		}
		for dev, fd := range each.synced {
			_ = unix.Close(fd)
			delete(each.synced, dev)
		}
	}
	return unix.Close(r.fd)
}

// Lstat gives the facts of a path, its last component not followed. That nothing is there is no error.
func (r *Root) Lstat(name string) (Facts, error) {
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
func (r *Root) modeless(d *dir, base string, device uint64) bool {
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
func (r *Root) Open(name string, follow bool) (*os.File, error) {
	return r.openFile(name, unix.O_RDONLY, follow)
}

// openFile looks before it opens, and looks again at what it got, because the name may mean something else by then.
func (r *Root) openFile(name string, flags int, follow bool) (*os.File, error) {
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

// OpenAppend opens an existing regular file, not a link to one, for reading, and for writing at its end.
func (r *Root) OpenAppend(name string) (*os.File, error) {
	if err := r.willWrite(name); err != nil {
		return nil, err
	}
	return r.openFile(name, unix.O_RDWR|unix.O_APPEND, false)
}

var errTooLarge = errors.New("larger than expected")

// ReadFile reads a regular file of at most limit bytes, links followed. A file that is not there is fs.ErrNotExist.
func (r *Root) ReadFile(name string, limit int64) ([]byte, error) {
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
func (r *Root) Sync() error {
	if plain := r.view(); plain != nil {
		if err := plain.Sync(); err != nil {
			return err
		}
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, fd := range r.synced {
		if fd < 0 {
			unix.Sync()
		} else if err := unix.Syncfs(fd); err != nil {
			return pathError("syncfs", r.dir, err)
		}
	}
	return nil
}

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
		r.willSync(d.fd, uint64(st.Dev))
	}
}

// willSync has Sync write the filesystem that a directory is on. The caller holds the lock.
func (r *Root) willSync(dir int, device uint64) {
	if _, known := r.synced[device]; known {
		return
	}
	// syncfs takes no O_PATH descriptor; a directory that may not be read leaves -1 and has Sync sync everything.
	fd, _ := openAt(dir, ".", unix.O_RDONLY|unix.O_DIRECTORY)
	r.synced[device] = fd
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
