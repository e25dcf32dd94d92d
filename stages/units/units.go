package units

import (
	"context"
	"errors"
	"fmt"
	"io"
	"path"

	"github.com/glowplug-os/glowplug/config"
	"github.com/glowplug-os/glowplug/internal/diag"
	"github.com/glowplug-os/glowplug/internal/plan"
	"github.com/glowplug-os/glowplug/internal/root"
	"github.com/glowplug-os/glowplug/internal/target"
	"github.com/glowplug-os/glowplug/internal/unit"
)

// Paths of docs/peer/engine.md §11.6.
const (
	unitDir    = unit.Dir
	maskTarget = "/dev/null"
)

// Units are what a config says of units, with the places of what is written for them.
type Units struct {
	t      *target.Target
	m      runner
	finder *finder
	places []*place
	wanted []wanted // units that say whether they are enabled
	preset preset
	failed []error
}

// A runner does what steps do.
type runner struct{ *target.Means }

// A form is what is written for a unit.
type form uint8

const (
	aText  form = iota
	aMask       // a link to /dev/null
	noMask      // the removal of such a link
)

// A place is where something of a unit goes.
type place struct {
	target.Claim
	form form
	text string
	file target.File // of a text
}

// Claim takes the places of drop-ins, unit files, masks and presets.
func Claim(all []config.Unit, t *target.Target, m *target.Means) *Units {
	u := &Units{t: t, m: runner{m}, finder: newFinder(all, t)}
	for i := range all {
		u.places = append(u.places, placesOf(&all[i], fmt.Sprintf("$.systemd.units.%d", i))...)
	}
	for _, p := range u.places {
		if p.At, p.Err = t.Place(p.Path); p.Err != nil {
			continue
		}
		switch p.form {
		case noMask:
			continue
		case aMask:
			p.Held = func(t *target.Target) bool { return isMasked(t, p.At) }
		case aText:
			p.file = target.File{At: p.At, Of: p.Origin, Want: m.SystemFile(), Play: p.play}
			p.Held = p.file.Held
		}
		if path.Dir(p.Path) != unitDir {
			p.Top = target.Up(p.At) // a directory of drop-ins is labelled as one
		}
		t.Take(&p.Claim)
	}
	var err error
	if u.wanted, err = u.finder.wanted(all); err == nil && len(u.wanted) > 0 {
		err = u.claimPresets()
	}
	u.fail(err)
	return u
}

// fail notes what is in the way. The rest is planned all the same.
func (u *Units) fail(err error) {
	if err != nil {
		u.failed = append(u.failed, err)
	}
}

// placesOf gives what is written for one unit.
func placesOf(u *config.Unit, origin string) (all []*place) {
	for i, d := range u.Dropins {
		if d.Contents == nil {
			continue
		}
		all = append(all, &place{text: *d.Contents, Claim: target.Claim{ID: "dropin:" + u.Name + "/" + d.Name,
			Subject: "drop-in " + diag.Name(u.Name+"/"+d.Name), Origin: fmt.Sprintf("%s.dropins.%d", origin, i),
			Path: path.Join(unitDir, u.Name+".d", d.Name), Kind: root.File}})
	}
	p := &place{Claim: target.Claim{Origin: origin, Path: path.Join(unitDir, u.Name), Kind: root.File}}
	what := "unit"
	switch {
	case config.Says(u.Mask):
		// Contents would be written only to be removed for the mask.
		what, p.form, p.Kind, p.Link = "mask", aMask, root.Symlink, maskTarget
	case config.Says(u.Contents) != "":
		p.text = *u.Contents
	case u.Mask != nil:
		what, p.form = "unmask", noMask
	default:
		return all
	}
	p.ID, p.Subject = what+":"+u.Name, what+" "+diag.Name(u.Name)
	return append(all, p)
}

// Plan plans drop-ins, unit files, masks, and then whether units are enabled, with what systemctl does for that; in a
// root that may not see the presets of a first boot, enable has it enable units as well. A plan of the rest is given
// beside an error.
func (u *Units) Plan(enable bool) (plan.Plan, error) {
	var steps plan.Plan
	for _, p := range u.places {
		s := p.Step()
		if err := u.place(p, &s); err != nil {
			u.fail(s.Fail(err))
			continue
		}
		steps = append(steps, s)
	}
	states, err := u.states(enable)
	u.fail(err)
	return append(steps, states...), errors.Join(u.failed...)
}

// place completes the step of what is written for a unit.
func (u *Units) place(p *place, s *plan.Step) error {
	if p.Err != nil {
		return p.Err
	}
	switch p.form {
	case aMask:
		return u.mask(p.At, s)
	case noMask:
		return u.unmask(p.At, s)
	}
	s.Detail = diag.Name(p.At) + ", " + diag.Count(len(p.text), "byte")
	return u.m.Fill(s, u.t, p.file)
}

func (p *place) play(_ context.Context, to target.Output) error {
	_, err := io.WriteString(to, p.text)
	return err
}

func isMasked(t *target.Target, at string) bool {
	found, err := t.Before(at)
	return err == nil && found.Target == maskTarget
}

// mask completes the step of a link to /dev/null, which systemd takes for "never start this".
func (u *Units) mask(at string, s *plan.Step) error {
	found, err := u.t.Before(at)
	if err != nil {
		return err
	}
	s.Detail = diag.Name(at) + " to " + maskTarget
	switch {
	case found.Kind == root.Absent:
		s.Effect = plan.Create
	case found.Target == maskTarget:
		s.Effect = plan.Keep
	default:
		s.Effect = plan.Destroy
		if err := u.t.MayGo(at, found.Kind); err != nil {
			return err
		}
	}
	s.Check = func(context.Context) (plan.State, error) {
		if found, err := u.m.Root.Lstat(at); err != nil || found.Target != maskTarget {
			return plan.Pending, err
		}
		return plan.Done, nil
	}
	s.Do = func(context.Context) error { return u.m.link(at) }
	return nil
}

// link makes the mask. A rename cannot take the place of a directory.
func (r runner) link(at string) error {
	if _, err := r.Root.MkdirAll(target.Up(at), target.DirMode); err != nil {
		return err
	}
	if err := r.Clear(at); err != nil {
		return err
	}
	owner := r.SystemFile()
	owner.Mode = -1
	return r.Root.Symlink(maskTarget, at, owner, true)
}

// unmask completes the step of removing a mask and nothing else: a link to anywhere else is an alias.
func (u *Units) unmask(at string, s *plan.Step) error {
	found, err := u.t.Before(at)
	if err != nil {
		return err
	}
	s.Detail = diag.Name(at)
	if found.Target == maskTarget {
		s.Effect = plan.Destroy
	}
	s.Check = func(context.Context) (plan.State, error) {
		if found, err := u.m.Root.Lstat(at); err != nil || found.Target == maskTarget {
			return plan.Pending, err
		}
		return plan.Done, nil
	}
	s.Do = func(context.Context) error { return u.m.Root.RemoveAll(at) }
	return nil
}
