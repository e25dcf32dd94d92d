package engine

import (
	"context"

	"github.com/glowplug-os/glowplug/internal/build"
	"github.com/glowplug-os/glowplug/internal/cli"
)

// PeerApply is what images call ignition-apply (docs/peer/engine.md §13).
func PeerApply() cli.Command {
	var root string
	var version bool
	var ignoreUnsupported, offline bool
	return cli.Command{
		Called: "ignition-apply",
		Usage:  []string{"ignition-apply [--root DIR] [--ignore-unsupported] [--offline] [--version] CONFIG|-"},
		Short:  "make the files and units of a config in a container's root", Grammar: cli.PeerApply(),
		Product: "Ignition", Level: build.Ignition, Section: "8",
		Text:     []string{"Makes the files and units of a config in a container's root."},
		Operands: cli.Operands{Files: true},
		Options: []cli.Option{
			{Long: "root", Value: "DIR", Default: "/", Set: cli.Text(&root), Words: "the root"},
			{Long: "ignore-unsupported", Set: cli.Switch(&ignoreUnsupported),
				Words: "warn of what a container cannot take instead of refusing it"},
			{Long: "offline", Set: cli.Switch(&offline), Words: "fetch nothing from the network"},
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
			return applyInContainer(ctx, p, containerOptions{root, operands[0], ignoreUnsupported, offline})
		},
	}
}

type containerOptions struct {
	root, config               string
	ignoreUnsupported, offline bool
}
