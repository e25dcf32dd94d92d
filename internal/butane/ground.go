package butane

import (
	"github.com/glowplug-os/glowplug/internal/codes"
	"github.com/glowplug-os/glowplug/internal/cursor"
	"github.com/glowplug-os/glowplug/internal/tree"
)

// A ground has the nodes of the config by their paths, so that files can be added.
type ground struct {
	t     *translation
	nodes map[string]tree.Node
	kinds map[string]string // the list that the node is in
	lists map[string]*tree.Appender
}

// groundOf collects the nodes of the config as it is now, generated nodes included.
func groundOf(t *translation) *ground {
	g := &ground{t, map[string]tree.Node{}, map[string]string{}, map[string]*tree.Appender{}}
	for _, kind := range []string{"directories", "files", "links"} {
		for n := range t.config.Get("storage").Get(kind).Children() {
			g.nodes[n.Get("path").Text()], g.kinds[n.Get("path").Text()] = n, kind
		}
	}
	return g
}

// add makes a node of the config at a path.
func (g *ground) add(from tree.Node, kind, where string) tree.Node {
	n := g.t.object(from, "path", where)
	if g.lists[kind] == nil {
		g.lists[kind] = g.t.section(from, "storage", kind).Append()
	}
	g.lists[kind].Add(n)
	g.nodes[where], g.kinds[where] = n, kind
	return n
}

// occupied: two sources of one path are a mistake, even where they agree.
func occupied(a *cursor.At, where string) {
	a.Errorf(codes.NodeOccupied, "the config has something else at %q", where).Advise("remove one of the two")
}
