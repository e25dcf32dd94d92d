package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"

	"github.com/spf13/pflag"

	"github.com/glowplug-os/glowplug/internal/build"
	"github.com/glowplug-os/glowplug/internal/diag"
	"github.com/glowplug-os/glowplug/internal/host"
	"github.com/glowplug-os/glowplug/internal/load"
	"github.com/glowplug-os/glowplug/internal/logs"
	"github.com/glowplug-os/glowplug/stages"
	"github.com/glowplug-os/glowplug/stages/files"
)

const applyHelp = `Usage: glowplug apply --root DIR [OPTIONS] CONFIG|-

Makes the users, files, directories, links and units of a config in a directory, by the same
plan as on a first boot. Running it again changes nothing that is done already.

Options:
      --root DIR              the directory, which exists; / only together with --live
      --live                  allow --root /: change the running system
      --dry-run               print the plan and write nothing
      --ignore-unsupported    warn of what a directory cannot take (disks, kernel arguments)
                              instead of refusing it
  -d, --files-dir DIR         the folder of the local files that a Butane document names
      --no-owner              leave owners as they come; needed without root privileges
                              where a config sets them or makes users
      --no-preset             write the preset file, but enable no units by systemctl
      --offline               fetch nothing from the network
  -h, --help                  show this help

A server that does not answer is asked again without end, unless the config sets the time
limit ignition.timeouts.httpTotal; a line on standard error tells of it, again every 30 s.

The plan has one line a step: + create, ~ change, - destroy, = keep, ? decided when it runs.

Exit codes: 0 applied, 1 failed or invalid, 2 wrong usage.

Examples:
  glowplug apply --root build/rootfs web.ign
  glowplug apply --root build/rootfs --dry-run --no-owner web.ign
  glowplug apply --root build/rootfs --files-dir files web.bu
`

type applyOptions struct {
	root, config, filesDir                                      string
	live, dryRun, ignoreUnsupported, noOwner, noPreset, offline bool
}

func (p *program) apply(ctx context.Context, args []string) int {
	o, err := parseApply(args)
	if errors.Is(err, pflag.ErrHelp) {
		fmt.Fprint(p.out, applyHelp)
		return exitOK
	}
	if err != nil {
		return p.misuse("glowplug apply", err)
	}
	style := diag.Style{Color: showsColors(p.err)}
	report := func(problems []diag.Problem) {
		diag.Sort(problems)
		for _, problem := range problems {
			fmt.Fprintln(p.err, style.Text(problem))
		}
	}
	clear := ""
	if showsColors(p.err) {
		clear = diag.EraseLine
	}
	log := slog.New(warnings{p.err, clear})
	a := stages.Application{Audience: diag.Workstation, Log: log, Report: report, Accounts: &files.Accounts{Today: today(p.env)}}
	if clear != "" {
		a.Progress = p.progress
	}
	if a.Documents, err = load.Folder(o.filesDir); err == nil {
		err = p.applyConfig(ctx, o, a)
	}
	fmt.Fprint(p.err, clear)
	if err != nil {
		p.applyFailed(err)
		return exitFailed
	}
	return exitOK
}

// applyFailed ends with what happened and what can be done. What is wrong with a config has been shown already.
func (p *program) applyFailed(err error) {
	var invalid *load.InvalidError
	if errors.As(err, &invalid) {
		p.complain("glowplug apply", fmt.Errorf("%s is invalid", diag.Printable(invalid.Name)))
		return
	}
	p.complain("glowplug apply", err)
	for _, hint := range diag.Hints(err) {
		fmt.Fprintf(p.err, "hint: %s\n", diag.OneLine(hint))
	}
}

// progress shows on a terminal how far the plan is, in one line that the next one replaces.
func (p *program) progress(done, all int, s host.Step) {
	const width = 60
	subject := []rune(diag.Printable(s.Subject))
	if len(subject) > width {
		subject = append(subject[:width], '…')
	}
	fmt.Fprintf(p.err, "%s%d of %d: %s", diag.EraseLine, done, all, string(subject))
}

func parseApply(args []string) (o applyOptions, err error) {
	flags := pflag.NewFlagSet("apply", pflag.ContinueOnError)
	flags.SetOutput(io.Discard)
	flags.StringVar(&o.root, "root", "", "")
	flags.BoolVar(&o.live, "live", false, "")
	flags.BoolVar(&o.dryRun, "dry-run", false, "")
	flags.BoolVar(&o.ignoreUnsupported, "ignore-unsupported", false, "")
	flags.StringVarP(&o.filesDir, "files-dir", "d", "", "")
	flags.BoolVar(&o.noOwner, "no-owner", false, "")
	flags.BoolVar(&o.noPreset, "no-preset", false, "")
	flags.BoolVar(&o.offline, "offline", false, "")
	if err := flags.Parse(args); err != nil {
		return o, err
	}
	switch {
	case flags.NArg() != 1:
		return o, fmt.Errorf("one config is needed, %d are given; - is standard input", flags.NArg())
	case o.root == "":
		return o, errors.New("--root is missing: name the directory to apply the config to")
	}
	o.config = flags.Arg(0)
	if o.root, err = filepath.Abs(o.root); err != nil {
		return o, fmt.Errorf("--root: %w", err)
	}
	if real, err := filepath.EvalSymlinks(o.root); err == nil && real == "/" && !o.live && !o.dryRun {
		return o, errors.New("--root / is the running system; add --live if that is meant")
	}
	return o, nil
}

func (p *program) applyConfig(ctx context.Context, o applyOptions, a stages.Application) error {
	d, err := readDistribution(distributionFile, p.env)
	if err != nil {
		return err
	}
	if a.Name, a.Text, err = p.readConfig(o.config); err != nil {
		return fmt.Errorf("reading the config: %w", err)
	}
	a.Root, a.DryRun, a.IgnoreUnsupported, a.Offline, a.NoOwner, a.NoPreset = o.root, o.dryRun, o.ignoreUnsupported, o.offline, o.noOwner, o.noPreset
	if a.Accounts != nil {
		a.Accounts.Keys.Fragment, a.Accounts.ByTools = d.WriteAuthorizedKeysFragment, d.AccountBackend.byTools()
	}
	a.Version, a.Out, a.Tools = build.Version(), p.out, host.NewTools(d.Tools, a.Log)
	if a.Identity, err = identity(); err != nil {
		return err
	}
	return stages.Apply(ctx, a)
}

// identity is who runs this, which decides whose files it can make.
func identity() (stages.Identity, error) {
	id := stages.Identity{Privileged: os.Geteuid() == 0, UID: uint32(os.Geteuid()), GID: uint32(os.Getegid())}
	groups, err := os.Getgroups()
	for _, g := range append(groups, os.Getegid()) {
		id.Groups = append(id.Groups, uint32(g))
	}
	return id, err
}

func (p *program) readConfig(name string) (shown string, text []byte, err error) {
	if name == "-" {
		text, err = io.ReadAll(p.in)
		return "standard input", text, err
	}
	text, err = os.ReadFile(name)
	return name, text, err
}

const peerApplyHelp = `Usage: ignition-apply [--root DIR] [--ignore-unsupported] [--offline] [--version] CONFIG|-

Makes the files and units of a config in a container's root; --root is / by default.
`

// peerApply is what images call ignition-apply (docs/peer/engine.md §13).
func (p *program) peerApply(ctx context.Context) int {
	var o applyOptions
	var showVersion bool
	flags := pflag.NewFlagSet("ignition-apply", pflag.ContinueOnError)
	flags.SetOutput(io.Discard)
	flags.StringVar(&o.root, "root", "/", "")
	flags.BoolVar(&o.ignoreUnsupported, "ignore-unsupported", false, "")
	flags.BoolVar(&o.offline, "offline", false, "")
	flags.BoolVar(&showVersion, "version", false, "")
	err := flags.Parse(p.args)
	switch {
	case errors.Is(err, pflag.ErrHelp):
		fmt.Fprint(p.out, peerApplyHelp)
		return exitOK
	case err != nil:
		p.complain("ignition-apply", err)
		fmt.Fprint(p.err, peerApplyHelp)
		return exitUsage
	case showVersion:
		fmt.Fprintln(p.out, "Ignition", build.Version())
		return exitOK
	case flags.NArg() != 1:
		fmt.Fprint(p.err, peerApplyHelp)
		return exitFailed
	}
	o.config, o.noPreset = flags.Arg(0), true
	log := slog.New(logs.Stdout(p.out))
	if err := p.peerApplyTo(ctx, o, log); err != nil {
		log.Error("Ignition failed: " + err.Error())
		return exitFailed
	}
	return exitOK
}

func (p *program) peerApplyTo(ctx context.Context, o applyOptions, log *slog.Logger) (err error) {
	if o.root, err = filepath.Abs(o.root); err != nil {
		return err
	}
	if !p.inContainer() {
		return errors.New("this is no container; glowplug apply changes a directory, or with --live the running system")
	}
	return p.applyConfig(ctx, o, stages.Application{Audience: diag.Boot, Log: log, Report: stages.Reporter(log)})
}

// inContainer: podman and docker leave these marks; systemd-nspawn and others set the variable.
func (p *program) inContainer() bool {
	if p.env("container") != "" {
		return true
	}
	for _, mark := range []string{"/run/.containerenv", "/.dockerenv"} {
		if _, err := os.Stat(mark); err == nil {
			return true
		}
	}
	return false
}

// warnings shows log records of warning and above, and what is waited for, as plain lines; apply is quiet about what goes well.
type warnings struct {
	w     io.Writer
	clear string // takes back the line of progress
}

func (h warnings) Enabled(_ context.Context, level slog.Level) bool {
	return level >= slog.LevelWarn || level == logs.Waiting || level == logs.LevelRetry
}

func (h warnings) Handle(_ context.Context, r slog.Record) error {
	if r.Level >= slog.LevelError {
		return nil // what failed is in the error that ends the command
	}
	before := h.clear
	if r.Level == slog.LevelWarn {
		before += "warning: "
	}
	_, err := fmt.Fprintln(h.w, before+diag.OneLine(r.Message))
	return err
}

func (h warnings) WithAttrs([]slog.Attr) slog.Handler { return h }

func (h warnings) WithGroup(string) slog.Handler { return h }
