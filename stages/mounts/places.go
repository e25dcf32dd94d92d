package mounts

import (
	"context"
	"fmt"
	"os"
	"path"
	"slices"

	"github.com/glowplug-os/glowplug/internal/diag"
	"github.com/glowplug-os/glowplug/internal/root"
	"github.com/glowplug-os/glowplug/internal/target"
)

// A view is what can be asked of a root.
type view interface {
	Lstat(name string) (root.Facts, error)
}

// missing gives those directories of a clean path that are not there. Anything else than a directory on the way is an
// error, a link too: where it leads, once the files are in place, is no more certain than what it leads to is. Nobody
// looks at what is known to be a directory, nor above that; known may be nil.
func missing(v view, clean string, known map[string]bool) (absent []string, err error) {
	if err := target.CheckPath(clean); err != nil {
		return nil, err
	}
	var way []string
	for d := clean; d != "/" && !known[d]; d = target.Up(d) {
		way = append(way, d)
	}
	for _, d := range slices.Backward(way) {
		found, err := v.Lstat(d)
		switch {
		case err != nil:
			return nil, err
		case found.Kind == root.Absent:
			absent = append(absent, d)
		case found.Kind != root.Directory:
			return nil, notDirectory(d, found)
		}
	}
	return absent, nil
}

func notDirectory(at string, found root.Facts) error {
	if found.Kind == root.Symlink {
		return fmt.Errorf("%s is a symbolic link, to %s, and nothing is mounted through links; give the path that "+
			"it leads to", diag.Name(at), diag.Name(found.Target))
	}
	return fmt.Errorf("%s is %s, and a directory is needed there", diag.Name(at), found.Kind)
}

// newMode is that of a directory made to mount something.
const newMode = 0o755

// prepare makes the directories of an entry, and labels them, before they are hidden by what is mounted.
func (w *work) prepare(ctx context.Context, e entry) error {
	// Every directory below a new mount is a new one: nothing that an older root knows can be used.
	root, err := root.Open(w.dir)
	if err != nil {
		return err
	}
	defer root.Close()
	first := ""
	for _, d := range directories(e.path) {
		ours, err := w.directory(root, d)
		if err != nil {
			return err
		}
		if ours && !w.labelled[d] {
			w.labelled[d] = true
			if first == "" {
				first = d
			}
		}
	}
	if first == "" || w.Label == nil {
		return nil
	}
	return w.Label(ctx, root, first)
}

// directory makes one directory if it is not there, and tells whether it is as one that was made.
func (w *work) directory(target *root.Root, d string) (ours bool, err error) {
	found, err := target.Lstat(d)
	switch {
	case err != nil:
		return false, err
	case found.Kind == root.Directory:
		return w.asMade(target, d)
	case found.Kind != root.Absent:
		return false, notDirectory(d, found)
	}
	if err := target.Mkdir(d, newMode); err != nil {
		return false, err
	}
	w.made, w.notated = append(w.made, d), append(w.notated, d)
	return true, nil
}

// lostAndFound is what ext4 has in its root from the start.
const lostAndFound = "lost+found"

// asMade notates a directory that is there if it might have been made by a run that was cut off, which can have left no
// word of it: the state is in memory, and a record on the root would be hidden by the first mount.
func (w *work) asMade(root *root.Root, d string) (bool, error) {
	found, err := root.Lstat(d)
	const inherited = 0o2000 // the setgid bit of the directory above
	if err != nil || int64(found.UID) != int64(os.Geteuid()) || found.Mode&^inherited != newMode {
		return false, err
	}
	empty, err := holdsOnly(root, d, w.needs[d])
	if err == nil && empty {
		w.notated = append(w.notated, d)
	}
	return empty, err
}

// holdsOnly: a directory is empty, but for these names and what mkfs leaves.
func holdsOnly(root *root.Root, d string, names map[string]bool) (bool, error) {
	there, err := root.Names(d)
	for _, name := range there {
		if name != lostAndFound && !names[name] {
			return false, err
		}
	}
	return err == nil, err
}

// labelMounted labels the root of a filesystem that nothing has been put on yet. One that has been used has its labels.
func (w *work) labelMounted(ctx context.Context, e entry) error {
	if w.Label == nil {
		return nil
	}
	root, err := root.Open(w.dir)
	if err != nil {
		return err
	}
	defer root.Close()
	empty, err := holdsOnly(root, e.path, nil)
	if err != nil || !empty {
		return err
	}
	return w.Label(ctx, root, e.path)
}

// maxLinks is the kernel's own limit of links in one path (path_resolution(7)).
const maxLinks = 40

// resolve follows the links of a clean path, but for its last component, as a process would that is chrooted in the
// root (docs/peer/engine.md §12, §11.1). What is not there is taken literally.
func resolve(v view, clean string) (string, error) {
	at, todo, links := "/", directories(clean), 0
	for len(todo) > 0 {
		next := path.Join(at, path.Base(todo[0]))
		todo = todo[1:]
		if len(todo) == 0 {
			return next, nil
		}
		found, err := v.Lstat(next)
		if err != nil {
			return "", err
		}
		if found.Kind != root.Symlink {
			at = next
			continue
		}
		if links++; links > maxLinks {
			return "", fmt.Errorf("%s: too many symbolic links", diag.Name(clean))
		}
		target := found.Target
		if !path.IsAbs(target) {
			target = at + "/" + target
		}
		// ".." is taken lexically, which is right: what is before it has no links any more.
		at, todo = "/", append(directories(path.Clean("/"+target)), todo...)
	}
	return at, nil
}
