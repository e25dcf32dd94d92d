package units

import (
	"context"
	"errors"
	"slices"
	"strings"

	"github.com/glowplug-os/glowplug/internal/diag"
	"github.com/glowplug-os/glowplug/internal/plan"
	"github.com/glowplug-os/glowplug/internal/root"
	"github.com/glowplug-os/glowplug/internal/tool"
)

// systemctl works on the root's files; no manager has to run, there or here.
func (r runner) systemctl(ctx context.Context, verb, name string) ([]byte, error) {
	args := []string{"--root", r.Root.Dir(), verb}
	if strings.HasPrefix(name, "-") {
		args = append(args, "--") // -.mount is the unit of the root filesystem
	}
	// Where a unit has a namesake in /etc/init.d, systemctl would call a program of Debian's that no initramfs has,
	// about links that mean nothing beside the unit's own (SYSTEMD.ENVIRONMENT of systemd).
	return r.Tools.Run(ctx,
		tool.Command{Tool: "systemctl", Args: append(args, name), Env: []string{"SYSTEMCTL_SKIP_SYSV=1"}})
}

// nothingToDisable are answers of systemctl is-enabled, with success, about units that no link of the root enables.
var nothingToDisable = []string{"static", "generated", "transient"}

// isEnabled asks systemctl. Whatever it says but yes means no, and so does a root without systemctl
// (docs/peer/engine.md §11.6). One that has not come to say anything is an error: the unit could stay enabled. So is
// one that only complains, of something else than that there is no such unit, where a link enables the unit; made is
// nil where nobody knows the links.
func (r runner) isEnabled(ctx context.Context, name string, made links) (bool, error) {
	if r.Tools == nil {
		return false, nil
	}
	answer, err := r.systemctl(ctx, "is-enabled", name)
	said := strings.TrimSpace(string(answer))
	var failed *tool.Error
	switch {
	case err == nil:
		return !slices.Contains(nothingToDisable, said), nil
	case context.Cause(ctx) != nil:
		return false, context.Cause(ctx)
	case errors.Is(err, tool.ErrNotFound):
		return false, nil
	case !errors.As(err, &failed) || failed.Status < 0:
		return false, err
	case said == "" && failed.Said != "" && !strings.HasSuffix(failed.Said, noSuchUnit) && made.hang(name):
		return false, err
	}
	return false, nil
}

// noSuchUnit is how systemctl ends its complaint about a unit that the root does not have (strerror of ENOENT).
const noSuchUnit = "No such file or directory"

// disable makes the step that disables a unit. Links that are to stay do so, whatever systemctl takes for links of the
// unit. The line in the preset file is not enough: unless it is built otherwise, systemd's presets at a first boot
// enable units and never disable one.
func (r runner) disable(w wanted, stays linkJudge, made links) plan.Step {
	s := plan.Step{ID: "disable:" + w.Name, Effect: plan.Deferred, Origin: w.origin,
		Subject: "disable " + diag.Name(w.Name), Detail: "if it is enabled then"}
	if made != nil && !made.lead(w.Name) {
		s.Effect, s.Detail = plan.Keep, "it is not enabled"
	}
	s.Check = func(ctx context.Context) (plan.State, error) {
		if aside, err := r.Root.Lstat(asideDir); err != nil || aside.Kind != root.Absent {
			return plan.Pending, err
		}
		if enabled, err := r.isEnabled(ctx, w.Name, made); err != nil || enabled {
			return plan.Pending, err
		}
		return plan.Done, nil
	}
	s.Do = func(ctx context.Context) error {
		interrupted, err := r.putBack()
		if err != nil {
			return err
		}
		// the step may be due for that alone, and systemctl refuses to disable a unit that the root lacks
		if interrupted {
			if enabled, err := r.isEnabled(ctx, w.Name, made); err != nil || !enabled {
				return err
			}
		}
		return r.keeping(stays, func() error {
			_, err := r.systemctl(ctx, "disable", w.Name)
			return err
		})
	}
	return s
}

// enable makes the step that enables a unit in a root that may never see a first boot. systemctl makes the links that
// are missing and leaves the others. What it refuses is told, and the rest is done, as when presets are applied.
func (r runner) enable(w wanted, made links) plan.Step {
	s := plan.Step{ID: "enable:" + w.Name, Effect: plan.Deferred, Origin: w.origin,
		Subject: "enable " + diag.Name(w.Name), Detail: "if it is not enabled then"}
	if made.enable(w) {
		s.Effect, s.Detail = plan.Keep, "it is enabled"
	}
	s.Do = func(ctx context.Context) error {
		_, err := r.systemctl(ctx, "enable", w.Name)
		var refused *tool.Error
		if context.Cause(ctx) != nil || !errors.As(err, &refused) || refused.Status < 0 {
			return err
		}
		what := " cannot be enabled: "
		if enabled, err := r.isEnabled(ctx, w.Name, nil); err != nil {
			return err
		} else if enabled {
			what = " is enabled in part: " // an alias is taken, say, and the other links are made
		}
		r.Tell(w.origin, "unit "+diag.Name(w.Name)+what+err.Error())
		return nil
	}
	return s
}

// remark makes a step that only says that a unit's state will not be what the config says.
func (r runner) remark(name, origin, why string) plan.Step {
	s := plan.Step{ID: remarkID + name, Effect: plan.Keep, Origin: origin, Subject: "unit " + diag.Name(name),
		Detail: why}
	s.Do = func(context.Context) error {
		r.Tell(origin, s.Subject+" "+why)
		return nil
	}
	return s
}
