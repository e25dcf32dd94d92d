package diag

import (
	"fmt"
	"io"
	"slices"
	"sort"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/glowplug-os/glowplug/internal/codes"
)

// Line gives a problem in one line, in the form that tools read: "KIND at $.path, line L col C: message". Unknown parts
// are left out.
func Line(p Problem) string {
	line, col := 0, 0
	if p.Place.Doc != nil && p.More == 0 && !p.ofFile() {
		line, col = p.Place.Doc.Position(p.Place.Span.Start) // of an empty text, the first
	}
	return lineForm(p, p.Path, line, col)
}

// ofFile: the problem is one of a file as a whole, whose text nobody has seen.
func (p *Problem) ofFile() bool { return p.Path == "" && p.Place.Doc.Text == "" }

func lineForm(p Problem, path string, line, col int) string {
	var where []string
	if path != "" {
		where = append(where, Printable(path))
	}
	if line > 0 {
		where = append(where, fmt.Sprintf("line %d col %d", line, col))
	}
	head := p.Severity.String()
	if len(where) > 0 {
		head += " at " + strings.Join(where, ", ")
	}
	return head + ": " + OneLine(p.Message)
}

// PeerLine gives a problem in a line, placed as by the validator of Ignition: syntax and type errors without a path and
// after the wrong token, containers one byte behind their bracket, anything below a key in the wrong case at the
// nearest value above it that is spelled right.
func PeerLine(p Problem) string {
	doc := p.Place.Doc
	if doc == nil || p.More > 0 {
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

func isDecodeError(p Problem) bool { return isSyntaxError(p) || p.Code == codes.WrongType }

// isSyntaxError: the peer calls a byte order mark a syntax error too.
func isSyntaxError(p Problem) bool {
	return p.Code == codes.JSONSyntax || p.Code == codes.ByteOrderMark
}

func peerOffset(p Problem) int {
	span, doc := p.Place.Span, p.Place.Doc
	opens := func(at int) bool { return at < len(doc.Text) && (doc.Text[at] == '{' || doc.Text[at] == '[') }
	switch {
	case isSyntaxError(p):
		return span.Start + 1
	case p.Code == codes.WrongType && !opens(span.Start):
		return span.End
	}
	if f, below := doc.foldedAround(span); below && !isDecodeError(p) {
		span.Start = f.Ancestor
	}
	if opens(span.Start) {
		return span.Start + 1
	}
	return span.Start
}

// MayShow: the fix can be made, and nothing in its place is to be hidden.
func (f *Fix) MayShow() bool {
	return f != nil && f.Fits() && len(f.Place.Doc.hidden(f.Place.Span)) == 0
}

// inJSON gives a fix with the place that it replaces; nil for nil, and where the text is not to be shown.
func (f *Fix) inJSON() Object {
	if !f.MayShow() {
		return nil
	}
	line, column := f.Place.Doc.Position(f.Place.Span.Start)
	endLine, endColumn := f.Place.Doc.Position(f.Place.Span.End)
	return Object{"line", line, "column", column, "endLine", endLine, "endColumn", endColumn, "newText", f.Text(),
		"safe", f.Safe}
}

// placeJSON adds a place. Lines and columns count from 1, columns in bytes; the end is the first byte after the span.
func (o Object) placeJSON(p Place, path, message string) Object {
	file := ""
	var line, column, endLine, endColumn int
	if p.Doc != nil {
		file = p.Doc.Name
	}
	if p.Doc != nil && p.Doc.Text != "" {
		line, column = p.Doc.Position(p.Span.Start)
		endLine, endColumn = p.Doc.Position(p.Span.End)
	}
	return append(append(o, "file", file).With("line", line).With("column", column).With("endLine", endLine).
		With("endColumn", endColumn).With("path", path), "message", message)
}

func problemJSON(p Problem) Object {
	o := Object{"severity", p.Severity.String(), "code", string(p.Code)}.placeJSON(p.Place, p.Path, p.Message).
		With("hint", p.Hint)
	if fix := p.Fix.inJSON(); fix != nil {
		o = append(o, "fix", fix)
	}
	var related []Object
	for _, r := range p.Related {
		related = append(related, Object{}.placeJSON(r.Place, r.Path, r.Message))
	}
	if related != nil {
		o = append(o, "related", related)
	}
	return o
}

// WriteJSON writes {"valid": …, "problems": […]} and a newline, with "more" for the count of those that are not shown,
// "ignored" for that of those that are silenced, and "notLookedAt" for that of configs that were not at hand.
func WriteJSON(w io.Writer, valid bool, problems []Problem, ignored, absent int) error {
	shown, more := []Object{}, 0
	for _, p := range problems {
		if more += p.More; p.More == 0 {
			shown = append(shown, problemJSON(p))
		}
	}
	return Object{"valid", valid, "problems", shown}.With("more", more).With("ignored", ignored).
		With("notLookedAt", absent).Write(w)
}

// A Style is how problems are shown to people.
type Style struct{ Color bool }

// excerptWidth is how many columns of a source line are shown at most.
const excerptWidth = 100

func (s Style) paint(code, text string) string {
	if !s.Color {
		return text
	}
	return sgr(code) + text + sgr(plain)
}

// A Paint is how a text stands out.
type Paint string

// The paints.
const (
	Bold   Paint = bold
	Red    Paint = red
	Green  Paint = green
	Yellow Paint = yellow
	Cyan   Paint = cyan
)

// Paint gives the text, which has been escaped, with what makes it stand out.
func (s Style) Paint(as Paint, text string) string { return s.paint(string(as), text) }

// Text shows a problem to people: what, where, the line with a caret below the place, hint and related places.
func (s Style) Text(p Problem) string {
	if p.More > 0 {
		return s.paint(bold, p.Message) + "\n"
	}
	var b strings.Builder
	color := map[Severity]string{Error: red, Warning: yellow, Advice: cyan}[p.Severity]
	b.WriteString(s.paint(color, p.Severity.String()+"["+string(p.Code)+"]") + ": " +
		s.paint(bold, OneLine(p.Message)) + "\n")
	gutter := p.gutter()
	s.place(&b, p.Place, p.Path, color, gutter)
	margin := " " + gutter + " "
	if p.Hint != "" {
		for hint := range strings.SplitSeq(p.Hint, "\n") {
			b.WriteString(margin + "= " + s.paint(bold, "hint") + ": " + OneLine(hint) + "\n")
		}
	}
	for _, r := range p.Related {
		b.WriteString(margin + s.paint(bold, "note") + ": " + OneLine(r.Message) + "\n")
		s.place(&b, r.Place, r.Path, cyan, gutter)
	}
	return b.String()
}

// gutter is as wide as the longest number of the lines that are shown of a problem.
func (p Problem) gutter() string {
	width := 1
	for _, at := range append([]Related{{Place: p.Place}}, p.Related...) {
		if at.Place.Doc != nil {
			line, _ := at.Place.Doc.Position(at.Place.Span.Start)
			width = max(width, len(strconv.Itoa(line)))
		}
	}
	return strings.Repeat(" ", width)
}

// place shows a place.
func (s Style) place(b *strings.Builder, at Place, path, color, gutter string) {
	if at.Doc == nil {
		if path != "" {
			b.WriteString(" " + gutter + "--> " + Printable(path) + "\n")
		}
		return
	}
	line, _ := at.Doc.Position(at.Span.Start)
	b.WriteString(" " + gutter + "--> " + at.String())
	if path != "" && path != "$" {
		b.WriteString(" (" + Printable(path) + ")")
	}
	b.WriteByte('\n')
	if at.Doc.Text == "" {
		return
	}
	text, from, marked := at.Doc.excerpt(line, at.Span)
	fmt.Fprintf(b, " %s |\n %*d | %s\n %s | %s%s\n", gutter, len(gutter), line, text, gutter,
		strings.Repeat(" ", from), s.paint(color, strings.Repeat("^", marked)))
}

// excerpt draws the part of a line around a span that fits, with secrets hidden; from and width are where the span
// stands in the drawn text, in columns. It reads only that part of the line: a document may be one line of megabytes
// and have a thousand problems.
func (d *Document) excerpt(number int, span Span) (text string, from, width int) {
	d.Position(0)
	line := d.line(number)
	hidden := d.hidden(line)
	at := min(max(span.Start, line.Start), line.End)
	if k := searchEnd(hidden, at); k < len(hidden) && hidden[k].Start < at {
		at = max(hidden[k].Start, line.Start)
	}
	before, cutBefore := d.before(line, hidden, at)
	after, width, cutAfter := d.after(line, hidden, at, span.End)
	columns, from := append(before, after...), len(before)
	start, end := 0, len(columns)
	if cutBefore || cutAfter || len(columns) > excerptWidth {
		start = max(from-excerptWidth/2, 0)
		end = min(start+excerptWidth, end)
	}
	text, from = string(columns[start:end]), from-start
	if cutBefore || start > 0 {
		text = "…" + text
		from++
	}
	if cutAfter || end < len(columns) {
		text += "…"
	}
	return text, from, max(1, min(width, end-len(before)))
}

// before draws the columns that lead up to an offset. more: the line has more before them.
func (d *Document) before(line Span, hidden []Span, at int) (columns []rune, more bool) {
	for at > line.Start && len(columns) < excerptWidth {
		if k := searchEnd(hidden, at-1); k < len(hidden) && hidden[k].Start < at {
			mask := []rune(Redacted)
			slices.Reverse(mask)
			columns = append(columns, mask...)
			at = max(hidden[k].Start, line.Start)
			continue
		}
		r, size := utf8.DecodeLastRuneInString(d.Text[line.Start:at])
		columns = append(columns, visible(r))
		at -= size
	}
	slices.Reverse(columns)
	return columns, at > line.Start
}

// after draws the columns from an offset on. width is how many of them lie before the offset end; more: the line has
// more after them.
func (d *Document) after(line Span, hidden []Span, at, end int) (columns []rune, width int, more bool) {
	for at < line.End && len(columns) < excerptWidth {
		inside := at < end
		if k := searchEnd(hidden, at); k < len(hidden) && hidden[k].Start <= at {
			columns = append(columns, []rune(Redacted)...)
			at = hidden[k].End
		} else {
			r, size := utf8.DecodeRuneInString(d.Text[at:line.End])
			columns = append(columns, visible(r))
			at += size
		}
		if inside {
			width = len(columns)
		}
	}
	return columns, width, at < line.End
}

// visible draws a character in one column: a blank for one that is escaped elsewhere.
func visible(r rune) rune {
	if !IsVisible(r) {
		return ' '
	}
	return r
}

// hidden gives the spans of a line that must not be shown.
func (d *Document) hidden(line Span) []Span {
	if d.Secrets == nil {
		return d.lexicalSecrets(line)
	}
	d.Mask()
	spans := d.secrets[searchEnd(d.secrets, line.Start):]
	return spans[:sort.Search(len(spans), func(i int) bool { return spans[i].Start >= line.End })]
}

// Mask looks for the secrets of the document now, before the tree changes in which they are found.
func (d *Document) Mask() {
	d.masked.Do(func() {
		if d.Secrets != nil {
			d.secrets = d.Secrets()
		}
	})
}

// searchEnd finds the first span that ends after an offset.
func searchEnd(spans []Span, offset int) int {
	return sort.Search(len(spans), func(i int) bool { return spans[i].End > offset })
}
