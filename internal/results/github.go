package results

import (
	"fmt"
	"io"
	"strings"

	"github.com/glowplug-os/glowplug/internal/diag"
)

// writeGitHub writes workflow commands, which a GitHub runner shows at the lines of a change (GitHub's documentation,
// "Workflow commands for GitHub Actions", setting a notice, warning or error message).
func writeGitHub(w io.Writer, r *Report) error {
	var b strings.Builder
	for f, p := range r.each() {
		b.WriteString("::" + githubKind(p.Severity) + githubPlace(f, p) + "::" + githubData(said(p)) + "\n")
	}
	return put(w, b.String())
}

func githubKind(s diag.Severity) string {
	switch s {
	case diag.Error:
		return "error"
	case diag.Warning:
		return "warning"
	}
	return "notice"
}

// githubPlace gives the properties of a command. Columns are those of one line: of several there are none.
func githubPlace(f *File, p *diag.Problem) string {
	text := " file=" + githubProperty(slashes(f.file(p)))
	if at := regionOf(p.Place); at.line > 0 && p.More == 0 {
		text += fmt.Sprintf(",line=%d,endLine=%d", at.line, at.endLine)
		if at.line == at.endLine {
			text += fmt.Sprintf(",col=%d,endColumn=%d", at.column, at.endColumn)
		}
	}
	if p.Code != "" {
		text += ",title=" + githubProperty(string(p.Code))
	}
	return text
}

// githubData escapes a message, githubProperty the value of a property: a runner takes %25, %0D, %0A, %3A and %2C back.
func githubData(text string) string {
	lines := strings.Split(text, "\n")
	for i, line := range lines {
		lines[i] = strings.ReplaceAll(diag.Printable(line), "%", "%25")
	}
	return strings.Join(lines, "%0A")
}

func githubProperty(text string) string {
	return strings.NewReplacer(":", "%3A", ",", "%2C").Replace(githubData(diag.Printable(text)))
}
