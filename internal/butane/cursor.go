package butane

import (
	"iter"

	"github.com/glowplug-os/glowplug/internal/codes"
	"github.com/glowplug-os/glowplug/internal/diag"
	"github.com/glowplug-os/glowplug/internal/tree"
)

// An at is a cursor over a document: a node, or its absence, and the way to it. Nulls are absent, and are not counted
// in lists.
type at struct {
	t     *translation
	up    *at
	trail diag.Trail
	node  tree.Node
}

func (a *at) with(name string, n tree.Node) *at {
	return &at{a.t, a, diag.Trail{Up: &a.trail, Name: name}, n}
}

func (a *at) item(i int, n tree.Node) *at {
	return &at{a.t, a, diag.Trail{Up: &a.trail, Index: i}, n}
}

// key goes to a member.
func (a *at) key(names ...string) *at {
	for _, name := range names {
		n := a.node.Get(name)
		if n.Kind() == tree.Null {
			n = tree.Node{}
		}
		a = a.with(name, n)
	}
	return a
}

// items goes through a list.
func (a *at) items() iter.Seq[*at] {
	return func(yield func(*at) bool) {
		if a.node.Kind() != tree.List {
			return
		}
		i := 0
		for c := range a.node.Children() {
			if c.Kind() == tree.Null {
				continue
			}
			if !yield(a.item(i, c)) {
				return
			}
			i++
		}
	}
}

// count does not count nulls.
func (a *at) count() int {
	n := 0
	for range a.items() {
		n++
	}
	return n
}

// set: the document says something here, be it empty.
func (a *at) set() bool { return a.node.Exists() }

// says: there is more than an empty list.
func (a *at) says() bool { return a.set() && (a.node.Kind() != tree.List || a.count() > 0) }

func (a *at) text() string { return a.node.Text() }

func (a *at) isTrue() bool { return a.node.Kind() == tree.Bool && a.node.Text() == "true" }

func (a *at) path() string { return a.trail.String() }

// place is that of the deepest node that exists on the way.
func (a *at) place() diag.Place {
	for ; a.up != nil; a = a.up {
		if a.node.Exists() {
			return a.node.Place()
		}
	}
	return a.node.Place()
}

// origin is the deepest node that exists on the way: what is made of it comes from there.
func (a *at) origin() tree.Node {
	for ; a.up != nil; a = a.up {
		if a.node.Exists() {
			return a.node
		}
	}
	return a.node
}

func (a *at) errorf(code codes.Code, message string) *diag.Problem {
	return a.t.report(diag.Error, code, a.path(), a.place(), message)
}

func (a *at) warnf(code codes.Code, message string) *diag.Problem {
	return a.t.report(diag.Warning, code, a.path(), a.place(), message)
}
