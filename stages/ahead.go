package stages

import (
	"context"

	"github.com/glowplug-os/glowplug/config"
	"github.com/glowplug-os/glowplug/internal/plan"
	"github.com/glowplug-os/glowplug/internal/root"
	"github.com/glowplug-os/glowplug/internal/target"
	"github.com/glowplug-os/glowplug/stages/files"
	"github.com/glowplug-os/glowplug/stages/users"
)

// PlanAhead plans for a directory as Plan does, has somebody see the plan before anything is done, and gives what is
// to be run. Show gets what is in the way as well; its error ends all. Then tools of the root make accounts, where the
// image wants that, which the plan shows as edits of ours, and what a run that was cut off has left is finished: after
// each of these the root is another, and is planned again. What contents are fetched by is got before that.
func PlanAhead(ctx context.Context, cfg config.Config, o files.Options, tell func(plan.Event),
	show func(*Forecast, error) error) (plan.Plan, error) {
	f, err := Plan(ctx, cfg, nil, target.WholeOf(o.Root), Circumstances{Files: o, Protection: o.Root.Protection})
	if ended := show(f, err); ended != nil {
		return nil, ended
	}
	if f.hinders != nil {
		return nil, err
	}
	record, failed := o.Root.Lstat(users.Record)
	if failed != nil {
		return nil, failed
	}
	byTools := o.Image.Accounts == target.ShadowUtils
	again := byTools || record.Kind != root.Absent
	if err != nil && !again {
		return f.Files.Steps, err
	}
	if o.Ready != nil {
		if err := o.Ready(ctx); err != nil {
			return nil, err
		}
	}
	if !again {
		return f.Files.Steps, nil
	}
	if err := o.Root.Recover(users.Record); err != nil {
		return nil, err
	}
	if byTools {
		o.Accounts = files.MadeByTools
	}
	if err := accountsByTools(ctx, cfg, o, tell); err != nil {
		return nil, err
	}
	return files.Plan(cfg, target.Of(o.Root), o)
}
