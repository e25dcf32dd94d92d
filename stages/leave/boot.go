package leave

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"github.com/glowplug-os/glowplug/config"
	"github.com/glowplug-os/glowplug/internal/handoff"
	"github.com/glowplug-os/glowplug/internal/plan"
	"github.com/glowplug-os/glowplug/internal/root"
	"github.com/glowplug-os/glowplug/internal/target"
)

// A Boot is what this package needs to know of a boot.
type Boot struct {
	// State is what earlier stages left. Once the plan has run the caller saves HandedOver of it.
	State handoff.State
	// Aliases is the folder in which the disks stage has left links to devices.
	Aliases string
	// UUID gives the UUID in the header of a volume, by the volume's name in the config. nil asks cryptsetup for that
	// of the alias which the disks stage has made of the device.
	UUID   func(ctx context.Context, volume string) (string, error)
	BootID string           // of the kernel
	Now    func() time.Time // for the result file, which gets the time in its zone
	// Log gets the warning that there was a result file already; nil for none.
	Log *slog.Logger
	// Tells are files that tell of the boot itself.
	Tells []Told
}

// HandedOver is the state once the files stage has succeeded: keys that are in the root now are no more in the state.
func HandedOver(s handoff.State) handoff.State {
	s.LuksPersistKeyFiles = nil
	return s
}

// Files are what a boot leaves, with their places.
type Files struct {
	t   *target.Target
	m   *maker
	b   *Boot
	cfg config.Config

	volumes  []*keyFile // of volumes of the config
	secure   []*keyFile // bound to a crypto adapter
	crypttab *crypttab  // nil for none
	platform []*platformFile
	result   *target.Claim // nil for none
	failed   []error
}

// A maker does what steps do.
type maker struct{ *target.Means }

// Claim takes the places of what a boot leaves.
func Claim(cfg config.Config, t *target.Target, m *target.Means, b *Boot) *Files {
	l := &Files{t: t, m: &maker{m}, b: b, cfg: cfg}
	l.claimVolumes()
	l.claimPlatform()
	l.claimResult()
	l.claimTold()
	return l
}

// take resolves the place of a claim and takes it.
func (l *Files) take(c *target.Claim) {
	if c.Err != nil {
		return
	}
	if c.At, c.Err = l.t.Place(c.Path); c.Err == nil {
		l.t.Take(c)
	}
}

// fail notes what is in the way. The rest is planned all the same.
func (l *Files) fail(err error) {
	if err != nil {
		l.failed = append(l.failed, err)
	}
}

// Plan plans what comes before all other steps, and what comes last. Plans of the rest are given beside an error.
func (l *Files) Plan() (first, last plan.Plan, err error) {
	l.readable()
	last = append(l.planVolumes(), l.planKeys("volume", l.secure)...)
	last = append(append(last, l.planPlatform()...), l.planResult()...)
	last = append(last, l.planTold()...)
	first, relabel, err := l.planLabels()
	l.fail(err)
	return first, append(last, relabel...), errors.Join(l.failed...)
}

// there tells what is at a place once all nodes are in place, and that it may go.
func (l *Files) there(c *target.Claim) (root.Kind, error) {
	if c.Err != nil {
		return root.Absent, c.Err
	}
	kind, _, err := l.t.After(c.At, false)
	if err == nil && kind != root.Absent {
		err = l.t.MayGo(c.At, kind)
	}
	return kind, err
}
