package page

import (
	"path"

	"github.com/glowplug-os/glowplug/internal/diag"
	"github.com/glowplug-os/glowplug/internal/plan"
	"github.com/glowplug-os/glowplug/internal/report"
)

// The classes of the style sheet, but those of shares.
const (
	calm    class = "calm"
	changes class = "changes"
	danger  class = "danger"
	broad   class = "broad"
	verdict class = "verdict"
	summary class = "summary"
	plain   class = "plain"
	badge   class = "badge"
	bar     class = "bar"
	many    class = "many"
	free    class = "free"
	stack   class = "stack"
	box     class = "box"
	array   class = "array"
	volume  class = "volume"
	filled  class = "filled"
	device  class = "device"
	joined  class = "joined"
	nested  class = "nested"
	unsaid  class = "later"
	track   class = "track"
	taken   class = "taken"
)

// deed is what becomes of a thing, in a word, and the class that it is shown with.
func deed(a *report.Action) (words string, c class) {
	switch {
	case a.Effect == plan.Keep:
		return "= stays", calm
	case a.Effect == plan.Create:
		return "+ new", plain
	case a.Effect == plan.Change:
		return "~ change", changes
	case a.Effect == plan.Deferred:
		return "? decided later", unsaid
	case a.Destroys():
		return "- destroyed", danger
	case a.Noun == report.User || a.Noun == report.Group, len(a.Changes) > 0 && a.Changes[0].Now.Kind == "":
		return "- removed", danger
	}
	return "- replaced", changes
}

func deedOf(a *report.Action) node {
	words, c := deed(a)
	return span.say(words).in(badge, c)
}

// actions are a table of what is done, with what is longer than a line below each.
func actions(all []*report.Action) node {
	var lines []node
	for _, a := range all {
		lines = append(lines, row.of(header.of(deedOf(a), say(" "), say(a.Subject)).with(scope, "row"),
			cell.say(diag.OneLine(a.Detail))))
		if more := particulars(a); len(more) > 0 {
			lines = append(lines, row.of(cell.of(more...).with(across, "2")).in(joined))
		}
	}
	return grid([]string{"What", "How"}, lines)
}

// points are a list of what is done, where there is less room.
func points(all []*report.Action) node {
	var lines []node
	for _, a := range all {
		lines = append(lines, item.of(append([]node{deedOf(a), say(" "), strong.say(a.Subject), say(" "),
			span.say(diag.OneLine(a.Detail))}, particulars(a)...)...))
	}
	return items.of(lines...).in(plain)
}

// particulars are what may come of an action, where it gets something from, and what changes.
func particulars(a *report.Action) (all []node) {
	if len(a.Outcomes) > 0 {
		all = append(all, outcomes(a.Outcomes))
	}
	for _, s := range a.Sources {
		all = append(all, paragraph.of(say("from "), code.say(diag.OneLine(s.String()))))
	}
	for i := range a.Changes {
		all = append(all, change(&a.Changes[i], len(a.Changes) > 1)...)
	}
	return all
}

func outcomes(from []report.Outcome) node {
	var all []node
	for _, o := range from {
		all = append(all, row.of(cell.say(diag.OneLine(o.Found)), cell.say(diag.OneLine(o.Verdict))))
	}
	return fold.of(folded.say("What may come of it: "+diag.Count(len(all), "case")),
		grid([]string{"If there is", "Then"}, all))
}

// openLines is how many lines of a difference are shown without that they are asked for.
const openLines = 30

// change is what becomes of a path that is there, named where there are others.
func change(c *report.Change, others bool) (all []node) {
	at := path.Clean(c.Path)
	if words := c.Words(); words != "" && others {
		all = append(all, paragraph.of(code.say(diag.Name(at)), say(": "+words)))
	} else if words != "" {
		all = append(all, paragraph.say(words))
	}
	if difference, more := c.Lines(); len(difference) > 0 {
		what := fold.of(folded.of(say("What changes in "), code.say(diag.Name(at))), diff(difference, more))
		if len(difference) <= openLines {
			what = what.with(unfolded, "")
		}
		all = append(all, what)
	}
	return all
}

// diff is a difference, line by line.
func diff(difference []string, more int) node {
	n := lines.of()
	for _, line := range difference {
		is := stays
		switch line[0] {
		case '-':
			is = goes
		case '+':
			is = comes
		}
		n.inside = append(n.inside, is.say(line))
	}
	if more > 0 {
		n.inside = append(n.inside, small.say("… and "+diag.Count(more, "more line")))
	}
	return n
}
