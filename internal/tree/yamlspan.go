package tree

import (
	"strings"
	"unicode/utf16"
	"unicode/utf8"

	"go.yaml.in/yaml/v4"
)

// yamlLines turns the places of the library, which are lines and columns in characters, into offsets, and finds the
// ends of values, which the library does not give. Nodes come in the order of the text, so a place is mostly found by
// going on from the last one.
type yamlLines struct {
	text              string
	starts            []uint32 // of the lines as YAML 1.1 counts them: more characters end a line than for an editor
	line, column, now int      // the last place: line and column from 1, and its offset
	// of the part that is read: how many lines come before it, and its offset if it starts within a line
	above, first int
}

// newYAMLLines finds where lines start. Most texts have only the usual line breaks, which are found fast.
func newYAMLLines(text string) yamlLines {
	l := yamlLines{text: text, starts: make([]uint32, 1, strings.Count(text, "\n")+2)}
	if strings.HasPrefix(text, "\ufeff") {
		l.starts[0] = 3 // the mark is no character of the first line
	}
	wide := false
	for _, other := range []string{"\r", "\u0085", "\u2028", "\u2029"} {
		wide = wide || strings.Contains(text, other)
	}
	for i := 0; i < len(text); {
		if !wide {
			n := strings.IndexByte(text[i:], '\n')
			if n < 0 {
				break
			}
			i += n + 1
		} else if n := lineBreak(text[i:]); n > 0 {
			i += n
		} else {
			i++
			continue
		}
		l.starts = append(l.starts, uint32(i))
	}
	return l
}

// lineBreak is the length of the line break that a text starts with, 0 for none.
func lineBreak(s string) int {
	switch {
	case s == "":
		return 0
	case strings.HasPrefix(s, "\r\n"), strings.HasPrefix(s, "\u0085"):
		return 2
	case s[0] == '\n', s[0] == '\r':
		return 1
	case strings.HasPrefix(s, "\u2028"), strings.HasPrefix(s, "\u2029"):
		return 3
	}
	return 0
}

// partAt has lines and columns count from the start of a part: above is how many lines come before the part, first its
// offset.
func (l *yamlLines) partAt(above, first int) {
	if above != l.above || first != l.first {
		l.above, l.first, l.line = above, first, 0
	}
}

// offset gives the offset of a line and a column. A place outside of the text is its end.
func (l *yamlLines) offset(line, column int) int {
	inFirst := line == 1 && l.first > 0
	line += l.above
	if line < 1 || line > len(l.starts) {
		return len(l.text)
	}
	if line != l.line || column < l.column {
		l.line, l.column, l.now = line, 1, int(l.starts[line-1])
		if inFirst {
			l.now = l.first
		}
	}
	for ; l.column < column && l.now < len(l.text); l.column++ {
		if l.text[l.now] < utf8.RuneSelf {
			l.now++
			continue
		}
		_, size := utf8.DecodeRuneInString(l.text[l.now:])
		l.now += size
	}
	return l.now
}

func isYAMLSpace(c byte) bool { return c == ' ' || c == '\t' || c == '\n' || c == '\r' }

// skipSpace gives the offset after white space and comments.
func (l *yamlLines) skipSpace(at int) int {
	for at < len(l.text) {
		switch c := l.text[at]; {
		case isYAMLSpace(c):
			at++
		case c == '#' && (at == 0 || isYAMLSpace(l.text[at-1])):
			if n := strings.IndexByte(l.text[at:], '\n'); n >= 0 {
				at += n
			} else {
				at = len(l.text)
			}
		default:
			return at
		}
	}
	return at
}

// afterProperties gives the offset after the anchor and the tag that may stand before a value.
func (l *yamlLines) afterProperties(at int) int {
	for at < len(l.text) && (l.text[at] == '&' || l.text[at] == '!') {
		end := at
		for end < len(l.text) && !isYAMLSpace(l.text[end]) && strings.IndexByte(",[]{}", l.text[end]) < 0 {
			end++
		}
		next := l.skipSpace(end)
		if next == end && end == at {
			return at
		}
		at = next
	}
	return at
}

// scalarEnd finds the end of the scalar that starts at an offset.
func (l *yamlLines) scalarEnd(start int, n *yaml.Node) int {
	at := start
	if n.Style&yaml.TaggedStyle != 0 || n.Anchor != "" {
		if at = l.afterProperties(start); n.Value == "" && n.Style&^yaml.TaggedStyle == 0 {
			return start + len(strings.TrimRight(l.text[start:at], " \t\r\n"))
		}
	}
	switch {
	case at >= len(l.text):
		return len(l.text)
	case n.Kind != yaml.ScalarNode:
		return start
	case n.Style&yaml.DoubleQuotedStyle != 0:
		return quotedEnd(l.text, at, '"')
	case n.Style&yaml.SingleQuotedStyle != 0:
		return quotedEnd(l.text, at, '\'')
	case n.Style&yaml.LiteralStyle != 0:
		return l.literalEnd(at, n.Value)
	case n.Style&yaml.FoldedStyle != 0:
		header := len(l.text)
		if i := strings.IndexAny(l.text[at:], "\r\n"); i >= 0 {
			header = at + i
		}
		return max(header, l.folded(header, n.Value))
	}
	return l.folded(at, n.Value)
}

// quotedEnd finds the end of a text in quotes: single ones are escaped by doubling, double ones by a backslash.
func quotedEnd(text string, at int, quote byte) int {
	for i := at + 1; i < len(text); i++ {
		switch {
		case text[i] == '\\' && quote == '"':
			i++
		case text[i] == quote && quote == '\'' && i+1 < len(text) && text[i+1] == quote:
			i++
		case text[i] == quote:
			return i + 1
		}
	}
	return len(text)
}

// literalEnd: each line of the value is a line of the text.
func (l *yamlLines) literalEnd(at int, value string) int {
	value = strings.TrimRight(value, "\n")
	lines := strings.Count(value, "\n")
	if strings.Contains(value, "\xe2\x80") {
		lines += strings.Count(value, "\u2028") + strings.Count(value, "\u2029")
	}
	if value != "" {
		lines++
	}
	// The scalar starts on the line of the cursor, or below it where an anchor or a tag has a line of its own.
	first := max(l.line, 1)
	for first < len(l.starts) && int(l.starts[first]) <= at {
		first++
	}
	end := len(l.text)
	if next := first + lines; next < len(l.starts) {
		end = int(l.starts[next])
	}
	return max(at+1, len(strings.TrimRight(l.text[:end], "\r\n")))
}

// folded follows a value through the text, where any white space may stand for other white space.
func (l *yamlLines) folded(at int, value string) int {
	if strings.HasPrefix(l.text[at:], value) {
		return at + len(value)
	}
	end := at
	for i := 0; i < len(value); {
		if isFolded(value[i:]) > 0 {
			for i < len(value) && isFolded(value[i:]) > 0 {
				i += isFolded(value[i:])
			}
			for at < len(l.text) && isFolded(l.text[at:]) > 0 {
				at += isFolded(l.text[at:])
			}
			continue
		}
		for at < len(l.text) && isFolded(l.text[at:]) > 0 { // a line break alone, between two wide characters
			at += isFolded(l.text[at:])
		}
		if at >= len(l.text) || l.text[at] != value[i] {
			return end
		}
		at, i = at+1, i+1
		end = at
	}
	return end
}

// isFolded is the length of the white space with which a text starts.
func isFolded(s string) int {
	if s[0] == ' ' || s[0] == '\t' {
		return 1
	}
	return lineBreak(s)
}

// closing gives the offset after the bracket that closes a flow collection whose last element ends at an offset.
func (l *yamlLines) closing(at int) int {
	for at < len(l.text) {
		at = l.skipSpace(at)
		if at >= len(l.text) {
			break
		}
		switch l.text[at] {
		case ']', '}':
			return at + 1
		case ',', ':', '?':
			at++
		default:
			return at
		}
	}
	return min(at, len(l.text))
}

// Text16 gives a text in UTF-16 with a byte order mark as UTF-8. Any other text is given back as it is.
func Text16(text string) string {
	if len(text) < 2 || text[:2] != "\xff\xfe" && text[:2] != "\xfe\xff" ||
		strings.HasPrefix(text, "\xff\xfe\x00\x00") {
		return text // the last is the mark of UTF-32
	}
	high := 0
	if text[0] == 0xff {
		high = 1
	}
	units := make([]uint16, 0, len(text)/2)
	for i := 2; i+1 < len(text); i += 2 {
		units = append(units, uint16(text[i+high])<<8|uint16(text[i+1-high]))
	}
	if len(text)%2 != 0 {
		return text // cut off: better an error at its place
	}
	return string(utf16.Decode(units))
}
