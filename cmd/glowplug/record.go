package main

import (
	"context"
	"time"

	"github.com/glowplug-os/glowplug/internal/cli"
)

type recordOptions struct {
	root, filesDir, output string
	noOwner, offline       bool
	fetchTimeout           time.Duration
}

func recordCommand() cli.Command { return new(recordOptions).row() }

func (o *recordOptions) row() cli.Command {
	return cli.Command{
		Called: "glowplug record", Usage: []string{"glowplug record [OPTIONS] CONFIG|-"},
		Brief: "[--root DIR] CONFIG", Short: "write down what a config has made of a machine, without its secrets",
		Text: []string{
			"Writes down what a machine, or a directory, is like that a config was carried out on, so that " +
				"glowplug verify can compare it with that later without the config: digests of files, their " +
				"modes and owners, links, units, accounts, UUIDs of what is on disks. No content of a file, no " +
				"password, no key, and no value of a kernel argument is in it.",
		},
		Options: []cli.Option{
			{Long: "root", Value: "DIR", Set: cli.Text(&o.root), Words: "record this directory"},
			{Long: "output", Short: 'o', Value: "FILE", Set: cli.Text(&o.output),
				Words: "write the record into a file that only its owner may read; image is for where the image of " +
					"this machine wants it, if it does"},
			{Long: "files-dir", Short: 'd', Value: "DIR", Set: cli.Text(&o.filesDir),
				Words: "the folder of the local files that a Butane document names"},
			{Long: "no-owner", Set: cli.Switch(&o.noOwner),
				Words: "record no owners, as of a directory of apply --no-owner"},
			{Long: "offline", Set: cli.Switch(&o.offline), Words: "fetch nothing from the network"},
			{Long: "fetch-timeout", Value: "DURATION", Default: "2m", Set: cli.Duration(&o.fetchTimeout),
				Words: "how long a server may send nothing: 90s, 2m; 0 is without end"},
		},
		Notes: []string{
			"Contents, and UUIDs on disks, are recorded as they are now; all else is as the config has it.",
			"An image can have each first boot leave a record, and a timer compare the machine with it.",
		},
		Exits: []cli.Exit{{Code: 0, Meaning: "done"}, {Code: 1, Meaning: "the config is invalid, or the machine " +
			"cannot be looked at"}, {Code: cli.ExitUsage, Meaning: "wrong usage"}},
		Examples: []string{"glowplug record --root build/rootfs web.ign >web.record",
			"glowplug record --output image /run/ignition.json"},
		Grammar: cli.Ours(), Operands: cli.Operands{Files: true}, Section: "1",
		Run: func(ctx context.Context, p *cli.Process, operands []string) error { return o.run(ctx, p, operands) },
	}
}

// judge checks what the rows of the options cannot.
func (o *recordOptions) judge(operands []string) error {
	switch {
	case len(operands) != 1:
		return cli.Misuse("one config is needed, %d are given; - is standard input", len(operands))
	case o.fetchTimeout < 0:
		return cli.Misuse("--fetch-timeout: %v is below 0, which is no time to wait", o.fetchTimeout)
	}
	return nil
}
