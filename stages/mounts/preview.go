package mounts

import (
	"errors"
	"fmt"
	"io/fs"
	"path"
	"slices"

	"github.com/glowplug-os/glowplug/config"
	"github.com/glowplug-os/glowplug/internal/diag"
	"github.com/glowplug-os/glowplug/internal/plan"
	"github.com/glowplug-os/glowplug/internal/root"
	"github.com/glowplug-os/glowplug/internal/target"
)

// A Content is what is known of what a filesystem holds.
type Content uint8

// The contents. What is Unknown can be read nowhere before the filesystem is mounted.
const (
	Unknown Content = iota
	Empty           // it is made anew
)

// Preview plans the mounts of a first boot in a root that is only looked at, and gives that root as it will be then.
// Holds tells of a filesystem of the config what it holds. A boot takes down at its end what it mounts, so what stays
// are the directories that a mount needs: a step for which these are there keeps what is there. The error joins all
// conflicts; the rest is planned all the same.
func Preview(s config.Storage, v target.View, holds func(filesystem int) Content) (plan.Plan, *After, error) {
	after, err := newAfter(v)
	if err == nil {
		err = refuseFields(s)
	}
	if err != nil {
		return nil, after, err
	}
	var steps plan.Plan
	var failed []error
	for _, e := range entries(s.Filesystems) {
		step, err := e.preview(after)
		failed = append(failed, step.Fail(err))
		if err == nil {
			steps = append(steps, step)
			after.mount(e.path, holds(e.index))
		}
	}
	return steps, after, errors.Join(failed...)
}

// preview plans one mount.
func (e entry) preview(in *After) (plan.Step, error) {
	s := plan.Step{ID: fmt.Sprintf("mount:%d", e.index), Subject: "mount " + diag.Name(e.path), Detail: e.String(),
		Origin: e.origin()}
	if place, unknown := in.Unknown(e.path); unknown {
		s.Effect, s.Detail = plan.Deferred, s.Detail+", made unless "+diag.Name(place)+" has it"
		return s, nil
	}
	absent, err := missing(in, e.path, in.there)
	if len(absent) > 0 {
		s.Effect, s.Detail = plan.Create, s.Detail+", makes "+show(absent)
	}
	if err == nil {
		in.make(e.path, absent)
	}
	return s, err
}

// An After is a root as it will be once filesystems are mounted in it, outer ones first.
type After struct {
	target.View
	mounts  []string        // where something is mounted in the root as it is
	now     map[string]bool // the same
	places  []string        // where something will be
	content map[string]Content
	made    map[string]bool     // directories that will be made, and nothing is mounted at
	there   map[string]bool     // directories that will be there, as far as mounts have asked
	names   map[string][]string // of places and directories that will be made, by the directory that they are in
	inside  map[string]string   // what over has found for directories
}

func newAfter(v target.View) (a *After, err error) {
	a = &After{View: v, now: map[string]bool{}, content: map[string]Content{}, made: map[string]bool{},
		there: map[string]bool{}, names: map[string][]string{}, inside: map[string]string{}}
	a.mounts, err = v.Mounts()
	for _, at := range a.mounts {
		a.now[at] = true
	}
	return a, err
}

// make has a path be there, those of its directories that are not.
func (a *After) make(clean string, absent []string) {
	for _, d := range absent {
		a.made[d] = true
		a.has(d)
	}
	for d := clean; d != "/" && !a.there[d]; d = target.Up(d) {
		a.there[d] = true
	}
}

// has notes what is in its directory.
func (a *After) has(at string) {
	if up := target.Up(at); at != "/" {
		a.names[up] = append(a.names[up], path.Base(at))
	}
}

// mount puts a filesystem into its place. One that is kept, and whose place has a mount, is taken for that; and the
// root that was given for the one that is to be mounted as such. Of what is below the place nobody has asked yet, as
// outer filesystems come first.
func (a *After) mount(at string, c Content) {
	delete(a.made, at)
	if c == Unknown && (at == "/" || a.now[at]) {
		return
	}
	a.places = append(a.places, at)
	a.content[at] = c
	a.has(at)
	clear(a.inside)
}

// over is the innermost filesystem that hides what the root has at a path; "" for none.
func (a *After) over(at string) (place string) {
	if _, is := a.content[at]; is {
		return at
	}
	if at == "/" || a.now[at] {
		return ""
	}
	up := target.Up(at)
	place, known := a.inside[up]
	if !known {
		place = a.over(up)
		a.inside[up] = place
	}
	return place
}

// Unknown tells whether what is at a path is on a filesystem of which nothing is known, and where that is mounted.
func (a *After) Unknown(at string) (place string, is bool) {
	place = a.over(at)
	return place, place != "" && place != at && a.content[place] == Unknown
}

// Hides tells whether what is at a path will be on a filesystem that is mounted.
func (a *After) Hides(at string) bool { return a.over(at) != "" }

// Lstat knows nothing on what is mounted but the directories that mounts need. What is unknown counts as not there.
func (a *After) Lstat(at string) (root.Facts, error) {
	place := a.over(at)
	switch {
	case place == at, a.made[at]:
		return root.Facts{Kind: root.Directory, Mode: target.DirMode}, nil
	case place != "":
		return root.Facts{}, nil
	}
	return a.View.Lstat(at)
}

// ReadFile reads what is not hidden.
func (a *After) ReadFile(name string, limit int64) ([]byte, error) {
	if a.over(path.Clean(name)) != "" {
		return nil, &fs.PathError{Op: "open", Path: name, Err: fs.ErrNotExist}
	}
	return a.View.ReadFile(name, limit)
}

// Open opens what is not hidden.
func (a *After) Open(at string) (target.Content, error) {
	if a.over(at) != "" {
		return nil, &fs.PathError{Op: "open", Path: at, Err: fs.ErrNotExist}
	}
	return a.View.Open(at)
}

// Names lists what is not hidden, and what mounts need.
func (a *After) Names(dir string) (names []string, err error) {
	if a.over(dir) == "" {
		if names, err = a.View.Names(dir); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return nil, err
		}
	}
	if here := a.names[dir]; len(here) > 0 {
		names, err = append(slices.Clip(names), here...), nil
		slices.Sort(names)
		names = slices.Compact(names)
	}
	return names, err
}

// Mounts lists those that there are and those that there will be.
func (a *After) Mounts() ([]string, error) {
	all := slices.DeleteFunc(append(slices.Clone(a.mounts), a.places...), func(at string) bool { return at == "/" })
	slices.Sort(all)
	return slices.Compact(all), nil
}
