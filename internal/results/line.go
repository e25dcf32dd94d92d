package results

import (
	"fmt"
	"io"
	"strings"

	"github.com/glowplug-os/glowplug/internal/diag"
)

// writeLines writes a problem a line: FILE:LINE:COL: KIND[CODE] MESSAGE ($.path). Lines and columns count from 1,
// columns in bytes, as compilers and editors do.
func writeLines(w io.Writer, r *Report) error {
	var b strings.Builder
	for f, p := range r.each() {
		b.WriteString(line(f, p) + "\n")
	}
	return put(w, b.String())
}

func line(f *File, p *diag.Problem) string {
	where := diag.Printable(f.file(p))
	if p.More > 0 {
		return where + ": " + p.Severity.String() + ": " + p.Message
	}
	if doc := p.Place.Doc; doc != nil && (doc.Text != "" || p.Path != "") { // of an empty text, the first place
		line, column := doc.Position(p.Place.Span.Start)
		where += fmt.Sprintf(":%d:%d", line, column)
	}
	text := fmt.Sprintf("%s: %s[%s] %s", where, p.Severity, p.Code, diag.OneLine(p.Message))
	if p.Path != "" {
		text += " (" + diag.Printable(p.Path) + ")"
	}
	return text
}
