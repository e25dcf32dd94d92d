package files

import (
	"context"

	"github.com/glowplug-os/glowplug/internal/root"
)

// seenContent is how large a file may be for the planner to look into it, which the step does again when it runs.
const seenContent = 256 << 20

// content compares the file that is there with what a file's entry asks for, and tells whether that is the last word: a
// conflict that can be seen has to be found before anything is written.
func (p *planner) content(n *node, found root.Facts) (m match, known bool) {
	if found.Kind != root.File || !n.new.Fit(found) {
		return differs, true
	}
	switch got := p.holds(n, found); {
	case got == equal:
		return alike, true
	case n.overwrite:
		return differs, true
	default:
		return differs, got == unequal
	}
}

// holds tells whether the file that is there has its content already: undecided where that takes the network, a long
// time, or what cannot be had, all of which is for the step to find out when it runs.
func (p *planner) holds(n *node, found root.Facts) likeness {
	if found.Kind != root.File || found.Size > seenContent || !n.new.Fit(found) {
		return undecided
	}
	if _, digest := n.digest(); !digest && (!n.local() || p.worker.Fetch == nil) {
		return undecided
	}
	f, err := p.root.contents(n.at)
	if err != nil {
		return undecided
	}
	defer f.Close()
	switch ok, err := p.worker.fileHolds(context.Background(), n, f); {
	case err != nil:
		return undecided
	case ok:
		return equal
	}
	return unequal
}
