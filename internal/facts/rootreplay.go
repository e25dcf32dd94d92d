package facts

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path"
	"strings"

	"github.com/glowplug-os/glowplug/internal/diag"
	"github.com/glowplug-os/glowplug/internal/root"
	"github.com/glowplug-os/glowplug/internal/target"
)

type rootReplay struct {
	*Replay
	from   *Root
	listed map[string]map[string]bool // the names in directories, as far as somebody has asked
}

func (r *rootReplay) Lstat(at string) (root.Facts, error) {
	p, known := r.from.Paths[TextOf(at)]
	switch {
	case known:
		return p.told()
	case r.absent(at):
		return root.Facts{}, nil
	}
	return root.Facts{}, r.lack("what is at %s", diag.Name(at))
}

// absent: nothing is at a place nobody has looked at, by the names in the directory that it would be in.
func (r *rootReplay) absent(at string) bool {
	for at != "/" {
		up := target.Up(at)
		if names, known := r.from.Names[TextOf(up)]; known && names.Error == nil {
			return !r.lists(up, &names, path.Base(at))
		}
		if p, known := r.from.Paths[TextOf(up)]; known {
			return p.Kind == "" && p.Error == nil
		}
		at = up
	}
	return false
}

// lists tells whether a directory has a name.
func (r *rootReplay) lists(dir string, names *Names, name string) bool {
	if r.listed[dir] == nil {
		r.listed[dir] = map[string]bool{}
		for _, each := range names.Names {
			r.listed[dir][each.text] = true
		}
	}
	return r.listed[dir][name]
}

// gone is the error of a place where nothing is that was to be opened.
func gone(at string) error { return &fs.PathError{Op: "open", Path: at, Err: fs.ErrNotExist} }

func (r *rootReplay) ReadFile(name string, limit int64) ([]byte, error) {
	read, known := r.from.Reads[TextOf(path.Clean(name))]
	switch {
	case known && read.Error != nil:
		return nil, read.Error.err()
	case !known && r.leadsNowhere(name):
		return nil, gone(name)
	case !known || read.Text == nil, read.Of == crypttab && !r.same:
		return nil, r.lack("the text of %s", diag.Name(name))
	}
	text, unknown := read.Text.text, ""
	if r.wanted.hashes[read.Of] != nil {
		text, unknown = r.wanted.unmasked(read.Of, text, r.same)
	}
	switch {
	case unknown != "":
		return nil, r.lack("whether the password of %s is that of this config", diag.Name(unknown))
	case int64(len(text)) > limit:
		return nil, r.lack("the first %d bytes of %s", limit, diag.Name(name))
	}
	return []byte(text), nil
}

// leadsNowhere: nothing is at the place that a name leads to.
func (r *rootReplay) leadsNowhere(name string) bool {
	at, err := target.Follow(r, name)
	if err != nil {
		return errors.Is(err, fs.ErrNotExist)
	}
	f, err := r.Lstat(at)
	return err == nil && f.Kind == root.Absent
}

func (r *rootReplay) Open(at string) (target.Content, error) {
	open, known := r.from.Opens[TextOf(at)]
	switch {
	case !known && r.absent(at):
		return nil, gone(at)
	case !known:
		return nil, r.lack("what is in %s", diag.Name(at))
	case open.Error != nil:
		return nil, open.Error.err()
	}
	c := &replayed{r: r, at: at, note: open}
	if open.Text != nil {
		c.text = strings.NewReader(open.Text.text)
	}
	return c, nil
}

// replayed is a content of which perhaps only comparisons are known.
type replayed struct {
	r    *rootReplay
	at   string
	note Open
	text *strings.Reader // nil where it is not known
}

func (c *replayed) lack() error { return c.r.lack("what is in %s", diag.Name(c.at)) }

func (c *replayed) Read(p []byte) (int, error) {
	if c.text == nil {
		return 0, c.lack()
	}
	return c.text.Read(p)
}

func (c *replayed) ReadAt(p []byte, at int64) (int, error) {
	if c.text == nil {
		return 0, c.lack()
	}
	return c.text.ReadAt(p, at)
}

func (c *replayed) Close() error { return nil }

// Answer knows how the file compares with another one and, for the config that facts were taken for, with its entries.
// With those of another config a content is compared that is noted as a whole.
func (c *replayed) Answer(q target.Query, compare func() (target.Likeness, error)) (target.Likeness, error) {
	for i := range c.note.Answers {
		if a := &c.note.Answers[i]; a.is(q) && (c.r.same || strings.HasPrefix(q.Of, "/")) {
			got, _ := keyOf(likenesses, a.Is)
			return got, a.Error.err()
		}
	}
	if c.text != nil && !c.note.Part {
		return compare()
	}
	return target.Undecided, c.r.lack("how %s compares with %s", diag.Name(c.at), q.Of)
}

func (r *rootReplay) Names(dir string) ([]string, error) {
	names, known := r.from.Names[TextOf(dir)]
	switch {
	case !known && r.absent(dir):
		return nil, gone(dir)
	case !known:
		return nil, r.lack("the names in %s", diag.Name(dir))
	}
	return stringsOf(names.Names), names.Error.err()
}

func (r *rootReplay) Mounts() ([]string, error) {
	if r.from.Mounts == nil {
		return nil, r.lack("where something is mounted")
	}
	return stringsOf(r.from.Mounts.Names), r.from.Mounts.Error.err()
}

func (r *rootReplay) Through(at string, visit func(root.Node) error) error {
	tree, known := r.from.Trees[TextOf(at)]
	if !known {
		return r.lack("all that is below %s", diag.Name(at))
	}
	for i := range tree.Nodes {
		n := &tree.Nodes[i]
		f, err := n.told()
		node := root.Node{Facts: f, Name: n.Name.text, Depth: n.Depth, Type: n.Type, Device: n.Of, Names: n.Entries,
			Err: err, In: &replayedInside{r, at, n}}
		if err := visit(node); err != nil {
			if errors.Is(err, fs.SkipAll) {
				return nil
			}
			return err
		}
	}
	if tree.Cut {
		return r.lack("all that is below %s", diag.Name(at))
	}
	return tree.Error.err()
}

// replayedInside is a node of a tree.
type replayedInside struct {
	r    *rootReplay
	tree string
	node *Node
}

func (i *replayedInside) lack(what string) error {
	return i.r.lack("%s of %s below %s", what, diag.Name(i.node.Name.text), diag.Name(i.tree))
}

func (i *replayedInside) Open() (io.ReadCloser, error) { return nil, i.lack("the content") }

func (i *replayedInside) Attributes() ([]root.Attribute, error) { return nil, i.lack("the attributes") }

func (i *replayedInside) Protection() (root.Protection, error) {
	if i.node.Protection == nil {
		return root.Protection{}, i.lack("the protection")
	}
	return i.node.Protection.told()
}

// check refuses words that are not known, and trees that are none.
func (r *Root) check() error {
	if r == nil {
		return nil
	}
	for at, p := range r.Paths {
		if err := cmp.Or(p.check(), r.checkPlace(at.text, &p)); err != nil {
			return fmt.Errorf("path %s: %w", diag.Name(at.text), err)
		}
	}
	for at, dir := range r.Names {
		if err := dir.check(); err != nil {
			return fmt.Errorf("names of %s: %w", diag.Name(at.text), err)
		}
	}
	for at, open := range r.Opens {
		for _, a := range open.Answers {
			if _, known := keyOf(likenesses, a.Is); !known {
				return fmt.Errorf("file %s: the answer %q is not known", diag.Name(at.text), a.Is)
			}
		}
	}
	for at, tree := range r.Trees {
		if err := tree.check(); err != nil {
			return fmt.Errorf("tree %s: %w", diag.Name(at.text), err)
		}
	}
	return nil
}

func (p *Path) check() error {
	_, known := keyOf(pathKinds, p.Kind)
	switch {
	case !known:
		return fmt.Errorf("the kind %q is not known", p.Kind)
	case p.Size < 0 || p.Mode > 0o7777:
		return fmt.Errorf("mode %o, %d bytes", p.Mode, p.Size)
	}
	return nil
}

// checkPlace refuses what cannot be at a place, by what is above it.
func (r *Root) checkPlace(at string, p *Path) error {
	switch {
	case !path.IsAbs(at) || path.Clean(at) != at:
		return errors.New("this is no place")
	case p.Error != nil:
		return nil
	case at == "/" && p.Kind != pathKinds[root.Directory]:
		return errors.New("the root is no directory")
	case at == "/" || p.Kind == pathKinds[root.Absent]:
		return nil
	}
	up, known := r.Paths[TextOf(target.Up(at))]
	if known && up.Error == nil && up.Kind != pathKinds[root.Directory] {
		return errors.New("something is here, and no directory above it")
	}
	return nil
}

// check refuses what is no name of a directory's entry.
func (n *Names) check() error {
	for _, each := range n.Names {
		if name := each.text; name == "" || name == "." || name == ".." || strings.Contains(name, "/") {
			return fmt.Errorf("%q is none", name)
		}
	}
	return nil
}

// check: a tree begins with its top, and no node is deeper than one below the one before it.
func (t *Tree) check() error {
	depth := -1
	for i := range t.Nodes {
		n := &t.Nodes[i]
		below := n.Depth >= min(i, 1) && n.Depth <= depth+1
		if err := n.Path.check(); err != nil || !below {
			return cmp.Or(err, fmt.Errorf("node %d at depth %d, behind one at %d", i, n.Depth, depth))
		}
		depth = n.Depth
	}
	return nil
}
