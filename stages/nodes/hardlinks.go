package nodes

import (
	"maps"
	"path"
	"slices"

	"github.com/glowplug-os/glowplug/internal/root"
	"github.com/glowplug-os/glowplug/internal/target"
)

// linksPath is where the root keeps which hard links runs of configs have made to files that each run makes anew. After
// such a file is written again the link of the run before is a file of its own, equal to its target, and nothing else
// tells it from one that the image has.
const linksPath = target.StateDir + "/links.json"

// linkRecord is the form of that file: resolved paths, sorted.
type linkRecord struct {
	Version int      `json:"version"`
	Links   []string `json:"links"`
}

// notedLinks reads it. A damaged one is an error: to take it for an empty one would refuse links that are ours.
func notedLinks(v target.View) (map[string]bool, error) {
	var r linkRecord
	err := target.ReadRecord(v, linksPath, "a record of hard links", &r, &r.Version)
	noted := map[string]bool{}
	for _, at := range r.Links {
		noted[at] = true
	}
	return noted, err
}

// An inode is a file, whatever its names.
type inode struct{ dev, ino uint64 }

// hardLinks finds out which of the files that are where hard links go are ours: of an earlier run. All the names that
// such a file has are names that the config gives, at least two of them; one that has a single name is ours if a run
// has noted that it makes it. Where that cannot be found out all hard links are refused, of which one error tells.
func (p *Nodes) hardLinks() {
	links := slices.DeleteFunc(slices.Clone(p.all), func(n *node) bool {
		return n.entry != target.HardLink || n.Err != nil
	})
	if len(links) == 0 {
		return
	}
	err := p.ownLinks(links)
	if err == nil {
		return
	}
	p.failed = append(p.failed, err)
	for _, n := range links {
		n.Err = errTold
	}
}

func (p *Nodes) ownLinks(links []*node) error {
	noted, err := notedLinks(p.t)
	if err != nil {
		return err
	}
	found := map[string]root.Facts{} // by place, of links and their targets as they are before anything is removed
	for _, n := range links {
		places := []string{n.At}
		if to, err := p.place(n.Link); err == nil { // an error is told with the node
			places, n.targetAt = append(places, to), to
		}
		for _, at := range places {
			if found[at], err = p.t.Lstat(at); err != nil {
				return n.Fail(err)
			}
		}
	}
	names := map[inode]uint64{}
	for _, f := range found {
		names[inode{f.Dev, f.Ino}]++
	}
	for _, n := range links {
		f := found[n.At]
		n.names = names[inode{f.Dev, f.Ino}]
		n.ours = f.Kind != root.Absent && f.Links == n.names && (n.names > 1 || noted[n.At])
		fresh := f.Kind == root.Absent || p.t.Emptied(n.At)
		if (n.ours || fresh) && !n.Overwrite && p.madeAnew(n) && !noted[n.At] {
			p.m.newLinks = append(p.m.newLinks, n.At)
		}
	}
	return nil
}

// place gives the place of a hard link's target. A relative one is from the root (docs/peer/engine.md §11.3).
func (p *Nodes) place(link string) (string, error) {
	at, _, err := p.t.Walk(path.Join("/", link), false)
	return at, err
}

// madeAnew tells whether a run may make the target of a hard link anew, where it is as the run before has left it.
func (p *Nodes) madeAnew(n *node) bool {
	for range chainMost {
		to := p.nodes[n.targetAt]
		switch {
		case n.targetAt == "": // it has no place, of which an error tells
			return false
		case p.t.Emptied(n.targetAt), to != nil && to.Overwrite:
			return true
		case to == nil || to.entry != target.HardLink:
			return false
		}
		n = to // a link that is made anew is another file as well
	}
	return false
}

// chainMost bounds a chain of hard links to hard links.
const chainMost = 40

// noteLinks adds to the record, before the first of them is made, the links that this run makes. It is on disk when
// noteLinks returns.
func (m *maker) noteLinks() error {
	if len(m.newLinks) == 0 {
		return nil
	}
	noted, err := notedLinks(target.Of(m.Root))
	if err != nil {
		return err
	}
	for _, at := range m.newLinks {
		noted[at] = true
	}
	if err := m.WriteRecord(linksPath, linkRecord{1, slices.Sorted(maps.Keys(noted))}); err != nil {
		return err
	}
	m.newLinks = nil
	return nil
}
