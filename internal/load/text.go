package load

import (
	"fmt"
	"strings"

	"github.com/glowplug-os/glowplug/internal/codes"
	"github.com/glowplug-os/glowplug/internal/diag"
	"github.com/glowplug-os/glowplug/internal/tree"
)

const (
	byteOrderMark = "\ufeff"
	blanks        = " \t\r\n"
)

// markOf is the byte order mark that a text starts with, or nothing.
func markOf(text string) string {
	if strings.HasPrefix(text, byteOrderMark) {
		return byteOrderMark
	}
	return ""
}

// decoded gives a text in UTF-16 with a byte order mark as UTF-8. The problem, if any, is for other engines: they read
// JSON only in UTF-8 without a mark.
func decoded(doc *diag.Document) (*diag.Document, *diag.Problem) {
	message := "the text starts with a byte order mark; other engines refuse it"
	text := tree.Text16(doc.Text)
	switch {
	case text != doc.Text:
		message = "the text is UTF-16; other engines refuse it"
		doc = &diag.Document{Name: doc.Name, Text: text, Keys: doc.Keys}
	case markOf(text) == "":
		return doc, nil
	}
	return doc, &diag.Problem{
		Severity: diag.Warning, Laxer: true, Code: codes.ByteOrderMark,
		Place:   diag.Place{Doc: doc, Span: diag.Span{End: min(1, len(text))}},
		Message: message, Hint: "save it as UTF-8 without a byte order mark",
	}
}

// noText tells whether a text that is no JSON cannot be another form either, and then makes wrong, its problem as JSON,
// say why.
func noText(text string, wrong *diag.Problem) bool {
	say := func(message, hint string) bool {
		wrong.Message, wrong.Hint = message, hint
		return true
	}
	kept := strings.TrimRight(text, "\x00"+blanks)
	nuls := strings.Count(text[len(kept):], "\x00")
	encoding := encodingOf(text)
	packed, _ := byStart(text)
	switch body := strings.TrimLeft(strings.TrimPrefix(kept, byteOrderMark), blanks); {
	case body == "" && nuls == 0:
		return say("the text is blank", blankHint)
	case body == "":
		return say("the text has nothing but NUL bytes",
			"it was lost, as in a power cut, or never written; write it again")
	case encoding != "":
		return say("this is text in "+encoding+", not in UTF-8", "save it as UTF-8")
	case nuls > 0 && packed == "" && (body[0] != '{' || wrong.Place.Span.Start >= len(kept)):
		at := len(kept) + strings.IndexByte(text[len(kept):], 0)
		wrong.Place.Span = diag.Span{Start: at, End: at + 1}
		return say(fmt.Sprintf("the text ends in NUL bytes, %d in all", nuls),
			"it was padded, as a disk's block or a field of fixed size is; cut them off")
	}
	return false
}

// encodingOf names the encoding of a text in another encoding, by its byte order mark or by the places of the NUL bytes
// among its first characters; "" where it has no such sign.
func encodingOf(text string) string {
	if len(text) < 8 {
		return ""
	}
	zeros := 0
	for i := range 8 {
		if text[i] == 0 {
			zeros |= 1 << i
		}
	}
	switch {
	case strings.HasPrefix(text, "\xff\xfe\x00\x00"), strings.HasPrefix(text, "\x00\x00\xfe\xff"), zeros == 0b11101110,
		zeros == 0b01110111:
		return "UTF-32"
	case strings.HasPrefix(text, "\xff\xfe"), strings.HasPrefix(text, "\xfe\xff"):
		return "UTF-16, cut off in the middle of a character"
	case zeros == 0b10101010, zeros == 0b01010101:
		return "UTF-16 without a byte order mark"
	}
	return ""
}
