package target

import (
	"errors"
	"io"
	"slices"
	"strings"

	"github.com/glowplug-os/glowplug/internal/field"
	"github.com/glowplug-os/glowplug/internal/root"
)

// A View is what is known of a root.
type View interface {
	// Lstat gives the facts of a path whose directories are no links. Nothing there is no error.
	Lstat(at string) (root.Facts, error)
	// ReadFile reads a regular file, links followed. One that is not there is fs.ErrNotExist.
	ReadFile(path string, limit int64) ([]byte, error)
	// Open does the same for a file that is not to be held as a whole; no link is followed.
	Open(at string) (Content, error)
	// Names lists what is in a directory, in no order.
	Names(dir string) ([]string, error)
	// Mounts lists the places below the root where something is mounted, sorted.
	Mounts() ([]string, error)
}

// A Whole is a view of a root that can be gone through, however deep.
type Whole interface {
	View
	// Through visits what is at a path, and all below it, as root.Through does.
	Through(at string, visit func(root.Node) error) error
}

// A Content is what is in a file.
type Content interface {
	io.ReadCloser
	io.ReaderAt
}

// Of gives the view of a directory.
func Of(r *root.Root) View { return &directory{r.Reader} }

type directory struct{ *root.Reader }

func (d *directory) Open(at string) (Content, error) {
	f, err := d.Reader.Open(at, false)
	if err != nil {
		return nil, err // not f: a nil in an interface is not nil
	}
	return f, nil
}

// WholeOf gives the view of a directory that can be gone through.
func WholeOf(r *root.Root) Whole { return &whole{directory{r.Reader}} }

type whole struct{ directory }

func (w *whole) Through(at string, visit func(root.Node) error) error {
	return root.Through(w.Reader, at, visit)
}

// ErrNotAbsolute is the refusal of a path that is not.
var ErrNotAbsolute = errors.New("the path is not absolute")

// CheckPath refuses what the kernel would refuse too, but only once parents have been made.
func CheckPath(p string) error {
	if f := field.NoPath(p); f != nil {
		return f
	}
	return nil
}

// Up gives the directory of a clean absolute path, as a part of the same string.
func Up(p string) string { return p[:max(1, strings.LastIndexByte(p, '/'))] }

// split gives the components of a path, without those that mean nothing.
func split(p string) []string {
	return slices.DeleteFunc(strings.Split(p, "/"), func(s string) bool { return s == "" || s == "." })
}
