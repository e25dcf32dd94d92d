package tree

import (
	"sort"
	"strings"
	"unicode/utf8"

	"go.yaml.in/yaml/v4"

	"github.com/glowplug-os/glowplug/internal/diag"
)

// The library makes a node of some 200 bytes of every value, which for short values is fifty times the text. So it is
// given a large text in parts, each of which becomes nodes of ours before the next one is read: lines of one block, a
// mapping or a list, from where one of its keys or items starts to where another one does. What comes before such a
// line has been read to its end there, if it can be read by itself: an open quote, bracket or alias would be an error.
// What cannot be read so is read in one piece, as all small texts are.

// partSize is how many bytes of a text the library is given at once.
const partSize = 32 << 10

// maxDescents is how deep blocks within blocks are divided: each level is read once more.
const maxDescents = 8

// parts reads one text in parts.
type parts struct {
	y        *yamlReader
	size     int
	anchors  anchors
	descents int
	left     int    // the margin of the block that collections in brackets stand in
	read     []span // parts that have been read, and that the rest does not depend on
}

// A span is a range of whole lines, or of items in brackets with a comma after each.
type span struct{ from, to int }

// anchors are the anchors of all parts read so far.
type anchors map[string]*yaml.Node

// anyAnchor, which is no name, has every alias accepted: its anchor may be in another part.
const anyAnchor = ""

// NewAliasDataContext is called for each part; all have the same anchors.
func (a anchors) NewAliasDataContext(yaml.AliasDataServices) (yaml.AliasDataContext, error) {
	return a, nil
}

// BeginDocument keeps the anchors, as a part is not a document.
func (a anchors) BeginDocument() error { return nil }

// EndDocument keeps the anchors too.
func (a anchors) EndDocument() error { return nil }

// DefineAnchor gives a name its node.
func (a anchors) DefineAnchor(name string, node *yaml.Node) error {
	a[name] = node
	return nil
}

// ResolveAlias gives the node of a name.
func (a anchors) ResolveAlias(name string) (*yaml.Node, bool, error) {
	node, found := a[name]
	if _, any := a[anyAnchor]; any && !found {
		return &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!null"}, true, nil
	}
	return node, found, nil
}

// document reads the first document of a text; end is where the document ends. If ok is false, no problem has been
// reported.
func (p *parts) document(start int) (root uint32, end int, ok bool) {
	text := p.y.doc.Text
	from := p.content(start, len(text))
	if !p.blank(start, from) {
		return 0, 0, false
	}
	if begin := p.begins(from); begin > from {
		start = begin
		if from = p.content(start, len(text)); !p.blank(start, from) {
			return 0, 0, false
		}
	}
	if end = documentEnd(text, from); end == from {
		return 0, 0, false
	}
	if margin := indentOf(text[from:]); bracketAt(text, from+margin) {
		var closed int
		p.left = -1
		root, closed, ok = p.flow(node{}, from+margin)
		ok = ok && p.blank(closed, end)
	} else {
		root, _, ok = p.block(node{}, from, margin, end)
	}
	return root, end, ok
}

// begins gives where a document begins: after the line --- and directives before it that the library takes.
func (p *parts) begins(from int) int {
	text, end := p.y.doc.Text, from
	for end < len(text) && (text[end] == '%' || !says(p.line(end))) {
		end += len(p.line(end)) + 1
	}
	if end >= len(text) || strings.TrimRight(p.line(end), " \r") != "---" {
		return from
	}
	end = min(end+len(p.line(end))+1, len(text))
	if count, err := loadYAML(text[from:end], make([]yaml.Node, 1), nil); count != 1 || err != nil {
		return from
	}
	return end
}

// documentEnd is where a line may end the document that an offset lies in, and begin another one.
func documentEnd(text string, from int) int {
	for at := from; at < len(text); at++ {
		if mark := text[at:min(at+3, len(text))]; mark == "---" || mark == "..." {
			return at
		}
		line := strings.IndexByte(text[at:], '\n')
		if line < 0 {
			break
		}
		at += line
	}
	return len(text)
}

// rest has the library read the text after the first document, with a word in the place of that document. The parts of
// a second document that can be read may be left out as well.
func (p *parts) rest(end int, documents []yaml.Node) (count int, err error) {
	y := *p.y
	second := &parts{y: &y, size: p.size, anchors: anchors{}}
	before := y.a.mark()
	if strings.TrimRight(p.line(end), " \r") == "---" {
		second.document(end)
	}
	y.a.reset(before)
	return loadYAML("0"+strings.Repeat("\n", p.linesBefore(end))+second.unread(end), documents,
		second.anchors)
}

// line is the line that starts at an offset.
//
//go:noinline
func (p *parts) line(at int) string {
	line, _, _ := strings.Cut(p.y.doc.Text[min(at, len(p.y.doc.Text)):], "\n")
	return line
}

// linesBefore counts the lines that start before an offset.
func (p *parts) linesBefore(at int) int {
	starts := p.y.lines.starts
	return sort.Search(len(starts), func(i int) bool { return int(starts[i]) >= at })
}

// content is the start of the first line, from an offset on, that is neither blank nor a comment; to where there is
// none.
func (p *parts) content(from, to int) int {
	for from < to && !says(strings.TrimSuffix(p.line(from), "\r")) {
		from += len(p.line(from)) + 1
	}
	return min(from, to)
}

// blank: between two offsets there are only blanks and comments, and no character that the library refuses.
func (p *parts) blank(from, to int) bool {
	if from > to || p.y.lines.skipSpace(from) < to {
		return false
	}
	count, err := loadYAML(p.y.doc.Text[from:to], make([]yaml.Node, 1), nil)
	return count == 0 && err == nil
}

// block reads lines that are one mapping or one list at a margin, into a node that may already have its key.
func (p *parts) block(n node, from, margin, to int) (at uint32, end int, ok bool) {
	y := p.y
	b := block{parts: p, margin: margin, list: isItem(strings.TrimSuffix(p.line(from+margin), "\r")), from: from,
		scanned: from}
	n.kind, n.doc, n.start = Object, y.number, uint32(from+margin)
	if b.list {
		n.kind = List
	}
	at = y.a.add(n)
	b.at = at
	y.depth++
	p.descents++
	defer func() { y.depth--; p.descents-- }()
	for ok = true; ok && from < to; {
		part := b.part(to)
		if part.to < 0 {
			return 0, 0, false
		}
		if part.single && p.descents < maxDescents {
			ok = b.entry(part)
		} else {
			ok = b.entries(part)
		}
		from = part.to
	}
	y.merge(at, &b.last, b.merges)
	y.a.at(at).end = uint32(b.end)
	return at, b.end, ok && (b.end > 0 || len(y.problems) > 0)
}

// A block is a mapping or a list whose keys or dashes stand at a margin.
type block struct {
	*parts
	at, last  uint32
	merges    []merge // what they bring depends on all keys of the mapping
	from, end int
	margin    int
	list      bool
	coming    []part // those that have been found, up to scanned
	scanned   int
}

// next is the end of the part that starts at an offset, -1 if a line does not belong to the block. single: the part is
// one entry that is larger than a part should be.
func (b *block) next(from, to int) (next int, single bool) {
	before := from
	for at := from; at < to; {
		line := b.line(at)
		if at > from && b.starts(line) {
			if indentOf(line) < b.margin {
				return -1, false
			}
			if at-from > b.size && before == from {
				return at, true
			} else if at-from > b.size {
				return before, false
			}
			before = at
		}
		at += len(line) + 1
	}
	if to-from > b.size && before > from {
		return before, false
	}
	return to, to-from > b.size
}

// starts: a line starts an entry of the block, or does not belong to the block. A tab is no indentation, and a line
// that closes a quote or a bracket is no entry; a dash may start an item of a list that is not indented below its key.
func (b *block) starts(line string) bool {
	line = strings.TrimSuffix(line, "\r")
	indent := indentOf(line)
	bare := line[indent:]
	if indent > b.margin || !says(line) || bare[0] == '\t' || bare[0] == ':' {
		return false
	}
	if isItem(line) {
		return b.list || indent < b.margin
	}
	return bare[0] == '?' || hasColon(bare)
}

// hasColon: a line has a colon that may come after a key.
func hasColon(line string) bool {
	for i := range len(line) {
		if line[i] == ':' && (i+1 == len(line) || isYAMLSpace(line[i+1])) {
			return true
		}
	}
	return false
}

// entries has the library read some entries of the block.
func (b *block) entries(loaded part) bool {
	y, from := b.y, loaded.from
	top := b.top(loaded)
	if top == nil || top.Column != b.margin+1 || top.Style&yaml.FlowStyle != 0 {
		return false
	}
	y.lines.partAt(b.linesBefore(from), 0)
	switch {
	case b.list && top.Kind == yaml.SequenceNode:
		b.end = y.items(b.at, &b.last, top, b.end)
	case !b.list && top.Kind == yaml.MappingNode:
		var merges []merge
		merges, b.end = y.pairs(b.at, &b.last, top, b.end)
		b.merges = append(b.merges, merges...)
	default:
		return false
	}
	if from > b.from { // the start of a block says what the rest of it is
		b.read = append(b.read, span{from, loaded.to})
	}
	return true
}

// text is the part of a block that the library is given. Where the block starts within an item of a list, blanks
// replace the dashes before it.
func (b *block) text(from, to int) string {
	text := b.y.doc.Text
	if from != b.from || indentOf(text[from:to]) >= b.margin {
		return text[from:to]
	}
	return strings.Repeat(" ", b.margin) + text[from+b.margin:to]
}

// inside finds where the value of an entry starts, if it is a block of its own or in brackets; otherwise value is 0.
// keyEnd is the offset of the colon.
func (b *block) inside(from, to int) (keyEnd, value int) {
	text := b.y.doc.Text
	start := from + b.margin
	keyEnd = start + keyLen(text[start:to])
	if !b.list && (keyEnd == start || keyEnd+1 == to || !isYAMLSpace(text[keyEnd+1])) {
		return 0, 0
	}
	line, rest := from, strings.TrimRight(b.line(from), " \r")[keyEnd+1-from:]
	value = keyEnd + 1 + indentOf(rest)
	if rest == "" {
		next := min(from+len(b.line(from))+1, to)
		line = b.content(next, to)
		value = line + indentOf(text[line:to])
		if !b.blank(next, line) {
			return 0, 0
		}
	} else if !b.list && !bracketAt(text, value) {
		return 0, 0
	}
	if value < to && (b.isBlock(value, value-line) || bracketAt(text, value) && value-line > b.margin) {
		return keyEnd, value
	}
	return 0, 0
}

// isBlock: a mapping or a list starts at an offset.
func (b *block) isBlock(at, margin int) bool {
	line := strings.TrimSuffix(b.line(at), "\r")
	if isItem(line) {
		return margin > b.margin || margin == b.margin && !b.list
	}
	bare := line[indentOf(line):]
	if bare != "" && (bare[0] == '"' || bare[0] == '\'') {
		bare = bare[quotedEnd(bare, 0, bare[0]):]
	} else if bare != "" && strings.IndexByte("[{|>!&@`%#", bare[0]) >= 0 {
		return false
	}
	return margin > b.margin && hasColon(bare)
}

// rightOf: all lines that start between two offsets stand right of a margin, as those of a collection in brackets must.
func (p *parts) rightOf(margin, from, to int) bool {
	for from += len(p.line(from)) + 1; from < to; from += len(p.line(from)) + 1 {
		line := strings.TrimSuffix(p.line(from), "\r")
		if bare := strings.TrimLeft(line, " "); says(line) && indentOf(line) <= margin && bare[0] != ']' &&
			bare[0] != '}' {
			return false
		}
	}
	return true
}

// entry reads a large entry, in parts if its value can be divided.
func (b *block) entry(large part) (ok bool) {
	from, to := large.from, large.to
	y, start := b.y, from+b.margin
	keyEnd, value := b.inside(from, to)
	if value == 0 {
		return b.entries(large)
	}
	var n node
	if !b.list {
		name := strings.Trim(y.doc.Text[start:keyEnd], `"'`)
		n.flags, n.key = renamed, y.name(name, diag.Span{Start: start, End: keyEnd})
	}
	var child uint32
	if bracketAt(y.doc.Text, value) {
		b.left = b.margin
		child, b.end, ok = b.flow(n, value)
		ok = ok && b.blank(b.end, to) && b.rightOf(b.margin, value, to)
	} else {
		line := 1 + strings.LastIndexByte(y.doc.Text[:value], '\n')
		child, b.end, ok = b.block(n, max(line, int(y.lines.starts[0])), value-line, to)
	}
	y.link(b.at, &b.last, child)
	return ok
}

// unread is the text from an offset on, with blanks for the parts that have been read. The rest keeps its lines and
// columns.
func (p *parts) unread(at int) string {
	var b strings.Builder
	text := p.y.doc.Text
	for _, r := range p.read {
		b.WriteString(text[at:r.from])
		lines := p.linesBefore(r.to)
		blanks := strings.Repeat("\n", lines-p.linesBefore(r.from))
		if text[r.to-1] == ',' {
			line := max(r.from, int(p.y.lines.starts[lines-1]))
			blanks += strings.Repeat(" ", utf8.RuneCountInString(text[line:r.to]))
		}
		b.WriteString(blanks)
		at = r.to
	}
	b.WriteString(text[at:])
	return b.String()
}

// isWord: the key is spelled as it is read.
func isWord(name string) bool {
	for i := range len(name) {
		switch c := name[i]; {
		case 'a' <= c|0x20 && c|0x20 <= 'z', '0' <= c && c <= '9', c == '_', c == '/':
		case i == 0, c == ' ' && i+1 == len(name), c != ' ' && c != '-' && c != '.':
			return false
		}
	}
	return name != ""
}
