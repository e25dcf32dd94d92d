package document

import (
	"strconv"
	"unicode/utf8"

	"github.com/glowplug-os/glowplug/internal/tree"
)

// JSON is the config at the newest version as compact JSON, members in the model's order: absent scalars and lists are
// left out, objects are always there, and so are the strings that an item is known by. It is what encoding/json makes
// of the Config, written from the tree: the text of most values is there already.
func (doc *Document) JSON() ([]byte, error) {
	doc.upgrade()
	return doc.json(nil), nil
}

// json writes all but what skip is true of.
func (doc *Document) json(skip func(m *member, n tree.Node) bool) []byte {
	e := encoder{make([]byte, 0, len(doc.root.Document().Text)+1024), skip}
	e.value(doc.root, language())
	return e.out
}

type encoder struct {
	out  []byte
	skip func(m *member, n tree.Node) bool // or nil
}

func (e *encoder) value(n tree.Node, s *shape) {
	switch s.kind {
	case tree.Object:
		e.object(n, s)
	case tree.List:
		e.out = append(e.out, '[')
		first := true
		for item := range n.Children() {
			e.comma(&first)
			e.value(item, s.item)
		}
		e.out = append(e.out, ']')
	case tree.String:
		e.string(n)
	default:
		e.out = append(e.out, n.Text()...)
	}
}

func (e *encoder) comma(first *bool) {
	if !*first {
		e.out = append(e.out, ',')
	}
	*first = false
}

func (e *encoder) object(n tree.Node, s *shape) {
	e.out = append(e.out, '{')
	first := true
	for i := range s.members {
		m := &s.members[i]
		c := n.Get(m.name)
		if !c.Exists() && (m.nullable || m.kind == tree.Number) || m.kind == tree.List && !c.First().Exists() ||
			m.kind == tree.Number && !m.nullable && isZero(c) {
			continue
		}
		if e.skip != nil && e.skip(m, c) {
			continue
		}
		e.comma(&first)
		e.out = append(append(append(e.out, '"'), m.name...), `":`...)
		e.value(c, m.shape)
	}
	e.out = append(e.out, '}')
}

// isZero: the only number that is not nullable means "none" when it is 0.
func isZero(n tree.Node) bool {
	i, _ := strconv.Atoi(n.Text())
	return i == 0
}

// string copies a literal as it was written, unless it has bytes that are not UTF-8, or was never written.
func (e *encoder) string(n tree.Node) {
	if literal, ok := n.Literal(); ok && utf8.ValidString(literal) {
		e.out = append(e.out, literal...)
		return
	}
	e.out = appendQuoted(e.out, n.Text())
}

// appendQuoted writes a string as JSON (RFC 8259 §7).
func appendQuoted(out []byte, s string) []byte {
	const digits = "0123456789abcdef"
	out = append(out, '"')
	for _, r := range s { // bytes that are not UTF-8 come as U+FFFD
		switch {
		case r == '"' || r == '\\':
			out = append(out, '\\', byte(r))
		case r < ' ':
			out = append(out, '\\', 'u', '0', '0', digits[r>>4], digits[r&0xf])
		default:
			out = utf8.AppendRune(out, r)
		}
	}
	return append(out, '"')
}
