package report

import "github.com/glowplug-os/glowplug/internal/plan"

// A Done is what a run has done, in the words of a plan. The zero value is that of a run that has not begun.
type Done struct {
	plan Plan
	// entries are those that a step behind them writes together: users and groups, partitions.
	entries []Action
}

// accountFiles is the ID of the step that writes the entries of users and groups.
const accountFiles = "account-files"

// Hear takes up what has become of a step of a stage. What other stages than disks and files do is not counted.
func (d *Done) Hear(stage Stage, e plan.Event) {
	if e.Turn != plan.Finished && e.Turn != plan.Kept || stage != Disks && stage != Files {
		return
	}
	a := Action{Stage: stage, ID: e.Step.ID, Effect: e.Step.Effect, Origin: e.Step.Origin}
	a.Count()
	isEntry := e.Step.Do == nil && e.Step.Effect != plan.Keep
	switch {
	case isEntry:
		d.entries = append(d.entries, a)
		return
	case e.Turn == plan.Kept:
		a.Effect = plan.Keep
	default:
		a.Effect = done(a, e.Step.Check != nil)
	}
	d.plan.Actions = append(d.plan.Actions, a)
	if a.ID == accountFiles {
		d.write()
	}
}

// done is what an action that is over was. What was to be kept may have turned out to need it. Of what was to be
// decided then, an entry of the config is changed where its step has found that it has to be, and else it is that
// already; a unit is enabled or disabled, and an account made by the root's tools.
func done(a Action, checked bool) plan.Effect {
	switch {
	case a.Effect == plan.Deferred && a.isNode() && !checked:
		return plan.Keep
	case a.Effect == plan.Deferred && a.isNode(), a.Effect == plan.Keep && checked && a.Noun != Unit:
		return plan.Change
	case a.Effect == plan.Deferred, a.Effect == plan.Keep && checked:
		return plan.Create
	}
	return a.Effect
}

// write takes entries for done.
func (d *Done) write() {
	d.plan.Actions = append(d.plan.Actions, d.entries...)
	d.entries = nil
}

// Over is what a run has done that has gone well.
func (d *Done) Over() *Plan {
	d.write()
	return &d.plan
}

// SoFar is what a run has done that has failed.
func (d *Done) SoFar() *Plan { return &d.plan }
