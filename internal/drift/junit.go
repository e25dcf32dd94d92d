package drift

import (
	"fmt"
	"io"
	"strings"

	"github.com/glowplug-os/glowplug/internal/diag"
	"github.com/glowplug-os/glowplug/internal/results"
)

// WriteJUnit tells CI systems, in the form that package results writes: a test case an item, which fails if it differs,
// and is skipped if it is not known.
func (r *Report) WriteJUnit(w io.Writer, program string) error {
	counts := fmt.Sprintf(`tests="%d" failures="%d" errors="0"`, len(r.Items), len(r.of(Differs)))
	name := results.Attribute(program)
	var b strings.Builder
	fmt.Fprintf(&b, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites name=%s %s>\n", name, counts)
	fmt.Fprintf(&b, "  <testsuite name=%s %s skipped=\"%d\">\n", name, counts, len(r.of(NotKnown)))
	for _, i := range r.Items {
		fmt.Fprintf(&b, "    <testcase name=%s classname=%s%s\n", results.Attribute(diag.OneLine(i.Subject)), name,
			i.inside())
	}
	b.WriteString("  </testsuite>\n</testsuites>\n")
	_, err := io.WriteString(w, b.String())
	return err
}

// inside ends a test case.
func (i *Item) inside() string {
	why := strings.Join(i.Findings, "; ")
	message := func(text string) string { return " message=" + results.Attribute(diag.OneLine(text)) }
	switch i.State {
	case Differs:
		text := results.XML(i.title())
		for _, line := range i.Lines {
			text += "\n" + results.XML(line)
		}
		return ">\n      <failure type=" + results.Attribute(Differs.String()) + message(why) + ">" + text +
			"</failure>\n    </testcase>"
	case NotKnown:
		return ">\n      <skipped" + message("not known: "+why) + "/>\n    </testcase>"
	}
	return "/>"
}
