package stages

import (
	"fmt"
	"io/fs"
	"path"

	"github.com/glowplug-os/glowplug/internal/diag"
	"github.com/glowplug-os/glowplug/internal/plan"
	"github.com/glowplug-os/glowplug/internal/root"
	"github.com/glowplug-os/glowplug/internal/target"
)

// A spot is a path that is there, with what keeps it from being changed.
type spot struct {
	at string
	root.Facts
	root.Protection
}

// A need is what a step has to be allowed at a place.
type need struct {
	name  bool // to make, replace or remove the name, in the nearest directory that is there
	mkdir bool // by mkdir(2) alone, in that directory
	grow  bool // to write at the end of what is there
	attrs bool // to set owner or mode of what is there
}

// needs are those of a step that does something for certain.
func needs(e plan.Effect, r plan.Result, there root.Facts) (n need) {
	n.grow = r.Adds && grows(r)
	stays := r.Adds || r.Made == plan.ADirectory || r.Made == plan.ALink && there.Target == r.Link
	inPlace := e == plan.Change && stays
	n.name = !inPlace || n.grow // a temporary file beside it holds what is appended
	n.mkdir = r.Made == plan.ADirectory && there.Kind == root.Absent
	n.attrs = inPlace && !root.Attrs{UID: r.UID, GID: r.GID, Mode: r.Mode}.Fit(there)
	return n
}

// grows tells whether anything is appended.
func grows(r plan.Result) bool {
	text, known := r.Content()
	return !known || text != ""
}

// An obstacle is a kind of what is in the way of a change, whatever the change is.
type obstacle uint8

const (
	nothing obstacle = iota
	readOnly
	immutable
	appendOnly
	denied
	foreign
	immutableTarget
	appendOnlyTarget
)

// obstacles are the words for them, after what they are of.
var obstacles = [...]struct{ is, hint string }{
	readOnly: {"is on a read-only file system", "mount it so that it can be written: mount -o remount,rw"},
	immutable: {"has the immutable flag of chattr(1), so nothing can be changed there",
		"take the flag away: chattr -i"},
	appendOnly: {"has the append-only flag of chattr(1), so nothing can be replaced or removed there",
		"take the flag away: chattr -a"},
	denied:  {"cannot be written to by who runs this", "run it as root, or as who may write there"},
	foreign: {"belongs to somebody else than who runs this", "run it as root, or as its owner"},
	immutableTarget: {"has the immutable flag of chattr(1), so it can get no hard link",
		"take the flag away: chattr -i"},
	appendOnlyTarget: {"has the append-only flag of chattr(1), so it can get no hard link",
		"take the flag away: chattr -a"},
}

// hinders judges a place: the nearest directory that is there, and what is in the place itself. It says what is in the
// way, and where. Direct tells that the place is in that very directory, ours that its mode is changed before.
func (n need) hinders(dir, there spot, direct, ours bool, who target.Identity) cause {
	if n.name {
		switch is := there.Kind != root.Absent; {
		case dir.ReadOnly:
			return cause{readOnly, dir.at}
		case dir.Immutable:
			return cause{immutable, dir.at}
		case dir.AppendOnly && (is || !n.mkdir || !direct):
			return cause{appendOnly, dir.at}
		case dir.Denied && !ours:
			return cause{denied, dir.at}
		case is && !n.grow && dir.Mode&sticky != 0 && !mine(there, who) && !mine(dir, who):
			return cause{foreign, there.at}
		}
	}
	switch {
	case there.Kind == root.Absent:
	case there.ReadOnly:
		return cause{readOnly, there.at}
	case there.Immutable:
		return cause{immutable, there.at}
	case there.AppendOnly:
		return cause{appendOnly, there.at}
	case n.grow && there.Denied:
		return cause{denied, there.at}
	case n.attrs && !mine(there, who):
		return cause{foreign, there.at}
	}
	return cause{}
}

// sticky: only the owner of a directory, and that of what is in it, renames and removes there (inode(7)).
const sticky = 0o1000

func mine(s spot, who target.Identity) bool { return who.Privileged || s.UID == who.UID }

// A cause is an obstacle of a path: of a mount, of a directory, or of a file.
type cause struct {
	obstacle
	at string
}

// hindrances are causes in the order in which steps meet them, with the first step that each is in the way of, and how
// many more places there are.
type hindrances struct {
	order []cause
	first map[cause]plan.Step
	more  map[cause]int
}

func (h *hindrances) add(c cause, s plan.Step) {
	if _, known := h.first[c]; known {
		h.more[c]++
		return
	}
	h.order, h.first[c] = append(h.order, c), s
}

// each gives the errors, each at the entry that meets it first.
func (h *hindrances) each() (all []error) {
	for _, c := range h.order {
		what := diag.Name(c.at)
		if c.at == "/" {
			what = "the root"
		}
		err := fmt.Errorf("%s %s", what, obstacles[c.obstacle].is)
		switch n := h.more[c]; n {
		case 0:
		case 1:
			err = fmt.Errorf("%w (one more change goes there)", err)
		default:
			err = fmt.Errorf("%w (%d more changes go there)", err, n)
		}
		all = append(all, h.first[c].Fail(diag.WithHint(err, obstacles[c.obstacle].hint)))
	}
	return all
}

// A protector tells what keeps a path that is there from being changed.
type protector func(at string) (root.Protection, error)

// A caution looks for what is in the way of a plan before any step of it is tried.
type caution struct {
	f       *Forecast
	protect protector
	hidden  func(at string) bool // what will be at a path is on a filesystem that is yet to be mounted
	who     target.Identity
	boot    bool // which is root's, whoever asks
	spots   map[string]spot
	ours    map[string]bool // directories whose modes the plan changes
	gone    map[string]int  // directories that the plan removes
	near    map[string]*around
}

// hindered gives what keeps steps from changing what they will for certain, in the root as it is. What is only known
// later is left out, and so is what cannot be looked at, of which planning tells.
func (c *caution) hindered() *hindrances {
	left := c.f.Files.Results()
	c.spots, c.ours, c.gone, c.near = map[string]spot{}, map[string]bool{}, map[string]int{}, map[string]*around{}
	for _, s := range c.f.Files.Steps {
		for _, r := range left[s.ID] {
			if s.Effect == plan.Change && r.Made == plan.ADirectory {
				c.ours[r.At] = true
			}
			if s.Effect != plan.Destroy {
				continue
			}
			if there, err := c.spot(r.At); err == nil && there.Kind == root.Directory {
				c.gone[r.At] = 0
			}
		}
	}
	found := &hindrances{first: map[cause]plan.Step{}, more: map[cause]int{}}
	for _, s := range c.f.Files.Steps {
		if s.Effect != plan.Create && s.Effect != plan.Change && s.Effect != plan.Destroy {
			continue
		}
		for _, r := range left[s.ID] {
			if cause := c.judge(s.Effect, r); cause.obstacle != nothing {
				found.add(cause, s)
			}
		}
	}
	return found
}

func (c *caution) judge(e plan.Effect, r plan.Result) cause {
	if c.hidden(r.At) {
		return cause{}
	}
	in := c.around(target.Up(r.At))
	dir, err := in.spot, in.err
	if err != nil || c.hidden(dir.at) {
		return cause{}
	}
	there := spot{at: r.At}
	if !in.goes && e != plan.Create { // what goes does so with its directory
		if there, err = c.spot(r.At); err != nil {
			return cause{}
		}
	}
	got := needs(e, r, there.Facts).hinders(dir, there, target.Up(r.At) == dir.at, c.ours[dir.at], c.who)
	if got.obstacle == nothing && e == plan.Destroy && there.Kind == root.Directory {
		got = c.within(r.At)
	}
	if got.obstacle == nothing && r.Made == plan.AHardLink {
		got = c.another(r.Of)
	}
	if got.obstacle == readOnly {
		got.at = c.mount(got.at)
	}
	return got
}

// another judges what gets another name: link(2) refuses what has either flag, whoever asks.
func (c *caution) another(at string) cause {
	if at == "" || c.hidden(at) || c.around(at).goes {
		return cause{}
	}
	switch there, err := c.spot(at); {
	case err != nil:
	case there.Immutable:
		return cause{immutableTarget, at}
	case there.AppendOnly:
		return cause{appendOnlyTarget, at}
	}
	return cause{}
}

// spot looks at a path.
func (c *caution) spot(at string) (spot, error) {
	if s, known := c.spots[at]; known {
		return s, nil
	}
	s := spot{at: at}
	var err error
	if s.Facts, err = c.f.Root.Lstat(at); err == nil && s.Kind != root.Absent {
		s.Protection, err = c.protect(at)
		s.Denied = s.Denied && !c.boot
	}
	if err == nil {
		c.spots[at] = s
	}
	return s, err
}

// An around is what there is about a directory.
type around struct {
	spot       // it, or the nearest one above it that is there and stays
	err  error // why that is not known
	goes bool  // it is removed, by itself or with one above it
}

// around looks at a directory, and at those above it, at each once.
func (c *caution) around(dir string) *around {
	if a, known := c.near[dir]; known {
		return a
	}
	a := &around{}
	_, a.goes = c.gone[dir]
	if dir == "/" {
		a.spot, a.err = c.spot(dir)
		c.near[dir] = a
		return a
	}
	up := c.around(target.Up(dir))
	if a.goes = a.goes || up.goes; !a.goes {
		a.spot, a.err = c.spot(dir)
	}
	if a.goes || a.err == nil && a.Kind == root.Absent {
		a.spot, a.err = up.spot, up.err
	}
	c.near[dir] = a
	return a
}

// within looks through a directory that goes with all that is in it, up to a number of entries. What cannot be looked
// at is taken for no obstacle.
func (c *caution) within(dir string) (got cause) {
	var way []spot // to where the look is, from the directory on
	seen := 0
	_ = c.f.Trees.Through(dir, func(n root.Node) error {
		if seen++; seen > entriesMost+1 {
			return fs.SkipAll
		}
		s := spot{at: n.Name, Facts: n.Facts}
		s.Protection, _ = n.In.Protection()
		s.Denied = s.Denied && !c.boot
		way = append(way[:n.Depth], s)
		if n.Depth == 0 {
			return nil
		}
		up := way[n.Depth-1]
		up.at = ""
		if got = (need{name: true}).hinders(up, s, true, false, c.who); got.obstacle == nothing {
			return nil
		}
		if got.at == "" {
			way = way[:n.Depth]
		}
		got.at = below(dir, way[1:])
		return fs.SkipAll
	})
	return got
}

// below is the path of what is in a directory by a way of names.
func below(dir string, way []spot) string {
	names := []string{dir}
	for _, s := range way {
		names = append(names, s.at)
	}
	return path.Join(names...)
}

// mount gives the mount that a path is on.
func (c *caution) mount(at string) string {
	mounts, err := c.f.Root.Mounts()
	for ; err == nil && at != "/"; at = target.Up(at) {
		if root.FirstMount(mounts, at) == at {
			break
		}
	}
	return at
}
