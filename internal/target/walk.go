package target

import (
	"errors"
	"fmt"
	"path"
	"strings"

	"github.com/glowplug-os/glowplug/internal/diag"
	"github.com/glowplug-os/glowplug/internal/root"
)

// A walker goes along paths as the kernel does in a chroot.
type walker struct {
	// look gives the kind, and a link's target, of a resolved path. Where its directory is missing there is no need to.
	look func(at string, missing bool) (root.Kind, string, error)
	// below says what is wrong with a path that goes on below something that is no directory.
	below func(at string, kind root.Kind) error
}

// linksMost is how many links a path may lead through (path_resolution(7)).
const linksMost = 40

var errLoop = errors.New("too many symbolic links on the way")

// A stand is where a walk has come to.
type stand struct {
	at      string // "" for the root
	missing bool   // it is below something that is not there
	links   int    // that were on the way
}

// walk gives the place that a path names: no component before the last is a link. What is not there is taken to become
// a directory; missing says that the result is below something that is not there.
func (w walker) walk(p string, followLast bool) (at string, missing bool, err error) {
	return w.on(stand{}, split(p), followLast, func(stand) {})
}

// on goes on from a stand. Past hears where each of the names that are to be gone has led, but the last.
func (w walker) on(s stand, todo []string, followLast bool, past func(stand)) (at string, missing bool, err error) {
	for left := len(todo); len(todo) > 0; {
		if len(todo) < left { // what links have put before the names is gone too
			left = len(todo)
			past(s)
		}
		name := todo[0]
		todo = todo[1:]
		if name == ".." {
			s.at = strings.TrimSuffix(path.Dir("/"+s.at), "/")
			s.missing = false
			continue
		}
		next := s.at + "/" + name
		if len(todo) == 0 && !followLast {
			return next, s.missing, nil
		}
		kind, target, err := w.look(next, s.missing)
		s.missing = s.missing || kind == root.Absent
		switch {
		case err != nil:
			return "", false, err
		case kind == root.Symlink:
			if s.links++; s.links > linksMost {
				return "", false, errLoop
			}
			if strings.HasPrefix(target, "/") {
				s.at, s.missing = "", false
			}
			todo = append(split(target), todo...)
			continue
		case kind != root.Absent && kind != root.Directory && len(todo) > 0:
			return "", false, w.below(next, kind)
		}
		s.at = next
	}
	if s.at == "" {
		s.at = "/"
	}
	return s.at, s.missing, nil
}

// A trail is of walks one after the other, each of which goes on where its path leaves that of the one before. So in
// sorted order no directory is gone twice, however many paths lead through it.
type trail struct {
	walker
	names  []string // of the path before
	stands []stand  // after none of them, after the first, ...
}

func (w walker) trail() *trail { return &trail{walker: w, stands: []stand{{}}} }

// walk does what a walker's does, with the last component not followed.
func (t *trail) walk(p string) (at string, missing bool, err error) {
	names, same := split(p), 0
	for same < min(len(t.stands), len(names))-1 && names[same] == t.names[same] {
		same++
	}
	t.names, t.stands = names, t.stands[:same+1]
	return t.on(t.stands[same], names[same:], false, func(s stand) { t.stands = append(t.stands, s) })
}

// seen walks in what a view shows.
func seen(v View) walker {
	return walker{
		look: func(at string, missing bool) (root.Kind, string, error) {
			if missing {
				return root.Absent, "", nil
			}
			f, err := v.Lstat(at)
			return f.Kind, f.Target, err
		},
		below: belowFile,
	}
}

func belowFile(at string, kind root.Kind) error {
	return diag.WithHint(fmt.Errorf("is below %s, which is %s", diag.Name(at), kind),
		"name another path, or have a directory entry of the config, with overwrite: true, replace what is there")
}

// Resolve gives the place that a path names in what a view shows. The last component is not followed.
func Resolve(v View, p string) (string, error) {
	at, _, err := seen(v).walk(p, false)
	return at, err
}

// Follow is Resolve with the last component followed.
func Follow(v View, p string) (string, error) {
	at, _, err := seen(v).walk(p, true)
	return at, err
}
