package target

import (
	"errors"
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/glowplug-os/glowplug/internal/diag"
	"github.com/glowplug-os/glowplug/internal/order"
	"github.com/glowplug-os/glowplug/internal/plan"
	"github.com/glowplug-os/glowplug/internal/root"
)

// A Claim is a place that somebody wants for what a step makes there: an entry of the config, a unit, a file of the
// boot.
type Claim struct {
	ID, Subject, Origin string // of the step

	Path      string    // as the config has it
	Kind      root.Kind // of what is there in the end
	Link      string    // of a symbolic link: where it leads, as the config has it
	Overwrite bool      // what is there goes, with all below it
	// Text gives the text of a file once it is written; nil, or false, where only the step will know.
	Text func() (string, bool)

	At      string // where the path is, no links on the way
	Missing bool   // the directory of At is not there yet
	Err     error  // why it cannot have its place

	// Of what comes after the entries: Held tells whether what is there is what a run before has left for this claim.
	Held func(*Target) bool
	Adds bool   // it adds to the end of an entry's file, and takes the place of anything else
	Top  string // what gets SELinux labels for it, where that is not At
}

// TextMost is how large a text may be that a planner looks into.
const TextMost = 1 << 20

// Step begins the step of a claim.
func (c *Claim) Step() plan.Step { return plan.Step{ID: c.ID, Subject: c.Subject, Origin: c.Origin} }

// Fail names the claim in an error.
func (c *Claim) Fail(err error) error {
	var step *plan.StepError
	if err == nil || errors.As(err, &step) {
		return err
	}
	return &plan.StepError{ID: c.ID, Subject: c.Subject, Origin: c.Origin, Err: err}
}

// passesMost bounds Settle. Each pass past the second needs a link of the config whose own path leads through another.
const passesMost = 40

var errCircle = errors.New("the config's links lead each other's paths round and round")

// Settle resolves the paths of all entries, each in a world where all of them are in place. Links among the entries
// move others, so it goes on until nothing moves. The error names every entry that cannot have its place, which has an
// Err then.
func (t *Target) Settle(entries []*Claim) error {
	for range passesMost {
		if t.pass(entries) {
			continue
		}
		var all []error
		for _, c := range entries {
			if c.Err != nil {
				all = append(all, c.Fail(c.Err))
			}
		}
		return errors.Join(all...)
	}
	for _, c := range entries {
		c.Err = errCircle
	}
	return errCircle
}

// pass resolves all paths once, in the world that the pass before has left.
func (t *Target) pass(entries []*Claim) (moved bool) {
	claims := make(map[string]*Claim, len(entries))
	emptied := map[string]struct{}{}
	moved = t.resolve(entries)
	for _, c := range entries {
		at := c.At
		if other, taken := claims[at]; taken && c.Err == nil {
			c.Err = fmt.Errorf("is at the same place as %s (%s): %s", other.Subject, other.Origin, diag.Name(at))
		}
		claims[at] = c
		if c.Overwrite {
			emptied[at] = struct{}{}
		}
	}
	t.claims, t.emptied, t.below = claims, emptied, map[string]bool{}
	return moved
}

// resolve gives each its place, by their paths' order.
func (t *Target) resolve(entries []*Claim) (moved bool) {
	sorted := slices.Clone(entries)
	order.By(sorted, func(a, b *Claim) int { return strings.Compare(a.Path, b.Path) })
	way := t.walker().trail()
	for _, c := range sorted {
		var at string
		if at, c.Missing, c.Err = way.walk(c.Path); c.Err != nil {
			at = path.Clean(c.Path)
		}
		moved = moved || at != c.At
		c.At = at
	}
	return moved
}

// Claimed gives the entry of the config that a resolved path will be, nil for none.
func (t *Target) Claimed(at string) *Claim { return t.claims[at] }

// Take has a place, which is known, taken after the entries. It is no conflict: what comes last stays.
func (t *Target) Take(c *Claim) {
	t.over[c.At] = c
	t.takers = append(t.takers, c)
}

// Over gives what takes the place of an entry after it, or adds to it; nil for nothing.
func (t *Target) Over(at string) *Claim { return t.over[at] }

// Claims are those of the entries that have their places, and of what comes after them.
func (t *Target) Claims() []*Claim {
	all := make([]*Claim, 0, len(t.claims)+len(t.takers))
	for _, c := range t.claims {
		if c.Err == nil {
			all = append(all, c)
		}
	}
	return append(all, t.takers...)
}

// Write notes paths, as passwd(5) has them, that are written before the entries.
func (t *Target) Write(paths ...string) { t.written = append(t.written, paths...) }

// Written are those paths.
func (t *Target) Written() []string { return slices.Clip(t.written) }

// Walk gives the place that a path names once all entries are in place, and whether it is below something that is not
// there, so that only entries can be there.
func (t *Target) Walk(p string, followLast bool) (at string, missing bool, err error) {
	return t.walker().walk(p, followLast)
}

func (t *Target) walker() walker { return walker{look: t.After, below: t.belowFile} }

// Place gives the place of a path that may not be one, its last component not followed.
func (t *Target) Place(p string) (string, error) {
	if err := CheckPath(p); err != nil {
		return "", err
	}
	at, _, err := t.Walk(p, false)
	return at, err
}

// belowFile names what stands in the way, with the entry that puts it there if there is one.
func (t *Target) belowFile(at string, kind root.Kind) error {
	if c, ok := t.claims[at]; ok {
		return diag.WithHint(fmt.Errorf("is below %s (%s), which is no directory", c.Subject, c.Origin),
			"give one of the two another path")
	}
	return belowFile(at, kind)
}

// Before gives the facts of a resolved path as they are when its entry's turn comes: as the accounts leave it, unless
// an entry above it removes what is there.
func (t *Target) Before(at string) (root.Facts, error) {
	if t.Emptied(at) {
		return root.Facts{}, nil
	}
	return t.Lstat(at)
}

// After gives the kind, and a link's target, of a resolved path once all entries are in place. Where its directory is
// missing there is no need to look.
func (t *Target) After(at string, missing bool) (kind root.Kind, target string, err error) {
	if c, ok := t.claims[at]; ok {
		return c.Kind, c.Link, nil
	}
	if missing {
		return root.Absent, "", nil
	}
	f, err := t.Before(at)
	return f.Kind, f.Target, err
}

// Emptied tells whether a resolved path is below something that an entry removes.
func (t *Target) Emptied(at string) bool {
	if len(t.emptied) == 0 || at == "/" {
		return false
	}
	d := Up(at)
	if _, ok := t.emptied[d]; ok {
		return true
	}
	result, known := t.below[d]
	if !known {
		result = t.Emptied(d)
		t.below[d] = result
	}
	return result
}

// Topmost notes that the directories above a place will be there, and tells the topmost that has to be made for it, ""
// if none.
func (t *Target) Topmost(at string) (string, error) {
	topmost := ""
	for d := Up(at); d != "/"; d = Up(d) {
		if _, known := t.ways[d]; known {
			return topmost, nil
		}
		if c, ok := t.claims[d]; ok && c.Kind == root.Directory {
			return topmost, nil
		}
		f, err := t.Before(d)
		if err != nil || f.Kind != root.Absent {
			return topmost, err
		}
		t.ways[d] = struct{}{}
		topmost = d
	}
	return topmost, nil
}

// List lists what is in a directory once all entries are in place, and where it is. What is no directory has no names.
func (t *Target) List(dir string) (at string, list []string, err error) {
	at, missing, err := t.Walk(dir, true)
	if err != nil { // links in circles
		return dir, nil, nil
	}
	if t.placed == nil {
		t.placed = map[string][]string{}
		for p := range t.claims {
			t.placed[Up(p)] = append(t.placed[Up(p)], path.Base(p))
		}
	}
	list = slices.Clone(t.placed[at])
	if missing || t.Emptied(at+"/x") {
		return at, list, nil
	}
	if f, err := t.Before(at); err != nil || f.Kind != root.Directory {
		return at, list, err
	}
	there, err := t.Names(at)
	for _, name := range there {
		if _, ok := t.claims[path.Join(at, name)]; !ok {
			list = append(list, name)
		}
	}
	return at, list, err
}
