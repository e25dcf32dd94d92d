package trees

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path"
	"slices"
	"strings"

	"github.com/glowplug-os/glowplug/internal/root"
	"github.com/glowplug-os/glowplug/internal/target"
)

// A Fake is a root in memory: directories end in a slash and may hold "of uid", links hold "-> target", the rest are
// files with their content.
type Fake map[string]string

// Lstat knows directories by what is in them too.
func (f Fake) Lstat(p string) (root.Facts, error) {
	if text, ok := f[p+"/"]; ok || p == "/" {
		var uid uint32
		_, _ = fmt.Sscanf(text, "of %d", &uid)
		return root.Facts{Kind: root.Directory, Mode: 0o755, UID: uid}, nil
	}
	text, ok := f[p]
	switch target, isLink := strings.CutPrefix(text, "-> "); {
	case !ok:
		for other := range f {
			if strings.HasPrefix(other, p+"/") {
				return root.Facts{Kind: root.Directory, Mode: 0o755}, nil
			}
		}
		return root.Facts{}, nil
	case isLink:
		return root.Facts{Kind: root.Symlink, Mode: 0o777, Target: target}, nil
	case text == "fifo":
		return root.Facts{Kind: root.Other}, nil
	}
	ino := uint64(0)
	for _, b := range []byte(p) {
		ino = ino*31 + uint64(b)
	}
	return root.Facts{Kind: root.File, Mode: 0o644, Size: int64(len(text)), Dev: 1, Ino: ino, Links: 1}, nil
}

// ReadFile follows no links.
func (f Fake) ReadFile(p string, _ int64) ([]byte, error) {
	if text, ok := f[path.Clean(p)]; ok {
		return []byte(text), nil
	}
	return nil, fs.ErrNotExist
}

// Names lists a directory; a Fake has few entries.
func (f Fake) Names(dir string) (names []string, err error) {
	for p := range f {
		if rest, below := strings.CutPrefix(p, strings.TrimSuffix(dir, "/")+"/"); below && rest != "" {
			name, _, _ := strings.Cut(rest, "/")
			names = append(names, name)
		}
	}
	return names, nil
}

// Mounts are where the text, of a file or of a directory, ends in "mounted".
func (f Fake) Mounts() ([]string, error) {
	var all []string
	for name, text := range f {
		if strings.HasSuffix(text, "mounted") {
			all = append(all, path.Clean(name))
		}
	}
	slices.Sort(all)
	return all, nil
}

// Open gives the text.
func (f Fake) Open(p string) (target.Content, error) {
	text, ok := f[path.Clean(p)]
	if !ok {
		return nil, fs.ErrNotExist
	}
	return content{strings.NewReader(text)}, nil
}

// Through visits a tree as root.Through does. Of its nodes nothing more is known but what is in files.
func (f Fake) Through(at string, visit func(root.Node) error) error {
	if err := f.through(at, 0, visit); !errors.Is(err, fs.SkipAll) {
		return err
	}
	return nil
}

func (f Fake) through(at string, depth int, visit func(root.Node) error) error {
	found, err := f.Lstat(at)
	if err != nil || found.Kind == root.Absent {
		return err
	}
	n := root.Node{Facts: found, Name: path.Base(at), Depth: depth, Type: uint32(found.Kind), In: inside{f, at}}
	var names []string
	if found.Kind == root.Directory {
		names, n.Err = f.Names(at)
		slices.Sort(names)
		names = slices.Compact(names)
		n.Names = len(names)
	}
	if err := visit(n); err != nil {
		return err
	}
	for _, name := range names {
		if err := f.through(path.Join(at, name), depth+1, visit); err != nil {
			return err
		}
	}
	return nil
}

// inside is a node of a Fake.
type inside struct {
	f  Fake
	at string
}

func (i inside) Open() (io.ReadCloser, error) { return i.f.Open(i.at) }

func (inside) Attributes() ([]root.Attribute, error) { return nil, nil }

func (inside) Protection() (root.Protection, error) { return root.Protection{}, nil }

type content struct{ *strings.Reader }

func (content) Close() error { return nil }
