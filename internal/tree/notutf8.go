package tree

import (
	"strings"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/glowplug-os/glowplug/internal/codes"
	"github.com/glowplug-os/glowplug/internal/diag"
)

func notUTF8(place diag.Place, message, hint string) *diag.Problem {
	return &diag.Problem{
		Severity: diag.Error, Code: codes.NotUTF8, Place: place, Path: "$", Stricter: true,
		Message: message, Hint: hint,
	}
}

// NotUTF8 reports the first byte of a document that is not UTF-8, nil where there is none: such bytes silently become
// replacement characters.
func NotUTF8(doc *diag.Document) *diag.Problem {
	at := badByte(doc.Text)
	if at < 0 {
		return nil
	}
	return notUTF8(diag.Place{Doc: doc, Span: diag.Span{Start: at, End: at + 1}},
		"the text is not UTF-8 here; other bytes would take the place of this one",
		"save the file as UTF-8; put binary content into a base64 data: URL")
}

// badByte is the offset of the first byte that is not UTF-8; negative where there is none.
func badByte(text string) int {
	if utf8.ValidString(text) {
		return -1
	}
	at := 0
	for {
		r, size := utf8.DecodeRuneInString(text[at:])
		if r == utf8.RuneError && size == 1 {
			return at
		}
		at += size
	}
}

// HalfPair reports the first escape in a text of JSON that is one half of a surrogate pair, nil where there is none. No
// character has such a code point (RFC 8259 §8.2), so it silently becomes a replacement character.
func HalfPair(doc *diag.Document) *diag.Problem {
	for at := 0; ; {
		next := strings.IndexByte(doc.Text[at:], '\\')
		if next < 0 {
			return nil
		}
		at += next
		r, size := escapedRune(doc.Text[at:])
		if r == utf8.RuneError && size == len(`\uD800`) && !strings.EqualFold(doc.Text[at:at+size], `\ufffd`) {
			return notUTF8(diag.Place{Doc: doc, Span: diag.Span{Start: at, End: at + size}},
				"half of a pair of escapes stands here; U+FFFD would take its place",
				`write both halves, such as \ud83d\ude00, or the character itself`)
		}
		at += size
	}
}

// escapedRune reads the escape or the character that a text begins with, in JSON that has been checked.
func escapedRune(text string) (r rune, size int) {
	if !isUnicodeEscape(text) {
		return 0, min(2, len(text))
	}
	r = hex4(text[2:])
	if !utf16.IsSurrogate(r) {
		return r, 6
	}
	if isUnicodeEscape(text[6:]) {
		if pair := utf16.DecodeRune(r, hex4(text[8:])); pair != utf8.RuneError {
			return pair, 12
		}
	}
	return utf8.RuneError, 6
}

func isUnicodeEscape(text string) bool { return len(text) >= 6 && strings.HasPrefix(text, `\u`) }

// ValueNotUTF8 reports the first value of a tree that is not UTF-8, nil where there is none. Its document may be UTF-8
// all the same: the bytes may come from base64, or from a local file.
func ValueNotUTF8(n Node) *diag.Problem {
	if n.Kind() == String && !utf8.ValidString(n.Text()) {
		return notUTF8(n.Place(), "the value is not UTF-8; other bytes would take the place of some of its own",
			"write it in UTF-8; only the contents of files take any bytes")
	}
	for c := range n.Children() {
		if problem := ValueNotUTF8(c); problem != nil {
			return problem
		}
	}
	return nil
}
