package report

import (
	"fmt"
	"io"
	"path"
	"strings"

	"github.com/glowplug-os/glowplug/internal/diag"
	"github.com/glowplug-os/glowplug/internal/scene"
)

// WriteText tells people.
func (p *Plan) WriteText(w io.Writer) error {
	t := &text{p: p}
	t.line("%s", p.Summary())
	t.conflicts()
	t.destroyed()
	for _, s := range p.Sections() {
		t.section(&s)
	}
	t.notes()
	if t.lines > 1 {
		t.line("")
		t.line("%s", p.Summary())
	}
	_, err := io.WriteString(w, t.String())
	return err
}

// A text is being written.
type text struct {
	strings.Builder
	p     *Plan
	lines int
}

func (t *text) line(format string, args ...any) {
	t.WriteString(strings.TrimRight(fmt.Sprintf(format, args...), " ") + "\n")
	t.lines++
}

func (t *text) heading(title string) {
	t.line("")
	t.line("%s", title)
}

func (t *text) conflicts() {
	if len(t.p.Conflicts) == 0 {
		return
	}
	t.heading("In the way")
	for _, c := range t.p.Conflicts {
		place := ""
		if c.Place != "" {
			place = c.Place + ": "
		}
		t.line("  ! %s", place+diag.OneLine(c.Message))
		for _, hint := range c.Hints {
			t.line("      %s", diag.OneLine(hint))
		}
	}
}

// destroyed names what goes, by what it holds.
func (t *text) destroyed() {
	all := t.p.Destroyed()
	if len(all) > 0 {
		t.heading("Destroyed")
	}
	for _, l := range all {
		if what := diag.OneLine(l.What); what != "" {
			t.line("  - %s: %s", diag.Printable(l.Where), what)
		} else {
			t.line("  - %s", diag.Printable(l.Where))
		}
	}
}

// section shows actions; of a disk also a bar, as it is and as it will be.
func (t *text) section(s *Section) {
	t.heading(diag.Printable(s.Title))
	if s.Disk != nil && s.Disk.After != nil {
		t.line("    before  %s", diag.OneLine(s.Disk.Before.Bar()))
		t.line("    after   %s %s", diag.OneLine(s.Disk.After.Bar()), scene.Bytes(s.Disk.After.Bytes))
	}
	for _, a := range s.Actions {
		t.action(a)
	}
}

func (t *text) action(a *Action) {
	detail := diag.OneLine(a.Detail)
	if detail != "" {
		detail = ": " + detail
	}
	t.line("  %s %s%s", a.Effect.Sign(), diag.Printable(a.Subject), detail)
	t.outcomes(a.Outcomes)
	t.sources(a.Sources)
	t.changes(a.Changes)
}

func (t *text) outcomes(all []Outcome) {
	for _, o := range all {
		t.line("        if there is %s: %s", diag.OneLine(o.Found), diag.OneLine(o.Verdict))
	}
}

func (t *text) sources(all []Source) {
	for _, s := range all {
		t.line("        %s", diag.OneLine(s.String()))
	}
}

func (t *text) changes(all []Change) {
	for i := range all {
		t.change(&all[i], len(all) > 1)
	}
}

// change shows what changes of a path that is there; its lines below its name, if there are others.
func (t *text) change(c *Change, others bool) {
	if words := c.Words(); words != "" {
		t.line("        %s: %s", diag.Name(path.Clean(c.Path)), words)
	}
	lines, more := c.Lines()
	if others && len(lines) > 0 {
		t.line("        %s:", diag.Name(path.Clean(c.Path)))
	}
	for _, line := range lines {
		t.line("        %s", diag.Printable(line))
	}
	if more > 0 {
		t.line("        … and %s", diag.Count(more, "more line"))
	}
}

func (t *text) notes() {
	if len(t.p.Notes) == 0 {
		return
	}
	t.heading("Notes")
	for _, note := range t.p.Notes {
		t.line("  %s", diag.OneLine(note))
	}
}
