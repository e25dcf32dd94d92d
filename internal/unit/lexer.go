package unit

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// What a call of next came to.
type state uint8

const (
	assigned state = iota // there is another option
	ended
	failed // see why and at
)

// An assignment is an option as it is written: both sides of the =, the right one with all its lines.
type assignment struct{ name, value string }

// A lexer walks through a unit text. Where buffered is set it keeps count of what the peer's reader would have in its
// buffer, and fails where the peer finds a line too long.
type lexer struct {
	text string
	pos  int

	inSection bool
	section   string // as written between the brackets
	noted     bool   // the last value has a line that is a comment to systemd

	why cause
	at  int // where it went wrong

	buffered bool
	filled   int // the peer has read the text up to here
	feed     int // the line break that longLine found last; -1 before that
}

// next goes to the end of the next option.
func (l *lexer) next() (assignment, state) {
	for {
		if !l.step() {
			return assignment{}, failed
		}
		start := l.pos
		r, size := l.rune()
		switch {
		case size == 0:
			return assignment{}, ended
		case r == '[':
			if !l.header(start) {
				return assignment{}, failed
			}
		case r == '#' || r == ';':
			if !l.comment() {
				return assignment{}, failed
			}
		case l.inSection && !unicode.IsSpace(r):
			l.pos = start
			return l.option()
		}
	}
}

// header reads the rest of a section header, whose [ is at start. The name may span lines.
func (l *lexer) header(start int) bool {
	if !l.step() {
		return false
	}
	name, found := l.through(']')
	if !found {
		return l.fail(openSection, start)
	}
	if !l.step() {
		return false
	}
	tail := l.pos
	if rest := l.line(); strings.TrimSpace(rest) != "" {
		return l.fail(afterSection, tail+len(rest)-len(strings.TrimLeftFunc(rest, unicode.IsSpace)))
	}
	l.section, l.inSection, l.noted = name, true, false
	return true
}

// comment reads the rest of a comment. One that ends in a backslash, with or without a space after it, goes on in the
// next line.
func (l *lexer) comment() bool {
	if !l.step() {
		return false
	}
	for more := true; more; {
		more = strings.HasSuffix(strings.TrimSuffix(l.line(), " "), `\`)
	}
	return true
}

// option reads an option from the start of its name.
func (l *lexer) option() (assignment, state) {
	if !l.step() {
		return assignment{}, failed
	}
	start := l.pos
	for {
		switch r, size := l.rune(); {
		case size == 0:
			l.fail(endInName, start)
			return assignment{}, failed
		case r == '\n' || r == '\r':
			l.fail(newlineInName, start)
			return assignment{}, failed
		case r != '=':
			continue
		}
		break
	}
	a := assignment{name: l.text[start : l.pos-1]}
	start, l.noted = l.pos, false
	for first, more := true, true; more; first = false {
		if !l.step() {
			return assignment{}, failed
		}
		line := l.line()
		more = strings.HasSuffix(line, `\`)
		l.noted = l.noted || !first && isComment(line)
	}
	a.value = l.text[start:l.pos]
	return a, assigned
}

// isComment tells whether systemd takes a line for a comment, wherever it stands (systemd.syntax(7)).
func isComment(line string) bool {
	line = strings.TrimLeft(line, blanks)
	return line != "" && (line[0] == '#' || line[0] == ';')
}

func (l *lexer) fail(why cause, at int) bool {
	l.why, l.at = why, at
	return false
}

// rune reads a rune; its size at the end of the text is 0.
func (l *lexer) rune() (r rune, size int) {
	if l.buffered {
		l.fillRune()
	}
	r, size = utf8.DecodeRuneInString(l.text[l.pos:])
	l.pos += size
	return r, size
}

// through reads up to a byte and past it, and gives what is before it. Without the byte that is all the rest.
func (l *lexer) through(end byte) (text string, found bool) {
	start, stop := l.pos, len(l.text)
	if n := strings.IndexByte(l.text[start:], end); n >= 0 {
		found, stop = true, start+n
	}
	l.pos = stop
	if found {
		l.pos++
	}
	if l.buffered {
		l.fillThrough(start, stop)
	}
	return l.text[start:stop], found
}

// line reads the rest of a line.
func (l *lexer) line() string {
	text, found := l.through('\n')
	return endOfFile(text, found)
}

// What follows is the peer's reader: a bufio.Reader of the default size on a reader that gives all it can.

const (
	bufferSize = 4096
	lineMax    = 2048
)

// step is called before each token. It fails where the peer's look ahead finds no line break.
func (l *lexer) step() bool {
	return !l.buffered || l.filled-l.pos < lineMax || !l.longLine() || l.fail(tooLong, l.pos)
}

// longLine reports whether the next 2048 bytes hold no line break. It remembers the one found last, as it may be asked
// for every byte in turn, and never for an earlier one.
func (l *lexer) longLine() bool {
	if l.feed < l.pos {
		n := strings.IndexAny(l.text[l.pos:l.pos+lineMax], "\r\n")
		if n < 0 {
			return true
		}
		l.feed = l.pos + n
	}
	return l.feed >= l.pos+lineMax
}

// fill moves what is unread to the start of the buffer and fills the rest.
func (l *lexer) fill(unread int) {
	l.filled = min(len(l.text), unread+bufferSize)
}

// fillRune is what ReadRune does to the buffer: it fills it if it holds no whole rune, and no more at the end of the
// text.
func (l *lexer) fillRune() {
	if !utf8.FullRuneInString(l.text[l.pos:l.filled]) {
		l.fill(l.pos)
	}
}

// fillThrough is what ReadBytes does to the buffer on its way from start to the byte at stop, or to the end of the
// text. A full buffer without the byte is taken out whole.
func (l *lexer) fillThrough(start, stop int) {
	for stop >= l.filled && l.filled < len(l.text) {
		if l.filled-start >= bufferSize {
			start = l.filled
		}
		l.fill(start)
	}
}
