package disks

import (
	"cmp"
	"context"
	"errors"
	"runtime"
	"slices"
	"sync"

	"github.com/glowplug-os/glowplug/config"
	"github.com/glowplug-os/glowplug/internal/codes"
	"github.com/glowplug-os/glowplug/internal/device"
	"github.com/glowplug-os/glowplug/internal/diag"
	"github.com/glowplug-os/glowplug/internal/field"
	"github.com/glowplug-os/glowplug/internal/plan"
	"github.com/glowplug-os/glowplug/internal/rules"
	"github.com/glowplug-os/glowplug/internal/scene"
	"github.com/glowplug-os/glowplug/stages/disks/array"
	"github.com/glowplug-os/glowplug/stages/disks/filesystem"
	"github.com/glowplug-os/glowplug/stages/disks/kind"
	"github.com/glowplug-os/glowplug/stages/disks/partition"
	"github.com/glowplug-os/glowplug/stages/disks/release"
	"github.com/glowplug-os/glowplug/stages/disks/volume"
)

// Options are the circumstances of making disks.
type Options = kind.Options

// Keys are what later stages have to put into the new system, and what becomes known while volumes are made.
type Keys = kind.Keys

// rows are the kinds, each after those that it may lie on.
func rows() []kind.Row {
	return []kind.Row{release.Row(), partition.Row(), array.Row(), volume.Row(), filesystem.Row()}
}

// A run is the work on a machine.
type run struct {
	*kind.Work
	storage config.Storage
	means   meanings
}

// Needs are the tools that a config's disks need whatever is on them, and those that they need unless what the config
// has is there already.
func Needs(s config.Storage) (always, perhaps []kind.Need) {
	made, perhaps := filesystem.Needs(s)
	return slices.Concat(array.Needs(s), volume.Needs(s), made), perhaps
}

func newRun(s config.Storage, o Options) *run {
	return &run{Work: &kind.Work{Options: o, Scene: o.Devices.Reached()}, storage: s, means: meanings{}}
}

// Run makes the disks of a config. Keys are given also with an error: as far as they are known.
func Run(ctx context.Context, s config.Storage, o Options) (Keys, error) {
	r := newRun(s, o)
	err := cmp.Or(refused(s), clashes(s), filesystem.Unmakable(s, r.now))
	if err == nil {
		err = r.missing(append(array.Needs(s), volume.Needs(s)...))
	}
	for i, row := range rows() {
		if err == nil {
			err = r.round(ctx, row)
		}
		// Names that lead elsewhere are found out before anything is made of what they lead to.
		for _, later := range rows()[i+1:] {
			if err == nil {
				err = r.lead(ctx, later.Wants(s))
			}
		}
	}
	return r.Keys, err
}

// Finish ends the first boot for what Run has made: volumes lose the mark by which a repeated boot would make them
// anew. Devices that are gone are passed over, and what is done already stays done.
func Finish(ctx context.Context, s config.Storage, o Options) error {
	return volume.Finish(ctx, s, newRun(s, o).Work)
}

// refused refuses what a config itself shows to fail, whatever the machine is like, before anything is written: also
// what no tool takes as it is meant.
func refused(s config.Storage) error {
	what, path, fault := field.Refusal((&config.Config{Storage: s}).Values, "storage")
	return cmp.Or(plan.Step{ID: "field:" + path, Subject: what, Origin: path}.Fail(fault),
		errors.Join(partition.Impossible(s), array.Impossible(s), volume.Impossible(s), filesystem.Impossible(s)))
}

// clashes refuses uses of devices that would destroy each other's before the first of them is made. A preview finds
// them round by round. What will not be there is told by who looks for it.
func clashes(s config.Storage) error {
	var all []error
	for _, c := range rules.Clashes(&s) {
		if c.Code == codes.DeviceTwice {
			err := diag.WithHint(errors.New(c.Message), c.Hint)
			all = append(all, plan.Step{ID: c.Entry, Subject: c.Subject, Origin: c.Entry}.Fail(err))
		}
	}
	return errors.Join(all...)
}

// round does one kind.
func (r *run) round(ctx context.Context, row kind.Row) error {
	wants := row.Wants(r.storage)
	if err := wait(ctx, r.Devices, wants); err != nil {
		return err
	}
	if err := r.lead(ctx, wants); err != nil {
		return err
	}
	for _, each := range wants {
		if err := r.alias(each); err != nil {
			return err
		}
	}
	p, err := planRow(row, r.storage, r.Scene, r.Random)
	if err != nil {
		return err
	}
	then := left(r.Scene, p)
	if err := cmp.Or(filesystem.Unmakable(r.storage, then), filesystem.Unmountable(r.storage, then),
		r.coincide(wants, p.Means)); err != nil {
		return err
	}
	if err := r.missing(append(p.Needs, blankNeeds(p.Blanks)...)); err != nil {
		return err
	}
	if err := r.vet(ctx, p.Blanks); err != nil {
		return err
	}
	for _, warning := range p.Warnings {
		r.Warn("%s", warning)
	}
	var lanes []plan.Plan
	for _, lane := range p.Lanes {
		lanes = append(lanes, lane.Bind(r.Work))
	}
	var tell func(plan.Event)
	if r.Tell != nil {
		tell = func(e plan.Event) { r.Tell(row.Name, e) }
	}
	if err := runLanes(ctx, lanes, r.Width, tell); err != nil {
		return err
	}
	r.means.add(p.Means)
	r.twins(p.Means)
	return nil
}

// now is what is on a device, if it is there.
func (r *run) now(path string) (*scene.Seen, bool) {
	seen, err := r.Devices.Scene().Look(path)
	return seen, err == nil
}

// left tells what a round will leave.
func left(now scene.Scene, p *kind.Planned) func(path string) (*scene.Seen, bool) {
	after := scene.NewAfter(now)
	after.Add(p.After, p.Gone)
	return func(path string) (*scene.Seen, bool) {
		seen, err := after.Predicted(path)
		if node, _, found := after.Find(path); seen == nil && found == nil { // by what it holds
			seen, err = after.Predicted(node)
		}
		return seen, seen != nil && err == nil
	}
}

func wait(ctx context.Context, devices *device.Devices, wants []kind.Want) error {
	var paths []string
	for _, each := range wants {
		paths = append(paths, each.Path)
	}
	err := devices.Wait(ctx, paths)
	var missing *device.MissingError
	if errors.As(err, &missing) {
		i := slices.IndexFunc(wants, func(each kind.Want) bool { return each.Path == missing.Paths[0] })
		return wants[i].Fail(err)
	}
	return err
}

// missing names each tool that is not installed, with the first step that needs it.
func (r *run) missing(needs []kind.Need) error {
	var errs []error
	looked := map[string]bool{}
	for _, n := range needs {
		if looked[n.Tool] {
			continue
		}
		looked[n.Tool] = true
		if _, err := r.Tools.Path(n.Tool); err != nil {
			errs = append(errs, n.Fail(err))
		}
	}
	return errors.Join(errs...)
}

// runLanes runs independent plans side by side. All run to their end even if one fails, as what they do is wanted in
// any case and they would have to begin again; the errors come in the order of the lanes.
func runLanes(ctx context.Context, lanes []plan.Plan, width int, tell func(plan.Event)) error {
	if width == 0 {
		width = 2 * runtime.NumCPU() // they wait for disks more than they compute
	}
	var one sync.Mutex
	o := plan.Options{}
	if tell != nil {
		o.Tell = func(e plan.Event) {
			one.Lock()
			defer one.Unlock()
			tell(e)
		}
	}
	errs := make([]error, len(lanes))
	slots := make(chan struct{}, width)
	var all sync.WaitGroup
	for i, lane := range lanes {
		slots <- struct{}{}
		all.Go(func() {
			defer func() { <-slots }()
			errs[i] = lane.Run(ctx, o)
		})
	}
	all.Wait()
	return errors.Join(errs...)
}
