package disks

import (
	"errors"
	"path"

	"github.com/glowplug-os/glowplug/config"
	"github.com/glowplug-os/glowplug/internal/scene"
	"github.com/glowplug-os/glowplug/stages/disks/kind"
	"github.com/glowplug-os/glowplug/stages/disks/partition"
)

// A NotKnownError is about a device that could not be looked at, so what depends on it is not known either.
type NotKnownError struct{ Err error }

func (e *NotKnownError) Error() string { return "not known, because " + e.Err.Error() }

func (e *NotKnownError) Unwrap() error { return e.Err }

// A guess is a scene as it will be, in which a device that cannot be looked at is unknown, and no error.
type guess struct {
	*scene.After
	missed map[string]error // why, by name
	told   map[string]bool
}

func newGuess(now scene.Scene) *guess {
	return &guess{scene.NewAfter(scene.Remembered(now)), map[string]error{}, map[string]bool{}}
}

// Look takes no error for an answer, but that a device will be gone: that is known.
func (g *guess) Look(name string) (*scene.Seen, error) {
	seen, err := g.After.Look(name)
	if gone := (*scene.GoneError)(nil); err == nil || errors.As(err, &gone) {
		return seen, err
	}
	g.missed[path.Clean(name)] = err
	node, _, _ := g.Find(name) // where it will be is known all the same
	return &scene.Seen{Path: name, Node: node, Unknown: "it could not be looked at"}, nil
}

// disks finds the disks that cannot be looked at, and what is to be said of them all the same. A name that is not there
// may be on one of them.
func (g *guess) disks(s config.Storage) (*kind.Planned, error) {
	p, lacks := &kind.Planned{}, ""
	for i := range s.Disks {
		d := &s.Disks[i]
		seen, _ := g.Look(d.Device)
		if seen.Unknown == "" {
			continue
		}
		lane, after := partition.NotKnown(i, d, seen.Unknown)
		p.Lanes = append(p.Lanes, lane)
		g.Add(after, nil)
		lacks = "it may be on " + kind.Origin("disks", i) + ", which is not known"
	}
	g.Lack(lacks)
	return p, g.unknown(kind.Disks(s))
}

// unknown tells of devices that could not be looked at, each once.
func (g *guess) unknown(wants []kind.Want) error {
	var all []error
	for _, want := range wants {
		name := path.Clean(want.Path)
		if err := g.missed[name]; err != nil && !g.told[name] {
			g.told[name] = true
			all = append(all, want.Fail(&NotKnownError{err}))
		}
	}
	return errors.Join(all...)
}
