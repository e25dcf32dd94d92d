package target

import (
	"io/fs"
	"path"
	"slices"
	"strings"

	"github.com/glowplug-os/glowplug/internal/accounts"
	"github.com/glowplug-os/glowplug/internal/root"
)

// laid is a View of the root as the accounts will leave it.
type laid struct {
	view   View
	top    place
	made   uint64   // files of no inode so far
	mounts []string // once they are asked for
	asked  bool
	found  map[string]root.Facts // what Lstat has given
}

// A place is what is laid over a path, and over what is below it.
type place struct {
	from  string            // where in the view what is here, and below, is found; "" for nowhere
	facts *root.Facts       // of what is made here; nil for those that from has
	text  *string           // of a file that is made; nil for what from has
	given []accounts.Owners // who becomes the owner of what is here and below, one after the other
	below map[string]*place
}

// find gives what is at a resolved path. Its below is empty where the path is in no place that anything is laid over.
func (l *laid) find(p string) place {
	found := l.top
	for rest := strings.TrimPrefix(p, "/"); rest != ""; {
		name, after, _ := strings.Cut(rest, "/")
		next, ok := found.below[name]
		if !ok {
			return place{from: join(found.from, rest), given: found.given}
		}
		given := found.given
		found, rest = *next, after
		found.given = slices.Concat(next.given, given)
	}
	return found
}

// join joins a path to a place that may be nowhere.
func join(from, rest string) string {
	if from == "" {
		return ""
	}
	return path.Join(from, rest)
}

// at gives the place of a resolved path, to be changed.
func (l *laid) at(p string) *place {
	clear(l.found)
	here := &l.top
	for _, name := range split(p) {
		next, ok := here.below[name]
		if !ok {
			next = &place{from: join(here.from, name)}
			if here.below == nil {
				here.below = map[string]*place{}
			}
			here.below[name] = next
		}
		here = next
	}
	return here
}

// Lstat gives the facts of a resolved path.
func (l *laid) Lstat(at string) (root.Facts, error) {
	if f, known := l.found[at]; known {
		return f, nil
	}
	here := l.find(at)
	var f root.Facts
	switch {
	case here.facts != nil:
		f = *here.facts
	case here.from == "":
		return f, nil
	default:
		var err error
		if f, err = l.view.Lstat(here.from); err != nil {
			return f, err
		}
	}
	for _, o := range here.given {
		if f.UID == o.OldUID {
			f.UID = o.NewUID
		}
		if f.GID == o.OldGID {
			f.GID = o.NewGID
		}
	}
	l.found[at] = f
	return f, nil
}

// Unsure tells whether what is at a resolved path, where nothing is seen, is only known once something is mounted
// there. A view may know that by a method Unknown.
func (l *laid) Unsure(at string) bool {
	v, can := l.view.(interface {
		Unknown(at string) (place string, is bool)
	})
	here := l.find(at)
	if !can || here.facts != nil || here.from == "" {
		return false
	}
	_, is := v.Unknown(here.from)
	return is
}

// touched tells whether anything is not as the view has it.
func (l *laid) touched() bool { return len(l.top.below) > 0 }

// ReadFile reads a file where its path leads.
func (l *laid) ReadFile(p string, limit int64) ([]byte, error) {
	if !l.touched() {
		return l.view.ReadFile(p, limit)
	}
	at, err := Follow(l, p)
	if err != nil {
		return nil, err
	}
	switch here := l.find(at); {
	case here.text != nil:
		return []byte(*here.text), nil
	case here.from != "":
		return l.view.ReadFile(here.from, limit)
	}
	return nil, notThere("read", p)
}

func notThere(op, p string) error { return &fs.PathError{Op: op, Path: p, Err: fs.ErrNotExist} }

// A textFile is a file that has yet to be made.
type textFile struct{ text *strings.Reader }

func (f *textFile) Read(p []byte) (int, error) { return f.text.Read(p) }

func (f *textFile) ReadAt(p []byte, at int64) (int, error) { return f.text.ReadAt(p, at) }

func (f *textFile) Close() error { return nil }

// Open opens the file at a resolved path.
func (l *laid) Open(at string) (Content, error) {
	switch here := l.find(at); {
	case here.text != nil:
		return &textFile{strings.NewReader(*here.text)}, nil
	case here.from != "":
		return l.view.Open(here.from)
	}
	return nil, notThere("open", at)
}

// Names lists a directory at a resolved path.
func (l *laid) Names(dir string) (names []string, err error) {
	here := l.find(dir)
	if here.from != "" {
		if names, err = l.view.Names(here.from); err != nil {
			return nil, err
		}
	}
	names = slices.DeleteFunc(names, func(name string) bool { return here.below[name] != nil })
	for name := range here.below {
		f, err := l.Lstat(path.Join(dir, name))
		if err != nil {
			return nil, err
		}
		if f.Kind != root.Absent {
			names = append(names, name)
		}
	}
	return names, nil
}

// Mounts asks the view once: what is mounted below a home moves along.
func (l *laid) Mounts() ([]string, error) {
	if !l.asked {
		mounts, err := l.view.Mounts()
		if err != nil {
			return nil, err
		}
		l.mounts, l.asked = slices.Clone(mounts), true
	}
	return l.mounts, nil
}
