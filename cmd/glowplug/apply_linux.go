package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"

	"github.com/glowplug-os/glowplug/internal/advice"
	"github.com/glowplug-os/glowplug/internal/cli"
	"github.com/glowplug-os/glowplug/internal/diag"
	"github.com/glowplug-os/glowplug/internal/engine"
	"github.com/glowplug-os/glowplug/internal/load"
	"github.com/glowplug-os/glowplug/internal/logs"
	"github.com/glowplug-os/glowplug/internal/plan"
	"github.com/glowplug-os/glowplug/internal/tree"
	"github.com/glowplug-os/glowplug/stages"
)

func (o *applyOptions) run(ctx context.Context, p *cli.Process, operands []string) (err error) {
	if err := o.judge(operands); err != nil {
		return err
	}
	style := diag.Style{Color: p.Err.Colors}
	report := func(problems []diag.Problem) {
		diag.Sort(problems)
		advice.Give(problems)
		for _, problem := range problems {
			fmt.Fprintln(p.Err, style.Text(problem))
		}
	}
	clear := ""
	if p.Err.Colors {
		clear = diag.EraseLine
	}
	log := slog.New(warnings{p.Err, clear})
	a := stages.Application{
		Audience: diag.Workstation, Log: log, Report: report, Accounts: true,
		Root: o.root, DryRun: o.dryRun, IgnoreUnsupported: o.ignoreUnsupported, Offline: o.offline, NoOwner: o.noOwner,
		NoPreset: o.noPreset, Idle: o.fetchTimeout,
	}
	if clear != "" {
		a.Steps = func(e plan.Event) { progress(p.Err, e) }
	}
	if a.Documents, err = load.Folder(o.filesDir); err == nil {
		a.Documents.Lint = tree.Unseen
		err = engine.Apply(ctx, p, operands[0], a)
	}
	fmt.Fprint(p.Err, clear)
	// What is wrong with a config has been shown already.
	if invalid := (*load.InvalidError)(nil); errors.As(err, &invalid) {
		return fmt.Errorf("%s is invalid", diag.Printable(invalid.Name))
	}
	return err
}

// progress shows on a terminal how far the plan is, in one line that the next one replaces.
func progress(w io.Writer, e plan.Event) {
	if e.Turn != plan.Awaited {
		return
	}
	const width = 60
	subject := []rune(diag.Printable(e.Step.Subject))
	if len(subject) > width {
		subject = append(subject[:width], '…')
	}
	fmt.Fprintf(w, "%s%d of %d: %s", diag.EraseLine, e.Done, e.All, string(subject))
}

// warnings shows log records of warning and above, and what is waited for, as plain lines; apply is quiet about what
// goes well.
type warnings struct {
	w     io.Writer
	clear string // takes back the line of progress
}

func (h warnings) Enabled(_ context.Context, level slog.Level) bool {
	return level >= slog.LevelWarn || level == logs.Waiting || level == logs.LevelRetry
}

func (h warnings) Handle(_ context.Context, r slog.Record) error {
	before := h.clear
	if r.Level == slog.LevelWarn {
		before += "warning: "
	}
	_, err := fmt.Fprintln(h.w, before+diag.OneLine(r.Message))
	return err
}

func (h warnings) WithAttrs([]slog.Attr) slog.Handler { return h }

func (h warnings) WithGroup(string) slog.Handler { return h }
