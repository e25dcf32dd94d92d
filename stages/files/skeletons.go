package files

import (
	"path"
	"slices"
	"strings"

	"github.com/glowplug-os/glowplug/internal/host"
)

// A skeletonNode is a directory or symbolic link that new homes get: nodes of the config may have it on their way.
type skeletonNode struct {
	at    string // below the home
	facts host.Facts
}

// skeletonNodes finds them, once for all homes of the same skeletons. What two skeletons have comes from the first.
func (p *planner) skeletonNodes(skeletons []string) ([]skeletonNode, error) {
	key := strings.Join(skeletons, "\x00")
	if nodes, known := p.skeletons[key]; known {
		return nodes, nil
	}
	var nodes []skeletonNode
	taken := map[string]bool{}
	for _, skeleton := range skeletons {
		from, err := newWorld(p.world.view).resolve(skeleton)
		if err == nil {
			nodes, err = p.below(from, "", taken, nodes)
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

// below adds what is in a directory of a skeleton, if it is one, that is at some place below the home.
func (p *planner) below(dir, at string, taken map[string]bool, nodes []skeletonNode) ([]skeletonNode, error) {
	found, err := p.world.view.Lstat(dir)
	if err != nil || found.Kind != host.Directory {
		return nodes, err
	}
	names, err := p.world.view.Names(dir)
	if err != nil {
		return nodes, err
	}
	slices.Sort(names)
	for _, name := range names {
		from, to := path.Join(dir, name), path.Join(at, name)
		if found, err = p.world.view.Lstat(from); err != nil {
			return nodes, err
		}
		if !taken[to] && (found.Kind == host.Directory || found.Kind == host.Symlink) {
			nodes = append(nodes, skeletonNode{to, host.Facts{Kind: found.Kind, Mode: found.Mode, Target: found.Target}})
		}
		taken[to] = true
		if nodes, err = p.below(from, to, taken, nodes); err != nil {
			return nodes, err
		}
	}
	return nodes, nil
}
