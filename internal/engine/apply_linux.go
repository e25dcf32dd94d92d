package engine

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"

	"github.com/glowplug-os/glowplug/internal/cli"
	"github.com/glowplug-os/glowplug/internal/diag"
	"github.com/glowplug-os/glowplug/internal/handoff"
	"github.com/glowplug-os/glowplug/internal/logs"
	"github.com/glowplug-os/glowplug/internal/plan"
	"github.com/glowplug-os/glowplug/internal/process"
	"github.com/glowplug-os/glowplug/internal/target"
	"github.com/glowplug-os/glowplug/internal/tool"
	"github.com/glowplug-os/glowplug/stages"
	"github.com/glowplug-os/glowplug/stages/files"
)

// Apply fills in what the machine and its image decide, and applies a config, read from a file or, for -, from standard
// input.
func Apply(ctx context.Context, p *cli.Process, config string, a stages.Application) error {
	d, err := readDistribution(distributionFile, p.Env)
	if err != nil {
		return err
	}
	if a.Name, a.Text, err = process.ReadUntil(ctx, p, config); err != nil {
		return fmt.Errorf("reading the config: %w", err)
	}
	a.Version, a.Files.Tools, a.Rendered = p.Version, tool.New(d.Tools, a.Log), handoff.IsConfig(config)
	if err := d.decide(p, &a.Files); err != nil {
		return err
	}
	a.Unprivileged = !a.Files.Privileged
	return stages.Apply(ctx, a)
}

// decide fills in what the machine and its image decide of a plan.
func (d *distribution) decide(p *cli.Process, o *files.Options) (err error) {
	o.Image, o.Users.Today = d.Image, Today(p)
	o.Identity, err = Identity()
	return err
}

// Identity is who runs this, which decides whose files it can make.
func Identity() (target.Identity, error) {
	id := target.Identity{Privileged: os.Geteuid() == 0, UID: uint32(os.Geteuid()), GID: uint32(os.Getegid())}
	groups, err := os.Getgroups()
	for _, g := range append(groups, os.Getegid()) {
		id.Groups = append(id.Groups, uint32(g))
	}
	return id, err
}

// applyInContainer ends with the line that the peer's ends with.
func applyInContainer(ctx context.Context, p *cli.Process, o containerOptions) error {
	log := slog.New(logs.Stdout(p.Out))
	if err := o.apply(ctx, p, log); err != nil {
		log.Error("Ignition failed: " + err.Error())
		return cli.ExitError(cli.ExitFailed)
	}
	return nil
}

func (o *containerOptions) apply(ctx context.Context, p *cli.Process, log *slog.Logger) error {
	root, err := filepath.Abs(o.root)
	if err != nil {
		return err
	}
	if !inContainer(p.Env) {
		return errors.New("this is no container; glowplug apply changes a directory, or with --live the running system")
	}
	steps := log.WithGroup("files")
	a := stages.Application{
		Request: stages.Request{Audience: diag.Boot, Log: log, Report: stages.Reporter(log), Offline: o.offline},
		Root:    root, IgnoreUnsupported: o.ignoreUnsupported, Steps: func(e plan.Event) { logs.Step(steps, e) },
	}
	if o.ignoreUnsupported {
		a.Files.Accounts = files.LeaveAccounts
	}
	return Apply(ctx, p, o.config, a)
}

// inContainer: podman and docker leave these marks; systemd-nspawn and others set the variable.
func inContainer(env func(string) string) bool {
	if env("container") != "" {
		return true
	}
	for _, mark := range []string{"/run/.containerenv", "/.dockerenv"} {
		if _, err := os.Stat(mark); err == nil {
			return true
		}
	}
	return false
}
