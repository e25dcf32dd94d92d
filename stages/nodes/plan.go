package nodes

import (
	"errors"
	"fmt"
	"path"
	"strings"

	"github.com/glowplug-os/glowplug/config"
	"github.com/glowplug-os/glowplug/internal/diag"
	"github.com/glowplug-os/glowplug/internal/plan"
	"github.com/glowplug-os/glowplug/internal/root"
	"github.com/glowplug-os/glowplug/internal/source"
	"github.com/glowplug-os/glowplug/internal/target"
)

var (
	errSelf      = errors.New("the link names itself")
	errLinkToDir = errors.New("the target is a directory, and hard links to directories do not exist")
)

// node completes the step of one node.
func (p *Nodes) node(n *node, step *plan.Step) error {
	if n.At == "/" && (n.entry != target.Directory || n.Overwrite) {
		return target.ErrRoot
	}
	if p.comesAfter(n, step) {
		return nil
	}
	var found root.Facts
	var err error
	if !n.Missing {
		if found, err = p.t.Before(n.At); err != nil {
			return err
		}
	}
	m, known, err := p.match(n, found)
	if err != nil {
		return err
	}
	topmost, err := p.t.Topmost(n.At)
	if err != nil {
		return err
	}
	if step.Effect, err = p.effect(n, found, m, known); err != nil {
		return err
	}
	if err := n.misfit(step.Effect, &p.contents); err != nil {
		return err
	}
	n.found, n.effect = found, step.Effect
	step.Detail = n.detail(step.Effect, topmost)
	p.steps(n, step)
	return nil
}

// comesAfter looks for what takes a node's place after it, a unit, say. If a run before has left that there, the node
// has been made, and there is nothing left to do. What adds to a file leaves the node its own part.
func (p *Nodes) comesAfter(n *node, step *plan.Step) bool {
	over := p.t.Over(n.At)
	if over == nil {
		return false
	}
	n.grows = over.Adds && n.isFile()
	if n.grows || !over.Held(p.t) {
		return false
	}
	step.Detail = "is " + over.Subject + " by now"
	return true
}

// match compares what is there with what a node asks for, as far as the view shows; known tells whether that is the
// last word.
func (p *Nodes) match(n *node, found root.Facts) (m target.Match, known bool, err error) {
	known = true
	switch n.entry {
	case target.HardLink:
		links := linkTargets{p}
		if m, err = links.linkTarget(n, found); err != nil {
			return m, false, err
		}
		m, known = links.linkMatch(n, found, m)
	case target.Symlink:
		if found.Kind == root.Symlink && sameTarget(found.Target, n.Link) && (!n.Overwrite || n.new.Fit(found)) {
			m = target.Alike
		}
		n.differs = m == target.Differs
	case target.FileWithSource:
		m, known = p.content(n, found)
	}
	if n.apart {
		m, known, n.differs = target.Differs, true, false
	}
	return m, known, nil
}

// effect is what the matrix makes of what the view shows.
func (p *Nodes) effect(n *node, found root.Facts, m target.Match, known bool) (plan.Effect, error) {
	if !known {
		return plan.Deferred, nil
	}
	switch target.Judge(n.entry, found.Kind, n.Overwrite, m) {
	case target.MakeNew:
		return plan.Create, nil
	case target.Replace:
		return plan.Destroy, p.t.MayGo(n.At, found.Kind)
	case target.Done:
		return plan.Keep, nil
	case target.Keep:
		switch got, err := p.appended(n, found); {
		case err != nil, got == target.Unequal, !n.kept(found).Fit(found):
			return plan.Change, err
		case got == target.Undecided:
			return plan.Deferred, nil
		}
		return plan.Keep, nil
	}
	return 0, n.refusal(found)
}

// refusal says why what is there cannot stay and may not go.
func (n *node) refusal(found root.Facts) error {
	switch {
	case n.entry == target.FileWithout && n.Overwrite:
		return target.ErrNoContents
	case n.entry == target.FileWithSource && found.Kind == root.File && n.new.Fit(found):
		return inTheWay("a file with other content")
	case n.entry == target.FileWithSource && found.Kind == root.File:
		return inTheWay("a file")
	case n.entry == target.Symlink && found.Kind == root.Symlink:
		return inTheWay("a link to " + diag.Name(found.Target))
	case n.entry == target.FileWithout:
		return fmt.Errorf("%s is there, which cannot be kept as a file", found.Kind)
	}
	return inTheWay(found.Kind.String())
}

// inTheWay is the refusal of what overwrite would replace.
func inTheWay(what string) error {
	return diag.WithHint(fmt.Errorf("%s is there, and overwrite is not set", what),
		"to have it replaced, set overwrite: true for this entry")
}

func noSuch(link string) error {
	return diag.WithHint(fmt.Errorf("the target does not exist: %s", diag.Name(link)),
		"have the config make the target, or name a file that is there")
}

// sameTarget compares as the peer does: ./x/ and x are the same to it (docs/peer/engine.md §11.3).
func sameTarget(a, b string) bool { return a == b || path.Clean(a) == path.Clean(b) }

// detail says how, for people.
func (n *node) detail(e plan.Effect, topmost string) string {
	var words []string
	add := func(format string, args ...any) { words = append(words, fmt.Sprintf(format, args...)) }
	if n.At != path.Clean(n.Path) {
		add("at %s", diag.Name(n.At))
	}
	switch n.entry {
	case target.Symlink, target.HardLink:
		add("to %s", diag.Name(n.Link))
	case target.FileWithSource, target.FileWithout:
		add("%s", n.content(e))
	}
	if n.entry != target.HardLink {
		add("%s", attributeWords(n, e))
	}
	switch {
	case e == plan.Destroy && n.entry == target.Directory:
		add("removes what is there with all below it")
	case n.relinks != "":
		add("%s", n.relinks)
	case n.unsure:
		add("if that is there by then")
	case e == plan.Destroy:
		add("replaces what is there")
	case e == plan.Deferred && n.entry == target.FileWithout:
		add("kept if it is this already")
	case e == plan.Deferred:
		add("kept if it is this already, refused otherwise")
	}
	if topmost != "" {
		add("makes %s", diag.Name(topmost))
	}
	return strings.Join(nonEmpty(words), ", ")
}

func nonEmpty(words []string) []string {
	kept := words[:0]
	for _, w := range words {
		if w != "" {
			kept = append(kept, w)
		}
	}
	return kept
}

// content says where a file's content comes from, without what is secret in a URL.
func (n *node) content(e plan.Effect) string {
	var from []string
	for _, p := range n.sources {
		from = append(from, shownSource(p.Resource))
	}
	switch {
	case len(from) == 0 && e == plan.Create:
		return "empty"
	case len(from) == 0:
		return "content kept"
	case n.entry == target.FileWithout && e != plan.Create:
		return "append " + strings.Join(from, " and ")
	}
	return strings.Join(from, " and ")
}

func shownSource(r config.Resource) string {
	switch raw := config.Says(r.Source); {
	case raw == "":
		return "empty"
	case strings.HasPrefix(raw, "data:"):
		return "inline"
	default:
		return "from " + source.Redact(raw)
	}
}

// NoOwnerKnown is in the detail of a step whose owner is given by a name of which nothing is known.
const NoOwnerKnown = "owner not known"

// attributeWords gives mode and owner as far as the step sets them; 0:0, the usual owner, only if the config names it.
func attributeWords(n *node, e plan.Effect) string {
	a := n.attributes(e)
	var words []string
	if a.Mode >= 0 {
		words = append(words, fmt.Sprintf("%04o", a.Mode))
	}
	if n.unowned {
		return strings.Join(append(words, NoOwnerKnown), " ")
	}
	named := n.user != (config.NodeOwner{}) || n.group != (config.NodeOwner{})
	if a.UID > 0 || a.GID > 0 || named && (a.UID == 0 || a.GID == 0) {
		words = append(words, "owner "+id(a.UID)+":"+id(a.GID))
	}
	return strings.Join(words, " ")
}

func id(n int64) string {
	if n < 0 {
		return "-"
	}
	return fmt.Sprint(n)
}
