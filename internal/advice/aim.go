package advice

import (
	"strings"

	"github.com/glowplug-os/glowplug/internal/diag"
)

// aim moves a mistake in JSON from where a parser meets it to what a person has to change: the comma before a closing
// bracket, all digits of a number that starts with 0, and the start of what is no JSON.
func aim(p *diag.Problem) {
	const blanks, digits = " \t\r\n", "0123456789"
	text, at := p.Place.Doc.Text, p.Place.Span.Start
	if at >= len(text) {
		return
	}
	before := strings.TrimRight(text[:at], blanks)
	if strings.HasPrefix(p.Message, "this is YAML") {
		start := len(text) - len(strings.TrimLeft(text, blanks+byteOrderMark))
		p.Place.Span = diag.Span{Start: start, End: start + 1}
		return
	}
	switch closes := text[at] == '}' || text[at] == ']'; {
	case closes && strings.HasSuffix(before, ","):
		p.Place.Span = diag.Span{Start: len(before) - 1, End: len(before)}
		p.Hint, p.Fix = "remove this comma", diag.Remove(p.Place, ",")
	case at > 0 && text[at-1] == '0' && strings.IndexByte(digits, text[at]) >= 0:
		end := at + len(text[at:]) - len(strings.TrimLeft(text[at:], digits))
		p.Place.Span = diag.Span{Start: at - 1, End: end}
	}
}
