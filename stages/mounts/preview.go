package mounts

import (
	"errors"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"

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
	absent, err := missing(in, e.path)
	if len(absent) > 0 {
		s.Effect, s.Detail = plan.Create, s.Detail+", makes "+show(absent)
	}
	in.directories = append(in.directories, absent...)
	return s, err
}

// An After is a root as it will be once filesystems are mounted in it.
type After struct {
	target.View
	now         []string // where something is mounted in the root as it is
	places      []string // where something will be
	content     map[string]Content
	directories []string // that will be made
}

func newAfter(v target.View) (a *After, err error) {
	a = &After{View: v, content: map[string]Content{}}
	a.now, err = v.Mounts()
	return a, err
}

// mount puts a filesystem into its place. One that is kept, and whose place has a mount, is taken for that; and the
// root that was given for the one that is to be mounted as such.
func (a *After) mount(at string, c Content) {
	a.directories = slices.DeleteFunc(a.directories, func(d string) bool { return within(d, at) })
	if c == Unknown && (at == "/" || slices.Contains(a.now, at)) {
		return
	}
	a.places = append(a.places, at)
	a.content[at] = c
}

// within tells whether a path is a place, or below it.
func within(at, place string) bool {
	return at == place || place == "/" || strings.HasPrefix(at, place+"/")
}

// over is the innermost filesystem that hides what the root has at a path; "" for none.
func (a *After) over(at string) string {
	for d := at; ; d = target.Up(d) {
		if _, is := a.content[d]; is {
			return d
		}
		if d == "/" || slices.Contains(a.now, d) {
			return ""
		}
	}
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
	case place == at, slices.Contains(a.directories, at):
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
	for _, d := range append(slices.Clone(a.directories), a.places...) {
		if d != "/" && target.Up(d) == dir && !slices.Contains(names, path.Base(d)) {
			names, err = append(names, path.Base(d)), nil
		}
	}
	return names, err
}

// Mounts lists those that there are and those that there will be.
func (a *After) Mounts() ([]string, error) {
	all := slices.DeleteFunc(append(slices.Clone(a.now), a.places...), func(at string) bool { return at == "/" })
	slices.Sort(all)
	return slices.Compact(all), nil
}
