package files

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
)

// Paths of docs/peer/engine.md §11.6.
const (
	unitDir    = "/etc/systemd/system"
	maskTarget = "/dev/null"
)

// units plans drop-ins, unit files, masks, and then whether units are enabled.
func (p *planner) units(units []config.Unit) (plan.Plan, error) {
	var plan plan.Plan
	for i, u := range units {
		steps, err := p.unit(u, fmt.Sprintf("$.systemd.units.%d", i))
		if err != nil {
			return nil, err
		}
		plan = append(plan, steps...)
	}
	states, err := p.states(units)
	return append(plan, states...), err
}

// unit plans one unit. Every step claims its place, for the nodes that may be there first.
func (p *planner) unit(u config.Unit, origin string) (plan.Plan, error) {
	var steps plan.Plan
	add := func(s plan.Step, at string, err error) error {
		if err != nil {
			return s.Fail(err)
		}
		p.worker.claims[at] = s.Check
		steps = append(steps, s)
		return nil
	}
	for i, d := range u.Dropins {
		if d.Contents == nil {
			continue
		}
		s := plan.Step{ID: "dropin:" + u.Name + "/" + d.Name, Subject: "drop-in " + diag.Name(u.Name+"/"+d.Name),
			Origin: fmt.Sprintf("%s.dropins.%d", origin, i)}
		at, err := p.text(&s, path.Join(unitDir, u.Name+".d", d.Name), *d.Contents)
		if err := add(s, at, err); err != nil {
			return nil, err
		}
	}
	s := plan.Step{ID: "unit:" + u.Name, Subject: "unit " + diag.Name(u.Name), Origin: origin}
	file := path.Join(unitDir, u.Name)
	switch {
	case is(u.Mask):
		// Contents would be written only to be removed for the mask.
		s.ID, s.Subject = "mask:"+u.Name, "mask "+diag.Name(u.Name)
		at, err := p.mask(&s, file)
		return steps, add(s, at, err)
	case text(u.Contents) != "":
		at, err := p.text(&s, file, *u.Contents)
		return steps, add(s, at, err)
	case u.Mask != nil:
		s.ID, s.Subject = "unmask:"+u.Name, "unmask "+diag.Name(u.Name)
		if err := p.unmask(&s, file); err != nil {
			return nil, s.Fail(err)
		}
		steps = append(steps, s)
	}
	return steps, nil
}

// place resolves the path of a unit's file and looks at what is there.
func (p *planner) place(file string) (at string, found root.Facts, err error) {
	if err := checkPath(file); err != nil {
		return "", found, err
	}
	if at, err = p.world.resolve(file); err != nil {
		return "", found, err
	}
	found, err = p.world.before(at)
	return at, found, err
}

var errDirectory = errors.New("a directory is there")

// text completes the step of a file of a unit, which replaces all but a directory.
func (p *planner) text(s *plan.Step, file, content string) (string, error) {
	at, found, err := p.place(file)
	if err != nil {
		return "", err
	}
	s.Detail = fmt.Sprintf("%s, %d bytes", diag.Name(at), len(content))
	switch found.Kind {
	case root.Directory:
		return "", errDirectory
	case root.Absent:
		s.Effect = plan.Create
	default:
		s.Effect = plan.Change
	}
	w, want := p.worker, p.worker.systemFile()
	if found.Kind == root.File && found.Size == int64(len(content)) && want.Fit(found) {
		if was, err := p.world.view.ReadFile(at, found.Size); err == nil && string(was) == content {
			s.Effect = plan.Keep
		}
	}
	if s.Effect == plan.Change {
		if err := p.world.mayGo(at, found.Kind); err != nil {
			return "", err
		}
	}
	s.Check = func(context.Context) (plan.State, error) { return w.hasText(at, content, want) }
	var ready *root.Temp
	s.Prepare = func(context.Context) (err error) {
		ready, err = w.prepareText(at, []byte(content), want)
		return err
	}
	s.Abandon = func() {
		if ready != nil {
			ready.Discard()
		}
	}
	s.Do = func(context.Context) error {
		t := ready
		ready = nil
		return t.Place(true)
	}
	return at, nil
}

// systemFile are the attributes of a file that is systemd's to read.
func (w *worker) systemFile() attributes {
	if w.Privileged && !w.NoOwner {
		return attributes{UID: 0, GID: 0, Mode: 0o644}
	}
	return attributes{UID: -1, GID: -1, Mode: 0o644}
}

// hasText is the Check of a unit's file. That another owner's file has the right content is not enough: systemd would
// read what that owner writes next.
func (w *worker) hasText(at, content string, want attributes) (plan.State, error) {
	found, err := w.Root.Lstat(at)
	switch {
	case err != nil:
		return plan.Pending, err
	case found.Kind == root.Directory:
		return plan.Conflict, errDirectory
	case found.Kind != root.File || !want.Fit(found) || found.Size != int64(len(content)):
		return plan.Pending, nil
	}
	f, err := w.Root.Open(at, false)
	if err != nil {
		return plan.Pending, err
	}
	defer f.Close()
	got, err := compare(f, 0, func(out output) error {
		_, err := io.WriteString(out, content)
		return err
	})
	if err != nil || got != equal {
		return plan.Pending, err
	}
	return plan.Done, nil
}

// prepareText writes a file whole under a temporary name.
func (w *worker) prepareText(at string, content []byte, want attributes) (*root.Temp, error) {
	if _, err := w.Root.MkdirAll(up(at), 0o755); err != nil {
		return nil, err
	}
	t, err := w.Root.Create(at, want)
	if err != nil {
		return nil, err
	}
	if _, err := t.Write(content); err != nil {
		t.Discard()
		return nil, err
	}
	return t, nil
}

// writeText writes a file whole, in place of what is there, so that it survives a power cut at any moment.
func (w *worker) writeText(at string, content []byte, want attributes) error {
	t, err := w.prepareText(at, content, want)
	if err != nil {
		return err
	}
	return t.PlaceSynced(true)
}

// mask completes the step of a link to /dev/null, which systemd takes for "never start this".
func (p *planner) mask(s *plan.Step, file string) (string, error) {
	at, found, err := p.place(file)
	if err != nil {
		return "", err
	}
	s.Detail = diag.Name(at) + " to " + maskTarget
	switch {
	case found.Kind == root.Absent:
		s.Effect = plan.Create
	case found.Target == maskTarget:
		s.Effect = plan.Keep
	default:
		s.Effect = plan.Destroy
		if err := p.world.mayGo(at, found.Kind); err != nil {
			return "", err
		}
	}
	w := p.worker
	s.Check = func(context.Context) (plan.State, error) {
		if found, err := w.Root.Lstat(at); err != nil || found.Target != maskTarget {
			return plan.Pending, err
		}
		return plan.Done, nil
	}
	s.Do = func(context.Context) error { return w.link(at) }
	return at, nil
}

// link makes the mask. A rename cannot take the place of a directory.
func (w *worker) link(at string) error {
	if _, err := w.Root.MkdirAll(up(at), 0o755); err != nil {
		return err
	}
	found, err := w.Root.Lstat(at)
	if err != nil {
		return err
	}
	if found.Kind == root.Directory {
		if err := w.Root.RemoveAll(at); err != nil {
			return err
		}
	}
	owner := w.systemFile()
	owner.Mode = -1
	return w.Root.Symlink(maskTarget, at, owner, true)
}

// unmask completes the step of removing a mask and nothing else: a link to anywhere else is an alias.
func (p *planner) unmask(s *plan.Step, file string) error {
	at, found, err := p.place(file)
	if err != nil {
		return err
	}
	s.Detail = diag.Name(at)
	if found.Target == maskTarget {
		s.Effect = plan.Destroy
	}
	w := p.worker
	s.Check = func(context.Context) (plan.State, error) {
		if found, err := w.Root.Lstat(at); err != nil || found.Target == maskTarget {
			return plan.Pending, err
		}
		return plan.Done, nil
	}
	s.Do = func(context.Context) error { return w.Root.RemoveAll(at) }
	return nil
}
