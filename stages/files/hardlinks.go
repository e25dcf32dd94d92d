package files

import (
	"encoding/json"
	"errors"
	"io/fs"
	"maps"
	"path"
	"slices"

	"github.com/glowplug-os/glowplug/internal/root"
)

// linksPath is where the root keeps which hard links runs of configs have made to files that each run makes anew. After
// such a file is written again the link of the run before is a file of its own, equal to its target, and nothing else
// tells it from one that the image has.
const linksPath = stateDir + "/links.json"

const linksLimit = 16 << 20

// linkRecord is the form of that file: resolved paths, sorted.
type linkRecord struct {
	Version int      `json:"version"`
	Links   []string `json:"links"`
}

// notedLinks reads it. A damaged one is an error: to take it for an empty one would refuse links that are ours.
func notedLinks(v View) (map[string]bool, error) {
	text, err := v.ReadFile(linksPath, linksLimit)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	var r linkRecord
	if err := json.Unmarshal(text, &r); err != nil || r.Version != 1 {
		return nil, damaged(linksPath, "a record of hard links")
	}
	noted := map[string]bool{}
	for _, at := range r.Links {
		noted[at] = true
	}
	return noted, nil
}

// An inode is a file, whatever its names.
type inode struct{ dev, ino uint64 }

// hardLinks finds out which of the files that are where hard links go are ours: of an earlier run. All the names that
// such a file has are names that the config gives, at least two of them; one that has a single name is ours if a run
// has noted that it makes it.
func (p *planner) hardLinks(all []*node) error {
	links := slices.DeleteFunc(slices.Clone(all), func(n *node) bool { return n.kind != hardLink })
	if len(links) == 0 {
		return nil
	}
	noted, err := notedLinks(p.world.view)
	if err != nil {
		return err
	}
	found := map[string]root.Facts{} // by place, of links and their targets as they are before anything is removed
	for _, n := range links {
		places := []string{n.at}
		if to, err := p.world.resolve(path.Join("/", n.target)); err == nil { // an error is told with the node
			places, n.targetAt = append(places, to), to
		}
		for _, at := range places {
			if found[at], err = p.world.view.Lstat(at); err != nil {
				return n.fail(err)
			}
		}
	}
	names := map[inode]uint64{}
	for _, f := range found {
		names[inode{f.Dev, f.Ino}]++
	}
	for _, n := range links {
		f := found[n.at]
		n.names = names[inode{f.Dev, f.Ino}]
		n.ours = f.Kind != root.Absent && f.Links == n.names && (n.names > 1 || noted[n.at])
		fresh := f.Kind == root.Absent || p.world.isEmptied(n.at)
		if (n.ours || fresh) && !n.overwrite && p.madeAnew(n) && !noted[n.at] {
			p.worker.newLinks = append(p.worker.newLinks, n.at)
		}
	}
	return nil
}

// madeAnew tells whether a run may make the target of a hard link anew, where it is as the run before has left it.
func (p *planner) madeAnew(n *node) bool {
	for range maxPasses {
		to, ok := p.world.nodes[n.targetAt]
		switch {
		case p.world.isEmptied(n.targetAt), ok && to.overwrite:
			return true
		case !ok || to.kind != hardLink:
			return false
		}
		n = to // a link that is made anew is another file as well
	}
	return false
}

// noteLinks adds to the record, before the first of them is made, the links that this run makes. It is on disk when
// noteLinks returns.
func (w *worker) noteLinks() error {
	if len(w.newLinks) == 0 {
		return nil
	}
	noted, err := notedLinks(w.Root)
	if err != nil {
		return err
	}
	if noted == nil {
		noted = map[string]bool{}
	}
	for _, at := range w.newLinks {
		noted[at] = true
	}
	text, err := json.Marshal(linkRecord{1, slices.Sorted(maps.Keys(noted))})
	if err != nil {
		return err
	}
	if err := w.writeText(linksPath, append(text, '\n'), private); err != nil {
		return err
	}
	w.newLinks = nil
	return nil
}
