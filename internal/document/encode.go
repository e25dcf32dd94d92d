package document

import (
	"strconv"
	"unicode/utf8"

	"github.com/glowplug-os/glowplug/config"
	"github.com/glowplug-os/glowplug/internal/language"
	"github.com/glowplug-os/glowplug/internal/tree"
)

// JSON gives the config at the newest version as compact JSON, members in the order of the model: without absent
// scalars and lists, with all objects, and with the strings that identify an item. It is what encoding/json makes of
// the Config, but written from the tree, which has the text of most values already.
func (doc *Document) JSON() ([]byte, error) {
	doc.upgrade()
	return doc.json(nil), nil
}

// json writes all members but those for which skip says true.
func (doc *Document) json(skip func(m *language.Shape, n tree.Node) bool) []byte {
	e := encoder{whole: true, skip: skip, out: make([]byte, 0, len(doc.root.Document().Text)+1024)}
	e.value(doc.root, language.Config(), 0)
	return e.out
}

// Encode writes the canonical tree of a config of any version, members in the order of the model and without empty
// lists and objects; pretty puts members on lines of their own.
func Encode(root tree.Node, v config.Version, pretty bool) []byte {
	e := encoder{version: v, pretty: pretty, out: make([]byte, 0, len(root.Document().Text)/2+1024)}
	e.value(root, language.Config(), 0)
	return append(e.out, '\n')
}

// An encoder writes the tree of a config as JSON.
type encoder struct {
	out     []byte
	version config.Version
	pretty  bool
	// objects are written although they are empty; strings stay as they were written
	whole bool
	skip  func(m *language.Shape, n tree.Node) bool // or nil
}

// Members visits the members of an object that a version writes. as is "" where the node n is to be written; otherwise
// it is the JSON of a member that the document does not have and the version cannot leave out.
func Members(
	object tree.Node, s *language.Shape, v config.Version, visit func(m *language.Shape, n tree.Node, as string),
) {
	e := encoder{version: v}
	e.members(object, s, visit)
}

func (e *encoder) members(object tree.Node, s *language.Shape, visit func(m *language.Shape, n tree.Node, as string)) {
	for _, m := range s.Members {
		n := object.Get(m.Name)
		switch {
		case e.skip != nil && e.skip(m, n):
		case e.whole:
			if !e.absent(n, m) {
				visit(m, n, "")
			}
		case !e.silent(n, m):
			visit(m, n, "")
		case m.Field.Written.Has(e.version) && m.Since <= e.version:
			visit(m, n, m.Field.As)
		}
	}
}

// absent: encoding/json would leave the member out.
func (e *encoder) absent(n tree.Node, m *language.Shape) bool {
	switch {
	case m.Kind == tree.List:
		return !n.First().Exists()
	case m.Kind == tree.Number && !m.Nullable:
		return isZero(n)
	}
	return m.Nullable && !n.Exists()
}

// silent: the member says nothing: it is empty, and the version can leave it out.
func (e *encoder) silent(n tree.Node, m *language.Shape) bool {
	switch {
	case !n.Exists():
		return true
	case m.Kind == tree.List:
		return !n.First().Exists()
	case m.Kind == tree.Object:
		return isEmpty(n) && !m.Field.Nullable.Has(e.version)
	case m.Nullable:
		return false
	case m.Kind == tree.Number:
		return isZero(n)
	}
	return n.Text() == ""
}

// isEmpty: the object has nothing but empty objects and lists.
func isEmpty(n tree.Node) bool {
	for c := range n.Children() {
		if c.Kind() < tree.List || c.Kind() == tree.List && c.First().Exists() || c.Kind() == tree.Object &&
			!isEmpty(c) {
			return false
		}
	}
	return true
}

// isZero: the only number of the model that is no pointer is absent when it is 0.
func isZero(n tree.Node) bool {
	i, _ := strconv.Atoi(n.Text())
	return i == 0
}

func (e *encoder) value(n tree.Node, s *language.Shape, depth int) {
	switch s.Kind {
	case tree.Object:
		e.object(n, s, depth)
	case tree.List:
		e.list(n, s, depth)
	case tree.String:
		e.string(n)
	default:
		e.out = append(e.out, n.Text()...)
	}
}

func (e *encoder) object(n tree.Node, s *language.Shape, depth int) {
	e.out = append(e.out, '{')
	first := true
	e.members(n, s, func(m *language.Shape, c tree.Node, as string) {
		e.comma(&first, depth+1)
		e.out = append(append(append(e.out, '"'), m.Name...), `":`...)
		if e.pretty {
			e.out = append(e.out, ' ')
		}
		if as != "" {
			e.out = append(e.out, as...)
			return
		}
		e.value(c, m, depth+1)
	})
	if !first {
		e.newline(depth)
	}
	e.out = append(e.out, '}')
}

func (e *encoder) list(n tree.Node, s *language.Shape, depth int) {
	e.out = append(e.out, '[')
	first := true
	for item := range n.Children() {
		e.comma(&first, depth+1)
		e.value(item, s.Item, depth+1)
	}
	e.newline(depth)
	e.out = append(e.out, ']')
}

func (e *encoder) comma(first *bool, depth int) {
	if !*first {
		e.out = append(e.out, ',')
	}
	*first = false
	e.newline(depth)
}

func (e *encoder) newline(depth int) {
	if !e.pretty {
		return
	}
	e.out = append(e.out, '\n')
	for range depth {
		e.out = append(e.out, "  "...)
	}
}

// string copies a literal as it was written, unless it has bytes that are not UTF-8, or was never written. What is for
// other readers is spelled so that all of them understand it.
func (e *encoder) string(n tree.Node) {
	if literal, ok := n.Literal(); e.whole && ok && utf8.ValidString(literal) {
		e.out = append(e.out, literal...)
		return
	}
	e.out = AppendQuoted(e.out, n.Text())
}

// IsPrintable: the character may stand in a text of JSON, of every version of YAML (1.2 §5.1) and on a terminal. YAML
// 1.1 takes the next line U+0085 and the separators U+2028 and U+2029 for line breaks.
func IsPrintable(r rune) bool {
	switch {
	case r < ' ', 0x7f <= r && r < 0xa0, r == '\u2028', r == '\u2029', r == '\ufeff', r == 0xfffe, r == 0xffff:
		return false
	}
	return r != utf8.RuneError
}

// AppendQuoted writes a string so that every reader of JSON (RFC 8259 §7) and of YAML takes it for the same, in HTML
// too. Bytes that are not UTF-8 become U+FFFD.
func AppendQuoted(out []byte, s string) []byte {
	out = append(out, '"')
	from := 0
	for i, r := range s {
		if IsPrintable(r) && r != '"' && r != '\\' && r != '<' && r != '>' && r != '&' {
			continue
		}
		out = append(out, s[from:i]...)
		_, size := utf8.DecodeRuneInString(s[i:])
		from = i + size
		switch r {
		case '"', '\\':
			out = append(out, '\\', byte(r))
		case '\n':
			out = append(out, `\n`...)
		case '\r':
			out = append(out, `\r`...)
		case '\t':
			out = append(out, `\t`...)
		case utf8.RuneError:
			out = append(out, `\ufffd`...)
		default:
			const digits = "0123456789abcdef"
			out = append(out, '\\', 'u', digits[r>>12&15], digits[r>>8&15], digits[r>>4&15], digits[r&15])
		}
	}
	return append(append(out, s[from:]...), '"')
}
