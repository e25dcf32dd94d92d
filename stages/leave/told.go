package leave

import (
	"context"
	"errors"
	"fmt"
	"path"

	"github.com/glowplug-os/glowplug/internal/diag"
	"github.com/glowplug-os/glowplug/internal/plan"
	"github.com/glowplug-os/glowplug/internal/root"
	"github.com/glowplug-os/glowplug/internal/target"
)

// A Told is a file that tells of the boot itself. A step of the plan makes it, so that it has its place and its label;
// at the end of the stage Boot.Rewrite writes it anew, with how that has ended. No boot fails because of it: what is in
// its way is a warning.
type Told struct {
	ID, Subject, Path string
	Mode              uint32
	// Text is what to write by now. Nil for a plan that is not run.
	Text func() string

	claim   *target.Claim
	planned bool // a step of the plan makes it
}

// Tells lists what an image wants to be told, without texts.
func Tells(image target.Image) (all []Told) {
	if file := image.ReportFile; file != "" {
		all = append(all, Told{ID: "report", Subject: "report " + diag.Name(file), Path: file, Mode: 0o600})
	}
	if dir := image.MetricsDir; dir != "" {
		file := dir + "/" + metricsFile
		all = append(all, Told{ID: "metrics", Subject: "metrics " + diag.Name(file), Path: file, Mode: 0o644})
	}
	return all
}

// metricsFile is in the folder of node_exporter's textfile collector, which reads what ends so.
const metricsFile = "glowplug.prom"

// claimTold claims the places of these files. What the config has in one of them stays.
func (l *Files) claimTold() {
	for i := range l.b.Tells {
		t := &l.b.Tells[i]
		c := &target.Claim{ID: t.ID, Subject: t.Subject, Path: t.Path, Kind: root.File}
		c.Held = func(in *target.Target) bool { return l.isTold(t, in) }
		at, err := l.t.Place(t.Path)
		if err == nil && !path.IsAbs(t.Path) {
			err = errors.New("the path is not absolute")
		}
		if err == nil && (l.t.Claimed(at) != nil || l.t.Over(at) != nil) {
			err = fmt.Errorf("the config has something at %s", diag.Name(at))
		}
		if err != nil {
			l.untold(t, err)
			continue
		}
		c.At, t.claim = at, c
		l.t.Take(c)
	}
}

// untold says that there is no such file.
func (l *Files) untold(t *Told, err error) {
	if l.b.Log != nil {
		l.b.Log.Warn(t.Subject + " is not written: " + err.Error())
	}
}

// isTold tells whether there is such a file already; what is in it is written anew in any case.
func (l *Files) isTold(t *Told, in *target.Target) bool {
	found, err := in.Before(t.claim.At)
	return err == nil && found.Kind == root.File && t.as(l.m.Means).Fit(found)
}

// as are the attributes of the file.
func (t *Told) as(m *target.Means) root.Attrs {
	want := m.PrivateFile()
	want.Mode = int64(t.Mode)
	return want
}

func (l *Files) planTold() (steps plan.Plan) {
	for i := range l.b.Tells {
		t := &l.b.Tells[i]
		if t.claim == nil {
			continue
		}
		s, err := l.tells(t)
		if err != nil {
			l.untold(t, err)
			continue
		}
		steps = append(steps, s)
	}
	return steps
}

// tells plans one of the files. One that is there keeps its place and its label.
func (l *Files) tells(t *Told) (plan.Step, error) {
	s := t.claim.Step()
	s.Detail = fmt.Sprintf("%04o", t.Mode)
	kind, err := l.there(t.claim)
	switch {
	case err != nil:
		return s, err
	case kind == root.Absent:
		s.Effect = plan.Create
	case kind != root.File:
		return s, fmt.Errorf("%s is there", kind)
	case l.isTold(t, l.t):
		s.Effect = plan.Keep
	default:
		s.Effect = plan.Change
	}
	there := s.Effect == plan.Keep
	s.Check = func(context.Context) (plan.State, error) {
		if there {
			return plan.Done, nil
		}
		return plan.Pending, nil
	}
	s.Do = func(context.Context) error {
		if err := t.write(l.m.Means, kind == root.File); err != nil {
			t.planned = false
			l.untold(t, err)
			return plan.ErrUnchanged
		}
		return nil
	}
	t.planned = true
	return s, nil
}

// write replaces the file; one that is there leaves its label.
func (t *Told) write(m *target.Means, there bool) error {
	return m.WriteText(t.claim.At, t.as(m), there, t.Text())
}

// Rewrite writes the files once more that a plan has made.
func (b *Boot) Rewrite(m *target.Means) error {
	var failed []error
	for i := range b.Tells {
		if t := &b.Tells[i]; t.planned {
			if err := t.write(m, true); err != nil {
				failed = append(failed, fmt.Errorf("%s is not written: %w", t.Subject, err))
			}
		}
	}
	return errors.Join(failed...)
}
