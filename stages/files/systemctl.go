package files

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
func (w *worker) systemctl(ctx context.Context, verb, name string) ([]byte, error) {
	args := []string{"--root", w.Root.Dir(), verb}
	if strings.HasPrefix(name, "-") {
		args = append(args, "--") // -.mount is the unit of the root filesystem
	}
	// Where a unit has a namesake in /etc/init.d, systemctl would call a program of Debian's that no initramfs has,
	// about links that mean nothing beside the unit's own (SYSTEMD.ENVIRONMENT of systemd).
	return w.Tools.Run(ctx,
		tool.Command{Tool: "systemctl", Args: append(args, name), Env: []string{"SYSTEMCTL_SKIP_SYSV=1"}})
}

// nothingToDisable are answers of systemctl is-enabled, with success, about units that no link of the root enables.
var nothingToDisable = []string{"static", "generated", "transient"}

// isEnabled asks systemctl. Whatever keeps it from saying yes means no (docs/peer/engine.md §11.6), but for the end of
// ctx.
func (w *worker) isEnabled(ctx context.Context, name string) (bool, error) {
	if w.Tools == nil {
		return false, nil
	}
	answer, err := w.systemctl(ctx, "is-enabled", name)
	return err == nil && !slices.Contains(nothingToDisable, strings.TrimSpace(string(answer))), context.Cause(ctx)
}

// disable makes the step that disables a unit. Links that are to stay do so, whatever systemctl takes for links of the
// unit. The line in the preset file is not enough: unless it is built otherwise, systemd's presets at a first boot
// enable units and never disable one.
func (p *planner) disable(name, origin string, stays linkJudge) plan.Step {
	w := p.worker
	return plan.Step{
		ID: "disable:" + name, Effect: plan.Deferred, Origin: origin,
		Subject: "disable " + diag.Name(name), Detail: "if it is enabled then",
		Check: func(ctx context.Context) (plan.State, error) {
			if aside, err := w.Root.Lstat(asideDir); err != nil || aside.Kind != root.Absent {
				return plan.Pending, err
			}
			if enabled, err := w.isEnabled(ctx, name); err != nil || enabled {
				return plan.Pending, err
			}
			return plan.Done, nil
		},
		Do: func(ctx context.Context) error {
			interrupted, err := w.putBack()
			if err != nil {
				return err
			}
			// the step may be due for that alone, and systemctl refuses to disable a unit that the root lacks
			if interrupted {
				if enabled, err := w.isEnabled(ctx, name); err != nil || !enabled {
					return err
				}
			}
			return w.keeping(stays, func() error {
				_, err := w.systemctl(ctx, "disable", name)
				return err
			})
		},
	}
}

// enable makes the step that enables a unit in a root that may never see a first boot. systemctl makes the links that
// are missing and leaves the others. What it refuses is told, and the rest is done, as when presets are applied.
func (p *planner) enable(name, origin string) plan.Step {
	w := p.worker
	return plan.Step{
		ID: "enable:" + name, Effect: plan.Deferred, Origin: origin,
		Subject: "enable " + diag.Name(name), Detail: "if it is not enabled then",
		Do: func(ctx context.Context) error {
			_, err := w.systemctl(ctx, "enable", name)
			var refused *tool.Error
			if context.Cause(ctx) != nil || !errors.As(err, &refused) || refused.Status < 0 {
				return err
			}
			what := " cannot be enabled: "
			if enabled, err := w.isEnabled(ctx, name); err != nil {
				return err
			} else if enabled {
				what = " is enabled in part: " // an alias is taken, say, and the other links are made
			}
			w.warn(origin, "unit "+diag.Name(name)+what+err.Error())
			return nil
		},
	}
}

// remark makes a step that only says that a unit's state will not be what the config says.
func (p *planner) remark(name, origin, why string) plan.Step {
	s := plan.Step{ID: "state:" + name, Effect: plan.Keep, Origin: origin, Subject: "unit " + diag.Name(name),
		Detail: why}
	s.Do = func(context.Context) error {
		p.worker.warn(origin, s.Subject+" "+why)
		return nil
	}
	return s
}

func (w *worker) warn(origin, what string) {
	if w.Warn != nil {
		w.Warn(origin, what)
	}
}
