package facts

import (
	"bytes"
	"fmt"
	"strconv"
	"strings"
	"unicode/utf8"
)

// A Text is a string of any bytes. In JSON, where there are only characters, a byte that is no UTF-8 is \xNN with its
// two hexadecimal digits, and so that this is certain, a backslash is two of them.
type Text struct{ text string }

// TextOf makes one.
func TextOf(text string) Text { return Text{text} }

func (t Text) String() string { return t.text }

// IsZero tells whether there are no bytes.
func (t Text) IsZero() bool { return t.text == "" }

// MarshalText writes characters.
func (t Text) MarshalText() ([]byte, error) {
	out := make([]byte, 0, len(t.text))
	for i := 0; i < len(t.text); {
		r, size := utf8.DecodeRuneInString(t.text[i:])
		switch {
		case r == utf8.RuneError && size == 1:
			out = fmt.Appendf(out, `\x%02x`, t.text[i])
		case r == '\\':
			out = append(out, `\\`...)
		default:
			out = append(out, t.text[i:i+size]...)
		}
		i += size
	}
	return out, nil
}

// UnmarshalText reads what MarshalText writes, and no other.
func (t *Text) UnmarshalText(from []byte) error {
	if bytes.IndexByte(from, '\\') < 0 {
		t.text = string(from)
		return nil
	}
	var out strings.Builder
	for rest := string(from); rest != ""; {
		plain, behind, escaped := strings.Cut(rest, `\`)
		out.WriteString(plain)
		switch {
		case !escaped:
			rest = ""
		case strings.HasPrefix(behind, `\`):
			out.WriteByte('\\')
			rest = behind[1:]
		default:
			if len(behind) < 3 || behind[0] != 'x' {
				return fmt.Errorf("%.60q: %w", from, errEscape)
			}
			b, err := strconv.ParseUint(behind[1:3], 16, 8)
			if err != nil {
				return fmt.Errorf("%.60q: %w", from, errEscape)
			}
			out.WriteByte(byte(b))
			rest = behind[3:]
		}
	}
	t.text = out.String()
	if written, _ := t.MarshalText(); string(written) != string(from) {
		return fmt.Errorf("%.60q: %w", from, errSpelling)
	}
	return nil
}

// textsOf are several.
func textsOf(all []string) []Text {
	out := make([]Text, 0, len(all))
	for _, each := range all {
		out = append(out, Text{each})
	}
	return out
}

func stringsOf(all []Text) []string {
	out := make([]string, 0, len(all))
	for _, each := range all {
		out = append(out, each.text)
	}
	return out
}
