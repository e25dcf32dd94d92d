package foretold

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/glowplug-os/glowplug/config"
	"github.com/glowplug-os/glowplug/internal/device"
	"github.com/glowplug-os/glowplug/internal/diag"
	"github.com/glowplug-os/glowplug/internal/plan"
	"github.com/glowplug-os/glowplug/stages"
	"github.com/glowplug-os/glowplug/stages/disks"
	"github.com/glowplug-os/glowplug/stages/disks/kind"
)

// forDisks plans the disks of this machine as `glowplug plan` does: it looks at them, and has no tools.
func forDisks(ctx context.Context, s config.Storage) (*stages.Forecast, Plan, error) {
	f, failed := stages.Plan(ctx, config.Config{Storage: s}, (&device.Devices{}).Scene(), nil,
		stages.Circumstances{Random: rand.Reader})
	p, err := From(f.Report(true))
	if err == nil && failed != nil {
		p.Conflicts = conflicts(failed)
	}
	return f, p, err
}

func conflicts(failed error) (all []Conflict) {
	for _, each := range diag.Errors(failed) {
		c := Conflict{Message: each.Error()}
		if step := (*plan.StepError)(nil); errors.As(each, &step) {
			c.Origin = step.Origin
		}
		all = append(all, c)
	}
	return all
}

// Disks is disks.Run. It is told beforehand; if it goes well, faults are what was done otherwise than told.
func Disks(ctx context.Context, s config.Storage, o disks.Options) (keys disks.Keys, faults []string, err error) {
	before := written(s)
	told, first, err := forDisks(context.WithoutCancel(ctx), s)
	if err != nil {
		return keys, nil, err
	}
	if after := written(s); !maps.Equal(before, after) {
		faults = append(faults, fmt.Sprintf("a plan writes to disks: %v, %v", before, after))
	}
	deeds, tell := map[string][]Deed{}, o.Tell
	o.Tell = func(round string, e plan.Event) {
		some := deeds[round]
		Heard(&some)(e)
		deeds[round] = some
		if tell != nil {
			tell(round, e)
		}
	}
	if keys, err = disks.Run(ctx, s, o); err != nil {
		return keys, nil, err
	}
	for _, c := range first.Conflicts {
		faults = append(faults, "the plan was in conflict: "+c.Message)
	}
	for _, r := range told.Disks {
		faults = append(faults, round(r, deeds[r.Name])...)
	}
	return keys, faults, nil
}

// DisksAgain holds the plan of disks that are made already against the rows: it is empty but for these.
func DisksAgain(ctx context.Context, s config.Storage) (faults []string, err error) {
	rows, err := Exceptions()
	if err != nil {
		return nil, err
	}
	_, second, err := forDisks(context.WithoutCancel(ctx), s)
	if err != nil {
		return nil, err
	}
	text, err := json.Marshal(config.Config{Ignition: config.Ignition{Version: config.Newest.String()}, Storage: s})
	if err != nil {
		return nil, err
	}
	q := stages.Question{Machine: stages.Machine{Devices: devices}, Random: rand.Reader}
	q.Text, q.Rendered, q.Log = text, true, slog.New(slog.DiscardHandler)
	q.Report = func([]diag.Problem) {}
	report, err := stages.Verify(context.WithoutCancel(ctx), q)
	if err != nil {
		return nil, err
	}
	d, err := Drifted(report)
	faults = slices.DeleteFunc(d.Differs(), func(fault string) bool {
		return strings.HasSuffix(fault, ": its first boot has not come to its end") // which disks.Finish ends
	})
	return append(rows.Empty(second, text), faults...), err
}

// written is how many sectors the kernel has written to each loop device of a config, to which nobody else writes. What
// has been written before is on disk by then.
func written(s config.Storage) map[string]string {
	all := map[string]string{}
	for _, d := range s.Disks {
		all[d.Device] = ""
	}
	for _, f := range s.Filesystems {
		all[f.Device] = ""
	}
	for name := range all {
		node, err := filepath.EvalSymlinks(name)
		if err != nil || !strings.HasPrefix(node, "/dev/loop") {
			continue
		}
		if f, no := os.Open(node); no == nil {
			err = errors.Join(f.Sync(), f.Close())
		}
		// the seventh is "write sectors" (Documentation/block/stat.rst)
		if text, no := os.ReadFile("/sys/class/block/" + filepath.Base(node) + "/stat"); err == nil && no == nil {
			all[name] = strings.Fields(string(text))[6]
		}
	}
	return all
}

// round holds what was told of one kind against what was done: lanes are side by side, each in its order.
func round(r disks.Round, deeds []Deed) (faults []string) {
	for _, l := range r.Lanes {
		var own []Deed
		deeds = slices.DeleteFunc(slices.Clone(deeds), func(d Deed) bool {
			is := slices.ContainsFunc(l, func(a *kind.Action) bool { return about(a, d) })
			if is {
				own = append(own, d)
			}
			return is
		})
		faults = append(faults, lane(l, own)...)
	}
	for _, d := range deeds {
		faults = append(faults, fmt.Sprintf("done and not planned: %s (%s)", d.Name, d.ID))
	}
	return faults
}

// about tells whether a deed is what an action was to be. What is planned of a volume that is decided later may be
// several steps.
func about(a *kind.Action, d Deed) bool {
	volume, is := strings.CutPrefix(a.ID, "luks:")
	return a.ID == d.ID || is && strings.HasPrefix(d.ID, "luks-") && !strings.HasPrefix(d.ID, "luks-key:") &&
		strings.HasSuffix(d.ID, ":"+volume)
}

// lane holds the actions of a lane against the steps that ran.
func lane(l kind.Lane, deeds []Deed) (faults []string) {
	for _, a := range l {
		n := 0
		for n < len(deeds) && (n == 0 || a.Effect == plan.Deferred) && about(a, deeds[n]) {
			n++
		}
		switch own := deeds[:n]; {
		case n == 0:
			return append(faults, fmt.Sprintf("planned and not done: %s (%s)", a.Name(), a.ID))
		case a.Effect == plan.Deferred:
			faults = append(faults, resolved(a, own)...)
		case own[0].Name != a.Name():
			faults = append(faults, fmt.Sprintf("planned was %s, what came is %s", a.Name(), own[0].Name))
		case !own[0].Did && a.Effect != plan.Keep:
			faults = append(faults, fmt.Sprintf("planned was %s, and it was there", a.Name()))
		}
		deeds = deeds[n:]
	}
	for _, d := range deeds {
		faults = append(faults, fmt.Sprintf("done and not planned: %s (%s)", d.Name, d.ID))
	}
	return faults
}

// becomes are the effects that the verdicts in docs/disks.md have when they are carried out.
var becomes = map[string][]plan.Effect{
	"keep": {plan.Keep}, "make": {plan.Create, plan.Destroy}, "wipe": {plan.Change, plan.Destroy},
	"create": {plan.Create}, "recreate": {plan.Destroy, plan.Create}, "assemble": {plan.Change},
	"format": {plan.Create, plan.Destroy}, "reuse": {plan.Change, plan.Keep},
}

// resolved: what came of an action that was decided later is one of the outcomes that it listed. Of a volume it is the
// step that decides: whether it is formatted.
func resolved(a *kind.Action, deeds []Deed) []string {
	deciding := deeds[0]
	for _, d := range deeds {
		if strings.HasPrefix(d.ID, "luks-format:") {
			deciding = d
		}
	}
	for _, o := range a.Outcomes {
		for _, e := range becomes[o.Verdict] {
			if strings.HasPrefix(deciding.Name, e.String()+" ") {
				return nil
			}
		}
	}
	return []string{fmt.Sprintf("%s came to %s, which is none of its outcomes", a.Name(), deciding.Name)}
}
