package files

import (
	"context"
	"errors"
	"fmt"
	"path"
	"strings"

	"github.com/glowplug-os/glowplug/config"
	"github.com/glowplug-os/glowplug/internal/diag"
	"github.com/glowplug-os/glowplug/internal/plan"
	"github.com/glowplug-os/glowplug/internal/root"
	"github.com/glowplug-os/glowplug/internal/source"
)

var (
	errRoot      = errors.New("the root directory itself cannot be replaced")
	errSelf      = errors.New("the link names itself")
	errLinkToDir = errors.New("the target is a directory, and hard links to directories do not exist")
	errNoSuch    = errors.New("the target does not exist")
	errOverwrite = errors.New("overwrite needs contents to write")
)

// node completes the step of one node.
func (p *planner) node(n *node, step *plan.Step) error {
	if n.at == "/" && (n.kind != directory || n.overwrite) {
		return errRoot
	}
	var found root.Facts
	var err error
	if !n.missing {
		if found, err = p.world.before(n.at); err != nil {
			return err
		}
	}
	if err := p.owners(n); err != nil {
		return err
	}
	m, known := match(differs), true
	switch n.kind {
	case hardLink:
		if m, err = p.target(n, found); err != nil {
			return err
		}
		known = p.knownAs(n, found, m)
	case symlink:
		if found.Kind == root.Symlink && sameTarget(found.Target, n.target) && (!n.overwrite || n.new.Fit(found)) {
			m = alike
		}
	case fileWithSource:
		m, known = p.content(n, found)
	}
	if n.apart {
		m, known = differs, true
	}
	topmost, err := p.world.parents(n.at)
	if err != nil {
		return err
	}
	if step.Effect, err = p.effect(n, found, m, known); err != nil {
		return err
	}
	step.Detail = n.detail(step.Effect, topmost)
	step.Check = func(ctx context.Context) (plan.State, error) { return p.worker.check(ctx, n) }
	step.Do = func(ctx context.Context) error { return p.worker.do(ctx, n) }
	if n.kind == fileWithSource || n.kind == fileWithout {
		step.Prepare = func(ctx context.Context) error { return p.worker.prepare(ctx, n) }
		step.Abandon = n.abandon
		step.Parallel = !n.local()
	}
	return nil
}

// effect is what the matrix makes of what the view shows. What a unit will take the place of is not refused: it may be
// the unit's already.
func (p *planner) effect(n *node, found root.Facts, m match, known bool) (plan.Effect, error) {
	if !known {
		return plan.Deferred, nil
	}
	switch judge(n.kind, found.Kind, n.overwrite, m) {
	case makeNew:
		return plan.Create, nil
	case replace:
		return plan.Destroy, p.world.mayGo(n.at, found.Kind)
	case done:
		return plan.Keep, nil
	case keep:
		if len(n.sources) == 0 && n.kept(found).Fit(found) || len(n.sources) > 0 && p.holds(n, found) == equal {
			return plan.Keep, nil
		}
		return plan.Change, nil
	}
	if _, claimed := p.worker.claims[n.at]; claimed {
		return plan.Deferred, nil
	}
	return 0, n.refusal(found)
}

// refusal says why what is there cannot stay and may not go.
func (n *node) refusal(found root.Facts) error {
	switch {
	case n.kind == fileWithout && n.overwrite:
		return errOverwrite
	case n.kind == fileWithSource && found.Kind == root.File && n.new.Fit(found):
		return inTheWay("a file with other content")
	case n.kind == fileWithSource && found.Kind == root.File:
		return inTheWay("a file")
	case n.kind == symlink && found.Kind == root.Symlink:
		return inTheWay("a link to " + diag.Name(found.Target))
	case n.kind == fileWithout:
		return fmt.Errorf("%s is there, which cannot be kept as a file", found.Kind)
	}
	return inTheWay(found.Kind.String())
}

// inTheWay is the refusal of what overwrite would replace.
func inTheWay(what string) error {
	return diag.WithHint(fmt.Errorf("%s is there, and overwrite is not set", what),
		"to have it replaced, set overwrite: true for this entry")
}

// target finds what a hard link names. A relative target is from the root (docs/peer/engine.md §11.3).
func (p *planner) target(n *node, found root.Facts) (match, error) {
	var err error
	if n.targetAt, err = p.world.resolve(path.Join("/", n.target)); err != nil {
		return differs, fmt.Errorf("target %s %w", diag.Name(n.target), err)
	}
	if n.targetAt == n.at {
		return differs, errSelf
	}
	kind, _, err := p.world.after(n.targetAt, false)
	switch {
	case err != nil:
		return differs, err
	case kind == root.Absent:
		return differs, errNoSuch
	case kind == root.Directory:
		return differs, errLinkToDir
	}
	to, err := p.world.before(n.targetAt)
	switch {
	case err != nil:
		return differs, err
	case sameFile(to, found):
		return same, nil
	}
	return differs, p.world.mayLink(n.targetAt, n.at)
}

// knownAs tells whether the view is enough to judge what stands where a hard link goes. A copy of the target that an
// earlier run may have left is only told from something else by reading both, and what is the target itself stays so if
// the target does.
func (p *planner) knownAs(n *node, found root.Facts, m match) bool {
	switch {
	case n.overwrite, found.Kind != root.File && found.Kind != root.Symlink:
		return true
	case m == same:
		return !p.madeAnew(n)
	}
	return !n.ours
}

// sameFile tells whether two names are one file.
func sameFile(a, b root.Facts) bool {
	return a.Kind != root.Absent && a.Kind == b.Kind && a.Ino == b.Ino && a.Dev == b.Dev
}

// sameTarget compares as the peer does: ./x/ and x are the same to it (docs/peer/engine.md §11.3).
func sameTarget(a, b string) bool { return a == b || path.Clean(a) == path.Clean(b) }

// detail says how, for people.
func (n *node) detail(e plan.Effect, topmost string) string {
	var words []string
	add := func(format string, args ...any) { words = append(words, fmt.Sprintf(format, args...)) }
	if n.at != path.Clean(n.path) {
		add("at %s", diag.Name(n.at))
	}
	switch n.kind {
	case symlink, hardLink:
		add("to %s", diag.Name(n.target))
	case fileWithSource, fileWithout:
		add("%s", n.content(e))
	}
	if n.kind != hardLink {
		add("%s", attributeWords(n, e))
	}
	switch {
	case e == plan.Destroy && n.kind == directory:
		add("removes what is there with all below it")
	case e == plan.Destroy:
		add("replaces what is there")
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
	case n.kind == fileWithout && e != plan.Create:
		return "append " + strings.Join(from, " and ")
	}
	return strings.Join(from, " and ")
}

func shownSource(r config.Resource) string {
	switch raw := text(r.Source); {
	case raw == "":
		return "empty"
	case strings.HasPrefix(raw, "data:"):
		return "inline"
	default:
		return "from " + source.Redact(raw)
	}
}

// attributeWords gives mode and owner as far as the step sets them; 0:0, the usual owner, only if the config names it.
func attributeWords(n *node, e plan.Effect) string {
	a := n.new
	if n.kind == directory || n.kind == fileWithout {
		if e == plan.Change || e == plan.Keep {
			a = n.old
		}
	}
	var words []string
	if a.Mode >= 0 {
		words = append(words, fmt.Sprintf("%04o", a.Mode))
	}
	if a.UID > 0 || a.GID > 0 || n.user != (config.NodeOwner{}) || n.group != (config.NodeOwner{}) {
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
