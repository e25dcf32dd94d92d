package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"time"

	"golang.org/x/sys/unix"

	"github.com/glowplug-os/glowplug/internal/advice"
	"github.com/glowplug-os/glowplug/internal/cli"
	"github.com/glowplug-os/glowplug/internal/diag"
	"github.com/glowplug-os/glowplug/internal/engine"
	"github.com/glowplug-os/glowplug/internal/load"
	"github.com/glowplug-os/glowplug/internal/target"
	"github.com/glowplug-os/glowplug/internal/tree"
	"github.com/glowplug-os/glowplug/stages"
	"github.com/glowplug-os/glowplug/stages/files"
)

func (o *applyOptions) run(ctx context.Context, p *cli.Process, operands []string) (err error) {
	if err := o.judge(operands); err != nil {
		return err
	}
	if o.isOfImages() {
		return o.runImages(ctx, p, operands[0])
	}
	style := diag.Style{Color: p.Err.Colors}
	told := &status{to: p.Err, terminal: p.Err.Terminal, quiet: o.quiet, now: p.Now,
		width: func() int { return columns(p.Err.To) }}
	saved, err := o.saved(ctx, p)
	if err != nil {
		return err
	}
	look := &onlooker{told: told, log: slog.New(told), out: p.Out, dryRun: o.dryRun, saved: saved, file: o.plan,
		options: given(option{"--root", true}, option{"--no-owner", o.noOwner}, option{"--no-preset", o.noPreset})}
	a := stages.Application{
		Request: stages.Request{Audience: diag.Workstation, Log: slog.New(told), Offline: o.offline, Late: true,
			Idle: o.fetchTimeout, Report: func(problems []diag.Problem) {
				diag.Sort(problems)
				advice.Give(problems)
				told.report(style, problems)
			}},
		Root: o.root, IgnoreUnsupported: o.ignoreUnsupported, Steps: told.hear,
		Files: files.Options{Accounts: files.MakeAccounts, Enable: !o.noPreset,
			Means: target.Means{NoOwner: o.noOwner}},
		Plan: look.plan,
	}
	ticks := time.NewTicker(time.Second)
	defer ticks.Stop()
	told.begin(ticks.C)
	if a.Documents, err = load.Folder(o.filesDir); err == nil {
		a.Documents.Lint = tree.Unseen
		err = engine.Apply(ctx, p, operands[0], a)
	}
	if err == nil {
		look.lockedOut(o.root)
	}
	if o.dryRun {
		told.end()
	} else {
		told.finish(err)
	}
	if errors.Is(err, errOnlyPlanned) {
		return nil
	}
	// What is wrong with a config has been shown already.
	if invalid := (*load.InvalidError)(nil); errors.As(err, &invalid) {
		return fmt.Errorf("%s is invalid", diag.Printable(invalid.Name))
	}
	return err
}

// columns is how wide a terminal is (ioctl_tty(2)).
func columns(w io.Writer) int {
	const usual = 80
	f, ok := w.(*os.File)
	if !ok {
		return usual
	}
	size, err := unix.IoctlGetWinsize(int(f.Fd()), unix.TIOCGWINSZ)
	if err != nil || size.Col == 0 {
		return usual
	}
	return int(size.Col)
}
