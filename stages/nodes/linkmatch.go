package nodes

import (
	"fmt"
	"io"

	"github.com/glowplug-os/glowplug/internal/diag"
	"github.com/glowplug-os/glowplug/internal/plan"
	"github.com/glowplug-os/glowplug/internal/root"
	"github.com/glowplug-os/glowplug/internal/target"
)

// linkTargets are what hard links of the config lead to.
type linkTargets struct{ *Nodes }

// linkTarget finds what a hard link names.
func (p linkTargets) linkTarget(n *node, found root.Facts) (target.Match, error) {
	var err error
	if n.targetAt, err = p.place(n.Link); err != nil {
		return target.Differs, fmt.Errorf("target %s %w", diag.Name(n.Link), err)
	}
	if n.targetAt == n.At {
		return target.Differs, errSelf
	}
	kind, _, err := p.t.After(n.targetAt, false)
	switch {
	case err != nil:
		return target.Differs, err
	case kind == root.Absent && (p.t.Emptied(n.targetAt) || !p.t.Unsure(n.targetAt)):
		return target.Differs, noSuch(n.Link)
	case kind == root.Absent:
		n.unsure = true
	case kind == root.Directory:
		return target.Differs, errLinkToDir
	}
	to, err := p.t.Before(n.targetAt)
	switch {
	case err != nil:
		return target.Differs, err
	case sameFile(to, found):
		return target.Same, nil
	}
	return target.Differs, p.t.MayLink(n.targetAt, n.At)
}

// linkMatch is what a hard link's step will find where the link goes, and whether that is known. What is the target
// itself stays it unless the target is made anew; then it is a copy of the new file, or is refused.
func (p linkTargets) linkMatch(n *node, found root.Facts, m target.Match) (target.Match, bool) {
	to := p.nodes[n.targetAt]
	switch {
	case m == target.Same && (to == nil || !to.replaced()):
		return m, true
	case n.Overwrite, !n.ours, found.Kind != root.File && found.Kind != root.Symlink:
		return target.Differs, true
	}
	at, end := p.linkEnd(n)
	switch p.copied(at, end, n.At, found) {
	case target.Equal:
		n.relinks = "linked to the new file"
		if end == nil || end.effect == plan.Keep {
			n.relinks = "linked to it again"
		}
		return target.Alike, true
	case target.Undecided:
		n.relinks = "linked to the new file if it is a copy of that, refused otherwise"
		return m, false
	}
	return target.Differs, true
}

// linkEnd gives the place that a hard link, or a chain of them, leads to, and the node there; nil where the config has
// none.
func (p linkTargets) linkEnd(n *node) (at string, end *node) {
	for range chainMost {
		if end = p.nodes[n.targetAt]; end == nil || end.entry != target.HardLink {
			break
		}
		n = end
	}
	return n.targetAt, end
}

// copied tells whether what is where a hard link goes is a copy of what the link's end will be. Where only a server has
// that, a file that is no copy of what is at the end now either is none of ours.
func (p linkTargets) copied(end string, to *node, at string, found root.Facts) target.Likeness {
	if end == "" || to != nil && to.Err != nil {
		return target.Undecided // an error tells of it
	}
	now, err := p.t.Lstat(end)
	if err != nil {
		return target.Undecided
	}
	switch {
	case to == nil || to.effect == plan.Keep:
		return p.twins(end, now, at, found)
	case to.effect == plan.Change, to.effect == plan.Deferred && to.entry != target.FileWithSource:
		return target.Undecided
	}
	got := p.becomes(to, at, found)
	if got == target.Undecided && p.twins(end, now, at, found) == target.Unequal {
		return target.Unequal
	}
	return got
}

// becomes tells whether what is at a place is what a node makes.
func (p linkTargets) becomes(n *node, at string, found root.Facts) target.Likeness {
	switch {
	case found.Kind != n.Kind, !n.new.Fit(found), n.entry == target.Symlink && found.Target != n.Link:
		return target.Unequal
	case n.entry == target.Symlink:
		return target.Equal
	}
	return p.holds(n, at, found)
}

// twins tells whether two places have the same in them, or are one file.
func (p linkTargets) twins(a string, there root.Facts, b string, found root.Facts) target.Likeness {
	switch got := twins(there, found); {
	case there.Kind == root.Absent:
		return target.Undecided
	case sameFile(there, found):
		return target.Equal
	case got != target.Undecided:
		return got
	case found.Size > seenContent:
		return target.Undecided
	}
	x, err := p.t.Open(a)
	if err != nil {
		return target.Undecided
	}
	defer x.Close()
	got, err := target.Holds(p.t, b, a, func(out target.Output) error {
		_, err := io.Copy(onlyWriter{out}, x)
		return err
	})
	switch {
	case err != nil:
		return target.Undecided
	case got:
		return target.Equal
	}
	return target.Unequal
}

// twins tells whether two files are alike but for their inodes: undecided where their contents have to be compared.
func twins(a, b root.Facts) target.Likeness {
	switch {
	case a.Kind != b.Kind, a.UID != b.UID, a.GID != b.GID, a.Mode != b.Mode, a.Size != b.Size:
		return target.Unequal
	case a.Kind == root.Symlink && a.Target == b.Target:
		return target.Equal
	case a.Kind != root.File:
		return target.Unequal
	}
	return target.Undecided
}

// replaced tells of a node that is planned whether something else may be there by then.
func (n *node) replaced() bool {
	return n.effect == plan.Destroy || n.effect == plan.Deferred && n.entry == target.HardLink
}

// sameFile tells whether two names are one file.
func sameFile(a, b root.Facts) bool {
	return a.Kind != root.Absent && a.Kind == b.Kind && a.Ino == b.Ino && a.Dev == b.Dev
}
