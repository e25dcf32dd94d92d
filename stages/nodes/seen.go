package nodes

import (
	"context"

	"github.com/glowplug-os/glowplug/internal/root"
	"github.com/glowplug-os/glowplug/internal/target"
)

// seenContent is how large a file may be for the planner to look into it, which the step does again when it runs.
const seenContent = 256 << 20

// isLarge: a file is left to the step, unless somebody waits for contents to be fetched just to compare them.
func (n *node) isLarge(found root.Facts) bool { return found.Size > seenContent && n.fetched == nil }

// content compares the file that is there with what a file's entry asks for, and tells whether that is the last word: a
// conflict that can be seen has to be found before anything is written.
func (p *Nodes) content(n *node, found root.Facts) (m target.Match, known bool) {
	if found.Kind != root.File || !n.new.Fit(found) {
		n.differs = true
		return target.Differs, true
	}
	got := p.holds(n, n.At, found)
	n.differs = got == target.Unequal
	switch {
	case got == target.Equal:
		return target.Alike, true
	case n.Overwrite && !n.isLarge(found), n.Overwrite && !n.comparable():
		return target.Differs, true
	default:
		return target.Differs, got == target.Unequal
	}
}

// holds tells whether the file that is at a place has the content of n already: undecided where that takes the network,
// a long time, or what cannot be had, all of which is for the step to find out when it runs.
func (p *Nodes) holds(n *node, at string, found root.Facts) target.Likeness {
	if found.Kind != root.File || n.isLarge(found) || !n.new.Fit(found) {
		return target.Undecided
	}
	if !n.comparable() || n.digestless() && p.m.Fetch == nil {
		return target.Undecided
	}
	f, err := p.t.Open(at)
	if err != nil {
		return target.Undecided
	}
	defer f.Close()
	switch ok, err := p.m.fileHolds(context.Background(), n, f); {
	case err != nil:
		return target.Undecided
	case ok:
		return target.Equal
	}
	return target.Unequal
}

// appended tells whether the file that is there, and is kept, has all that is appended to it: undecided where that
// takes asking somebody, or a long time.
func (p *Nodes) appended(n *node, found root.Facts) (target.Likeness, error) {
	if len(n.sources) == 0 {
		return target.Equal, nil
	}
	all, err := p.noted()
	if err != nil {
		return target.Unequal, err
	}
	_, before := all.Files[n.At]
	switch {
	case p.holds(n, n.At, found) == target.Equal:
		return target.Equal, nil
	case !before && !n.new.Fit(found):
		return target.Unequal, nil // no run has made it, or appended to it
	case n.isLarge(found), !n.local(), p.m.Fetch == nil:
		return target.Undecided, nil
	}
	f, err := p.t.Open(n.At)
	if err != nil {
		return target.Unequal, nil // who appends gets the error
	}
	defer f.Close()
	got, err := n.progressOf(f, found, all,
		func(to target.Output) error { return p.m.obtain(context.Background(), n, to) })
	if err == nil && got.done {
		return target.Equal, nil
	}
	return target.Unequal, nil
}
