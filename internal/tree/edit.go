package tree

import "github.com/glowplug-os/glowplug/internal/diag"

// The functions of this file change trees. They never touch the text of a document: a changed node keeps its place, so
// problems of a derived tree point at what somebody wrote.

// NewObject makes an empty object with the place of the given node.
func (a *Arena) NewObject(like Node) Node { return a.derive(like, Object, "") }

// NewList makes an empty list with the place of the given node.
func (a *Arena) NewList(like Node) Node { return a.derive(like, List, "") }

// NewString makes a string with the place of the given node.
func (a *Arena) NewString(like Node, text string) Node { return a.derive(like, String, text) }

// NewNumber makes a number, as the literal spells it, with the place of the given node.
func (a *Arena) NewNumber(like Node, literal string) Node { return a.derive(like, Number, literal) }

func (a *Arena) derive(like Node, kind Kind, text string) Node {
	n := node{kind: kind}
	if like.Exists() {
		x := like.node()
		n.doc, n.start, n.end = x.doc, x.start, x.end
	} else if len(a.docs) == 0 {
		a.document(&diag.Document{})
	}
	if kind == String || kind == Number {
		n.flags, n.inner = spelled, a.addText(text)
	}
	return Node{a, a.add(n)}
}

// Copy makes a node with the same value, key and place, outside any list or object. Children are shared, not copied:
// neither tree may then be edited below the node.
func (n Node) Copy() Node {
	x := *n.node()
	x.sib = 0
	return Node{n.a, n.a.add(x)}
}

// Import copies a node with everything below it from another arena. Places stay those of the document of that arena.
func (a *Arena) Import(n Node) Node {
	return importer{a, n.a, map[uint16]uint16{}}.copy(n)
}

type importer struct {
	to, from *Arena
	docs     map[uint16]uint16 // numbers of documents there and here
}

func (m importer) document(number uint16) uint16 {
	doc, known := m.docs[number]
	if !known {
		doc = m.to.document(m.from.docs[number])
		m.docs[number] = doc
	}
	return doc
}

func (m importer) copy(n Node) Node {
	x := *n.node()
	x.doc, x.sib = m.document(x.doc), 0
	if x.flags&renamed != 0 {
		k := *m.from.key(x.key)
		k.doc = m.document(k.doc)
		if k.given {
			k.name = m.to.addText(m.from.texts[k.name])
		}
		x.key = m.to.addKey(k)
	}
	switch {
	case x.flags&spelled != 0:
		x.flags, x.inner = x.flags&^escaped, m.to.addText(n.Text())
	case x.kind == List || x.kind == Object:
		x.inner = 0
	}
	copied := Node{m.to, m.to.add(x)}
	children := copied.Append()
	for c := range n.Children() {
		children.Add(m.copy(c))
	}
	return copied
}

// Rename gives the node another key.
func (n Node) Rename(name string) {
	span := n.KeyPlace().Span
	key := n.a.addKey(memberKey{uint32(span.Start), uint32(span.End), keyDoc(n), true, n.a.addText(name)})
	x := n.node()
	x.flags, x.key = x.flags&^(keyed|keyEscaped)|renamed, key
}

// Become turns the node into a string or number with the given text; its place stays.
func (n Node) Become(kind Kind, text string) {
	x := n.node()
	x.kind, x.flags, x.inner = kind, x.flags&^escaped|spelled, n.a.addText(text)
}

// Clear turns the node into an empty object or list; its place stays.
func (n Node) Clear(kind Kind) {
	x := n.node()
	x.kind, x.flags, x.inner = kind, x.flags&^(escaped|spelled), 0
}

// Keep removes the children for which keep is false. keep is called once for each child, in order.
func (n Node) Keep(keep func(Node) bool) {
	var last Node
	for c := n.First(); c.Exists(); c = c.Next() {
		if keep(c) {
			last = c
			continue
		}
		if last.Exists() {
			last.node().sib = c.node().sib
		} else {
			n.node().inner = c.node().sib
		}
	}
}

// An Appender adds children to a node in constant time each.
type Appender struct{ parent, last Node }

// Append returns an appender to a list or an object; children that are there stay.
func (n Node) Append() *Appender {
	p := &Appender{parent: n}
	for c := range n.Children() {
		p.last = c
	}
	return p
}

// Add appends a node, which must not be in a list or an object already.
func (p *Appender) Add(n Node) {
	n.node().sib = 0
	if p.last.Exists() {
		p.last.node().sib = n.i
	} else {
		p.parent.node().inner = n.i
	}
	p.last = n
}

// AddMember appends a node under a key.
func (p *Appender) AddMember(name string, n Node) {
	if !n.IsMember() || n.Key() != name {
		n.Rename(name)
	}
	p.Add(n)
}

// Take moves all children of another node to the end.
func (p *Appender) Take(from Node) {
	for c := from.First(); c.Exists(); {
		next := c.Next()
		p.Add(c)
		c = next
	}
	from.node().inner = 0
}
