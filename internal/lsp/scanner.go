package lsp

import (
	"strings"

	"github.com/glowplug-os/glowplug/internal/diag"
)

// A scanner makes the outline of a text.
type scanner struct {
	*outline
	pos   int
	stack []int32 // the entries of YAML that the next line may be in, the whole text first
}

func (s *scanner) add(e entry) int32 {
	s.entries = append(s.entries, e)
	return int32(len(s.entries) - 1)
}

func (s *scanner) top() int32 { return s.stack[len(s.stack)-1] }

// block reads a text line by line.
func (s *scanner) block() {
	for s.pos < len(s.text) {
		start := s.pos
		s.blanks()
		switch {
		case s.ended(), s.text[s.pos] == '#':
		case s.pos == start && (s.has("---") || s.has("...") || s.has("%")):
		default:
			s.node(s.pos - start)
		}
		s.pos = nextLine(s.text, lineEnd(s.text, s.pos))
	}
}

// lineEnd is where the line of an offset ends.
func lineEnd(text string, at int) int {
	for at < len(text) && text[at] != '\n' && text[at] != '\r' {
		at++
	}
	return at
}

// nextLine is behind the end of a line, and behind all lines that follow it and have nothing in them.
func nextLine(text string, at int) int {
	for at < len(text) && (text[at] == '\n' || text[at] == '\r') {
		at++
	}
	return at
}

func (s *scanner) blanks() {
	for s.pos < len(s.text) && (s.text[s.pos] == ' ' || s.text[s.pos] == '\t') {
		s.pos++
	}
}

func (s *scanner) has(text string) bool { return strings.HasPrefix(s.text[s.pos:], text) }

// ended: nothing more is in the line.
func (s *scanner) ended() bool { return ends(s.text, s.pos) }

func ends(text string, at int) bool { return at >= len(text) || text[at] == '\n' || text[at] == '\r' }

// parts: after this byte a dash or a colon means something.
func parts(text string, at int) bool { return ends(text, at) || text[at] == ' ' || text[at] == '\t' }

// node reads what is in a line from a column on.
func (s *scanner) node(column int) {
	start := s.pos - column
	for s.has("-") && parts(s.text, s.pos+1) {
		s.enter(column, true)
		s.stack = append(s.stack, s.add(entry{parent: s.top(), column: int32(column), item: true, at: s.pos,
			value: diag.Span{Start: s.pos + 1, End: s.pos + 1}}))
		s.pos++
		s.blanks()
		column = s.pos - start
		if s.ended() || s.text[s.pos] == '#' {
			return
		}
	}
	at := s.pos
	key, isKey := s.key()
	if isKey {
		s.enter(column, false)
		s.stack = append(s.stack, s.add(entry{parent: s.top(), column: int32(column), at: at, key: key,
			value: diag.Span{Start: s.pos, End: s.pos}}))
		s.value()
		return
	}
	if owner := &s.entries[s.top()]; owner.item && lineStart(s.text, at) <= owner.at || s.text[at] == '{' ||
		s.text[at] == '[' {
		if !owner.item || lineStart(s.text, at) > owner.at {
			s.enter(column, false)
		}
		s.value()
		return
	}
	s.enter(column, false)
	end := s.plainEnd()
	s.stack = append(s.stack, s.add(entry{parent: s.top(), column: int32(column), bare: true, at: at,
		key: diag.Span{Start: at, End: end}, value: diag.Span{Start: end, End: end}}))
}

func lineStart(text string, at int) int { return strings.LastIndexAny(text[:at], "\r\n") + 1 }

// enter leaves the entries that a line of this column is not in. The items of a list may stand as far left as its key.
func (s *scanner) enter(column int, dash bool) {
	for len(s.stack) > 1 {
		e := &s.entries[s.top()]
		if int(e.column) < column || int(e.column) == column && dash && !e.item {
			return
		}
		s.stack = s.stack[:len(s.stack)-1]
	}
}

// key reads a key with its colon, or leaves the scanner where it is.
func (s *scanner) key() (key diag.Span, found bool) {
	at := s.pos
	s.properties()
	key.Start = s.pos
	if !s.ended() && (s.text[s.pos] == '"' || s.text[s.pos] == '\'') {
		key.End = s.quotedEnd(s.pos, false)
	} else {
		for key.End = s.pos; !ends(s.text, key.End); key.End++ {
			c := s.text[key.End]
			if c == ':' && parts(s.text, key.End+1) || c == '#' && key.End > s.pos && s.text[key.End-1] == ' ' {
				break
			}
			if key.End == s.pos && strings.IndexByte("{}[]|>,#", c) >= 0 {
				break
			}
		}
	}
	colon := key.End
	for colon < len(s.text) && (s.text[colon] == ' ' || s.text[colon] == '\t') {
		colon++
	}
	if key.End == key.Start || colon >= len(s.text) || s.text[colon] != ':' || !parts(s.text, colon+1) {
		s.pos = at
		return diag.Span{}, false
	}
	s.pos = colon + 1
	return key, true
}

// properties passes over anchors and tags.
func (s *scanner) properties() {
	for !s.ended() && (s.text[s.pos] == '&' || s.text[s.pos] == '!') {
		for !parts(s.text, s.pos) {
			s.pos++
		}
		s.blanks()
	}
}

// value reads the value of the entry on top of the stack, as far as it is in its line, in brackets, in quotes or a
// block of text.
func (s *scanner) value() {
	owner := s.top()
	s.blanks()
	s.properties()
	if s.ended() || s.text[s.pos] == '#' {
		return
	}
	at := s.pos
	switch s.text[at] {
	case '{', '[':
		s.flow(owner)
		return
	case '|', '>':
		s.literal(int(s.entries[owner].column))
	case '"', '\'':
		s.pos = s.quotedEnd(at, true)
	default:
		s.pos = s.plainEnd()
	}
	s.entries[owner].value = diag.Span{Start: at, End: s.pos}
}

// plainEnd is where a word without quotes ends.
func (s *scanner) plainEnd() int {
	end := lineEnd(s.text, s.pos)
	if i := strings.Index(s.text[s.pos:end], " #"); i >= 0 {
		end = s.pos + i
	}
	return s.pos + len(strings.TrimRight(s.text[s.pos:end], " \t"))
}

// literal passes over a block of text: the lines below that are further right than a column, and blank ones between.
func (s *scanner) literal(column int) {
	s.pos = lineEnd(s.text, s.pos)
	for at := s.pos; at < len(s.text); {
		at = nextLine(s.text, at)
		from := at
		for at < len(s.text) && s.text[at] == ' ' {
			at++
		}
		if ends(s.text, at) {
			continue
		}
		if at-from <= column {
			return
		}
		at = lineEnd(s.text, at)
		s.pos = at
	}
}

// quotedEnd is where a text in quotes ends, which begins at an offset: behind the quote; at the end of its line where
// that is missing. several: it may go on in lines below.
func (s *scanner) quotedEnd(at int, several bool) int {
	quote := s.text[at]
	for i := at + 1; i < len(s.text); i++ {
		switch c := s.text[i]; {
		case c == '\\' && quote == '"':
			i++
		case c == quote && quote == '\'' && i+1 < len(s.text) && s.text[i+1] == quote:
			i++
		case c == quote:
			return i + 1
		case c == '\n' || c == '\r':
			if !several || s.json || s.leaves(i) {
				return lineEnd(s.text, at)
			}
			i = nextLine(s.text, i) - 1
		}
	}
	return lineEnd(s.text, at)
}

// leaves: what follows the end of a line is no further right than the entry on top of the stack, so that a text or a
// list that begins in this entry has ended, or has no end yet.
func (s *scanner) leaves(at int) bool {
	at = nextLine(s.text, at)
	from := at
	for at < len(s.text) && (s.text[at] == ' ' || s.text[at] == '\t') {
		at++
	}
	return !ends(s.text, at) && at-from <= int(s.entries[s.top()].column) && s.text[at] != ']' && s.text[at] != '}'
}
