package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"strings"

	"github.com/glowplug-os/glowplug/config"
	"github.com/glowplug-os/glowplug/internal/cli"
	"github.com/glowplug-os/glowplug/internal/diag"
	"github.com/glowplug-os/glowplug/internal/plan"
	"github.com/glowplug-os/glowplug/internal/process"
	"github.com/glowplug-os/glowplug/internal/report"
	"github.com/glowplug-os/glowplug/internal/root"
	"github.com/glowplug-os/glowplug/internal/target"
	"github.com/glowplug-os/glowplug/stages"
	"github.com/glowplug-os/glowplug/stages/files"
	"github.com/glowplug-os/glowplug/stages/units"
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
	// options are those that a plan has.
	options []string
	log     *slog.Logger
	// locked says that nobody gets in by the keys of users, whom the plan that is run has, once it is told.
	locked bool
	users  []string
}

// plan makes the plan that is run. From then on the root is that of this run. What it will leave undone is told before
// anything is done.
func (l *onlooker) plan(ctx context.Context, cfg config.Config, o files.Options) (plan.Plan, error) {
	if !l.dryRun {
		if err := root.Lock(o.Root.Reader); err != nil {
			return nil, diag.WithHint(fmt.Errorf("%s: %w", diag.Name(o.Root.Dir()), err),
				"wait until it has ended, and run this again")
		}
	}
	o.Warn = once(o.Warn)
	steps, err := stages.PlanAhead(ctx, cfg, o, l.told.hear,
		func(f *stages.Forecast, err error) error { return l.see(ctx, f, o, err) })
	if err != nil {
		return nil, err
	}
	steps, left := withoutSystemctl(steps, o, hasSystemctl(o))
	l.warn(o, left)
	l.users = readers(steps, o)
	return steps, nil
}

// see ends a run that is only to be planned, or whose plan is not the saved one. What is in the way of others is found
// by whoever carries them out.
func (l *onlooker) see(ctx context.Context, f *stages.Forecast, o files.Options, err error) error {
	if err != nil && (l.dryRun || l.saved != nil) {
		return err
	}
	if err != nil {
		return nil
	}
	notices := foresee(f, o, hasSystemctl(o))
	now := f.Report(l.dryRun)
	if l.saved != nil {
		err = l.compare(ctx, f, now)
	}
	switch {
	case err != nil:
		return err
	case l.dryRun:
		now.Notes = append(now.Notes, whats(notices)...)
		return cmp.Or(now.WriteText(l.out), errOnlyPlanned)
	}
	l.told.planned(now)
	l.warn(o, notices...)
	for _, s := range f.Files.Steps {
		if units.Remarks(&s) {
			l.warn(o, notice{origin: s.Origin, what: s.Subject + " " + s.Detail})
		}
	}
	return nil
}

func (l *onlooker) warn(o files.Options, all ...notice) {
	for _, n := range all {
		switch {
		case n.what == "":
		case n.origin == "":
			l.log.Warn(n.what)
			l.locked = l.locked || n.keys
		default:
			o.Tell(n.origin, n.what)
		}
	}
}

// lockedOut says, of the root as it is by now, what could not be said before.
func (l *onlooker) lockedOut(dir string) {
	in, err := root.Open(dir)
	if err != nil || l.locked {
		return
	}
	defer in.Close()
	l.warn(files.Options{}, notice{what: unreadKeys(target.Of(in), l.users)})
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
	if made := l.saved.Unlike(l.options); made != "" {
		return diag.WithHint(errOther, "the plan was made "+made+", and this is not: give both the same options")
	}
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
	switch {
	case err != nil:
	case len(text) == 0:
		err = fmt.Errorf("reading the plan: %s: is empty", diag.Name(name))
	default:
		saved, err = report.ReadSaved(name, text)
	}
	return saved, diag.WithHint(err, "--plan takes what glowplug plan --format json has written, as it is")
}
