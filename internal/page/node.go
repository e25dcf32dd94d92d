package page

import (
	"strings"

	"github.com/glowplug-os/glowplug/internal/diag"
)

// An element is one of those that the page is made of: there is no way to write another one.
type element uint8

const (
	text element = iota
	whole
	head
	title
	meta
	styles
	body
	top
	contents
	middle
	bottom
	section
	heading1
	heading2
	heading3
	paragraph
	items
	ordered
	item
	table
	columns
	rows
	row
	header
	cell
	fold
	folded
	span
	strong
	small
	code
	lines
	comes
	goes
	stays
	anchor
)

// An ending says where a line of the page ends.
type ending uint8

const (
	behind ending = iota
	inside        // which a browser does not show at the end of a block
	nowhere
)

// elements are their names, and where a line ends; meta has no end.
var elements = [...]struct {
	name string
	line ending
}{
	text: {"", nowhere}, whole: {name: "html"}, head: {name: "head"}, title: {name: "title"}, meta: {name: "meta"},
	styles: {name: "style"}, body: {name: "body"}, top: {name: "header"}, contents: {name: "nav"},
	middle: {name: "main"}, bottom: {name: "footer"}, section: {name: "section"}, heading1: {name: "h1"},
	heading2: {name: "h2"}, heading3: {name: "h3"}, paragraph: {name: "p"}, items: {name: "ul"},
	ordered: {name: "ol"}, item: {name: "li"}, table: {name: "table"}, columns: {name: "thead"},
	rows: {name: "tbody"}, row: {name: "tr"}, header: {name: "th"}, cell: {name: "td"}, fold: {name: "details"},
	folded: {name: "summary"}, span: {"span", nowhere}, strong: {"strong", nowhere}, small: {"small", nowhere},
	code: {"code", nowhere}, lines: {name: "pre"}, comes: {"ins", inside}, goes: {"del", inside},
	stays: {"span", inside}, anchor: {"a", nowhere},
}

// An attribute is one of those that elements may have; class is another one (node.in).
type attribute uint8

const (
	language attribute = iota
	charset
	name
	content
	equivalent
	identity
	leadsTo
	scope
	across
	unfolded
	label
	labelledBy
)

var attributes = [...]string{language: "lang", charset: "charset", name: "name", content: "content",
	equivalent: "http-equiv", identity: "id", leadsTo: "href", scope: "scope", across: "colspan", unfolded: "open",
	label: "aria-label", labelledBy: "aria-labelledby"}

// A class is a name of the style sheet.
type class string

// A node is an element with what is in it, or a text.
type node struct {
	is      element
	classes []class
	values  []value
	text    string
	inside  []node
}

type value struct {
	of   attribute
	text string
}

// of makes an element.
func (e element) of(inside ...node) node { return node{is: e, inside: inside} }

// say makes an element with one text in it.
func (e element) say(what string) node { return e.of(say(what)) }

func say(what string) node { return node{text: what} }

func (n node) in(classes ...class) node {
	n.classes = append(n.classes, classes...)
	return n
}

func (n node) with(of attribute, text string) node {
	n.values = append(n.values, value{of, text})
	return n
}

// write writes an element, with what is in it.
func (n *node) write(b *strings.Builder) {
	if n.is == text {
		b.WriteString(escaped(n.text))
		return
	}
	e := elements[n.is]
	n.begin(b, e.name)
	if n.is == styles {
		b.WriteString(style())
	}
	for i := range n.inside {
		n.inside[i].write(b)
	}
	if e.line == inside {
		b.WriteByte('\n')
	}
	if n.is != meta {
		b.WriteString("</" + e.name + ">")
	}
	if e.line == behind {
		b.WriteByte('\n')
	}
}

func (n *node) begin(b *strings.Builder, name string) {
	b.WriteString("<" + name)
	if len(n.classes) > 0 {
		b.WriteString(` class="`)
		for i, c := range n.classes {
			if i > 0 {
				b.WriteByte(' ')
			}
			b.WriteString(escaped(string(c)))
		}
		b.WriteByte('"')
	}
	for _, v := range n.values {
		b.WriteString(" " + attributes[v.of] + `="` + escaped(v.text) + `"`)
	}
	b.WriteByte('>')
}

// escaped has nothing that a reader of HTML acts on, neither in a text nor in a quoted value, and nothing that cannot
// be seen (HTML Living Standard, section 13.1).
func escaped(text string) string { return marks.Replace(diag.Printable(text)) }

var marks = strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;", `"`, "&quot;", "'", "&#39;")
