package files

import (
	"context"
	"errors"

	"github.com/glowplug-os/glowplug/internal/plan"
	"github.com/glowplug-os/glowplug/internal/root"
)

// worker has what the steps need when they run.
type worker struct {
	Options
	claims   map[string]claim // resolved paths that a unit takes over after the nodes
	presetAt string           // where preset lines are appended, "" if none can be
	newLinks []string         // hard links to be noted before the first is made
}

// plain is the root as nodes see it: no link is on the way to where they are (node.at), unless somebody has swapped it
// in, as a user can below a home.
func (w *worker) plain() *root.Root { return w.Root.WithoutLinks() }

// A claim is the Check of the step that takes a path over.
type claim func(context.Context) (plan.State, error)

// check judges what is there, with the same table as the planner, by the real thing.
func (w *worker) check(ctx context.Context, n *node) (plan.State, error) {
	n.checked = false
	if final, ok := w.claims[n.at]; ok {
		if state, err := final(ctx); err == nil && state == plan.Done {
			return plan.Done, nil
		}
	}
	found, err := w.plain().Lstat(n.at)
	if err != nil {
		return plan.Pending, err
	}
	m, err := w.match(ctx, n, found)
	if err != nil {
		return plan.Pending, err
	}
	n.found, n.verdict, n.checked = found, judge(n.kind, found.Kind, n.overwrite, m), true
	switch n.verdict {
	case done:
		return plan.Done, nil
	case refuse:
		return plan.Conflict, n.refusal(found)
	case keep:
		if ok, err := w.settled(ctx, n); err != nil || ok {
			return plan.Done, err
		}
	}
	return plan.Pending, nil
}

// match compares what is there with what a node asks for. A file is read only if owner and mode fit already: without
// them it is refused, or written anew, whatever is in it.
func (w *worker) match(ctx context.Context, n *node, found root.Facts) (match, error) {
	switch {
	case n.apart && found.Links > 1:
		return differs, nil
	case n.kind == hardLink:
		return w.matchLink(n, found)
	case n.kind == symlink && found.Kind == root.Symlink:
		if sameTarget(found.Target, n.target) && (!n.overwrite || n.new.Fit(found)) {
			return alike, nil
		}
	case n.kind == fileWithSource && found.Kind == root.File && n.new.Fit(found):
		if ok, err := w.holds(ctx, n); err != nil || ok {
			return alike, err
		}
	}
	return differs, nil
}

// matchLink compares what is there with the target of a hard link. A copy that nothing tells from the target but its
// inode is what a run leaves that is cut off, and repeated makes the target anew; a copy that has names of its own is
// not.
func (w *worker) matchLink(n *node, found root.Facts) (match, error) {
	to, err := w.plain().Lstat(n.targetAt)
	switch {
	case err != nil:
		return differs, err
	case to.Kind == root.Absent:
		return differs, errNoSuch
	case sameFile(to, found):
		return same, nil
	case !n.overwrite && (!n.ours || found.Links > n.names):
		return differs, nil
	case to.Kind != found.Kind || to.UID != found.UID || to.GID != found.GID || to.Mode != found.Mode ||
		to.Size != found.Size:
		return differs, nil
	case to.Kind == root.Symlink && to.Target == found.Target:
		return alike, nil
	case to.Kind != root.File:
		return differs, nil
	}
	a, err := w.plain().Open(n.targetAt, false)
	if err != nil {
		return differs, err
	}
	defer a.Close()
	b, err := w.plain().Open(n.at, false)
	if err != nil {
		return differs, err
	}
	defer b.Close()
	got, err := compare(b, 0, func(out output) error {
		_, err := a.WriteTo(onlyWriter{out})
		return err
	})
	if err != nil || got != equal {
		return differs, err
	}
	return alike, nil
}

// settled tells whether a node that is kept has its appends, owner and mode.
func (w *worker) settled(ctx context.Context, n *node) (bool, error) {
	if !n.kept(n.found).Fit(n.found) {
		return false, nil
	}
	if len(n.sources) == 0 {
		return true, nil
	}
	if !n.local() {
		return false, nil // do gets the fragments once, and looks then
	}
	p, err := w.progress(n, func(out output) error { return w.obtain(ctx, n, out) })
	return p.done, err
}

var errVanished = errors.New("changed while it was being worked on")

// do makes the node what it is to be, by the verdict of check.
func (w *worker) do(ctx context.Context, n *node) error {
	if !n.checked {
		if state, err := w.check(ctx, n); err != nil || state == plan.Done {
			return err
		}
	}
	defer func() { n.checked = false }()
	switch n.verdict {
	case keep:
		return w.keep(ctx, n)
	case makeNew, replace:
		// Between check and here nobody is expected to change the root. If somebody does, the rename refuses (EEXIST)
		// what was to be new, and a directory of their making is not removed by a rename.
		if n.at == "/" {
			return errRoot
		}
		if _, err := w.plain().MkdirAll(up(n.at), 0o755); err != nil {
			return err
		}
		return w.make(ctx, n)
	}
	return errVanished
}

// keep leaves what is there in place and sees to appends, owner and mode.
func (w *worker) keep(ctx context.Context, n *node) error {
	if len(n.sources) > 0 {
		if err := w.appendTo(ctx, n); err != nil {
			return err
		}
	}
	return w.plain().SetAttrs(n.at, n.kept(n.found))
}

// make makes the node in a directory that is there. All but directories appear under their name complete, owner
// included.
func (w *worker) make(ctx context.Context, n *node) error {
	mayReplace := n.verdict == replace
	switch n.kind {
	case directory:
		if err := w.clear(n, mayReplace); err != nil {
			return err
		}
		if err := w.plain().Mkdir(n.at, uint32(n.new.Mode)); err != nil {
			return err
		}
		return w.plain().SetAttrs(n.at, n.new)
	case symlink:
		if err := w.clear(n, n.found.Kind == root.Directory); err != nil {
			return err
		}
		return w.plain().Symlink(n.target, n.at, n.new, mayReplace)
	case hardLink:
		if err := w.noteLinks(); err != nil {
			return err
		}
		if err := w.clear(n, n.found.Kind == root.Directory); err != nil {
			return err
		}
		return w.plain().Link(n.targetAt, n.at, mayReplace)
	}
	return w.write(ctx, n, mayReplace)
}

// clear removes what is there, which a rename cannot replace.
func (w *worker) clear(n *node, must bool) error {
	if !must {
		return nil
	}
	return w.plain().RemoveAll(n.at)
}

// prepare gets all parts of a file that is to be made under a temporary name.
func (w *worker) prepare(ctx context.Context, n *node) error {
	if !n.checked || n.verdict != makeNew && n.verdict != replace || n.at == "/" {
		return nil
	}
	if _, err := w.plain().MkdirAll(up(n.at), 0o755); err != nil {
		return err
	}
	t, err := w.plain().Create(n.at, n.new)
	if err != nil {
		return err
	}
	if err := w.obtain(ctx, n, t); err != nil {
		t.Discard()
		return err
	}
	n.temp = t
	return nil
}

// abandon takes back what prepare has made.
func (n *node) abandon() {
	if n.temp != nil {
		n.temp.Discard()
		n.temp = nil
	}
}

// write gives a file that has been prepared its name, now that it is complete.
func (w *worker) write(ctx context.Context, n *node, mayReplace bool) error {
	if n.temp == nil {
		if err := w.prepare(ctx, n); err != nil {
			return err
		}
	}
	defer n.abandon()
	if err := w.clear(n, n.found.Kind == root.Directory); err != nil {
		return err
	}
	t := n.temp
	n.temp = nil
	return t.Place(mayReplace)
}
