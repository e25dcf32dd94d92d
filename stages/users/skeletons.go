package users

import (
	"path"
	"slices"
	"strings"

	"github.com/glowplug-os/glowplug/internal/root"
	"github.com/glowplug-os/glowplug/internal/target"
)

// A skeletonNode is what new homes get of a skeleton: nodes of the config may be in the same place, or have it on their
// way.
type skeletonNode struct {
	at    string // below the home
	facts root.Facts
	from  string // where it is
}

// copied are the kinds that MakeTree copies.
var copied = [...]bool{root.Directory: true, root.Symlink: true, root.File: true}

// skeletonNodes finds them, once for all homes of the same skeletons. What two skeletons have comes from the first.
func (p *planner) skeletonNodes(skeletons []string) ([]skeletonNode, error) {
	key := strings.Join(skeletons, "\x00")
	if nodes, known := p.skeletons[key]; known {
		return nodes, nil
	}
	var nodes []skeletonNode
	taken := map[string]root.Kind{}
	for _, skeleton := range skeletons {
		from, err := target.Resolve(p.t, skeleton)
		if err == nil {
			nodes, err = p.skeleton(from, "", taken, nodes)
		}
		if err != nil {
			return nil, err
		}
	}
	if p.skeletons == nil {
		p.skeletons = map[string][]skeletonNode{}
	}
	p.skeletons[key] = nodes
	return nodes, nil
}

// skeleton adds what is in a directory of a skeleton, if it is one, that is at some place below the home.
func (p *planner) skeleton(dir, at string, taken map[string]root.Kind, nodes []skeletonNode) ([]skeletonNode, error) {
	found, err := p.t.Lstat(dir)
	if err != nil || found.Kind != root.Directory {
		return nodes, err
	}
	names, err := p.t.Names(dir)
	if err != nil {
		return nodes, err
	}
	slices.Sort(names)
	for _, name := range names {
		from, to := path.Join(dir, name), path.Join(at, name)
		if found, err = p.t.Lstat(from); err != nil {
			return nodes, err
		}
		kind, there := taken[to]
		if int(found.Kind) >= len(copied) || !copied[found.Kind] || there && (kind != root.Directory ||
			found.Kind != root.Directory) {
			continue
		}
		if !there {
			taken[to] = found.Kind
			nodes = append(nodes, skeletonNode{to, found, from})
		}
		if nodes, err = p.skeleton(from, to, taken, nodes); err != nil {
			return nodes, err
		}
	}
	return nodes, nil
}
