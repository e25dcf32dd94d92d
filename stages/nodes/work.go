package nodes

import (
	"context"
	"errors"

	"github.com/glowplug-os/glowplug/internal/plan"
	"github.com/glowplug-os/glowplug/internal/root"
	"github.com/glowplug-os/glowplug/internal/target"
)

// check judges what is there, with the same table as the planner, by the real thing.
func (m *maker) check(ctx context.Context, n *node) (plan.State, error) {
	n.checked = false
	found, err := m.Plain().Lstat(n.At)
	if err != nil {
		return plan.Pending, err
	}
	match, err := m.match(ctx, n, found)
	if err != nil {
		return plan.Pending, err
	}
	n.found, n.verdict, n.checked = found, target.Judge(n.entry, found.Kind, n.Overwrite, match), true
	switch n.verdict {
	case target.Done:
		return plan.Done, nil
	case target.Refuse:
		return plan.Conflict, n.refusal(found)
	case target.Keep:
		if ok, err := m.settled(ctx, n); err != nil || ok {
			return plan.Done, err
		}
	}
	return plan.Pending, nil
}

// match compares what is there with what a node asks for. A file is read only if owner and mode fit already: without
// them it is refused, or written anew, whatever is in it.
func (m *maker) match(ctx context.Context, n *node, found root.Facts) (target.Match, error) {
	switch {
	case n.apart && found.Links > 1:
		return target.Differs, nil
	case n.entry == target.HardLink:
		return m.matchLink(n, found)
	case n.entry == target.Symlink && found.Kind == root.Symlink:
		if sameTarget(found.Target, n.Link) && (!n.Overwrite || n.new.Fit(found)) {
			return target.Alike, nil
		}
	case n.entry == target.FileWithSource && found.Kind == root.File && n.new.Fit(found):
		if ok, err := m.holds(ctx, n); err != nil || ok {
			return target.Alike, err
		}
	}
	return target.Differs, nil
}

// matchLink compares what is there with the target of a hard link. A copy that nothing tells from the target but its
// inode is what a run leaves that is cut off, and repeated makes the target anew; a copy that has names of its own is
// not.
func (m *maker) matchLink(n *node, found root.Facts) (target.Match, error) {
	to, err := m.Plain().Lstat(n.targetAt)
	switch {
	case err != nil:
		return target.Differs, err
	case to.Kind == root.Absent:
		return target.Differs, noSuch(n.Link)
	case sameFile(to, found):
		return target.Same, nil
	case !n.Overwrite && (!n.ours || found.Links > n.names):
		return target.Differs, nil
	}
	switch twins(to, found) {
	case target.Equal:
		return target.Alike, nil
	case target.Unequal:
		return target.Differs, nil
	}
	a, err := m.Plain().Open(n.targetAt, false)
	if err != nil {
		return target.Differs, err
	}
	defer a.Close()
	b, err := m.Plain().Open(n.At, false)
	if err != nil {
		return target.Differs, err
	}
	defer b.Close()
	got, err := target.Compare(b, target.Query{Of: n.targetAt}, func(out target.Output) error {
		_, err := a.WriteTo(onlyWriter{out})
		return err
	})
	if err != nil || got != target.Equal {
		return target.Differs, err
	}
	return target.Alike, nil
}

// settled tells whether a node that is kept has its appends, owner and mode.
func (m *maker) settled(ctx context.Context, n *node) (bool, error) {
	if !n.kept(n.found).Fit(n.found) {
		return false, nil
	}
	if len(n.sources) == 0 {
		return true, nil
	}
	if !n.local() {
		return false, nil // do gets the fragments once, and looks then
	}
	p, err := m.progress(n, func(out target.Output) error { return m.obtain(ctx, n, out) })
	return p.done, err
}

var errVanished = errors.New("changed while it was being worked on")

// do makes the node what it is to be, by the verdict of check.
func (m *maker) do(ctx context.Context, n *node) error {
	if !n.checked {
		if state, err := m.check(ctx, n); err != nil || state == plan.Done {
			return err
		}
	}
	defer func() { n.checked = false }()
	switch n.verdict {
	case target.Keep:
		return m.keep(ctx, n)
	case target.MakeNew, target.Replace:
		// Between check and here nobody is expected to change the root. If somebody does, the rename refuses (EEXIST)
		// what was to be new, and a directory of their making is not removed by a rename.
		if n.At == "/" {
			return target.ErrRoot
		}
		if _, err := m.Plain().MkdirAll(target.Up(n.At), target.DirMode); err != nil {
			return err
		}
		return m.make(ctx, n)
	}
	return errVanished
}

// keep leaves what is there in place and sees to appends, owner and mode.
func (m *maker) keep(ctx context.Context, n *node) error {
	var err error
	if len(n.sources) > 0 {
		err = m.appendTo(ctx, n)
	}
	a := n.kept(n.found)
	switch {
	case err != nil && !errors.Is(err, plan.ErrUnchanged):
		return err
	case err != nil && a.Fit(n.found):
		return err
	}
	return m.Plain().SetAttrs(n.At, a)
}

// make makes the node in a directory that is there. All but directories appear under their name complete, owner
// included.
func (m *maker) make(ctx context.Context, n *node) error {
	mayReplace := n.verdict == target.Replace
	switch n.entry {
	case target.Directory:
		if err := m.clear(n, mayReplace); err != nil {
			return err
		}
		if err := m.Plain().Mkdir(n.At, uint32(n.new.Mode)); err != nil {
			return err
		}
		return m.Plain().SetAttrs(n.At, n.new)
	case target.Symlink:
		if err := m.clear(n, n.found.Kind == root.Directory); err != nil {
			return err
		}
		return m.Plain().Symlink(n.Link, n.At, n.new, mayReplace)
	case target.HardLink:
		if err := m.noteLinks(); err != nil {
			return err
		}
		if err := m.clear(n, n.found.Kind == root.Directory); err != nil {
			return err
		}
		return m.Plain().Link(n.targetAt, n.At, mayReplace)
	}
	return m.write(ctx, n, mayReplace)
}

// clear removes what is there, which a rename cannot replace.
func (m *maker) clear(n *node, must bool) error {
	if !must {
		return nil
	}
	return m.Plain().RemoveAll(n.At)
}

// prepare gets all parts of a file that is to be made under a temporary name.
func (m *maker) prepare(ctx context.Context, n *node) error {
	if !n.checked || n.verdict != target.MakeNew && n.verdict != target.Replace || n.At == "/" {
		return nil
	}
	t, err := target.Draft(m.Plain(), n.At, target.DirMode, n.new,
		func(to target.Output) error { return m.obtain(ctx, n, to) })
	if err != nil {
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
func (m *maker) write(ctx context.Context, n *node, mayReplace bool) error {
	if n.temp == nil {
		if err := m.prepare(ctx, n); err != nil {
			return err
		}
	}
	defer n.abandon()
	if err := m.clear(n, n.found.Kind == root.Directory); err != nil {
		return err
	}
	t := n.temp
	n.temp = nil
	return t.Place(mayReplace)
}
