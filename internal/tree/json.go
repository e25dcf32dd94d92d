package tree

import (
	"fmt"
	"math"
	"strings"
	"unicode"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/glowplug-os/glowplug/internal/codes"
	"github.com/glowplug-os/glowplug/internal/diag"
)

// maxDepth is how deep lists and objects may nest; encoding/json has the same limit.
const maxDepth = 10000

// maxNodes bounds what a hostile document of brackets can make us allocate: 400 MB. A config of a million files has a
// third of that.
const maxNodes = 1 << 24

// ParseJSON reads a JSON document (RFC 8259) into the arena. It accepts what encoding/json accepts, so duplicate keys
// and bytes that are not UTF-8 pass here; NotUTF8 finds the latter. The problem, if any, is a syntax error and points
// at the byte that cannot stand where it does.
func (a *Arena) ParseJSON(doc *diag.Document) (Node, *diag.Problem) { return a.ParseJSONAt(doc, 0) }

// ParseJSONAt is ParseJSON for the document that starts at an offset of the text, such as after a byte order mark.
func (a *Arena) ParseJSONAt(doc *diag.Document, start int) (Node, *diag.Problem) {
	if message := a.tooLarge(doc); message != "" {
		return Node{},
			&diag.Problem{Severity: diag.Error, Code: codes.TooLarge, Place: diag.Place{Doc: doc}, Message: message}
	}
	p := parser{a: a, text: doc.Text, pos: start, doc: a.document(doc)}
	root := p.value(node{})
	p.space()
	if p.problem == nil && p.pos < len(p.text) {
		p.fail(p.pos, "something follows the end of the document",
			"one document holds one JSON object; remove what comes after its last brace")
	}
	if p.problem != nil {
		p.problem.Place.Doc = doc
		return Node{}, p.problem
	}
	return Node{a, root}, nil
}

// tooLarge says which number of the arena is too small for one more document; "" for none.
func (a *Arena) tooLarge(doc *diag.Document) string {
	switch {
	case len(doc.Text) > math.MaxUint32:
		return "the document is larger than 4 GiB"
	case len(a.docs) == math.MaxUint16:
		return fmt.Sprintf("there are more than %d documents", math.MaxUint16)
	}
	return ""
}

type parser struct {
	a       *Arena
	text    string
	pos     int
	depth   int
	doc     uint16
	problem *diag.Problem
}

func (p *parser) fail(at int, message, hint string) uint32 {
	if p.problem == nil {
		at = min(at, len(p.text))
		p.problem = &diag.Problem{
			Severity: diag.Error, Code: codes.JSONSyntax, Message: message, Hint: hint,
			Place: diag.Place{Span: diag.Span{Start: at, End: min(at+1, len(p.text))}},
		}
	}
	p.pos = len(p.text)
	return 0
}

func (p *parser) space() {
	for p.pos < len(p.text) {
		switch p.text[p.pos] {
		case ' ', '\t', '\n', '\r':
			p.pos++
		default:
			return
		}
	}
}

// peek skips white space and returns the next byte, 0 at the end.
func (p *parser) peek() byte {
	p.space()
	if p.pos < len(p.text) {
		return p.text[p.pos]
	}
	return 0
}

func (p *parser) add(n node, kind Kind, start int) uint32 {
	if p.a.used >= maxNodes {
		return p.fail(start, fmt.Sprintf("there are more than %d values", maxNodes),
			"a config of this size is not one that a person wrote; split it, or fetch the content of its files")
	}
	n.kind, n.doc, n.start, n.end = kind, p.doc, uint32(start), uint32(p.pos)
	return p.a.add(n)
}

// value reads any value into a node that may already have its key.
func (p *parser) value(n node) uint32 {
	c := p.peek()
	start := p.pos
	switch {
	case c == '"':
		if p.str() {
			n.flags |= escaped
		}
		return p.add(n, String, start)
	case c == '{', c == '[':
		if p.depth++; p.depth > maxDepth {
			return p.fail(p.pos, fmt.Sprintf("lists and objects nest deeper than %d levels", maxDepth), "")
		}
		i := p.container(n, c)
		p.depth--
		return i
	case c == '-', '0' <= c && c <= '9':
		p.number()
		return p.add(n, Number, start)
	case c == 't':
		return p.literal(n, Bool, "true")
	case c == 'f':
		return p.literal(n, Bool, "false")
	case c == 'n':
		return p.literal(n, Null, "null")
	}
	message, hint := p.whyNoValue()
	return p.fail(start, message, hint)
}

func (p *parser) literal(n node, kind Kind, word string) uint32 {
	start := p.pos
	for i := range len(word) {
		if p.pos == len(p.text) || p.text[p.pos] != word[i] {
			return p.fail(p.pos, "a value is expected here",
				fmt.Sprintf("did you mean %s? strings need double quotes", word))
		}
		p.pos++
	}
	return p.add(n, kind, start)
}

// whyNoValue says what stands in the place of a value, and what to do.
func (p *parser) whyNoValue() (message, hint string) {
	if p.pos >= len(p.text) {
		return "the document ends in the middle of a value",
			"a bracket, a brace or a quote is not closed, or the file was cut off"
	}
	rest := p.text[p.pos:]
	switch {
	case p.pos == 0 && strings.HasPrefix(rest, "\ufeff"):
		return "the document starts with a byte order mark", "save the file as UTF-8 without BOM"
	case strings.HasPrefix(rest, "//"), strings.HasPrefix(rest, "/*"), rest[0] == '#':
		return "JSON has no comments", "remove the comment"
	case foreign(rest) != "":
		return foreign(rest), foreignHint
	case word(rest) != "":
		return fmt.Sprintf("%s is written in lower case letters", word(rest)),
			"write " + word(rest) + "; strings need double quotes"
	case rest[0] == '\'':
		return "a string starts with a single quote", `use double quotes: "…"`
	case rest[0] == '}', rest[0] == ']':
		if before := strings.TrimRight(p.text[:p.pos], " \t\r\n"); strings.HasSuffix(before, ",") {
			return "a comma stands after the last element",
				"remove the comma before the closing " + bracketName(rest[0])
		}
		return "a value is missing here", ""
	case rest[0] == ',':
		return "a value is missing before the comma", "remove the comma or add the value"
	case rest[0] == '.', rest[0] == '+':
		return "a number starts with " + quoteByte(rest[0]), "write 0.5 and 1, not .5 and +1"
	}
	return fmt.Sprintf("%s cannot start a value", quoteByte(rest[0])),
		"strings need double quotes; the other values are numbers, true, false, null, […] and {…}"
}

const foreignHint = "a word processor or a web page put it there; write plain blanks and straight double quotes"

// foreign names a character that looks like one of the signs of JSON and is another.
func foreign(rest string) string {
	r, _ := utf8.DecodeRuneInString(rest)
	switch {
	case strings.ContainsRune("“”„‟«»", r):
		return "a curly quote stands where a straight one belongs"
	case strings.ContainsRune("‘’‚‛", r):
		return "a curly single quote stands where a straight double quote belongs"
	case r == '\u00a0':
		return "a no-break space (U+00A0) stands where a blank belongs"
	case r > '~' && unicode.IsSpace(r) || r == '\u200b' || r == '\ufeff':
		return fmt.Sprintf("an invisible character (%U) stands here", r)
	}
	return ""
}

// word gives the word true, false or null that is spelled with capitals at the start of a rest.
func word(rest string) string {
	for _, w := range []string{"true", "false", "null"} {
		if len(rest) >= len(w) && strings.EqualFold(rest[:len(w)], w) {
			return w
		}
	}
	return ""
}

func bracketName(c byte) string {
	if c == '}' {
		return "brace"
	}
	return "bracket"
}

func quoteByte(c byte) string {
	if c < ' ' || c > '~' {
		return fmt.Sprintf("the byte 0x%02X", c)
	}
	return fmt.Sprintf("%q", string(c))
}

// container reads the list or object that opens at the current byte. The node is added before its children, so that the
// nodes of a document stand in the order of its text.
func (p *parser) container(n node, open byte) uint32 {
	kind, end := List, byte(']')
	if open == '{' {
		kind, end = Object, '}'
	}
	start := p.pos
	p.pos++
	i := p.add(n, kind, start)
	if p.peek() == end {
		p.pos++
		p.a.at(i).end = uint32(p.pos)
		return i
	}
	last := uint32(0)
	for {
		var member node
		if kind == Object && !p.key(&member) {
			return 0
		}
		child := p.value(member)
		if child == 0 {
			return 0
		}
		if last == 0 {
			p.a.at(i).inner = child
		} else {
			p.a.at(last).sib = child
		}
		last = child
		switch p.peek() {
		case ',':
			p.pos++
		case end:
			p.pos++
			p.a.at(i).end = uint32(p.pos)
			return i
		default:
			return p.unclosed(kind, start)
		}
	}
}

func (p *parser) unclosed(kind Kind, start int) uint32 {
	problem := func(message, hint string) uint32 {
		p.fail(p.pos, message, hint)
		return 0
	}
	open := diag.Related{Place: diag.Place{Doc: p.a.docs[p.doc], Span: diag.Span{Start: start, End: start + 1}},
		Message: "it opens here"}
	if p.pos >= len(p.text) && p.problem == nil {
		problem(fmt.Sprintf("the document ends inside %s", kind), "it is not closed, or the file was cut off")
		p.problem.Related = append(p.problem.Related, open)
		return 0
	}
	if p.problem != nil {
		return 0
	}
	switch c := p.text[p.pos]; {
	case foreign(p.text[p.pos:]) != "":
		return problem(foreign(p.text[p.pos:]), foreignHint)
	case c == '"' || c == '{' || c == '[':
		return problem(fmt.Sprintf("a comma is missing between two elements of %s", kind), "")
	case c == ']' || c == '}':
		problem(fmt.Sprintf("%s is closed with %s", kind, quoteByte(c)), "")
		p.problem.Related = append(p.problem.Related, open)
		return 0
	case c == '/' || c == '#':
		return problem("JSON has no comments", "remove the comment")
	default:
		return problem(fmt.Sprintf("%s cannot follow a value", quoteByte(c)),
			"a comma or the closing bracket is expected")
	}
}

// key reads the key of a member, and the colon.
func (p *parser) key(n *node) bool {
	if c := p.peek(); c != '"' {
		message, hint := p.whyNoKey()
		p.fail(p.pos, message, hint)
		return false
	}
	n.flags |= keyed
	n.key = uint32(p.pos)
	if p.str() {
		n.flags |= keyEscaped
	}
	if p.peek() != ':' {
		if p.pos >= len(p.text) {
			p.fail(p.pos, "the document ends after a key", "it is cut off")
		} else {
			p.fail(p.pos, "a colon is missing after the key", `members are written "key": value`)
		}
		return false
	}
	p.pos++
	return p.problem == nil
}

func (p *parser) whyNoKey() (message, hint string) {
	if p.pos >= len(p.text) {
		return "the document ends inside an object", "a brace is not closed, or the file was cut off"
	}
	switch c := p.text[p.pos]; {
	case foreign(p.text[p.pos:]) != "" && p.pos > 0:
		return foreign(p.text[p.pos:]), foreignHint
	case c == '}' || c == '\'' || c == '/' || c == '#' || c == ',':
		return p.whyNoValue()
	case c == '_' || 'a' <= c|0x20 && c|0x20 <= 'z':
		return "a key is not quoted", `keys are strings in double quotes: "key": value`
	default:
		return fmt.Sprintf("a key is expected, not %s", quoteByte(c)), `members are written "key": value`
	}
}

// number reads a number by the grammar of RFC 8259 §6.
func (p *parser) number() {
	digits := func() bool {
		from := p.pos
		for p.pos < len(p.text) && '0' <= p.text[p.pos] && p.text[p.pos] <= '9' {
			p.pos++
		}
		if p.pos == from {
			p.fail(p.pos, "a digit is expected here", "")
			return false
		}
		return true
	}
	at := func(set string) bool { return p.pos < len(p.text) && strings.IndexByte(set, p.text[p.pos]) >= 0 }
	if at("-") {
		p.pos++
	}
	if at("0") {
		if p.pos++; at("0123456789xXoObB") {
			p.fail(p.pos, "a number starts with 0",
				"JSON has decimal numbers only; permission bits 0644 are written 420")
			return
		}
	} else if !digits() {
		return
	}
	if at(".") {
		if p.pos++; !digits() {
			return
		}
	}
	if at("eE") {
		if p.pos++; at("+-") {
			p.pos++
		}
		digits()
	}
}

// str reads the string at the current byte and reports whether its value differs from its text.
func (p *parser) str() (differs bool) {
	start := p.pos
	i := start + 1
	text := p.text
	wide := false
	for i < len(text) {
		switch c := text[i]; {
		case c == '"':
			p.pos = i + 1
			return differs || wide && !utf8.ValidString(text[start:i])
		case c == '\\':
			differs = true
			if i = p.escape(i + 1); p.problem != nil {
				return false
			}
		case c < ' ':
			p.control(i, c)
			return false
		default:
			wide = wide || c >= utf8.RuneSelf
			i++
		}
	}
	p.fail(len(text), "the document ends inside a string", "its closing quote is missing")
	p.problem.Related = []diag.Related{{Place: diag.Place{Doc: p.a.docs[p.doc],
		Span: diag.Span{Start: start, End: start + 1}}, Message: "it opens here"}}
	return false
}

func (p *parser) control(at int, c byte) {
	switch c {
	case '\n', '\r':
		p.fail(at, "a string is not closed at the end of its line", `a line break inside a string is written \n`)
	case '\t':
		p.fail(at, "a string holds a tab", `write it as \t`)
	default:
		p.fail(at, fmt.Sprintf("a string holds the control character 0x%02X", c), fmt.Sprintf(`write it as \u%04x`, c))
	}
}

// escape checks what follows a backslash and returns the offset after it.
func (p *parser) escape(i int) int {
	if i >= len(p.text) {
		p.fail(i, "the document ends inside a string", "its closing quote is missing")
		return i
	}
	if strings.IndexByte(`"\/bfnrt`, p.text[i]) >= 0 {
		return i + 1
	}
	if p.text[i] != 'u' {
		p.fail(i, fmt.Sprintf("a backslash cannot stand before %s", quoteByte(p.text[i])),
			`JSON knows \" \\ \/ \b \f \n \r \t and \u with 4 hex digits; a backslash itself is \\`)
		return i
	}
	for k := i + 1; k <= i+4; k++ {
		if k >= len(p.text) || !isHex(p.text[k]) {
			p.fail(k, `\u needs 4 hex digits`, "")
			return i
		}
	}
	return i + 5
}

func isHex(c byte) bool {
	return '0' <= c && c <= '9' || 'a' <= c|0x20 && c|0x20 <= 'f'
}

func hex4(s string) rune {
	r := rune(0)
	for i := range 4 {
		c := s[i]
		switch {
		case c <= '9':
			c -= '0'
		default:
			c = c | 0x20 - 'a' + 10
		}
		r = r<<4 | rune(c)
	}
	return r
}

// unescape gives the value of a checked string literal. As in encoding/json, half a surrogate pair and every byte that
// is not UTF-8 become U+FFFD.
func unescape(raw string) string {
	var b strings.Builder
	b.Grow(len(raw))
	for i := 0; i < len(raw); {
		if raw[i] != '\\' {
			r, size := utf8.DecodeRuneInString(raw[i:])
			b.WriteRune(r)
			i += size
			continue
		}
		if raw[i+1] != 'u' {
			b.WriteByte(unescapeByte(raw[i+1]))
			i += 2
			continue
		}
		r := hex4(raw[i+2:])
		i += 6
		if utf16.IsSurrogate(r) {
			pair := rune(utf8.RuneError)
			if strings.HasPrefix(raw[i:], `\u`) {
				pair = utf16.DecodeRune(r, hex4(raw[i+2:]))
			}
			if pair != utf8.RuneError {
				i += 6
			}
			r = pair
		}
		b.WriteRune(r)
	}
	return b.String()
}

func unescapeByte(c byte) byte {
	switch c {
	case 'b':
		return '\b'
	case 'f':
		return '\f'
	case 'n':
		return '\n'
	case 'r':
		return '\r'
	case 't':
		return '\t'
	}
	return c
}
