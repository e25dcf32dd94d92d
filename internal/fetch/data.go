package fetch

import (
	"encoding/base64"
	"errors"
	"strings"

	"github.com/vincent-petithory/dataurl"
)

// errData leaves out the library's reason, which may quote the payload.
var errData = errors.New("not a well-formed data URL")

// decodeData returns the payload of a data URL. The forms that tools write are decoded here in one pass; all
// others, and all that look wrong, are left to dataurl, whose verdict is the peer's: it lexes rune by rune through a
// channel, which costs eight times as much.
func decodeData(url string) ([]byte, error) {
	if content, ok := decodePlain(url); ok {
		return content, nil
	}
	parsed, err := dataurl.DecodeString(url)
	if err != nil {
		return nil, errData
	}
	return parsed.Data, nil
}

// decodePlain decodes the usual forms. What it accepts dataurl accepts with the same result (fuzzed).
func decodePlain(url string) ([]byte, bool) {
	rest, ok := strings.CutPrefix(url, "data:")
	if !ok {
		return nil, false
	}
	media, payload, ok := strings.Cut(rest, ",")
	if !ok {
		return nil, false
	}
	media, isBase64 := strings.CutSuffix(media, ";base64")
	if !usualMedia(media) {
		return nil, false
	}
	if isBase64 {
		return decodeBase64(payload)
	}
	return decodePercent(payload)
}

// usualMedia accepts nothing, and a type and subtype of letters, digits, '-', '.' and '+' with or without a charset.
func usualMedia(media string) bool {
	kind, params, hasParams := strings.Cut(media, ";")
	if hasParams {
		charset, ok := strings.CutPrefix(params, "charset=")
		if !ok || charset == "" || !plainWord(charset) {
			return false
		}
	}
	if kind == "" {
		return true
	}
	top, sub, _ := strings.Cut(kind, "/")
	return (top == "text" || top == "application") && sub != "" && plainWord(sub)
}

func plainWord(s string) bool {
	for i := range len(s) {
		switch c := s[i]; {
		case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', '0' <= c && c <= '9', c == '-', c == '.', c == '+':
		default:
			return false
		}
	}
	return true
}

// decodeBase64 decodes the standard alphabet with padding.
func decodeBase64(payload string) ([]byte, bool) {
	// The decoder skips CR and LF; dataurl knows LF only.
	if strings.IndexByte(payload, '\r') >= 0 {
		return nil, false
	}
	content, err := base64.StdEncoding.DecodeString(payload)
	return content, err == nil
}

// decodePercent decodes escapes. A '+' stands for itself, as this is not a form.
func decodePercent(payload string) ([]byte, bool) {
	content := make([]byte, 0, max(0, len(payload)-2*strings.Count(payload, "%")))
	for i := 0; i < len(payload); i++ {
		c := payload[i]
		if c == '%' {
			if len(payload)-i < 3 {
				return nil, false
			}
			high, low := nibble(payload[i+1]), nibble(payload[i+2])
			if high|low > 15 {
				return nil, false
			}
			content = append(content, high<<4|low)
			i += 2
			continue
		}
		if c <= ' ' || c >= 0x7f || delimiter[c] {
			return nil, false
		}
		content = append(content, c)
	}
	return content, true
}

// delimiter marks the printable characters that a payload must escape (docs/peer/spec.md §4.2).
var delimiter = [256]bool{
	'<': true, '>': true, '#': true, '"': true, '{': true, '}': true, '|': true, '\\': true, '^': true, '[': true,
	']': true, '`': true,
}

// nibble is the value of a hex digit, 255 for anything else.
func nibble(c byte) byte {
	switch {
	case '0' <= c && c <= '9':
		return c - '0'
	case 'a' <= c && c <= 'f':
		return c - 'a' + 10
	case 'A' <= c && c <= 'F':
		return c - 'A' + 10
	}
	return 255
}
