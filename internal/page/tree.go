package page

import (
	"path"
	"slices"
	"strings"

	"github.com/glowplug-os/glowplug/internal/diag"
	"github.com/glowplug-os/glowplug/internal/report"
)

// treeMost is how many directories are drawn in each other; the rest of a path is a name. Browsers bound how deep
// elements are.
const treeMost = 12

// A branch is a directory, or what is at the end of a path.
type branch struct {
	name    string
	actions []*report.Action
	inside  []*branch
	known   map[string]*branch
}

// treeOf puts actions at their paths; those of no path, or of several, at the top.
func treeOf(all []*report.Action) *branch {
	top := &branch{}
	for _, a := range all {
		at := top
		rest := strings.TrimPrefix(path.Clean("/"+placeOf(a)), "/")
		for depth := 1; rest != ""; depth++ {
			name := rest
			if before, after, found := strings.Cut(rest, "/"); found && depth < treeMost {
				name, rest = before, after
			} else {
				rest = ""
			}
			at = at.child(name)
		}
		at.actions = append(at.actions, a)
	}
	return top
}

func placeOf(a *report.Action) string {
	if len(a.Changes) == 1 {
		return a.Changes[0].Path
	}
	return a.Group
}

func (b *branch) child(name string) *branch {
	if b.known == nil {
		b.known = map[string]*branch{}
	}
	c := b.known[name]
	if c == nil {
		c = &branch{name: name}
		b.known[name], b.inside = c, append(b.inside, c)
	}
	return c
}

// list is what is below a branch: what has no place first, then by name.
func (b *branch) list() node {
	n := items.of().in(nested)
	if b.name == "" {
		for _, a := range b.actions {
			n.inside = append(n.inside, item.of(leaf(a, "")...))
		}
	}
	slices.SortFunc(b.inside, func(a, b *branch) int { return strings.Compare(a.name, b.name) })
	for _, c := range b.inside {
		n.inside = append(n.inside, c.shortened().draw())
	}
	return n
}

// shortened is a directory with the only one in it as one: "etc/systemd/system".
func (b *branch) shortened() *branch {
	for len(b.inside) == 1 && len(b.actions) == 0 && len(b.inside[0].inside) > 0 {
		only := *b.inside[0]
		only.name = b.name + "/" + only.name
		b = &only
	}
	return b
}

// draw draws a branch; a directory can be folded.
func (b *branch) draw() node {
	n := item.of()
	for _, a := range b.actions {
		n.inside = append(n.inside, leaf(a, b.name)...)
	}
	if len(b.inside) == 0 {
		return n
	}
	n.inside = append(n.inside, fold.of(folded.of(code.say(b.name+"/")), b.list()).with(unfolded, ""))
	return n
}

// leaf is an action by the last name of its path, and by its own subject where that has not this path at its end.
func leaf(a *report.Action, last string) []node {
	what, found := strings.CutSuffix(a.Subject, diag.Name(placeOf(a)))
	n := []node{deedOf(a), say(" ")}
	if found && last != "" {
		n = append(n, code.say(last), say(" "), small.say(strings.TrimSpace(what)+":"), say(" "))
	} else {
		n = append(n, strong.say(a.Subject), say(" "))
	}
	return append(append(n, span.say(diag.OneLine(a.Detail))), particulars(a)...)
}
