package disks

import (
	"cmp"
	"errors"
	"io"

	"github.com/glowplug-os/glowplug/config"
	"github.com/glowplug-os/glowplug/internal/plan"
	"github.com/glowplug-os/glowplug/internal/scene"
	"github.com/glowplug-os/glowplug/stages/disks/kind"
	"github.com/glowplug-os/glowplug/stages/disks/partition"
)

// A Forecast is what will be done, round by round.
type Forecast []Round

// A Round is what will be done about one kind.
type Round struct {
	Name string // of the kind, as the log has it
	*kind.Planned
}

// Actions are all of the forecast, in order.
func (f Forecast) Actions() (all kind.Lane) {
	for _, round := range f {
		for _, lane := range round.Lanes {
			all = append(all, lane...)
		}
	}
	return all
}

// Warnings are about what is not refused.
func (f Forecast) Warnings() (all []string) {
	for _, round := range f {
		all = append(all, round.Warnings...)
	}
	return all
}

// Made are the names of what becomes a device of its own, an array or a volume that is open, by the entries of the
// config.
func (f Forecast) Made() map[string][]string {
	all := map[string][]string{}
	for _, round := range f {
		for _, m := range round.Means {
			if m.Find != nil {
				all[m.Origin] = append(all[m.Origin], m.Names...)
			}
		}
	}
	return all
}

// Preview plans all rounds as Run does, without doing any: each sees what the ones before it will leave. What cannot be
// known before it is there is planned as a deferred action, which says what will decide, and what may come of it; so is
// what depends on a device that cannot be looked at, which is a NotKnownError. The error joins these and all conflicts;
// what does not depend on them is planned all the same.
func Preview(s config.Storage, now scene.Scene, random io.Reader) (all Forecast, err error) {
	if err := refused(s); err != nil {
		return nil, err
	}
	view := newGuess(now)
	disks, err := view.disks(s)
	failed := []error{err}
	for _, row := range rows() {
		p, err := planRow(row, s, view, random)
		failed = append(failed, err, view.unknown(row.Wants(s)))
		if row.Name == partition.Row().Name {
			p.Lanes = append(p.Lanes, disks.Lanes...)
		}
		all = append(all, Round{row.Name, p})
		var step *plan.StepError
		if errors.As(err, &step) {
			view.Lack("it may depend on " + cmp.Or(step.Origin, step.Subject) + ", which cannot be done")
		}
		view.Add(p.After, p.Gone)
	}
	return all, errors.Join(failed...)
}

// planRow plans one kind, and refuses names that the config gives to several things and goes by.
func planRow(row kind.Row, s config.Storage, view scene.Scene, random io.Reader) (*kind.Planned, error) {
	p, err := row.Plan(s, view, random)
	return p, cmp.Or(err, distinct(s, p.Means))
}
