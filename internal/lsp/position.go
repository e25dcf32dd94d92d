package lsp

import (
	"slices"
	"sort"
	"strings"
	"unicode/utf8"

	"github.com/glowplug-os/glowplug/internal/diag"
)

// An encoding says what the columns of positions count.
type encoding string

const (
	utf8Bytes  encoding = "utf-8"
	utf16Units encoding = "utf-16" // what every client has
)

// units is how many units of the encoding a byte of UTF-8 begins: those of a character are counted at its first byte.
func (e encoding) units(b byte) int {
	switch {
	case e == utf8Bytes:
		return 1
	case b >= 0xf0: // beyond the basic plane: a pair of surrogates
		return 2
	case utf8.RuneStart(b):
		return 1
	}
	return 0
}

// count is how many units a text has.
func (e encoding) count(text string) int {
	if e == utf8Bytes || isASCII(text) {
		return len(text)
	}
	count := 0
	for i := range len(text) {
		count += e.units(text[i])
	}
	return count
}

// An index finds the positions of offsets in a text. Lines end with \n, \r\n or \r.
type index struct {
	text     string
	encoding encoding
	starts   []int // of the lines
	marks    []int // units before each markStep-th byte; nil where a byte is a unit
}

// markStep is how many bytes are counted at most to find the column of one.
const markStep = 1 << 10

func newIndex(text string, e encoding) *index {
	x := &index{text: text, encoding: e}
	for l := newLines(text); l.more; l.next() {
		x.starts = append(x.starts, l.start)
	}
	if e != utf8Bytes && !isASCII(text) {
		count := 0
		for i := range len(text) {
			if i%markStep == 0 {
				x.marks = append(x.marks, count)
			}
			count += e.units(text[i])
		}
	}
	return x
}

func isASCII(text string) bool {
	for i := range len(text) {
		if text[i] >= utf8.RuneSelf {
			return false
		}
	}
	return true
}

// lines goes through the lines of a text, from its first one on.
type lines struct {
	text       string
	start, end int  // of the line, without what ends it
	newline    int  // where the next \n is: it is looked for once
	more       bool // there is such a line: the last one has no end, and may have no characters
}

func newLines(text string) *lines {
	l := &lines{text: text, newline: -1, more: true}
	l.bound()
	return l
}

// bound finds the end of the line.
func (l *lines) bound() {
	if l.newline < l.start {
		l.newline = indexByte(l.text, l.start, len(l.text), '\n')
	}
	l.end = indexByte(l.text, l.start, l.newline, '\r')
}

func (l *lines) next() {
	if l.more = l.end < len(l.text); !l.more {
		return
	}
	l.start = l.end + 1
	if l.text[l.end] == '\r' && l.start == l.newline && l.newline < len(l.text) {
		l.start++
	}
	l.bound()
}

// indexByte is where a byte is within bounds, or the upper one.
func indexByte(text string, from, before int, c byte) int {
	if i := strings.IndexByte(text[from:before], c); i >= 0 {
		return from + i
	}
	return before
}

// count is how many units begin before an offset.
func (x *index) count(offset int) int {
	if x.marks == nil {
		return offset
	}
	k := min(offset/markStep, len(x.marks)-1)
	return x.marks[k] + x.encoding.count(x.text[k*markStep:offset])
}

func (x *index) line(offset int) int {
	return sort.Search(len(x.starts), func(i int) bool { return x.starts[i] > offset }) - 1
}

func (x *index) position(offset int) position {
	offset = min(max(offset, 0), len(x.text))
	line := x.line(offset)
	return position{uint32(line), uint32(x.count(offset) - x.count(x.starts[line]))}
}

func (x *index) textRange(s diag.Span) textRange {
	return textRange{x.position(s.Start), x.position(max(s.Start, s.End))}
}

// offset is where a position is in the text. What is behind a line is at its end, what is below the text at the end of
// that, and what is within a character before it.
func (x *index) offset(p position) int {
	if int64(p.Line) >= int64(len(x.starts)) {
		return len(x.text)
	}
	start := x.starts[p.Line]
	end := indexByte(x.text, start, len(x.text), '\n')
	return start + columnOffset(x.text[start:indexByte(x.text, start, end, '\r')], int(p.Character), x.encoding)
}

// columnOffset is where a column is in a line.
func columnOffset(line string, column int, e encoding) int {
	start := 0
	for i := range len(line) {
		if utf8.RuneStart(line[i]) {
			start = i
		}
		if column -= e.units(line[i]); column < 0 {
			return start
		}
	}
	return len(line)
}

// edited gives the text with changes made one after another, each of which is of what those before it have made.
func edited(text string, changes []change, e encoding) string {
	for i, c := range slices.Backward(changes) {
		if c.Range == nil {
			text, changes = c.Text, changes[i+1:]
			break
		}
	}
	if len(changes) == 0 {
		return text
	}
	r := newRope(text, e)
	for _, c := range changes {
		r = r.replace(c, e)
	}
	var b strings.Builder
	r.write(&b)
	return b.String()
}
