package providers

import (
	"errors"
	"strconv"
	"strings"
	"unicode/utf8"
)

// What follows reads XML as far as an environment of a hypervisor has any, and refuses what encoding/xml refuses. That
// package is 57 kB.

// An xmlName is a name with the namespace that its prefix stands for.
type xmlName struct{ Space, Local string }

// An xmlElement is the start of an element. Of attributes the local names count.
type xmlElement struct {
	Name  xmlName
	Attr  [][2]string // local names and values
	names map[string]string
	raw   string // the name as it is written, prefix included
}

var errXML = errors.New("not XML as it should be")

// An xmlReader goes through a text.
type xmlReader struct {
	text  string
	at    int
	path  []xmlElement
	start []int // where the elements of path start
}

// walkXML calls visit at the end of each element, with the elements around it and where in the text it is.
func walkXML(text string, visit func(path []xmlElement, start, end int)) error {
	x := &xmlReader{text: text}
	for {
		n := strings.IndexByte(text[x.at:], '<')
		if n < 0 {
			if _, ok := xmlText(text[x.at:], false); ok && len(x.path) == 0 {
				return errors.New("not XML: there is no root element")
			}
			return errXML
		}
		if _, ok := xmlText(text[x.at:x.at+n], false); !ok {
			return errXML
		}
		x.at += n
		closed, ok := x.tag()
		switch {
		case !ok:
			return errXML
		case len(x.path) > ovfDepthMax:
			return errors.New("elements are nested too deep")
		case closed:
			last := len(x.path) - 1
			visit(x.path, x.start[last], x.at)
			if x.path, x.start = x.path[:last], x.start[:last]; last == 0 {
				return nil
			}
		}
	}
}

// tag reads what starts with a bracket. closed: the innermost element ends with it.
func (x *xmlReader) tag() (closed, ok bool) {
	rest := x.text[x.at:]
	switch {
	case strings.HasPrefix(rest, "<!--"):
		end := strings.Index(rest[4:], "--")
		return false, end >= 0 && strings.HasPrefix(rest[4+end:], "-->") && x.skip(end+7)
	case strings.HasPrefix(rest, "<![CDATA["):
		end := strings.Index(rest, "]]>")
		return false, end >= 0 && isXMLText(rest[:end]) && x.skip(end+3)
	case strings.HasPrefix(rest, "<!["):
		return false, false
	case strings.HasPrefix(rest, "<!"):
		end := directiveEnd(rest)
		return false, end > 0 && x.skip(end)
	case strings.HasPrefix(rest, "<?"):
		return false, x.instruction(rest)
	case strings.HasPrefix(rest, "</"):
		return x.end()
	}
	return x.begin()
}

func (x *xmlReader) skip(n int) bool {
	x.at += n
	return true
}

// instruction: of <?xml the version counts, as later ones may have other characters.
func (x *xmlReader) instruction(rest string) bool {
	end := strings.Index(rest, "?>")
	if end < 2 {
		return false
	}
	name := xmlNameAt(rest[2:])
	if name == "" {
		return false
	}
	if _, version, found := strings.Cut(rest[2:end], "version"); name == "xml" && found {
		version = strings.TrimLeft(strings.TrimLeft(version, " \t\r\n"), "=")
		version = strings.Trim(strings.TrimLeft(version, " "), `"'`)
		if version != "" && !strings.HasPrefix(version, "1.0") {
			return false
		}
	}
	return x.skip(end + 2)
}

// directiveEnd finds the end of <!DOCTYPE and its kin, which has quotes, comments and brackets in it; 0 for none.
func directiveEnd(text string) int {
	depth, quote := 0, byte(0)
	for i := 1; i < len(text); i++ {
		c := text[i]
		switch {
		case quote != 0:
			if c == quote {
				quote = 0
			}
		case c == '"' || c == '\'':
			quote = c
		case strings.HasPrefix(text[i:], "<!--"):
			end := strings.Index(text[i+4:], "-->")
			if end < 0 {
				return 0
			}
			i += end + 6
		case c == '<':
			depth++
		case c == '>' && depth == 0:
			return i + 1
		case c == '>':
			depth--
		}
	}
	return 0
}

// end reads </name>.
func (x *xmlReader) end() (closed, ok bool) {
	name := xmlNameAt(x.text[x.at+2:])
	x.at += 2 + len(name)
	x.space()
	last := len(x.path) - 1
	if name == "" || last < 0 || x.path[last].raw != name || !strings.HasPrefix(x.text[x.at:], ">") {
		return false, false
	}
	return true, x.skip(1)
}

func (x *xmlReader) space() {
	x.at = len(x.text) - len(strings.TrimLeft(x.text[x.at:], " \t\r\n"))
}

// begin reads <name attribute="value"> and <name/>.
func (x *xmlReader) begin() (closed, ok bool) {
	start := x.at
	e := xmlElement{raw: xmlNameAt(x.text[x.at+1:])}
	if e.raw == "" {
		return false, false
	}
	for x.at += 1 + len(e.raw); ; {
		x.space()
		rest := x.text[x.at:]
		closed = strings.HasPrefix(rest, "/>")
		if closed || strings.HasPrefix(rest, ">") {
			x.skip(len(rest) - len(strings.TrimPrefix(strings.TrimPrefix(rest, "/"), ">")))
			break
		}
		if !x.attribute(&e) {
			return false, false
		}
	}
	e.Name = x.resolve(e.names, e.raw)
	x.path, x.start = append(x.path, e), append(x.start, start)
	return closed, true
}

func (x *xmlReader) attribute(e *xmlElement) bool {
	name := xmlNameAt(x.text[x.at:])
	x.at += len(name)
	x.space()
	if name == "" || !strings.HasPrefix(x.text[x.at:], "=") {
		return false
	}
	x.at++
	x.space()
	rest := x.text[x.at:]
	if rest == "" || rest[0] != '"' && rest[0] != '\'' {
		return false
	}
	end := strings.IndexByte(rest[1:], rest[0])
	if end < 0 {
		return false
	}
	value, ok := xmlText(rest[1:end+1], true)
	prefix, local := splitXMLName(name)
	if prefix == "xmlns" || prefix == "" && local == "xmlns" {
		if e.names == nil {
			e.names = map[string]string{}
		}
		if prefix == "" {
			local = ""
		}
		e.names[local] = value
		_, local = splitXMLName(name)
	}
	e.Attr = append(e.Attr, [2]string{local, value})
	return ok && x.skip(end+2)
}

// resolve finds the namespace of an element's prefix: its own, or that of one around it.
func (x *xmlReader) resolve(own map[string]string, raw string) xmlName {
	prefix, local := splitXMLName(raw)
	space, found := own[prefix]
	for i := len(x.path) - 1; i >= 0 && !found; i-- {
		space, found = x.path[i].names[prefix]
	}
	if prefix == "xml" {
		space = "http://www.w3.org/XML/1998/namespace" // by definition
	} else if !found {
		space = prefix
	}
	return xmlName{space, local}
}

// splitXMLName takes a prefix off a name; a colon at an end is part of the name.
func splitXMLName(name string) (prefix, local string) {
	prefix, local, found := strings.Cut(name, ":")
	if !found || prefix == "" || local == "" {
		return "", name
	}
	return prefix, local
}

// xmlNameAt is the name that a text starts with. Beyond ASCII any character will do.
func xmlNameAt(text string) string {
	end := 0
	for end < len(text) && (text[end] >= utf8.RuneSelf || strings.IndexByte(xmlNameBytes, text[end]) >= 0) {
		end++
	}
	name := text[:end]
	if name == "" || strings.IndexByte("-.0123456789", name[0]) >= 0 || strings.Count(name, ":") > 1 ||
		!utf8.ValidString(name) {
		return ""
	}
	return name
}

const xmlNameBytes = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_:.-"

// xmlText decodes the references of a text, or of a value in quotes.
func xmlText(text string, quoted bool) (value string, ok bool) {
	if quoted && strings.Contains(text, "<") || !quoted && strings.Contains(text, "]]>") {
		return "", false
	}
	var b strings.Builder
	for {
		plain, rest, found := strings.Cut(text, "&")
		b.WriteString(strings.ReplaceAll(strings.ReplaceAll(plain, "\r\n", "\n"), "\r", "\n"))
		if !found {
			break
		}
		name, after, ended := strings.Cut(rest, ";")
		r, known := xmlReference(name)
		if !ended || !known {
			return "", false
		}
		b.WriteRune(r)
		text = after
	}
	return b.String(), isXMLText(b.String())
}

func xmlReference(name string) (r rune, known bool) {
	if r, known = map[string]rune{"lt": '<', "gt": '>', "amp": '&', "apos": '\'', "quot": '"'}[name]; known {
		return r, true
	}
	digits, isNumber := strings.CutPrefix(name, "#")
	base := 10
	if hex, isHex := strings.CutPrefix(digits, "x"); isHex {
		digits, base = hex, 16
	}
	n, err := strconv.ParseUint(digits, base, 32)
	return rune(n), isNumber && err == nil && n <= utf8.MaxRune
}

// isXMLText: characters as XML 1.0 §2.2 has them.
func isXMLText(text string) bool {
	for i, r := range text {
		if r < ' ' && r != '\t' && r != '\n' && r != '\r' || r == 0xfffe || r == 0xffff {
			return false
		}
		if r == utf8.RuneError && !strings.HasPrefix(text[i:], "\ufffd") {
			return false
		}
	}
	return true
}
