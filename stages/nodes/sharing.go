package nodes

import (
	"fmt"

	"github.com/glowplug-os/glowplug/internal/diag"
	"github.com/glowplug-os/glowplug/internal/root"
	"github.com/glowplug-os/glowplug/internal/target"
)

// A spot is a name in a directory, whatever path leads there: a directory that is mounted at a second place has all its
// names twice. Without a directory it is any name of what is there.
type spot struct {
	dir  inode
	name string
	here inode // what is there; none if nothing is
}

// A sharer is a node with what tells whether its place is another node's as well.
type sharer struct {
	*node
	found root.Facts
	spot  spot
}

// sharing finds nodes whose places are names of one file: hard links, or one name in a directory that is mounted twice.
// Where one node would change what another asks for, no run could have both, and each run would change the file again.
// A file with overwrite is made anew there, and then has one name.
func (p *Nodes) sharing() {
	groups, order := map[spot][]sharer{}, []spot{}
	dirs := directories{p.t, map[string]string{"/": "/"}}
	for _, n := range p.all {
		if n.Err != nil {
			continue
		}
		s, err := dirs.sharer(n)
		if err == nil {
			err = p.owners(n)
		}
		if err != nil {
			p.refuse(n, err)
			continue
		}
		for _, key := range s.keys() {
			if len(groups[key]) == 1 {
				order = append(order, key)
			}
			groups[key] = append(groups[key], s)
		}
	}
	for _, key := range order {
		p.agree(groups[key])
	}
}

// directories finds the directories that paths are in, of those that are there.
type directories struct {
	t     *target.Target
	known map[string]string
}

func (d directories) sharer(n *node) (sharer, error) {
	s := sharer{node: n}
	var err error
	if !n.Missing {
		s.found, err = d.t.Before(n.At)
	}
	s.spot.here = inode{s.found.Dev, s.found.Ino}
	if mounts, failed := d.t.Mounts(); err != nil || failed != nil || len(mounts) == 0 || n.At == "/" {
		return s, err // who asks what is mounted gets that error
	}
	dir, err := d.nearest(target.Up(n.At))
	if err != nil {
		return s, err
	}
	f, err := d.t.Before(dir)
	s.spot.dir, s.spot.name = inode{f.Dev, f.Ino}, n.At[len(dir):]
	if dir != "/" {
		s.spot.name = s.spot.name[1:]
	}
	return s, err
}

// nearest gives the lowest directory on the way to dir, or dir, that is there.
func (d directories) nearest(dir string) (string, error) {
	if found, known := d.known[dir]; known {
		return found, nil
	}
	f, err := d.t.Before(dir)
	found := dir
	if err == nil && f.Kind == root.Absent {
		found, err = d.nearest(target.Up(dir))
	}
	if err == nil {
		d.known[dir] = found
	}
	return found, err
}

// keys are what two nodes have in common that share a place.
func (s sharer) keys() (keys []spot) {
	if s.spot.dir.ino != 0 {
		keys = append(keys, s.spot)
	}
	if s.spot.here.ino != 0 && s.found.Kind == s.Kind && s.entry != target.HardLink {
		keys = append(keys, spot{here: s.spot.here})
	}
	return keys
}

// agree compares all nodes of a group with the first of each role, so that large groups take no quadratic time.
func (p *Nodes) agree(group []sharer) {
	first := [roles]int{}
	for i := range group {
		for r, has := range group[i].roles() {
			if has && first[r] == 0 {
				first[r] = i + 1
			}
		}
	}
	for i := range group {
		for _, j := range first {
			if j == 0 || i == j-1 {
				continue
			}
			a, b := group[min(i, j-1)], group[max(i, j-1)]
			if a.Err != nil || b.Err != nil {
				continue
			}
			if err := agree(a, b); err != nil {
				p.refuse(b.node, err)
				a.Err = err // told with the other
			}
		}
	}
}

// agree refuses two nodes that cannot both have what they ask for, and sets a file apart that is made anew.
func agree(a, b sharer) error {
	hint := "keep one of the two entries"
	switch what := a.clash(b); {
	case a.takes(b):
		return diag.WithHint(fmt.Errorf("%s (%s) and %s are one place, and only one entry can be there",
			diag.Name(a.Path), a.Origin, diag.Name(b.Path)), hint)
	case what == "":
	case a.Overwrite || b.Overwrite:
		a.apart, b.apart = a.apart || a.Overwrite, b.apart || b.Overwrite
	default:
		noun := map[root.Kind]string{root.Directory: "directory", root.File: "file", root.Symlink: "link"}[b.Kind]
		if b.entry == target.FileWithSource || b.entry == target.FileWithout {
			hint += ", or have one give contents with overwrite, which makes it a file of its own"
		}
		return diag.WithHint(fmt.Errorf("%s (%s) and %s are one %s, and %s", diag.Name(a.Path), a.Origin,
			diag.Name(b.Path), noun, what), hint)
	}
	return nil
}

const roles = 9

// roles tells what a node could clash with another about.
func (s sharer) roles() [roles]bool {
	want, changes := s.wish(), s.changes()
	return [roles]bool{
		true,
		s.Overwrite,
		s.entry == target.HardLink,
		s.appends(),
		s.entry == target.FileWithSource && !s.Overwrite,
		changes && want.UID >= 0,
		changes && want.GID >= 0,
		changes && want.Mode >= 0,
		changes && want.Mode < 0, // it may take set-id bits
	}
}

func (s sharer) appends() bool { return s.entry == target.FileWithout && len(s.sources) > 0 }

// changes tells whether the node changes what is there in place.
func (s sharer) changes() bool {
	return s.entry == target.FileWithout || (s.entry == target.Directory || s.entry == target.Symlink) && !s.Overwrite
}

// wish gives owner and mode that are to be there in the end.
func (s sharer) wish() root.Attrs {
	if s.changes() {
		return s.old
	}
	return s.new
}

// takes tells whether two nodes have one place, by mounts, where but one can be.
func (s sharer) takes(o sharer) bool {
	onePlace := s.spot == o.spot && s.spot.dir.ino != 0 || s.spot.here == o.spot.here && s.spot.here.ino != 0 &&
		(s.found.Kind == root.Directory || s.found.Links <= 1)
	kept := s.entry == o.entry && (s.entry == target.Directory || s.entry == target.FileWithout)
	return onePlace && (s.Kind != o.Kind || s.entry == target.HardLink || o.entry == target.HardLink || s.Overwrite ||
		o.Overwrite || s.found.Kind == root.Absent && !kept)
}

// clash tells what one of two nodes changes that the other asks for.
func (s sharer) clash(o sharer) string {
	switch {
	case s.appends() && o.appends():
		return "both append to it"
	case s.appends() && o.entry == target.FileWithSource, o.appends() && s.entry == target.FileWithSource:
		return "one gives its contents while the other appends to it"
	case (s.changes() || o.changes()) && s.Kind == o.Kind && (s.spoils(o) || o.spoils(s)):
		return "they give it different owners or modes"
	}
	return ""
}

// spoils tells whether what s does to owner and mode is not what o asks for.
func (s sharer) spoils(o sharer) bool {
	want := o.wish()
	there := root.Facts{UID: uint32(max(want.UID, 0)), GID: uint32(max(want.GID, 0)), Mode: uint32(max(want.Mode, 0)),
		Modeless: s.found.Modeless}
	does := s.wish()
	if s.changes() {
		does = s.kept(there)
	}
	if want.UID < 0 {
		does.UID = -1
	}
	if want.GID < 0 {
		does.GID = -1
	}
	if want.Mode < 0 {
		does.Mode = -1
	}
	return !does.Fit(there)
}
