package stages

import (
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/glowplug-os/glowplug/config"
	"github.com/glowplug-os/glowplug/internal/diag"
	"github.com/glowplug-os/glowplug/internal/plan"
	"github.com/glowplug-os/glowplug/internal/root"
	"github.com/glowplug-os/glowplug/internal/scene"
	"github.com/glowplug-os/glowplug/internal/target"
	"github.com/glowplug-os/glowplug/stages/disks"
	"github.com/glowplug-os/glowplug/stages/disks/kind"
	"github.com/glowplug-os/glowplug/stages/files"
	"github.com/glowplug-os/glowplug/stages/leave"
	"github.com/glowplug-os/glowplug/stages/mounts"
)

// A Forecast is all that a config will do to a machine, stage by stage, in order.
type Forecast struct {
	Config config.Config
	Disks  disks.Forecast
	Mounts plan.Plan
	Files  files.Planned
	// Root is the root as the files stage will find it; nil where no root was given.
	Root target.View
	// Trees is the root as it is, to be gone through.
	Trees target.Whole
	// hinders says what is in the way of all that would be changed somewhere, cautions what would be in that of a boot.
	hinders  error
	cautions []string
	hidden   func(at string) bool
}

// Circumstances are what a plan depends on beside the config, the devices and the root.
type Circumstances struct {
	Files  files.Options
	Random io.Reader // gives GUIDs; nil where there are no devices
	// Storage is what is asked of disks, where that is not what the config has; nil where it is.
	Storage *config.Storage
	// Mounts: mounts are planned where there are no devices, too; what filesystems hold is not known then.
	Mounts bool
	// Boot gives what the files stage of a boot gets, by what is planned of the stages before it; nil for no boot.
	Boot func(*Forecast) *leave.Boot
	// Protection tells what keeps a path of the root from being changed; nil where that is not asked.
	Protection func(at string) (root.Protection, error)
}

// Plan plans disks, mounts and files together, each on what the ones before it will leave. It changes nothing. Without
// devices nothing is planned of disks and mounts, without a view of the root nothing of mounts and files. The error
// joins all conflicts; what does not depend on them is planned all the same.
func Plan(ctx context.Context, cfg config.Config, devices scene.Scene, view target.Whole, o Circumstances) (*Forecast,
	error) {
	f := &Forecast{Config: cfg, Root: view, Trees: view}
	var failed [4]error
	unknown := func(string) (string, bool) { return "", false }
	hidden := func(string) bool { return false }
	if devices != nil {
		storage := &cfg.Storage
		if o.Storage != nil {
			storage = o.Storage
		}
		f.Disks, failed[0] = disks.Preview(*storage, devices, o.Random)
	}
	if (devices != nil || o.Mounts) && view != nil {
		var after *mounts.After
		f.Mounts, after, failed[1] = mounts.Preview(cfg.Storage, view, f.holds)
		f.Root, unknown, hidden = after, after.Unknown, after.Hides
	}
	if err := context.Cause(ctx); err != nil {
		return f, fmt.Errorf("%w while planning", err)
	}
	if view != nil {
		if o.Boot != nil {
			o.Files.Boot = o.Boot(f)
		}
		f.Files, failed[2] = files.PlanInFull(cfg, f.Root, o.Files)
		await(&f.Files, unknown)
		f.beware(o, hidden)
	}
	failed[3] = f.hinders
	f.hidden = hidden
	return f, errors.Join(failed[:]...)
}

// Hides tells whether what is at a resolved path of the root will be on a filesystem that the config mounts.
func (f *Forecast) Hides(at string) bool { return f.hidden(at) }

// beware finds what would end a run whatever it has to write: a root that cannot be written to. A boot may find it
// otherwise, and is root's.
func (f *Forecast) beware(o Circumstances, hidden func(at string) bool) {
	if o.Protection == nil {
		return
	}
	c := caution{f: f, protect: o.Protection, hidden: hidden, who: o.Files.Identity, boot: o.Boot != nil}
	found := c.hindered().each()
	if !c.boot {
		f.hinders = errors.Join(found...)
		return
	}
	for _, err := range found {
		f.cautions = append(f.cautions, "as it is now, a boot fails at "+err.Error())
	}
}

// Actions are those of disks and mounts, and the steps of files as actions.
func (f *Forecast) Actions() (all []*kind.Action) {
	all = f.Disks.Actions()
	for _, s := range append(f.Mounts[:len(f.Mounts):len(f.Mounts)], f.Files.Steps...) {
		all = append(all, &kind.Action{Step: s})
	}
	return all
}

// holds tells what a filesystem of the config will hold.
func (f *Forecast) holds(filesystem int) mounts.Content {
	origin := kind.Origin("filesystems", filesystem)
	for _, a := range f.Actions() {
		if a.Origin == origin && (a.Effect == plan.Create || a.Effect == plan.Destroy) {
			return mounts.Empty
		}
	}
	return mounts.Unknown
}

// await marks steps that depend on what a filesystem holds that cannot be looked into before it is mounted.
func await(p *files.Planned, unknown func(at string) (place string, is bool)) {
	left := p.Results()
	for i := range p.Steps {
		s := &p.Steps[i]
		for _, r := range left[s.ID] {
			if place, is := unknown(r.At); is && s.Effect == plan.Create {
				s.Effect = plan.Deferred
				s.Detail += ", made unless what is mounted at " + diag.Name(place) + " has it"
			}
		}
	}
}
