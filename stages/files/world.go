package files

import (
	"errors"
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/glowplug-os/glowplug/internal/diag"
	"github.com/glowplug-os/glowplug/internal/root"
)

// A world is the root as it will be: what the view shows, with the nodes of the config laid over it.
type world struct {
	view    View
	seen    map[string]root.Facts
	nodes   map[string]*node    // by resolved path
	made    map[string]struct{} // directories that a node before has to make on its way
	emptied map[string]struct{} // where nodes remove what is there, which may be a tree
	below   map[string]bool     // directories, and whether they are below one of these
	placed  map[string][]string // the names of nodes by the directory that they are in; nil before names is called
	mounts  *[]string           // the view's, once asked for
}

func newWorld(v View) *world {
	return &world{view: v, seen: map[string]root.Facts{}, made: map[string]struct{}{}}
}

// maxPasses bounds settle. Each pass past the second needs a link of the config whose own path leads through another.
const maxPasses = 40

var errCircle = errors.New("the config's links lead each other's paths round and round")

// settle resolves the paths of all nodes, each in a world where all nodes are in place. Links among the nodes move
// other nodes, so it goes on until nothing moves.
func (w *world) settle(nodes []*node) error {
	for range maxPasses {
		moved := w.pass(nodes)
		if moved {
			continue
		}
		for _, n := range nodes {
			if n.err != nil {
				return n.fail(n.err)
			}
		}
		return w.reserved(nodes)
	}
	return errCircle
}

// pass resolves all paths once, in the world that the pass before has left.
func (w *world) pass(nodes []*node) (moved bool) {
	placed := make(map[string]*node, len(nodes))
	emptied := map[string]struct{}{}
	for _, n := range nodes {
		at, missing, err := w.walk(n.path, false)
		if n.err = err; err != nil {
			at = path.Clean(n.path)
		}
		n.missing = missing
		moved = moved || at != n.at
		n.at = at
		if other, taken := placed[at]; taken && n.err == nil {
			n.err = fmt.Errorf("is at the same place as %s %s (%s): %s", other.noun(), diag.Name(other.path),
				other.origin, diag.Name(at))
		}
		placed[at] = n
		if n.overwrite {
			emptied[at] = struct{}{}
		}
	}
	w.nodes, w.emptied, w.below = placed, emptied, map[string]bool{}
	return moved
}

// before gives the facts of a resolved path as they are when its node's turn comes: as in the view, unless a node above
// it removes what is there.
func (w *world) before(p string) (root.Facts, error) {
	if w.isEmptied(p) {
		return root.Facts{}, nil
	}
	if f, known := w.seen[p]; known {
		return f, nil
	}
	f, err := w.view.Lstat(p)
	if err == nil {
		w.seen[p] = f
	}
	return f, err
}

// isEmptied tells whether p is below something that a node removes.
func (w *world) isEmptied(p string) bool {
	if len(w.emptied) == 0 || p == "/" {
		return false
	}
	d := up(p)
	if _, ok := w.emptied[d]; ok {
		return true
	}
	result, known := w.below[d]
	if !known {
		result = w.isEmptied(d)
		w.below[d] = result
	}
	return result
}

// after gives the kind, and a link's target, of a resolved path once all nodes are in place. Where its directory is
// missing there is no need to look.
func (w *world) after(p string, missing bool) (kind root.Kind, target string, err error) {
	if n, ok := w.nodes[p]; ok {
		return n.final(), n.target, nil
	}
	if missing {
		return root.Absent, "", nil
	}
	f, err := w.before(p)
	return f.Kind, f.Target, err
}

var errLoop = errors.New("too many symbolic links on the way")

// resolve gives the place that a path names: no component before the last is a link. The last is not followed.
func (w *world) resolve(p string) (string, error) {
	at, _, err := w.walk(p, false)
	return at, err
}

// walk goes along a path as the kernel does in a chroot. What is not there is taken to become a directory; missing says
// that the result is below something that is not there, so that only nodes can be there.
func (w *world) walk(p string, followLast bool) (at string, missing bool, err error) {
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
		kind, target, err := w.after(next, missing)
		missing = missing || kind == root.Absent
		switch {
		case err != nil:
			return "", false, err
		case kind == root.Symlink:
			if links++; links > 40 {
				return "", false, errLoop
			}
			if strings.HasPrefix(target, "/") {
				at, missing = "", false
			}
			todo = append(split(target), todo...)
			continue
		case kind != root.Absent && kind != root.Directory && len(todo) > 0:
			return "", false, w.belowFile(next, kind)
		}
		at = next
	}
	if at == "" {
		at = "/"
	}
	return at, missing, nil
}

// belowFile names what stands in the way, with the entry that puts it there if there is one.
func (w *world) belowFile(p string, kind root.Kind) error {
	if n, ok := w.nodes[p]; ok {
		return fmt.Errorf("is below %s (%s), which is no directory", n.subject(), n.origin)
	}
	return fmt.Errorf("is below %s, which is %s", diag.Name(p), kind)
}

// split gives the components of a path, without those that mean nothing.
func split(p string) []string {
	return slices.DeleteFunc(strings.Split(p, "/"), func(s string) bool { return s == "" || s == "." })
}

// parents notes that the directories above p will be there, and tells the topmost that has to be made for it, "" if
// none.
func (w *world) parents(p string) (string, error) {
	topmost := ""
	for d := up(p); d != "/"; d = up(d) {
		if _, known := w.made[d]; known {
			return topmost, nil
		}
		if n, ok := w.nodes[d]; ok && n.kind == directory {
			return topmost, nil
		}
		f, err := w.before(d)
		if err != nil || f.Kind != root.Absent {
			return topmost, err
		}
		w.made[d] = struct{}{}
		topmost = d
	}
	return topmost, nil
}

// names lists what is in a directory once all nodes are in place, and where it is. What is no directory has no names.
func (w *world) names(dir string) (at string, list []string, err error) {
	at, missing, err := w.walk(dir, true)
	if err != nil { // links in circles
		return dir, nil, nil
	}
	if w.placed == nil {
		w.placed = map[string][]string{}
		for p := range w.nodes {
			w.placed[up(p)] = append(w.placed[up(p)], path.Base(p))
		}
	}
	list = slices.Clone(w.placed[at])
	if missing || w.isEmptied(at+"/x") {
		return at, list, nil
	}
	if f, err := w.before(at); err != nil || f.Kind != root.Directory {
		return at, list, err
	}
	there, err := w.view.Names(at)
	for _, name := range there {
		if _, ok := w.nodes[path.Join(at, name)]; !ok {
			list = append(list, name)
		}
	}
	return at, list, err
}
