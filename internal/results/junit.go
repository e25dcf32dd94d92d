package results

import (
	"fmt"
	"io"
	"strings"

	"github.com/glowplug-os/glowplug/internal/diag"
)

// writeJUnit writes a test case for each file, which fails where the file is invalid. Of what does not make it so, the
// output of the test case tells. The form is the one that CI systems read: testsuites, testsuite, testcase, failure.
func writeJUnit(w io.Writer, r *Report) error {
	var b strings.Builder
	counts := fmt.Sprintf(`tests="%d" failures="%d" errors="0"`, len(r.Files), r.Invalid())
	name := Attribute(r.Program)
	b.WriteString("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites name=" + name + " " + counts + ">\n")
	b.WriteString("  <testsuite name=" + name + " " + counts + " skipped=\"0\">\n")
	for _, f := range r.Files {
		junitCase(&b, &f, r.Program)
	}
	b.WriteString("  </testsuite>\n</testsuites>\n")
	return put(w, b.String())
}

func junitCase(b *strings.Builder, f *File, class string) {
	name := Attribute(slashes(f.Name))
	b.WriteString("    <testcase name=" + name + " classname=" + Attribute(class) + " file=" + name)
	if len(f.Problems) == 0 {
		b.WriteString("/>\n")
		return
	}
	var lines []string
	for i := range f.Problems {
		lines = append(lines, XML(line(f, &f.Problems[i])))
	}
	text := strings.Join(lines, "\n")
	if f.Invalid {
		worst := f.Problems[0]
		for _, p := range f.Problems {
			if p.Severity > worst.Severity {
				worst = p
			}
		}
		b.WriteString(">\n      <failure type=" + Attribute(string(worst.Code)) + " message=" +
			Attribute(diag.OneLine(worst.Message)) + ">" + text + "</failure>\n    </testcase>\n")
		return
	}
	b.WriteString(">\n      <system-out>" + text + "</system-out>\n    </testcase>\n")
}

// Attribute gives a text as the value of an attribute, in quotes.
func Attribute(text string) string { return `"` + XML(text) + `"` }

// XML escapes what may not stand in a text or an attribute (XML 1.0, 2.4). What no document may have at all, control
// characters, is escaped as everywhere.
func XML(text string) string {
	return strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;", `"`, "&quot;").Replace(diag.Printable(text))
}
