package cursor

import (
	"iter"

	"github.com/glowplug-os/glowplug/internal/diag"
	"github.com/glowplug-os/glowplug/internal/tree"
)

// An At is a place in a document, which may be one where nothing stands. Nulls are absent, and are not counted in
// lists. Its path, and where nobody has looked yet its node, are worked out only when they are asked for.
type At struct {
	log    *Log
	up     *At
	name   string
	index  int32  // of an item, which has no name; -1 for an empty name
	number uint32 // of the node in its arena, which is smaller than the node
}

const (
	notLooked = 0
	absent    = ^uint32(0)
)

// Root is the place of a document's root. What is found at it and below goes into the log.
func Root(log *Log, root tree.Node) *At {
	log.arena = root.Arena()
	return &At{log: log, number: tree.NumberOf(root)}
}

// Key goes to a member.
//
//go:noinline
func (a *At) Key(name string) *At { return &At{log: a.log, up: a, name: name, index: -1} }

// To goes along the keys of objects.
//
//go:noinline
func (a *At) To(names ...string) *At {
	for _, name := range names {
		a = a.Key(name)
	}
	return a
}

// Item goes to an item of a list that has no nulls.
//
//go:noinline
func (a *At) Item(i int) *At { return &At{log: a.log, up: a, index: int32(i)} }

// Member is the place of a node that stands under a key.
//
//go:noinline
func (a *At) Member(name string, n tree.Node) *At {
	return &At{log: a.log, up: a, name: name, index: -1, number: tree.NumberOf(n)}
}

// Listed is the place of a node that is an item of a list.
//
//go:noinline
func (a *At) Listed(i int, n tree.Node) *At {
	return &At{log: a.log, up: a, index: int32(i), number: tree.NumberOf(n)}
}

// Below is a place to be moved over what is directly below. A walk makes one an object, and not one a member.
func (a *At) Below() At { return At{log: a.log, up: a} }

// MoveTo moves to a member.
func (a *At) MoveTo(name string, n tree.Node) { a.name, a.index, a.number = name, -1, tree.NumberOf(n) }

// MoveToItem moves to an item.
func (a *At) MoveToItem(i int, n tree.Node) {
	a.name, a.index, a.number = "", int32(i), tree.NumberOf(n)
}

// Items goes through a list.
//
//go:noinline
func (a *At) Items() iter.Seq[*At] {
	return func(yield func(*At) bool) {
		if a.Node().Kind() != tree.List {
			return
		}
		i := 0
		for c := range a.Node().Children() {
			if c.Kind() == tree.Null {
				continue
			}
			if !yield(a.Listed(i, c)) {
				return
			}
			i++
		}
	}
}

// Count is how many items a list has.
func (a *At) Count() int {
	n := 0
	for range a.Items() {
		n++
	}
	return n
}

// Up is the place around this one, nil for the root.
func (a *At) Up() *At { return a.up }

// Name is the key that the place is under, "" for items.
func (a *At) Name() string { return a.name }

// Index is which item of its list the place is.
func (a *At) Index() int { return int(a.index) }

// Node is what stands here.
func (a *At) Node() tree.Node {
	if a.number == notLooked {
		n := a.look()
		if a.number = tree.NumberOf(n); !n.Exists() || n.Kind() == tree.Null {
			a.number = absent
		}
	}
	if a.number == absent {
		return tree.Node{}
	}
	return a.log.arena.Numbered(a.number)
}

func (a *At) look() (n tree.Node) {
	if a.up == nil {
		return n
	}
	up := a.up.Node()
	switch {
	case a.index < 0:
		n = up.Get(a.name)
	case up.Kind() == tree.List:
		n = a.log.item(up, int(a.index))
	}
	return n
}

// Set: the document says something here, be it empty.
//
//go:noinline
func (a *At) Set() bool { return a.Node().Exists() }

// Says: there is more than an empty list.
func (a *At) Says() bool { return a.Set() && (a.Node().Kind() != tree.List || a.Count() > 0) }

// Text is that of the node, "" where there is none.
//
//go:noinline
func (a *At) Text() string { return a.Node().Text() }

// IsTrue: the node is the boolean.
//
//go:noinline
func (a *At) IsTrue() bool { return a.Node().Kind() == tree.Bool && a.Node().Text() == "true" }

// Path is the way here as text: "$.storage.files.0.path".
func (a *At) Path() string { return a.trail().String() }

func (a *At) trail() *diag.Trail {
	if a.up == nil {
		return &diag.Trail{}
	}
	return &diag.Trail{Up: a.up.trail(), Name: a.name, Index: int(a.index)}
}

// Place is that of the origin.
func (a *At) Place() diag.Place { return a.Origin().Place() }

// Origin is the deepest node that exists on the way: what is made of this place comes from there.
func (a *At) Origin() tree.Node {
	for ; a.up != nil; a = a.up {
		if n := a.Node(); n.Exists() {
			return n
		}
	}
	return a.Node()
}
