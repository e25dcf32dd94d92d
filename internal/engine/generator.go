package engine

import (
	"context"

	"github.com/glowplug-os/glowplug/internal/build"
	"github.com/glowplug-os/glowplug/internal/cli"
)

// environmentFile is where the units of the stages find the platform (docs/peer/initramfs.md §3).
const environmentFile = "/run/ignition.env"

// Generate is the generator.
func Generate() cli.Command {
	return cli.Command{
		Called: "ignition-generator", Usage: []string{"ignition-generator DIR [DIR DIR]"},
		Short: "have systemd begin a first boot, or not",
		Text: []string{"Is called by systemd, as systemd.generator(7) says: in the first folder it makes the links " +
			"that begin a first boot, if this is one, and leaves the platform in " + environmentFile + "."},
		Options: []cli.Option{cli.VersionOption(), cli.HelpOption()}, Grammar: cli.Stage(),
		Product: "Ignition", Level: build.Ignition,
		Section: "8", LogsOnly: true,
		Exits: []cli.Exit{{Code: 0, Meaning: "done"},
			{Code: 1, Meaning: "something is not done, as the kernel's log says"}, {Code: 2, Meaning: "wrong usage"}},
		Stops: true,
		Run: func(ctx context.Context, p *cli.Process, folders []string) error {
			if err := generate(ctx, p, folders); err != nil {
				return cli.ExitError(cli.ExitFailed)
			}
			return nil
		},
	}
}
