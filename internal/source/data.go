package source

import (
	"strconv"
	"strings"

	"github.com/glowplug-os/glowplug/internal/codes"
	"github.com/glowplug-os/glowplug/internal/diag"
)

// The grammar of data: URLs is that of the library with which the peer decodes them, and of url.Parse, which it asks
// first (docs/peer/spec.md §4.2). It differs from RFC 2397: padding is a must, types come from a short list, and what
// url.Parse takes for a fragment plays by other rules.

const dataPrefix = "data:"

func isData(raw string) bool { return strings.HasPrefix(raw, dataPrefix) }

// What a byte may be part of.
const (
	token      = 1 << iota // a type, subtype, attribute or unquoted value
	plain                  // a payload that is not base64
	base64                 // a base64 payload, without the padding
	hexDigit               // an escape
	schemeByte             // a scheme
)

var class = classes()

func classes() (c [256]uint8) {
	for b := byte(' ') + 1; b < 0x7f; b++ {
		c[b] = token | plain
	}
	for _, b := range []byte(`()<>@,;:\"/[]?=`) {
		c[b] &^= token
	}
	for _, b := range []byte("<>#\"{}|\\^[]`") {
		c[b] &^= plain
	}
	const digits, letters = "0123456789", "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
	for _, b := range []byte(digits + letters + strings.ToLower(letters) + "+/") {
		c[b] |= base64
	}
	for _, b := range []byte(digits + "abcdefABCDEF") {
		c[b] |= hexDigit
	}
	for _, b := range []byte(digits + letters + strings.ToLower(letters) + "+-.") {
		c[b] |= schemeByte
	}
	return c
}

// other gives the index of the first byte in s that is not of a class, or len(s).
func other(s string, of uint8) int {
	i := 0
	for ; i+8 <= len(s); i += 8 {
		b := s[i : i+8]
		if class[b[0]]&class[b[1]]&class[b[2]]&class[b[3]]&class[b[4]]&class[b[5]]&class[b[6]]&class[b[7]]&of == 0 {
			break
		}
	}
	for ; i < len(s) && class[s[i]]&of != 0; i++ {
	}
	return i
}

// checkData judges a text that starts with data:, in one pass and without decoding it.
func checkData(raw string) *diag.Fault {
	h := header{raw: raw, pos: len(dataPrefix)}
	if fault := h.read(); fault != nil {
		return fault
	}
	// url.Parse cuts the text at the first #. Before it there may be no control bytes, after it no broken escapes.
	hash := strings.IndexByte(raw[:h.pos], '#')
	if fault := h.checkFragment(hash); fault != nil {
		return fault
	}
	if h.base64 {
		return checkBase64(raw, h.pos+1, hash >= 0)
	}
	return checkPlain(raw, h.pos+1)
}

// A header reads what stands between data: and the comma.
type header struct {
	raw    string
	pos    int // in the end, that of the comma
	base64 bool

	quoted bool // there was a quoted value, the only part of a header in which control bytes are let through
	// The decoder leaves this set after an empty quoted value, and so takes the next unquoted value for quoted: its
	// escapes are not looked at.
	unquote bool
}

func (h *header) read() *diag.Fault {
	if c := h.peek(); c != ';' && c != ',' {
		if fault := h.mediaType(); fault != nil {
			return fault
		}
	}
	for h.peek() == ';' {
		if fault := h.parameter(); fault != nil {
			return fault
		}
	}
	if h.peek() != ',' {
		return h.unexpected(codes.DataParameter, "after a parameter")
	}
	return nil
}

// peek gives the byte at pos; 0, which no rule takes, at the end.
func (h *header) peek() byte {
	if h.pos == len(h.raw) {
		return 0
	}
	return h.raw[h.pos]
}

// tokens passes over token bytes and gives them.
func (h *header) tokens() string {
	start := h.pos
	h.pos += other(h.raw[start:], token)
	return h.raw[start:h.pos]
}

func (h *header) mediaType() *diag.Fault {
	start := h.pos
	kind := h.tokens()
	switch c := h.peek(); {
	case c == ',' || c == ';':
		f := &diag.Fault{Code: codes.DataType, Message: "a media type without a /",
			Hint: "write type/subtype, as in text/plain, or nothing", At: start}
		if strings.EqualFold(kind, "base64") {
			f.Hint = "write ;base64 with a semicolon before it"
		}
		return f
	case c != '/':
		return h.unexpected(codes.DataType, "in the media type")
	case !knownType(kind):
		return &diag.Fault{
			Code: codes.DataType, Message: "a media type that is not known", At: start,
			Hint: "use text, image, audio, video, application, message or multipart in lower case, " +
				"or a type that starts with x-",
		}
	}
	h.pos++
	h.tokens()
	if c := h.peek(); c != ',' && c != ';' {
		return h.unexpected(codes.DataType, "in the media type")
	}
	return nil
}

// knownType goes by the start of the name only, so textual passes.
func knownType(kind string) bool {
	for _, start := range [...]string{"text", "image", "audio", "video", "application", "message", "multipart", "x-",
		"X-"} {
		if strings.HasPrefix(kind, start) {
			return true
		}
	}
	return false
}

// parameter reads ;name=value, ;name="value" or, right before the comma, ;base64.
func (h *header) parameter() *diag.Fault {
	h.pos++
	start := h.pos
	name := h.tokens()
	switch c := h.peek(); {
	case name == "" && (c == ',' || c == ';' || c == '='):
		return &diag.Fault{Code: codes.DataParameter, Message: "a parameter without a name",
			Hint: "after a semicolon comes name=value or base64", At: h.pos}
	case name != "" && c == ',':
		if h.base64 = name == "base64"; !h.base64 {
			return &diag.Fault{Code: codes.DataParameter, Message: "a parameter without a value",
				Hint: "write name=value, or base64 in lower case", At: start}
		}
		return nil
	case c == ';' && name == "base64":
		return &diag.Fault{Code: codes.DataParameter, Message: "base64 is not the last parameter",
			Hint: "move ;base64 to right before the comma", At: start}
	case c != '=':
		return h.unexpected(codes.DataParameter, "in a parameter")
	}
	h.pos++
	if h.peek() == '"' {
		return h.quotedValue()
	}
	return h.value()
}

func (h *header) value() *diag.Fault {
	start := h.pos
	text := h.tokens()
	if c := h.peek(); text == "" && (c == ',' || c == ';') {
		return &diag.Fault{Code: codes.DataParameter, Message: "a parameter with an empty value",
			Hint: "leave the parameter out", At: start}
	}
	if c := h.peek(); c != ',' && c != ';' {
		return h.unexpected(codes.DataParameter, "in the value of a parameter")
	}
	unquote := h.unquote
	h.unquote = false
	if i := badEscape(text); i >= 0 && !unquote {
		return dataEscape(start + i)
	}
	return nil
}

// quotedValue reads a value in quotes, which the decoder takes for a string literal of Go.
func (h *header) quotedValue() *diag.Fault {
	start := h.pos
	h.quoted = true
	for h.pos++; h.peek() != '"'; h.pos++ {
		if h.pos < len(h.raw) && h.raw[h.pos] == '\\' {
			h.pos++
		}
		if h.pos >= len(h.raw) {
			return &diag.Fault{Code: codes.DataParameter, Message: "a quoted value without its closing quote",
				At: start}
		}
		if h.raw[h.pos] >= 0x80 {
			return h.unexpected(codes.DataParameter, "in a quoted value")
		}
	}
	h.pos++
	text := h.raw[start:h.pos]
	if h.unquote = text == `""`; h.unquote {
		return nil
	}
	if literal, err := strconv.QuotedPrefix(text); err != nil || literal != text {
		return &diag.Fault{Code: codes.DataParameter, Message: "a quoted value with a line break or an unknown escape",
			Hint: `write \n, \t, \", \\ or \x and two digits`, At: start}
	}
	return nil
}

// unexpected is about the byte at pos, or the end.
func (h *header) unexpected(code codes.Code, where string) *diag.Fault {
	if h.pos >= len(h.raw) {
		return &diag.Fault{Code: codes.DataComma, Message: "a data: URL without a comma",
			Hint: "the content comes after a comma, as in data:,content", At: -1}
	}
	return byteFault(h.raw, h.pos, code, where)
}

func (h *header) checkFragment(hash int) *diag.Fault {
	end := h.pos
	if hash >= 0 {
		if i := badEscape(h.raw[hash:h.pos]); i >= 0 {
			return dataEscape(hash + i)
		}
		end = hash
	}
	if h.quoted {
		if i := strings.IndexFunc(h.raw[:end], isControl); i >= 0 {
			return byteFault(h.raw, i, codes.DataParameter, "in a quoted value")
		}
	}
	return nil
}

// badEscape gives the index of the first % without two hexadecimal digits after it, or -1.
func badEscape(s string) int {
	for i := 0; ; {
		n := strings.IndexByte(s[i:], '%')
		if n < 0 {
			return -1
		}
		if i += n; !isEscape(s, i) {
			return i
		}
		i += 3
	}
}

func dataEscape(at int) *diag.Fault {
	return &diag.Fault{Code: codes.DataEscape, Message: "a % without two hexadecimal digits after it",
		Hint: "write % itself as %25", At: at}
}

// escaped has what cannot stand in a payload as escapes.
func escaped(payload string) string {
	var b strings.Builder
	for i := range len(payload) {
		if c := payload[i]; c < 0x80 && class[c]&plain != 0 {
			b.WriteByte(c)
		} else {
			const digits = "0123456789ABCDEF"
			b.Write([]byte{'%', digits[c>>4], digits[c&15]})
		}
	}
	return b.String()
}

func checkPlain(raw string, start int) *diag.Fault {
	payload := raw[start:]
	if i := other(payload, plain); i < len(payload) {
		f := byteFault(raw, start+i, codes.DataByte, "in a data: URL")
		if good := escaped(payload); badEscape(good) < 0 {
			f.Write = raw[:start] + good
		}
		return f
	}
	if i := badEscape(payload); i >= 0 {
		return dataEscape(start + i)
	}
	return nil
}

// checkBase64 judges a base64 payload. The decoder itself skips line feeds; url.Parse stops them, but not after a #.
func checkBase64(raw string, start int, feeds bool) *diag.Fault {
	payload := raw[start:]
	if feeds {
		payload = strings.ReplaceAll(payload, "\n", "")
	}
	digits := payload
	for n := 0; n < 2; n++ {
		digits = strings.TrimSuffix(digits, "=")
	}
	if i := other(digits, base64); i < len(digits) {
		return base64Fault(raw, start)
	}
	if len(payload)%4 == 0 {
		return nil
	}
	f := &diag.Fault{Code: codes.DataBase64Padding, Message: "the length of a base64 payload is not a multiple of 4",
		Hint: "base64 is not padded: put = at its end until it is", At: -1}
	if len(digits)%4 == 1 || len(digits) < len(payload) {
		f.Hint = "the payload is cut short or has too many = at its end"
	}
	return f
}

// base64Fault finds the byte that does not belong into base64, and says what the writer may have meant.
func base64Fault(raw string, start int) *diag.Fault {
	i := start + strings.IndexFunc(raw[start:], func(r rune) bool {
		return r >= 0x80 || r != '=' && class[r]&base64 == 0
	})
	if i < start {
		i = start + strings.IndexByte(raw[start:], '=')
	}
	f := byteFault(raw, i, codes.DataBase64, "in a base64 payload")
	switch raw[i] {
	case '\n', '\r':
		f.Hint = "write base64 in one line and without a line break at its end, as base64 -w0 does"
	case ' ', '\t':
		f.Hint = "take the blank out; a + that became a space must be a + again"
	case '-', '_':
		f.Hint = "this is the URL-safe alphabet: write + for - and / for _"
	case '%':
		f.Hint = "base64 takes no escapes: write + for %2B, / for %2F and = for %3D"
	case '=':
		f.Message, f.Hint = "a = inside a base64 payload", "at most two = may stand at the end"
	default:
		f.Hint = "only A-Z, a-z, 0-9, + and / may stand there; without ;base64 the content is plain text"
	}
	return f
}

// byteFault is about a byte that may not stand where it does. Spaces, control bytes and bytes outside ASCII are named,
// and no other: they tell nothing of a secret.
func byteFault(raw string, at int, code codes.Code, where string) *diag.Fault {
	f := &diag.Fault{Code: code, Message: "a byte that may not stand " + where,
		Hint: "escape it as % and two hexadecimal digits", At: at}
	switch c := raw[at]; {
	case c == ' ':
		f.Message, f.Hint = "a space "+where, "escape the space as %20"
	case c == '#':
		f.Message, f.Hint = "a # "+where, "escape the # as %23"
	case c >= 0x80:
		f.Message, f.Hint = "a byte outside ASCII "+where,
			"escape each byte of the character as % and two hexadecimal digits, or use ;base64"
	case isControl(rune(c)):
		control := controlFault(raw, at)
		f.Message, f.Hint = strings.Replace(control.Message, "in a URL", where, 1),
			strings.Replace(control.Hint, "in a URL", "in a data: URL", 1)
	}
	return f
}
