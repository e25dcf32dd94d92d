package files

import (
	"context"
	"errors"
	"fmt"
	"io"
	"path"

	"github.com/glowplug-os/glowplug/config"
	"github.com/glowplug-os/glowplug/internal/host"
)

// Paths of docs/peer/engine.md §11.6.
const (
	unitDir    = "/etc/systemd/system"
	maskTarget = "/dev/null"
)

// units plans drop-ins, unit files, masks, and then whether units are enabled.
func (p *planner) units(units []config.Unit) (host.Plan, error) {
	var plan host.Plan
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
func (p *planner) unit(u config.Unit, origin string) (host.Plan, error) {
	var plan host.Plan
	add := func(s host.Step, at string, err error) error {
		if err != nil {
			return s.Fail(err)
		}
		p.worker.claims[at] = s.Check
		plan = append(plan, s)
		return nil
	}
	for i, d := range u.Dropins {
		if d.Contents == nil {
			continue
		}
		s := host.Step{ID: "dropin:" + u.Name + "/" + d.Name, Subject: "drop-in " + host.Show(u.Name+"/"+d.Name),
			Origin: fmt.Sprintf("%s.dropins.%d", origin, i)}
		at, err := p.text(&s, path.Join(unitDir, u.Name+".d", d.Name), *d.Contents)
		if err := add(s, at, err); err != nil {
			return nil, err
		}
	}
	s := host.Step{ID: "unit:" + u.Name, Subject: "unit " + host.Show(u.Name), Origin: origin}
	file := path.Join(unitDir, u.Name)
	switch {
	case is(u.Mask):
		// Contents would be written only to be removed for the mask.
		s.ID, s.Subject = "mask:"+u.Name, "mask "+host.Show(u.Name)
		at, err := p.mask(&s, file)
		return plan, add(s, at, err)
	case text(u.Contents) != "":
		at, err := p.text(&s, file, *u.Contents)
		return plan, add(s, at, err)
	case u.Mask != nil:
		s.ID, s.Subject = "unmask:"+u.Name, "unmask "+host.Show(u.Name)
		if err := p.unmask(&s, file); err != nil {
			return nil, s.Fail(err)
		}
		plan = append(plan, s)
	}
	return plan, nil
}

// place resolves the path of a unit's file and looks at what is there.
func (p *planner) place(file string) (at string, found host.Facts, err error) {
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
func (p *planner) text(s *host.Step, file, content string) (string, error) {
	at, found, err := p.place(file)
	if err != nil {
		return "", err
	}
	s.Detail = fmt.Sprintf("%s, %d bytes", host.Show(at), len(content))
	switch found.Kind {
	case host.Directory:
		return "", errDirectory
	case host.Absent:
		s.Effect = host.Create
	default:
		s.Effect = host.Change
	}
	w, want := p.worker, p.worker.systemFile()
	if found.Kind == host.File && found.Size == int64(len(content)) && want.Fit(found) {
		if was, err := p.world.view.ReadFile(at, found.Size); err == nil && string(was) == content {
			s.Effect = host.Keep
		}
	}
	if s.Effect == host.Change {
		if err := p.world.mayGo(at, found.Kind); err != nil {
			return "", err
		}
	}
	s.Check = func(context.Context) (host.State, error) { return w.hasText(at, content, want) }
	var ready *host.Temp
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
func (w *worker) hasText(at, content string, want attributes) (host.State, error) {
	found, err := w.Root.Lstat(at)
	switch {
	case err != nil:
		return host.Pending, err
	case found.Kind == host.Directory:
		return host.Conflict, errDirectory
	case found.Kind != host.File || !want.Fit(found) || found.Size != int64(len(content)):
		return host.Pending, nil
	}
	f, err := w.Root.Open(at, false)
	if err != nil {
		return host.Pending, err
	}
	defer f.Close()
	got, err := compare(f, 0, func(out output) error {
		_, err := io.WriteString(out, content)
		return err
	})
	if err != nil || got != equal {
		return host.Pending, err
	}
	return host.Done, nil
}

// prepareText writes a file whole under a temporary name.
func (w *worker) prepareText(at string, content []byte, want attributes) (*host.Temp, error) {
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
func (p *planner) mask(s *host.Step, file string) (string, error) {
	at, found, err := p.place(file)
	if err != nil {
		return "", err
	}
	s.Detail = host.Show(at) + " to " + maskTarget
	switch {
	case found.Kind == host.Absent:
		s.Effect = host.Create
	case found.Target == maskTarget:
		s.Effect = host.Keep
	default:
		s.Effect = host.Destroy
		if err := p.world.mayGo(at, found.Kind); err != nil {
			return "", err
		}
	}
	w := p.worker
	s.Check = func(context.Context) (host.State, error) {
		if found, err := w.Root.Lstat(at); err != nil || found.Target != maskTarget {
			return host.Pending, err
		}
		return host.Done, nil
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
	if found.Kind == host.Directory {
		if err := w.Root.RemoveAll(at); err != nil {
			return err
		}
	}
	owner := w.systemFile()
	owner.Mode = -1
	return w.Root.Symlink(maskTarget, at, owner, true)
}

// unmask completes the step of removing a mask and nothing else: a link to anywhere else is an alias.
func (p *planner) unmask(s *host.Step, file string) error {
	at, found, err := p.place(file)
	if err != nil {
		return err
	}
	s.Detail = host.Show(at)
	if found.Target == maskTarget {
		s.Effect = host.Destroy
	}
	w := p.worker
	s.Check = func(context.Context) (host.State, error) {
		if found, err := w.Root.Lstat(at); err != nil || found.Target == maskTarget {
			return host.Pending, err
		}
		return host.Done, nil
	}
	s.Do = func(context.Context) error { return w.Root.RemoveAll(at) }
	return nil
}
