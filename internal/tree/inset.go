package tree

import (
	"sort"
	"strconv"
	"unicode/utf8"

	"github.com/glowplug-os/glowplug/internal/diag"
)

// An Inset finds the place, in a document, of a part of a text that is a scalar of the document: in quotes with
// escapes, or in a block. The value of the scalar and its spelling differ in blanks and line breaks only, so their
// other characters, in order, are the same.
type Inset struct {
	node   Node
	raw    string // as written, without quotes or the head of a block
	from   int    // the offset of raw in the document
	quote  byte
	text   string
	marks  []pair // every markStep-th character, in order
	broken bool   // spelling and value have different characters after all
}

// A pair has the offsets of one character in the spelling and in the value.
type pair struct{ raw, text int }

const markStep = 256

// Insets gives the Inset of a scalar, and has that of the last one: where the parts of one text are looked for one
// after the other, it is read once.
type Insets struct{ last *Inset }

// Of gives the Inset of a scalar.
func (x *Insets) Of(n Node) *Inset {
	if x.last == nil || x.last.node != n {
		x.last = n.Inset()
	}
	return x.last
}

// Inset prepares the search for parts of a scalar.
func (n Node) Inset() *Inset {
	s := &Inset{node: n, from: n.Span().Start, text: n.Text()}
	if doc := n.Document().Text; n.Span().End <= len(doc) {
		s.raw = doc[n.Span().Start:n.Span().End]
	}
	s.open()
	at, number := pair{}, 0
	for ; ; number++ {
		here, next, ok := s.step(at)
		if !ok {
			s.broken = s.skipBlanks(at.text) < len(s.text)
			return s
		}
		if number%markStep == 0 {
			s.marks = append(s.marks, here)
		}
		at = next
	}
}

// Text gives the value of the scalar.
func (s *Inset) Text() string { return s.text }

// Holds tells whether a text is the value of the scalar. It keeps that text as the value, so that to compare the two
// again takes no time.
func (s *Inset) Holds(text string) bool {
	if s.text != text {
		return false
	}
	s.text = text
	return true
}

// open takes off the quotes, or the first line of a block.
func (s *Inset) open() {
	cut := 0
	switch {
	case s.raw == "":
	case s.raw[0] == '"' || s.raw[0] == '\'':
		s.quote, cut = s.raw[0], 1
		s.raw = s.raw[:max(len(s.raw)-1, 1)]
	case s.raw[0] == '|' || s.raw[0] == '>':
		for cut < len(s.raw) && s.raw[cut] != '\n' {
			cut++
		}
	}
	s.raw, s.from = s.raw[cut:], s.from+cut
}

// Place gives the place of a part of the value; ok is false where it cannot be found.
func (s *Inset) Place(part diag.Span) (place diag.Place, ok bool) {
	if s.broken || len(s.marks) == 0 {
		return diag.Place{}, false
	}
	i := sort.Search(len(s.marks), func(i int) bool { return s.marks[i].text > part.Start }) - 1
	at, found := s.marks[max(i, 0)], false
	span := diag.Span{}
	for {
		here, next, more := s.step(at)
		if !more || found && here.text >= part.End {
			break
		}
		if !found {
			span.Start = here.raw
		}
		span.End = next.raw
		found = found || next.text > part.Start
		at = next
	}
	return diag.Place{Doc: s.node.Document(), Span: diag.Span{Start: s.from + span.Start, End: s.from + span.End}}, true
}

// step goes to the next character that is no blank, and over it.
func (s *Inset) step(at pair) (here, next pair, ok bool) {
	at.text = s.skipBlanks(at.text)
	for at.raw < len(s.raw) && at.text < len(s.text) {
		size, means := s.written(at.raw)
		if means == 0 {
			at.raw += size
			continue
		}
		if size == 1 && s.raw[at.raw] != s.text[at.text] {
			s.broken = true
			return at, at, false
		}
		return at, pair{at.raw + size, at.text + means}, true
	}
	return at, at, false
}

func (s *Inset) skipBlanks(at int) int {
	for at < len(s.text) && isBlank(s.text[at]) {
		at++
	}
	return at
}

func isBlank(c byte) bool { return c == ' ' || c == '\t' || c == '\n' || c == '\r' }

// written gives the size of the character or escape at an offset, and how many bytes of the value it stands for: 0 for
// blanks.
func (s *Inset) written(at int) (size, means int) {
	c := s.raw[at]
	switch {
	case s.quote == '\'' && c == '\'':
		return 2, 1
	case s.quote == '"' && c == '\\' && at+1 < len(s.raw):
		return s.escape(at)
	case isBlank(c):
		return 1, 0
	}
	return 1, 1
}

// escape reads an escape of JSON or YAML.
func (s *Inset) escape(at int) (size, means int) {
	digits := 0
	switch c := s.raw[at+1]; c {
	case 'n', 't', 'r', ' ', '\t', '\n', '\r':
		return 2, 0
	case 'N', '_':
		return 2, 2
	case 'L', 'P':
		return 2, 3
	case 'x':
		digits = 2
	case 'u':
		digits = 4
	case 'U':
		digits = 8
	default:
		return 2, 1
	}
	r, err := strconv.ParseUint(s.raw[at+2:min(at+2+digits, len(s.raw))], 16, 32)
	switch size = 2 + digits; {
	case err != nil:
		return size, 0
	case r < utf8.RuneSelf && isBlank(byte(r)):
		return size, 0
	case 0xd800 <= r && r < 0xdc00 && at+12 <= len(s.raw) && s.raw[at+6:at+8] == `\u`:
		return 12, 4
	}
	return size, max(utf8.RuneLen(rune(r)), 1)
}
