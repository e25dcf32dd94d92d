package diag

import (
	"fmt"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// IsBlank: the character looks like a blank or like nothing at all, and is not the blank, the tab or the line end of
// plain texts.
func IsBlank(r rune) bool {
	if r < utf8.RuneSelf {
		return r == '\v' || r == '\f'
	}
	return unicode.IsSpace(r) || !unicode.IsControl(r) && !IsVisible(r)
}

// Character gives a character of ASCII in quotes, and of another one the code point, with a name for those that slip
// into texts unseen or look like others (Unicode 16, UnicodeData.txt).
func Character(r rune) string {
	if r < 0x7f {
		return strconv.QuoteRune(r)
	}
	code := fmt.Sprintf("U+%04X", r)
	for _, name := range [...]string{
		"U+00A0 (no-break space)", "U+00AD (soft hyphen)", "U+2009 (thin space)", "U+200B (zero width space)",
		"U+200C (zero width non-joiner)", "U+200D (zero width joiner)", "U+200E (left-to-right mark)",
		"U+200F (right-to-left mark)", "U+2013 (en dash)", "U+2014 (em dash)", "U+2022 (bullet)",
		"U+2028 (line separator)", "U+202F (narrow no-break space)", "U+2060 (word joiner)",
		"U+2212 (minus sign)", "U+3000 (ideographic space)", "U+FEFF (byte order mark)", "U+FF1A (fullwidth colon)",
	} {
		if strings.HasPrefix(name, code+" ") {
			return name
		}
	}
	return code
}
