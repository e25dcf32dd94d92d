package diag

import (
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"strconv"
	"strings"
	"sync"
	"unicode"
	"unicode/utf8"
)

// Texts of a config, a server, a tool or a caller may have characters that a terminal acts on, that turn the direction
// of writing, end a line or cannot be seen. No output has one. A text that goes into a line goes through Printable or
// OneLine, so that it stays one line; a Screen around the stream escapes what was missed.

// Printable gives a name, a path or another value as it may stand in a line. Characters that are neither the blank nor
// visible are escaped as in a string of Go: control characters, other blanks and line breaks, marks of direction,
// characters without width, and bytes that are not UTF-8.
func Printable(text string) string { return escape(text, nothing) }

// OneLine gives a message, which may have several lines (of a tool's output, or of errors that are joined), as one. The
// rest is escaped as by Printable.
func OneLine(text string) string {
	if !strings.ContainsAny(text, "\n\r\t") {
		return Printable(strings.Trim(text, " "))
	}
	var lines []string
	for line := range strings.FieldsFuncSeq(text, func(r rune) bool { return r == '\n' || r == '\r' }) {
		if line = strings.Trim(line, " \t"); line != "" {
			lines = append(lines, line)
		}
	}
	return Printable(strings.ReplaceAll(strings.Join(lines, "; "), "\t", " "))
}

// Name gives a path or name as it may stand in a line of text: quoted if it holds blanks or anything that a terminal
// would not show as it is.
func Name(name string) string {
	quoted := strconv.Quote(name)
	if name == "" || strings.ContainsAny(name, " \u00a0") || len(quoted) != len(name)+2 {
		return quoted
	}
	return name
}

// Lines escapes as Printable does, but the line ends stay.
func Lines(text string) string { return escape(text, lineEnd) }

func nothing(string) int { return 0 }

func lineEnd(rest string) int { return strings.Count(rest[:1], "\n") }

// escape escapes the characters that are not printable. stays gives how many bytes at the beginning of a rest are left
// as they are.
func escape(text string, stays func(rest string) int) string {
	var b strings.Builder
	from := 0
	for i := 0; i < len(text); {
		if c := text[i]; ' ' <= c && c <= '~' { // as nearly all of a log is
			i++
			continue
		}
		r, size := utf8.DecodeRuneInString(text[i:])
		if isPrintable(r, size) {
			i += size
			continue
		}
		if n := stays(text[i:]); n > 0 {
			i += n
			continue
		}
		b.WriteString(text[from:i])
		quoted := strconv.QuoteToASCII(text[i : i+size])
		b.WriteString(quoted[1 : len(quoted)-1])
		i += size
		from = i
	}
	if from == 0 {
		return text
	}
	b.WriteString(text[from:])
	return b.String()
}

// isPrintable: the only blank that counts as printable is U+0020.
func isPrintable(r rune, size int) bool {
	return IsVisible(r) && (r != utf8.RuneError || size > 1)
}

// IsVisible: the character has ink, or is the blank U+0020. Go's unicode.IsPrint includes characters that change or
// join their neighbours, fill a syllable, or are a pattern of no dots: with these, two different names can look alike
// (Unicode 16, DerivedCoreProperties.txt, Default_Ignorable_Code_Point).
func IsVisible(r rune) bool {
	switch {
	case r < utf8.RuneSelf:
		return ' ' <= r && r <= '~'
	case !strconv.IsPrint(r), unicode.In(r, unicode.Variation_Selector, unicode.Other_Default_Ignorable_Code_Point):
		return false
	}
	return r != '\u2800'
}

// EraseLine goes to the first column and clears to the end of the line (ECMA-48: CR, EL).
const EraseLine = "\r\x1b[K"

// The colours that a Style paints with (ECMA-48: SGR).
const (
	plain  = "0"
	bold   = "1"
	red    = "1;31"
	green  = "1;32"
	yellow = "1;33"
	cyan   = "1;36"
)

func sgr(code string) string { return "\x1b[" + code + "m" }

// ownSequence is the length of the sequence for a colour, or of EraseLine, with which a rest begins; 0 for none.
func ownSequence(rest string) int {
	for _, own := range []string{EraseLine, sgr(plain), sgr(bold), sgr(red), sgr(green), sgr(yellow), sgr(cyan)} {
		if strings.HasPrefix(rest, own) {
			return len(own)
		}
	}
	return 0
}

// A Screen is a stream that people read. It writes text, line ends and, if it shows colours, the sequences of this
// package; all else is escaped. A call of Write must have whole characters.
type Screen struct {
	To       io.Writer
	Colors   bool // the stream is a terminal that shows colours, or its reader wants them
	Terminal bool // a line can be written over
}

// Write writes all of p, or gives an error and 0.
func (s *Screen) Write(p []byte) (int, error) {
	text := escape(string(p), func(rest string) int {
		if n := ownSequence(rest); n > 0 && s.Colors {
			return n
		}
		if s.Terminal && strings.HasPrefix(rest, EraseLine) {
			return len(EraseLine)
		}
		return lineEnd(rest)
	})
	if _, err := s.To.Write([]byte(text)); err != nil {
		return 0, err
	}
	return len(p), nil
}

// A Watched stream remembers the first error of writing to it, so that the writer of a report need not look at each.
type Watched struct {
	To    io.Writer
	mutex sync.Mutex
	err   error
}

func (w *Watched) Write(p []byte) (int, error) {
	n, err := w.To.Write(p)
	w.mutex.Lock()
	defer w.mutex.Unlock()
	w.err = cmp.Or(w.err, err)
	return n, err
}

// Err is the first error.
func (w *Watched) Err() error {
	w.mutex.Lock()
	defer w.mutex.Unlock()
	return w.err
}

// A jsonWriter escapes the characters that encoding/json leaves as they are: DEL, C1, marks of direction, invisible
// ones. In JSON they stand in strings only.
type jsonWriter struct{ to io.Writer }

// Write needs whole characters.
func (w jsonWriter) Write(p []byte) (int, error) {
	var b strings.Builder
	for _, r := range string(p) {
		switch {
		case r == '\n' || IsVisible(r):
			b.WriteRune(r)
		case r > 0xffff: // a pair of surrogates (RFC 8259 §7)
			r -= 0x10000
			fmt.Fprintf(&b, `\u%04x\u%04x`, 0xd800+r>>10, 0xdc00+r&0x3ff)
		default:
			fmt.Fprintf(&b, `\u%04x`, r)
		}
	}
	if _, err := w.to.Write([]byte(b.String())); err != nil {
		return 0, err
	}
	return len(p), nil
}

// EncodeJSON writes a value as indented JSON that a terminal may show.
func EncodeJSON(w io.Writer, value any) error {
	e := encoder(w)
	e.SetIndent("", "  ")
	return e.Encode(value)
}

// EncodeJSONLine writes a value as a line of JSON that a terminal may show.
func EncodeJSONLine(w io.Writer, value any) error { return encoder(w).Encode(value) }

func encoder(w io.Writer) *json.Encoder {
	e := json.NewEncoder(jsonWriter{w})
	e.SetEscapeHTML(false)
	return e
}
