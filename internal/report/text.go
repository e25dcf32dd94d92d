package report

import (
	"cmp"
	"fmt"
	"io"
	"path"
	"strings"

	"github.com/glowplug-os/glowplug/internal/diag"
	"github.com/glowplug-os/glowplug/internal/plan"
	"github.com/glowplug-os/glowplug/internal/scene"
)

// WriteText tells people.
func (p *Plan) WriteText(w io.Writer) error {
	t := &text{p: p, shown: map[int]bool{}}
	t.line("%s", p.Summary())
	t.conflicts()
	t.destroyed()
	t.section("Kernel arguments", func(a *Action) bool { return a.Stage == Arguments })
	t.disks()
	t.section("Arrays, encrypted volumes and filesystems", func(a *Action) bool { return a.Stage == Disks })
	t.section("Mounted while the machine is provisioned", func(a *Action) bool { return a.Stage == Mount })
	t.section("Accounts", (*Action).isAccount)
	t.section("Files, directories and links", (*Action).isNode)
	t.section("Units", func(a *Action) bool { return a.Noun == Unit || a.Noun == Preset })
	t.section("Other", func(*Action) bool { return true })
	t.notes()
	if t.lines > 1 {
		t.line("")
		t.line("%s", p.Summary())
	}
	_, err := io.WriteString(w, t.String())
	return err
}

func (a *Action) isAccount() bool { return a.Noun == User || a.Noun == Group }

func (a *Action) isNode() bool { return a.Noun == File || a.Noun == Directory || a.Noun == Link }

// A text is being written.
type text struct {
	strings.Builder
	p     *Plan
	lines int
	shown map[int]bool // actions that stand in a section already
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
	begun := false
	say := func(format string, args ...any) {
		if !begun {
			t.heading("Destroyed")
			begun = true
		}
		t.line("  - "+format, args...)
	}
	for i := range t.p.Actions {
		a := &t.p.Actions[i]
		switch {
		case !a.destroys():
		case a.mayDestroy():
			say("perhaps what is there for %s by then: %s", diag.Printable(a.Subject), diag.OneLine(a.Detail))
		case len(a.Loses) == 0:
			say("%s: %s", diag.Printable(a.Subject), diag.OneLine(a.Detail))
		}
		for _, l := range a.Loses {
			if what := diag.OneLine(l.What); what != "" {
				say("%s: %s", diag.Printable(l.Where), what)
			} else {
				say("%s", diag.Printable(l.Where))
			}
		}
	}
}

// disks shows each disk that changes, with a bar.
func (t *text) disks() {
	for _, disk := range t.groups() {
		t.heading("Disk " + diag.Printable(disk))
		t.bars(disk)
		for i := range t.p.Actions {
			if a := &t.p.Actions[i]; a.Stage == Disks && a.Group == disk {
				t.action(i)
			}
		}
	}
}

// groups are the disks of which something changes.
func (t *text) groups() (all []string) {
	met := map[string]bool{}
	for _, a := range t.p.Actions {
		if a.Stage == Disks && a.Group != "" && a.Effect != plan.Keep && !met[a.Group] {
			met[a.Group] = true
			all = append(all, a.Group)
		}
	}
	return all
}

// bars draw a disk as it is and as it will be, whatever it is in between.
func (t *text) bars(disk string) {
	var before, after *Layout
	for i := range t.p.Actions {
		if a := &t.p.Actions[i]; a.Stage == Disks && a.Group == disk && a.After != nil {
			after = a.After
			if before == nil {
				before = cmp.Or(a.Before, &Layout{Bytes: after.Bytes})
			}
		}
	}
	if after != nil {
		t.line("    before  %s", diag.OneLine(before.Bar()))
		t.line("    after   %s %s", diag.OneLine(after.Bar()), scene.Bytes(after.Bytes))
	}
}

// section shows actions that are in none yet.
func (t *text) section(title string, of func(*Action) bool) {
	begun := false
	for i := range t.p.Actions {
		a := &t.p.Actions[i]
		if t.shown[i] || a.Effect == plan.Keep || !of(a) {
			continue
		}
		if !begun {
			t.heading(title)
			begun = true
		}
		t.action(i)
	}
}

// action shows one, unless it keeps what is there.
func (t *text) action(i int) {
	a := &t.p.Actions[i]
	if t.shown[i] || a.Effect == plan.Keep {
		return
	}
	t.shown[i] = true
	detail := diag.OneLine(a.Detail)
	if detail != "" {
		detail = ": " + detail
	}
	t.line("  %s %s%s", a.Effect.Sign(), diag.Printable(a.Subject), detail)
	for _, o := range a.Outcomes {
		t.line("        if there is %s: %s", diag.OneLine(o.Found), diag.OneLine(o.Verdict))
	}
	for _, s := range a.Sources {
		t.line("        %s", diag.OneLine(s.String()))
	}
	for i := range a.Changes {
		t.change(&a.Changes[i], len(a.Changes) > 1)
	}
}

// change shows what changes of a path that is there; its lines below its name, if there are others.
func (t *text) change(c *Change, others bool) {
	if c.Was.Kind == "" {
		return
	}
	if words := c.words(); words != "" {
		t.line("        %s: %s", diag.Name(path.Clean(c.Path)), words)
	}
	lines := []string(nil)
	if c.Texts {
		lines = Difference(c.WasText, c.NowText)
	}
	if others && len(lines) > 0 {
		t.line("        %s:", diag.Name(path.Clean(c.Path)))
	}
	for k, line := range lines {
		if k == differenceMost {
			t.line("        … and %d more lines", len(lines)-k)
			break
		}
		t.line("        %s", diag.Printable(line))
	}
}

// words say what becomes of kind, mode, owner and link.
func (c *Change) words() string {
	var all []string
	say := func(format string, args ...any) { all = append(all, fmt.Sprintf(format, args...)) }
	if c.Was.Kind != c.Now.Kind && c.Now.Kind == "" {
		say("%s removed", c.Was.Kind)
	} else if c.Was.Kind != c.Now.Kind && (c.Was.Kind != "file" || c.Now.Kind != "hard link") { // which is a file too
		say("%s, was a %s", c.Now.Kind, c.Was.Kind)
	}
	if c.Now.Mode >= 0 && c.Now.Mode != c.Was.Mode && c.Was.Mode >= 0 {
		say("mode %04o, was %04o", c.Now.Mode, c.Was.Mode)
	}
	uid, gid := c.Now.UID, c.Now.GID
	if uid < 0 {
		uid = c.Was.UID
	}
	if gid < 0 {
		gid = c.Was.GID
	}
	if c.Now.Kind != "" && (uid != c.Was.UID || gid != c.Was.GID) {
		say("owner %d:%d, was %d:%d", uid, gid, c.Was.UID, c.Was.GID)
	}
	if c.Was.Link != "" && c.Now.Link != c.Was.Link {
		say("led to %s", diag.Name(c.Was.Link))
	}
	if c.Sizes {
		say("%d bytes, was %d", c.Now.Size, c.Was.Size)
	}
	if c.Secret {
		say("the content is not shown, as not everybody may read it")
	}
	return strings.Join(all, "; ")
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
