package tree

import "github.com/glowplug-os/glowplug/internal/diag"

// A Tracer makes the nodes of a derived tree, and remembers for each the node that it was made from. The number of that
// node is kept in the place of the new node: until Settle is called, only Origin understands it. Copying and merging
// keep it.
//
// A place would not do, because two nodes may have the same one, as those below an alias.
type Tracer struct {
	a      *Arena
	doc    *diag.Document
	number uint16
}

// NewTracer makes a tracer for trees that are derived from trees of the arena.
func (a *Arena) NewTracer() *Tracer {
	doc := &diag.Document{Secrets: func() []diag.Span { return nil }}
	return &Tracer{a, doc, a.document(doc)}
}

// Keeps has what is reported of derived nodes kept, or silenced, as what is reported of the nodes that they come from.
func (t *Tracer) Keeps(as *diag.Document) {
	if t.doc.Every = as.Every; as.Silences == nil {
		return
	}
	t.doc.Silences = func(p *diag.Problem) bool {
		from := *p
		from.Place = t.Origin(p.Place).Place()
		return as.Silences(&from)
	}
}

func (t *Tracer) derive(from Node, kind Kind) node {
	return node{kind: kind, doc: t.number, start: from.i, end: from.i + 1}
}

// Object makes an empty object that comes from a node.
func (t *Tracer) Object(from Node) Node { return Node{t.a, t.a.add(t.derive(from, Object))} }

// List makes an empty list that comes from a node.
func (t *Tracer) List(from Node) Node { return Node{t.a, t.a.add(t.derive(from, List))} }

// Scalar makes a string, a number or a boolean with the given text that comes from a node.
func (t *Tracer) Scalar(from Node, kind Kind, text string) Node {
	n := t.derive(from, kind)
	n.flags, n.inner = spelled, t.a.addText(text)
	return Node{t.a, t.a.add(n)}
}

// Same makes a scalar with the value of the node that it comes from.
func (t *Tracer) Same(from Node) Node {
	x := from.node()
	n := t.derive(from, x.kind)
	n.flags, n.inner = mirrors, from.i
	if x.flags&spelled != 0 {
		n.flags, n.inner = x.flags&mirrors, x.inner
	}
	return Node{t.a, t.a.add(n)}
}

// Origin gives the node from which the node with a place was made; no node if this tracer has not made it.
func (t *Tracer) Origin(place diag.Place) Node {
	if place.Doc != t.doc {
		return Node{}
	}
	return Node{t.a, uint32(place.Span.Start)}
}

// Settle gives every node of a derived tree the place of the node that it comes from.
func (t *Tracer) Settle(root Node) {
	x := root.node()
	if x.flags&renamed != 0 {
		if key := t.a.key(x.key); key.doc == t.number {
			from := Node{t.a, key.start}
			span := from.KeyPlace().Span
			key.start, key.end, key.doc = uint32(span.Start), uint32(span.End), keyDoc(from)
		}
	}
	if x.doc == t.number {
		from := t.a.at(x.start)
		x.doc, x.start, x.end = from.doc, from.start, from.end
	}
	for c := range root.Children() {
		t.Settle(c)
	}
}

// Move gives the node the place of another one.
func (n Node) Move(to Node) {
	x, y := n.node(), to.node()
	x.doc, x.start, x.end = y.doc, y.start, y.end
}
