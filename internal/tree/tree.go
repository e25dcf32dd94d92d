package tree

import (
	"iter"
	"strings"

	"github.com/glowplug-os/glowplug/internal/diag"
)

// A Kind is the kind of a node.
type Kind uint8

// The kinds of JSON.
const (
	Absent Kind = iota // the kind of the zero Node
	Null
	Bool
	Number
	String
	List
	Object
)

// String names the kind as people who write configs do.
func (k Kind) String() string {
	return [...]string{"nothing", "null", "a boolean", "a number", "a string", "a list", "an object"}[k]
}

const (
	escaped    = 1 << iota // the string has escapes, or bytes that are not UTF-8
	keyEscaped             // so has its key
	keyed                  // the node is a member of an object: key is the offset of its key's opening quote
	renamed                // key is an index into Arena.keys instead
	spelled                // inner is an index into Arena.texts: no document spells the scalar out

	mirrors = spelled | escaped // the scalar says what the node inner does
)

// A node is 24 bytes and has offsets only; its value is in the text of its document.
type node struct {
	kind       Kind
	flags      uint8
	doc        uint16
	start, end uint32
	key        uint32
	inner      uint32 // first child of a list or an object, 0 for none; see spelled for scalars
	sib        uint32 // next sibling, 0 for none
}

const chunkSize = 4096

// A memberKey is a key that has no opening quote in the text. Like nodes, keys have no pointers.
type memberKey struct {
	start, end uint32
	doc        uint16
	given      bool // name is an index into Arena.texts; else the key is what stands at its place
	name       uint32
}

// An Arena holds nodes, and the documents that they come from.
type Arena struct {
	chunks []*[chunkSize]node
	used   uint32
	docs   []*diag.Document
	texts  []string
	keys   []*[chunkSize]memberKey
	named  uint32 // how many keys there are
}

// NewArena returns an empty arena.
func NewArena() *Arena {
	a := &Arena{}
	a.add(node{}) // index 0 is no node
	return a
}

// add and those below are called from many places: as copies in each they would take 10 KB of the engine.
//
//go:noinline
func (a *Arena) add(n node) uint32 {
	i := a.used
	if int(i/chunkSize) == len(a.chunks) {
		a.chunks = append(a.chunks, new([chunkSize]node))
	}
	a.chunks[i/chunkSize][i%chunkSize] = n
	a.used++
	return i
}

func (a *Arena) at(i uint32) *node { return &a.chunks[i/chunkSize][i%chunkSize] }

//go:noinline
func (a *Arena) addKey(k memberKey) uint32 {
	i := a.named
	if int(i/chunkSize) == len(a.keys) {
		a.keys = append(a.keys, new([chunkSize]memberKey))
	}
	a.keys[i/chunkSize][i%chunkSize] = k
	a.named++
	return i
}

func (a *Arena) key(i uint32) *memberKey { return &a.keys[i/chunkSize][i%chunkSize] }

// addText keeps a text, unless it is among the last ones kept: derived trees have the same few keys again and again.
//
//go:noinline
func (a *Arena) addText(text string) uint32 {
	const few = 8
	for i := len(a.texts) - 1; i >= max(0, len(a.texts)-few); i-- {
		if a.texts[i] == text {
			return uint32(i)
		}
	}
	a.texts = append(a.texts, text)
	return uint32(len(a.texts) - 1)
}

// A mark is how much an arena holds at some time.
type mark struct {
	used, named uint32
	texts       int
}

func (a *Arena) mark() mark { return mark{a.used, a.named, len(a.texts)} }

// reset drops what was added since a mark.
func (a *Arena) reset(m mark) { a.used, a.named, a.texts = m.used, m.named, a.texts[:m.texts] }

// Document makes a document known to the arena and returns its number there.
func (a *Arena) document(doc *diag.Document) uint16 {
	a.docs = append(a.docs, doc)
	return uint16(len(a.docs) - 1)
}

// A Node is a value in an arena. The zero Node is absent: it has no kind, no children and no place.
type Node struct {
	a *Arena
	i uint32
}

func (n Node) node() *node {
	if n.a == nil {
		return &node{}
	}
	return n.a.at(n.i)
}

// Exists reports whether there is such a node.
func (n Node) Exists() bool { return n.a != nil }

// NumberOf gives the number by which the arena finds the node; 0 is no node.
func NumberOf(n Node) uint32 { return n.i }

// Numbered gives the node with a number.
func (a *Arena) Numbered(number uint32) Node {
	if number == 0 {
		return Node{}
	}
	return Node{a, number}
}

// Arena returns the arena that owns the node.
func (n Node) Arena() *Arena { return n.a }

// Kind says what the node is.
func (n Node) Kind() Kind { return n.node().kind }

// Document returns the document that the node comes from.
func (n Node) Document() *diag.Document {
	if n.a == nil {
		return nil
	}
	return n.a.docs[n.node().doc]
}

// Place gives where the node stands in its document.
func (n Node) Place() diag.Place {
	if n.a == nil {
		return diag.Place{}
	}
	x := n.node()
	return diag.Place{Doc: n.a.docs[x.doc], Span: diag.Span{Start: int(x.start), End: int(x.end)}}
}

// Span gives the span of the node in the text of its document.
func (n Node) Span() diag.Span {
	x := n.node()
	return diag.Span{Start: int(x.start), End: int(x.end)}
}

// IsMember reports whether the node stands under a key.
func (n Node) IsMember() bool { return n.node().flags&(keyed|renamed) != 0 }

// Key is the node's key in its object, unescaped; "" for other nodes.
func (n Node) Key() string {
	x := n.node()
	switch {
	case x.flags&renamed != 0:
		return n.a.keyName(x.key)
	case x.flags&keyed == 0:
		return ""
	}
	text := n.a.docs[x.doc].Text
	if x.flags&keyEscaped != 0 {
		return unescape(text[x.key+1 : stringEnd(text, int(x.key))-1])
	}
	raw := text[x.key+1:]
	return raw[:strings.IndexByte(raw, '"')]
}

// keyName gives the name of a memberKey.
func (a *Arena) keyName(i uint32) string {
	k := a.key(i)
	if k.given {
		return a.texts[k.name]
	}
	return a.docs[k.doc].Text[k.start:k.end]
}

// keyDoc is the number of the document in which the key of the node stands.
func keyDoc(n Node) uint16 {
	x := n.node()
	if x.flags&renamed != 0 {
		return n.a.key(x.key).doc
	}
	return x.doc
}

// KeyPlace gives where the key of the node stands, quotes included.
func (n Node) KeyPlace() diag.Place {
	x := n.node()
	switch {
	case x.flags&renamed != 0:
		k := n.a.key(x.key)
		return diag.Place{Doc: n.a.docs[k.doc], Span: diag.Span{Start: int(k.start), End: int(k.end)}}
	case x.flags&keyed == 0:
		return n.Place()
	}
	doc := n.a.docs[x.doc]
	return diag.Place{Doc: doc, Span: diag.Span{Start: int(x.key), End: stringEnd(doc.Text, int(x.key))}}
}

// stringEnd finds the end of the string literal whose opening quote is at start, closing quote included.
func stringEnd(text string, start int) int {
	for i := start + 1; ; {
		n := strings.IndexAny(text[i:], `"\`)
		i += n + 1
		if text[i-1] == '"' {
			return i
		}
		i++
	}
}

// Text gives the value of a string, and the literal of a number, a boolean or null.
func (n Node) Text() string {
	x := n.node()
	switch {
	case x.flags&mirrors == mirrors:
		return Node{n.a, x.inner}.Text()
	case x.flags&spelled != 0:
		return n.a.texts[x.inner]
	case x.kind == String:
		raw := n.a.docs[x.doc].Text[x.start:x.end]
		switch {
		case raw[0] != '"': // YAML's plain ones stand for themselves
			return raw
		case x.flags&escaped != 0:
			return unescape(raw[1 : len(raw)-1])
		}
		return raw[1 : len(raw)-1]
	case x.kind == Absent, x.kind == List, x.kind == Object:
		return ""
	}
	return n.a.docs[x.doc].Text[x.start:x.end]
}

// Literal gives a scalar as its document spells it, quotes and escapes included; ok is false for a scalar that no
// document spells as JSON does.
func (n Node) Literal() (text string, ok bool) {
	x := n.node()
	if x.flags&spelled != 0 || x.kind == Absent {
		return "", false
	}
	text = n.a.docs[x.doc].Text[x.start:x.end]
	return text, x.kind != String || text[0] == '"'
}

// First returns the first child of a list or an object.
func (n Node) First() Node {
	x := n.node()
	if x.kind != List && x.kind != Object {
		return Node{}
	}
	return n.link(x.inner)
}

// Next returns the node after this one in its list or object.
func (n Node) Next() Node { return n.link(n.node().sib) }

func (n Node) link(i uint32) Node {
	if i == 0 {
		return Node{}
	}
	return Node{n.a, i}
}

// Children goes through the items of a list or the members of an object.
func (n Node) Children() iter.Seq[Node] {
	return func(yield func(Node) bool) {
		for c := n.First(); c.Exists(); c = c.Next() {
			if !yield(c) {
				return
			}
		}
	}
}

// Len counts the children.
func (n Node) Len() int {
	count := 0
	for range n.Children() {
		count++
	}
	return count
}

// Get returns the last member with exactly that key.
func (n Node) Get(name string) Node {
	var found Node
	if n.Kind() != Object {
		return found
	}
	for c := range n.Children() {
		if isNamed(c, name) {
			found = c
		}
	}
	return found
}

// isNamed tells whether the key of the node is name, without looking for the end of the key. A quote ends a key, so no
// name has one.
func isNamed(n Node, name string) bool {
	x := n.node()
	if x.flags&(renamed|keyed|keyEscaped) != keyed {
		return n.Key() == name
	}
	text, end := n.a.docs[x.doc].Text, int(x.key)+1+len(name)
	return end < len(text) && text[end] == '"' && text[x.key+1:end] == name && !strings.Contains(name, `"`)
}

// At gives the i-th child, counted from 0. It walks along the children; a loop over many indices should use an Index.
func (n Node) At(i int) Node {
	for c := range n.Children() {
		if i == 0 {
			return c
		}
		i--
	}
	return Node{}
}

// An Index answers At for lists of any length without walking them each time.
type Index map[Node][]uint32

// At returns the i-th child of a list.
func (x Index) At(list Node, i int) Node {
	items, known := x[list]
	if !known {
		for c := range list.Children() {
			items = append(items, c.i)
		}
		x[list] = items
	}
	if i < 0 || i >= len(items) {
		return Node{}
	}
	return Node{list.a, items[i]}
}
