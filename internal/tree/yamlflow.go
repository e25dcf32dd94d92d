package tree

import (
	"strings"

	"go.yaml.in/yaml/v4"

	"github.com/glowplug-os/glowplug/internal/diag"
)

// A flow is a list or a mapping in brackets. Its items are read as the entries of a block are, some at a time, with a
// bracket in place of the comma before them and of the one after them. An item that is no item would leave a quote or a
// bracket open in its part.
type flow struct {
	*parts
	at, last    uint32
	merges      []merge
	open, close string
}

// flow reads what starts at an offset with a bracket, into a node that may already have its key.
func (p *parts) flow(n node, from int) (at uint32, end int, ok bool) {
	y := p.y
	f := flow{parts: p, open: "{", close: "}"}
	n.kind, n.doc, n.start = Object, y.number, uint32(from)
	if y.doc.Text[from] == '[' {
		f.open, f.close, n.kind = "[", "]", List
	}
	at = y.a.add(n)
	f.at = at
	y.depth++
	p.descents++
	defer func() { y.depth--; p.descents-- }()
	for ok = true; ok; from = end {
		var single bool
		if end, single = f.next(from + 1); end < 0 {
			return 0, 0, false
		}
		if single && p.descents < maxDescents {
			ok = f.item(from, end)
		} else {
			ok = f.items(from, end)
		}
		if y.doc.Text[end] != ',' {
			break
		}
	}
	y.merge(at, &f.last, f.merges)
	y.a.at(at).end = uint32(end + 1)
	return at, end + 1, ok && y.doc.Text[end:end+1] == f.close
}

// next is where the part ends that starts at an offset: at a comma or at the closing bracket, -1 if there is none.
// single: it is one item that is too large.
func (f *flow) next(from int) (next int, single bool) {
	before := -1
	for at := from; ; at = before + 1 {
		end := itemEnd(f.y.doc.Text, at)
		switch {
		case end < 0:
			return -1, false
		case end-from > f.size && before >= 0:
			return before, false
		case end-from > f.size:
			return end, true
		case f.y.doc.Text[end] != ',':
			return end, false
		}
		before = end
	}
}

// items has the library read what stands after a bracket or a comma, up to another one.
func (f *flow) items(from, to int) bool {
	y := f.y
	top := load(f.open+y.doc.Text[from+1:to]+f.close, f.anchors)
	if top == nil || top.Style&yaml.FlowStyle == 0 || len(top.Content) == 0 && y.doc.Text[to] == ',' {
		return false
	}
	y.lines.partAt(f.linesBefore(from+1)-1, from)
	if f.open == "{" {
		merges, _ := y.pairs(f.at, &f.last, top, 0)
		f.merges = append(f.merges, merges...)
	} else {
		y.items(f.at, &f.last, top, 0)
	}
	if y.doc.Text[from] == ',' && y.doc.Text[to] == ',' && f.rightOf(f.left, from, to) {
		// Elsewhere a bracket would be left beside a comma.
		f.read = append(f.read, span{from + 1, to + 1})
	}
	return true
}

// item reads an item that is large, taking it apart if it is in brackets itself or its value is.
func (f *flow) item(from, to int) bool {
	var n node
	text := f.y.doc.Text
	value := skipBlanks(text, from+1)
	if f.open == "{" {
		start, end := value, value+keyLen(text[value:to])
		value = skipBlanks(text, end+1)
		if end > start && bracketAt(text, value) {
			n.flags, n.key = renamed, f.y.name(strings.Trim(text[start:end], `"'`), diag.Span{Start: start, End: end})
		} else {
			value = to
		}
	}
	if !bracketAt(text, value) {
		return f.items(from, to)
	}
	child, end, ok := f.flow(n, value)
	f.y.link(f.at, &f.last, child)
	return ok && f.blank(end, to)
}

// skipBlanks gives the offset after blanks and the ends of lines.
func skipBlanks(text string, at int) int {
	for at < len(text) && (text[at] == ' ' || text[at] == '\n' || text[at] == '\r') {
		at++
	}
	return at
}

// bracketAt: a collection in brackets starts at an offset.
func bracketAt(text string, at int) bool {
	return at < len(text) && (text[at] == '[' || text[at] == '{')
}

// keyLen is how long the key is that a text starts with, if it is a word with a colon and a blank after it, or a word
// in quotes with a colon after it; otherwise 0.
func keyLen(text string) int {
	colon := strings.IndexByte(text[:min(len(text), 1<<10)], ':')
	if colon < 1 || colon+1 == len(text) {
		return 0
	}
	key := text[:colon]
	if quote := key[:1]; quote == `"` || quote == "'" {
		if len(key) > 1 && strings.HasSuffix(key, quote) && isWord(key[1:len(key)-1]) {
			return colon
		}
		return 0
	}
	if isWord(key) && isYAMLSpace(text[colon+1]) {
		return colon
	}
	return 0
}

// itemEnd is where the item ends that starts at an offset: at a comma or a bracket that is not its own. It is -1 where
// more would have to be known of YAML to tell: tabs, tags and explicit keys are rare in what is large.
func itemEnd(text string, at int) int {
	depth, value := 0, true // value: a value may start here, and so a quote
	for at < len(text) {
		switch c := text[at]; {
		case c == ' ' || c == '\n' || c == '\r':
			at++
		case c == '#' && isYAMLSpace(text[at-1]):
			end := strings.IndexByte(text[at:], '\n')
			if end < 0 {
				return -1
			}
			at += end
		case c == '[' || c == '{':
			depth, value = depth+1, true
			at++
		case depth == 0 && (c == ',' || c == ']' || c == '}'):
			return at
		case c == ']' || c == '}':
			depth, value = depth-1, false
			at++
		case value && (c == '"' || c == '\''):
			at, value = quotedEnd(text, at, c), false
		case c == '!' && value && text[at+1:min(at+2, len(text))] != "<":
			at = plainEnd(text, at)
		case value && strings.IndexByte("?!%@`|>", c) >= 0 || c == '#' || c == '\t':
			return -1
		case c == ',' || c == ':':
			value = true
			at++
		default:
			at, value = plainEnd(text, at), c == '&'
		}
	}
	return -1
}

// plainEnd is where a word of a plain value ends, within brackets.
func plainEnd(text string, at int) int {
	for ; at < len(text); at++ {
		switch text[at] {
		case ' ', '\t', '\n', '\r', ',', '[', ']', '{', '}':
			return at
		case ':':
			if at+1 == len(text) || isYAMLSpace(text[at+1]) || strings.IndexByte(",]}", text[at+1]) >= 0 {
				return at
			}
		}
	}
	return at
}

// load has the library read a part, which must be one list or mapping and no more.
func load(text string, known anchors) *yaml.Node {
	var root [2]yaml.Node
	count, err := loadYAML(text, root[:], known)
	if count != 1 || err != nil || len(root[0].Content) != 1 {
		return nil
	}
	top := root[0].Content[0]
	if top.Line != 1 || top.Anchor != "" || top.Style&yaml.TaggedStyle != 0 {
		return nil
	}
	return top
}
