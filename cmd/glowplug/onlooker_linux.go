package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/glowplug-os/glowplug/config"
	"github.com/glowplug-os/glowplug/internal/cli"
	"github.com/glowplug-os/glowplug/internal/diag"
	"github.com/glowplug-os/glowplug/internal/plan"
	"github.com/glowplug-os/glowplug/internal/process"
	"github.com/glowplug-os/glowplug/internal/report"
	"github.com/glowplug-os/glowplug/stages"
	"github.com/glowplug-os/glowplug/stages/files"
)

var (
	// errOnlyPlanned ends a dry run.
	errOnlyPlanned = errors.New("this is a dry run")
	errOther       = errors.New("nothing is changed, as the plan is another one now")
	errOtherPlan   = diag.WithHint(errOther,
		"glowplug plan, with the options that the plan was made with, tells all of it as it is now")
	errFetchedPlan = diag.WithHint(errOther, "the plan was made with --fetch, so it says what becomes of files whose "+
		"content servers have, which apply finds out when it comes to them; a plan that is made without --fetch can "+
		"be compared")
	errNoPlan = errors.New("larger than any plan")
)

// An onlooker sees the plan of apply before it is run.
type onlooker struct {
	told   *status
	out    io.Writer
	dryRun bool
	saved  *report.Saved // what the plan has to be; nil for whatever it is
	file   string        // that saved is from
	keys   *keyring
}

// plan makes the plan that is run.
func (l *onlooker) plan(ctx context.Context, cfg config.Config, o files.Options) (plan.Plan, error) {
	steps, err := stages.PlanAhead(ctx, cfg, o, l.told.hear,
		func(f *stages.Forecast, err error) error { return l.see(ctx, f, err) })
	l.keys.note(steps, o)
	return withoutSystemctl(steps, o), err
}

// see ends a run that is only to be planned, or whose plan is not the saved one. What is in the way of others is found
// by whoever carries them out.
func (l *onlooker) see(ctx context.Context, f *stages.Forecast, err error) error {
	if err != nil && (l.dryRun || l.saved != nil) {
		return err
	}
	if err != nil {
		return nil
	}
	now := f.Report(l.dryRun)
	if l.saved != nil {
		err = l.compare(ctx, f, now)
	}
	switch {
	case err != nil:
		return err
	case l.dryRun:
		return cmp.Or(now.WriteText(l.out), errOnlyPlanned)
	}
	l.told.planned(now)
	return nil
}

// compare tells in what the plan differs from the saved one.
func (l *onlooker) compare(ctx context.Context, f *stages.Forecast, now *report.Plan) error {
	if err := f.Mark(ctx, now, l.saved.Salt()); err != nil {
		return err
	}
	lines, err := l.saved.Compare(now)
	if err != nil || len(lines) == 0 {
		return err
	}
	l.told.say("now the plan differs from that of " + diag.Name(l.file) + ":\n  " + strings.Join(lines, "\n  ") + "\n")
	if l.saved.Fetched() {
		return errFetchedPlan
	}
	return errOtherPlan
}

// saved reads the plan that glowplug plan has written; nil for none.
func (o *applyOptions) saved(ctx context.Context, p *cli.Process) (*report.Saved, error) {
	if o.plan == "" {
		return nil, nil
	}
	name, text, err := process.ReadUntil(ctx, p, o.plan)
	switch {
	case err == nil:
	case ctx.Err() != nil:
		return nil, fmt.Errorf("reading the plan: %w", err)
	case errors.Is(err, process.ErrTooLarge):
		err = fmt.Errorf("reading the plan: %s: %w", diag.Name(name), errNoPlan)
	default:
		err = fmt.Errorf("reading the plan: %w", err)
	}
	var saved *report.Saved
	if err == nil {
		saved, err = report.ReadSaved(name, text)
	}
	return saved, diag.WithHint(err, "--plan takes what glowplug plan --format json has written, as it is")
}
