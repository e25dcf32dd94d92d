package engine

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"

	"github.com/glowplug-os/glowplug/internal/cli"
	"github.com/glowplug-os/glowplug/internal/diag"
	"github.com/glowplug-os/glowplug/internal/host"
	"github.com/glowplug-os/glowplug/internal/logs"
	"github.com/glowplug-os/glowplug/stages"
)

// Apply fills in what the machine and its image decide, and applies a config, read from a file or, for -, from standard
// input.
func Apply(ctx context.Context, p *cli.Process, config string, a stages.Application) error {
	d, err := readDistribution(distributionFile, p.Env)
	if err != nil {
		return err
	}
	if a.Name, a.Text, err = ReadConfig(p, config); err != nil {
		return fmt.Errorf("reading the config: %w", err)
	}
	if a.Accounts != nil {
		a.Accounts.Keys.Fragment, a.Accounts.ByTools = d.WriteAuthorizedKeysFragment, d.AccountBackend.byTools()
	}
	a.Version, a.Out, a.Tools = p.Version, p.Out, host.NewTools(d.Tools, a.Log)
	if a.Identity, err = Identity(); err != nil {
		return err
	}
	return stages.Apply(ctx, a)
}

// Identity is who runs this, which decides whose files it can make.
func Identity() (stages.Identity, error) {
	id := stages.Identity{Privileged: os.Geteuid() == 0, UID: uint32(os.Geteuid()), GID: uint32(os.Getegid())}
	groups, err := os.Getgroups()
	for _, g := range append(groups, os.Getegid()) {
		id.Groups = append(id.Groups, uint32(g))
	}
	return id, err
}

// ReadConfig reads a file or, for -, standard input.
func ReadConfig(p *cli.Process, name string) (shown string, text []byte, err error) {
	if name == "-" {
		text, err = io.ReadAll(p.In)
		return "standard input", text, err
	}
	text, err = os.ReadFile(name)
	return name, text, err
}

// PeerApply is what images call ignition-apply (docs/peer/engine.md §13).
func PeerApply() cli.Command {
	var root string
	var version bool
	var a stages.Application
	return cli.Command{
		Called: "ignition-apply",
		Usage:  []string{"ignition-apply [--root DIR] [--ignore-unsupported] [--offline] [--version] CONFIG|-"},
		Short:  "make the files and units of a config in a container's root", Grammar: cli.PeerApply(),
		Product: "Ignition", Section: "8",
		Text:     []string{"Makes the files and units of a config in a container's root."},
		Operands: cli.Operands{Files: true},
		Options: []cli.Option{
			{Long: "root", Value: "DIR", Default: "/", Set: cli.Text(&root), Words: "the root"},
			{Long: "ignore-unsupported", Set: cli.Switch(&a.IgnoreUnsupported),
				Words: "warn of what a container cannot take instead of refusing it"},
			{Long: "offline", Set: cli.Switch(&a.Offline), Words: "fetch nothing from the network"},
			{Long: "version", Set: cli.Switch(&version), Words: "print the version"},
			cli.HelpOption(),
		},
		Exits: []cli.Exit{{Code: 0, Meaning: "applied"},
			{Code: 1, Meaning: "failed, invalid, or other than one config"}, {Code: 2, Meaning: "an unknown option"}},
		Run: func(ctx context.Context, p *cli.Process, operands []string) error {
			switch {
			case version:
				return cli.ErrVersion
			case len(operands) != 1:
				return cli.ShowUsage(cli.ExitFailed)
			}
			log := slog.New(logs.Stdout(p.Out))
			if err := peerApply(ctx, p, root, operands[0], a, log); err != nil {
				log.Error("Ignition failed: " + err.Error())
				return cli.ExitError(cli.ExitFailed)
			}
			return nil
		},
	}
}

func peerApply(
	ctx context.Context, p *cli.Process, root, config string, a stages.Application, log *slog.Logger,
) (err error) {
	if a.Root, err = filepath.Abs(root); err != nil {
		return err
	}
	if !inContainer(p.Env) {
		return errors.New("this is no container; glowplug apply changes a directory, or with --live the running system")
	}
	a.Audience, a.Log, a.Report, a.NoPreset = diag.Boot, log, stages.Reporter(log), true
	return Apply(ctx, p, config, a)
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
