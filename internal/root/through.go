package root

import (
	"cmp"
	"errors"
	"io"
	"io/fs"
	"os"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
)

// A Node is what is met on the way through a tree.
type Node struct {
	Facts
	Name   string // in its directory
	Depth  int    // how many directories of the tree it is in
	Type   uint32 // S_IFREG, S_IFBLK, ... (inode(7))
	Device uint64 // of which a device file is
	Names  int    // how many a directory has
	Err    error  // why it cannot be looked at, or what is in it
	In     Inside // only while it is visited
}

// An Inside is what else can be asked of a Node.
type Inside interface {
	// Open opens a regular file for reading.
	Open() (io.ReadCloser, error)
	// Attributes are the extended attributes (xattr(7)), sorted.
	Attributes() ([]Attribute, error)
	// Protection tells what keeps it from being changed.
	Protection() (Protection, error)
}

// An Attribute is an extended one.
type Attribute struct {
	Name  string
	Value []byte
	Err   error // why the value is not known
}

// openLevels bounds the descriptors that a way through a tree holds, however deep that is.
const openLevels = 16

// Through visits what is at a path, and all below it if that is a directory: a directory before what is in it, names in
// their order, links not followed. Nothing there is no error. It goes by descriptors, so names may lie deeper than any
// path can say. An error of visit ends it; fs.SkipAll is none. (A method would be in the table of every type that has a
// Reader, also in programs that do not call it.)
func Through(r *Reader, at string, visit func(Node) error) error {
	d, base, err := r.parent(at)
	if err != nil {
		return unlessAbsent(at, err)
	}
	defer r.release(d)
	t := tour{visit: visit}
	defer t.close()
	if err = t.meet(d.fd, base); err == nil {
		err = t.goOn()
	}
	if errors.Is(err, fs.SkipAll) {
		return nil
	}
	return err
}

// A tour is where a way through a tree is: in the last of its levels.
type tour struct {
	visit  func(Node) error
	levels []level
}

// A level is a directory that is entered.
type level struct {
	fd       int // negative while it is closed, as others are below
	dev, ino uint64
	names    []string // that are to be met
}

// goOn meets all that is in the directories that are entered.
func (t *tour) goOn() error {
	for len(t.levels) > 0 {
		last := &t.levels[len(t.levels)-1]
		if len(last.names) == 0 {
			if err := t.leave(); err != nil {
				return err
			}
			continue
		}
		name := last.names[0]
		last.names = last.names[1:]
		if err := t.meet(last.fd, name); err != nil {
			return err
		}
	}
	return nil
}

// meet visits a node, and enters it if it is a directory.
func (t *tour) meet(dir int, name string) error {
	n := Node{Name: name, Depth: len(t.levels), In: inside{dir, name}}
	var st unix.Stat_t
	if n.Err = unix.Fstatat(dir, name, &st, unix.AT_SYMLINK_NOFOLLOW); n.Err != nil {
		if len(t.levels) == 0 && unlessAbsent(name, n.Err) == nil {
			return nil
		}
		return t.visit(n)
	}
	n.Facts, n.Type, n.Device = facts(&st), st.Mode&unix.S_IFMT, uint64(st.Rdev)
	switch n.Kind {
	case Symlink:
		n.Target, n.Err = readlinkAt(dir, name)
	case Directory:
		return t.enter(dir, n)
	}
	return t.visit(n)
}

// enter visits a directory and goes into it, if that can be.
func (t *tour) enter(dir int, n Node) error {
	l := level{dev: n.Dev, ino: n.Ino}
	l.fd, n.Err = openAt(dir, n.Name, unix.O_RDONLY|unix.O_DIRECTORY|unix.O_NOFOLLOW)
	if n.Err != nil {
		return t.visit(n)
	}
	l.names, n.Err = namesOf(l.fd)
	n.Names = len(l.names)
	t.levels = append(t.levels, l)
	if far := len(t.levels) - 1 - openLevels; far >= 0 {
		_ = unix.Close(t.levels[far].fd)
		t.levels[far].fd = -1
	}
	return t.visit(n)
}

// leave goes back up, by ".." where the directory above is closed, which has to be what it was.
func (t *tour) leave() error {
	last := t.levels[len(t.levels)-1]
	defer unix.Close(last.fd)
	t.levels = t.levels[:len(t.levels)-1]
	if len(t.levels) == 0 || t.levels[len(t.levels)-1].fd >= 0 {
		return nil
	}
	up := &t.levels[len(t.levels)-1]
	fd, err := openAt(last.fd, "..", unix.O_RDONLY|unix.O_DIRECTORY)
	if err != nil {
		return err
	}
	up.fd = fd
	var st unix.Stat_t
	if err := unix.Fstat(fd, &st); err != nil {
		return err
	}
	if uint64(st.Dev) != up.dev || st.Ino != up.ino {
		return unix.ESTALE
	}
	return nil
}

func (t *tour) close() {
	for _, l := range t.levels {
		if l.fd >= 0 {
			_ = unix.Close(l.fd)
		}
	}
}

// namesOf lists an open directory, sorted, and leaves it open.
func namesOf(dir int) ([]string, error) {
	fd, err := openAt(dir, ".", unix.O_RDONLY|unix.O_DIRECTORY)
	if err != nil {
		return nil, err
	}
	f := os.NewFile(uintptr(fd), ".")
	defer f.Close()
	names, err := f.Readdirnames(-1)
	slices.Sort(names)
	return names, err
}

// inside is a name in an open directory.
type inside struct {
	dir  int
	name string
}

func (i inside) Open() (io.ReadCloser, error) {
	fd, err := openAt(i.dir, i.name, unix.O_RDONLY|unix.O_NOFOLLOW|unix.O_NONBLOCK|unix.O_NOCTTY)
	if err != nil {
		return nil, err
	}
	if err := wantRegular(fd); err != nil {
		_ = unix.Close(fd)
		return nil, err
	}
	return os.NewFile(uintptr(fd), i.name), nil
}

// Attributes are asked by a path, as there is no call for a name in an open directory before Linux 6.13 (getxattrat),
// and none for what can only be opened by O_PATH. So /proc has to be there.
func (i inside) Attributes() (all []Attribute, err error) {
	at := "/proc/self/fd/" + strconv.Itoa(i.dir) + "/" + i.name
	list, err := sized(func(buf []byte) (int, error) { return unix.Llistxattr(at, buf) })
	if err != nil && !errors.Is(err, unix.EOPNOTSUPP) {
		return nil, err
	}
	for name := range strings.FieldsFuncSeq(string(list), func(r rune) bool { return r == 0 }) {
		a := Attribute{Name: name}
		a.Value, a.Err = sized(func(buf []byte) (int, error) { return unix.Lgetxattr(at, name, buf) })
		all = append(all, a)
	}
	slices.SortFunc(all, func(a, b Attribute) int { return cmp.Compare(a.Name, b.Name) })
	return all, nil
}

func (i inside) Protection() (Protection, error) { return protectionAt(i.dir, i.name) }
