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

// walk gives the place that a path names: no component before the last is a link. What is not there is taken to become
// a directory; missing says that the result is below something that is not there.
func (w walker) walk(p string, followLast bool) (at string, missing bool, err error) {
	todo, links := split(p), 0
	for len(todo) > 0 {
		name := todo[0]
		todo = todo[1:]
		if name == ".." {
			at = strings.TrimSuffix(path.Dir("/"+at), "/")
			missing = false
			continue
		}
		next := at + "/" + name
		if len(todo) == 0 && !followLast {
			return next, missing, nil
		}
		kind, target, err := w.look(next, missing)
		missing = missing || kind == root.Absent
		switch {
		case err != nil:
			return "", false, err
		case kind == root.Symlink:
			if links++; links > linksMost {
				return "", false, errLoop
			}
			if strings.HasPrefix(target, "/") {
				at, missing = "", false
			}
			todo = append(split(target), todo...)
			continue
		case kind != root.Absent && kind != root.Directory && len(todo) > 0:
			return "", false, w.below(next, kind)
		}
		at = next
	}
	if at == "" {
		at = "/"
	}
	return at, missing, nil
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
