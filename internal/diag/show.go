package diag

import (
	"encoding/json"
	"fmt"
	"io"
	"strconv"
	"strings"
	"unicode/utf8"
)

// Line gives a problem in one line, the form that tools read: "KIND at $.path, line L col C: message". What is not known is
// left out.
func Line(p Problem) string {
	line, col := 0, 0
	if p.Place.Doc != nil {
		line, col = p.Place.Doc.Position(p.Place.Span.Start)
	}
	return lineForm(p, p.Path, line, col)
}

func lineForm(p Problem, path string, line, col int) string {
	var where []string
	if path != "" {
		where = append(where, path)
	}
	if line > 0 {
		where = append(where, fmt.Sprintf("line %d col %d", line, col))
	}
	head := p.Severity.String()
	if len(where) > 0 {
		head += " at " + strings.Join(where, ", ")
	}
	return head + ": " + oneLine(p.Message)
}

func oneLine(s string) string { return strings.NewReplacer("\n", " ", "\r", " ").Replace(s) }

// PeerLine gives a problem as Ignition's validator places it: syntax and type errors without a path and after the
// offending token, containers one byte behind their bracket, anything below a key of the wrong case at the ancestor that
// is spelled right.
func PeerLine(p Problem) string {
	doc := p.Place.Doc
	if doc == nil {
		return lineForm(p, p.Path, 0, 0)
	}
	offset, path := peerOffset(p), p.Path
	if isDecodeError(p) {
		path = ""
	}
	if offset >= len(doc.Text) {
		return lineForm(p, path, 0, 0)
	}
	line, col := doc.Position(offset)
	return lineForm(p, path, line, col)
}

func isDecodeError(p Problem) bool { return p.Code == "json-syntax" || p.Code == "wrong-type" }

func peerOffset(p Problem) int {
	span, doc := p.Place.Span, p.Place.Doc
	opens := func(at int) bool { return at < len(doc.Text) && (doc.Text[at] == '{' || doc.Text[at] == '[') }
	switch {
	case p.Code == "json-syntax":
		return span.Start + 1
	case p.Code == "wrong-type" && !opens(span.Start):
		return span.End
	}
	for _, f := range doc.Folded {
		if f.Span.Start <= span.Start && span.End <= f.Span.End && !isDecodeError(p) {
			span.Start = f.Ancestor
			break
		}
	}
	if opens(span.Start) {
		return span.Start + 1
	}
	return span.Start
}

// A place in JSON output. Lines and columns count from 1, columns in bytes; the end is the first byte after the span.
type jsonPlace struct {
	File      string `json:"file"`
	Line      int    `json:"line,omitempty"`
	Column    int    `json:"column,omitempty"`
	EndLine   int    `json:"endLine,omitempty"`
	EndColumn int    `json:"endColumn,omitempty"`
	Path      string `json:"path,omitempty"`
	Message   string `json:"message"`
}

type jsonProblem struct {
	Severity string `json:"severity"`
	Code     string `json:"code"`
	jsonPlace
	Hint    string      `json:"hint,omitempty"`
	Related []jsonPlace `json:"related,omitempty"`
}

func toJSON(p Place, path, message string) jsonPlace {
	j := jsonPlace{Path: path, Message: message}
	if p.Doc != nil {
		j.File = p.Doc.Name
		j.Line, j.Column = p.Doc.Position(p.Span.Start)
		j.EndLine, j.EndColumn = p.Doc.Position(p.Span.End)
	}
	return j
}

// WriteJSON writes {"valid": …, "problems": […]} and a newline.
func WriteJSON(w io.Writer, valid bool, problems []Problem) error {
	out := struct {
		Valid    bool          `json:"valid"`
		Problems []jsonProblem `json:"problems"`
	}{valid, []jsonProblem{}}
	for _, p := range problems {
		j := jsonProblem{Severity: p.Severity.String(), Code: p.Code, jsonPlace: toJSON(p.Place, p.Path, p.Message), Hint: p.Hint}
		for _, r := range p.Related {
			j.Related = append(j.Related, toJSON(r.Place, r.Path, r.Message))
		}
		out.Problems = append(out.Problems, j)
	}
	e := json.NewEncoder(w)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	return e.Encode(out)
}

// A Style is how problems are shown to people.
type Style struct{ Color bool }

// excerptWidth is how many columns of a source line are shown at most.
const excerptWidth = 100

func (s Style) paint(code, text string) string {
	if !s.Color {
		return text
	}
	return "\x1b[" + code + "m" + text + "\x1b[0m"
}

// Text shows a problem to people: what, where, the line with a caret below the place, hint and related places.
func (s Style) Text(p Problem) string {
	var b strings.Builder
	color := map[Severity]string{Error: "1;31", Warning: "1;33", Info: "1;36"}[p.Severity]
	b.WriteString(s.paint(color, p.Severity.String()+"["+p.Code+"]") + ": " + s.paint("1", oneLine(p.Message)) + "\n")
	s.place(&b, p.Place, p.Path, color)
	if p.Hint != "" {
		b.WriteString("   = " + s.paint("1", "hint") + ": " + oneLine(p.Hint) + "\n")
	}
	for _, r := range p.Related {
		b.WriteString("   " + s.paint("1", "note") + ": " + oneLine(r.Message) + "\n")
		s.place(&b, r.Place, r.Path, "1;36")
	}
	return b.String()
}

func (s Style) place(b *strings.Builder, at Place, path, color string) {
	if at.Doc == nil {
		if path != "" {
			b.WriteString("  --> " + path + "\n")
		}
		return
	}
	line, _ := at.Doc.Position(at.Span.Start)
	b.WriteString("  --> " + at.String())
	if path != "" && path != "$" {
		b.WriteString(" (" + path + ")")
	}
	b.WriteByte('\n')
	if at.Doc.Text == "" {
		return
	}
	text, from, width := at.Doc.excerpt(line, at.Span)
	gutter := strings.Repeat(" ", len(strconv.Itoa(line)))
	fmt.Fprintf(b, " %s |\n %d | %s\n %s | %s%s\n", gutter, line, text, gutter, strings.Repeat(" ", from), s.paint(color, strings.Repeat("^", width)))
}

// excerpt draws a line, or the part of it around a span, with secrets masked; from and width are where the span stands in
// what was drawn, in columns.
func (d *Document) excerpt(number int, span Span) (text string, from, width int) {
	d.Position(0)
	bounds := d.line(number)
	var columns []rune
	from = -1
	to := 0
	mark := func(offset int) {
		if from < 0 && offset >= span.Start {
			from = len(columns)
		}
		if offset < span.End {
			to = len(columns) + 1
		}
	}
	hidden := d.hidden(bounds)
	for i := bounds.Start; i < bounds.End; {
		for len(hidden) > 0 && hidden[0].End <= i {
			hidden = hidden[1:]
		}
		if len(hidden) > 0 && hidden[0].Start <= i {
			if span.Start < hidden[0].End && span.Start >= i {
				from = len(columns)
			}
			columns = append(columns, []rune(Redacted)...)
			if span.Start < hidden[0].End && span.End > i {
				to = len(columns)
			}
			i = min(hidden[0].End, bounds.End)
			continue
		}
		mark(i)
		r, size := utf8.DecodeRuneInString(d.Text[i:])
		columns = append(columns, visible(r))
		i += size
	}
	if from < 0 {
		from = len(columns)
	}
	return window(columns, from, max(to-from, 1))
}

func visible(r rune) rune {
	if r < ' ' || r == 0x7f || 0x80 <= r && r < 0xa0 {
		return ' '
	}
	return r
}

// window cuts a line to excerptWidth around a span.
func window(columns []rune, from, width int) (string, int, int) {
	start := 0
	if from > excerptWidth/2 && len(columns) > excerptWidth {
		start = min(from-excerptWidth/2, len(columns)-excerptWidth/4)
	}
	end := min(len(columns), start+excerptWidth)
	text := string(columns[start:end])
	from -= start
	if start > 0 {
		text = "…" + text
		from++
	}
	if end < len(columns) {
		text += "…"
	}
	return text, from, max(1, min(width, excerptWidth+1-from))
}

// hidden lists what must not be shown of a line.
func (d *Document) hidden(line Span) []Span {
	if d.Secrets == nil {
		return lexicalSecrets(d.Text, line)
	}
	d.masked.Do(func() { d.secrets = d.Secrets() })
	var spans []Span
	for _, s := range d.secrets[searchEnd(d.secrets, line.Start):] {
		if s.Start >= line.End {
			break
		}
		spans = append(spans, s)
	}
	return spans
}

// searchEnd finds the first span that ends after an offset.
func searchEnd(spans []Span, offset int) int {
	low, high := 0, len(spans)
	for low < high {
		if mid := (low + high) / 2; spans[mid].End <= offset {
			low = mid + 1
		} else {
			high = mid
		}
	}
	return low
}

// lexicalSecrets hides what may be a secret in a line of a text that could not be parsed: every word that is neither a key
// nor a number, true, false or null.
func lexicalSecrets(text string, line Span) []Span {
	var spans []Span
	for i := line.Start; i < line.End; {
		end := wordEnd(text[:line.End], i)
		if end == i {
			i++
			continue
		}
		word := text[i:end]
		_, notNumber := strconv.ParseFloat(word, 64)
		plain := notNumber == nil || word == "true" || word == "false" || word == "null"
		if !plain && !strings.HasPrefix(strings.TrimLeft(text[end:line.End], " \t"), ":") {
			spans = append(spans, Span{i, end})
		}
		i = end
	}
	return spans
}

// wordEnd finds the end of the word that starts at i, or i where there is none.
func wordEnd(text string, i int) int {
	const structure = " \t\r\n{}[],:"
	if text[i] != '"' {
		if n := strings.IndexAny(text[i:], structure+`"`); n >= 0 {
			return i + n
		}
		return len(text)
	}
	for j := i + 1; j < len(text); j++ {
		switch text[j] {
		case '\\':
			j++
		case '"':
			return j + 1
		}
	}
	return len(text)
}
