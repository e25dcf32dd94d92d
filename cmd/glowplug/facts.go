package main

import (
	"context"
	"fmt"

	"github.com/glowplug-os/glowplug/internal/cli"
	"github.com/glowplug-os/glowplug/internal/push"
)

type factsOptions struct {
	planOptions
	config, send string
}

func factsCommand() cli.Command { return new(factsOptions).row() }

func (o *factsOptions) row() cli.Command {
	return cli.Command{
		Called: "glowplug facts", Usage: []string{"glowplug facts [OPTIONS]"}, Brief: "[--for CONFIG]",
		Short: "write down what a machine has, to plan configs elsewhere",
		Text: []string{
			"Looks at this machine, or at a directory, as a plan does, and writes what it sees as JSON: disks with " +
				"their tables and what is on them, mounts, accounts, units, kernel arguments, and what is at the " +
				"places of a config. Elsewhere, glowplug plan --facts and glowplug validate --facts go by it. " +
				"Nothing is changed.",
		},
		Options: []cli.Option{
			{Long: "for", Value: "CONFIG", Set: cli.Text(&o.config),
				Words: "the config that is to be planned: all that its plan looks at is noted; - is standard input"},
			{Long: "root", Value: "DIR", Set: cli.Text(&o.root), Words: "look at this directory, not at this machine"},
			{Long: "disk", Value: "DEVICE=FILE", Set: o.disk, Several: true,
				Words: "a disk image, or a device, that stands for a device of the config; once for each of them"},
			{Long: "files-dir", Short: 'd', Value: "DIR", Set: cli.Text(&o.filesDir),
				Words: "the folder of the local files that a Butane document names"},
			{Long: "send", Value: "URL|image", Set: cli.Text(&o.send),
				Words: "post the facts to this https URL, or to the one that the machine's image names, instead of " +
					"writing them"},
			{Long: "offline", Set: cli.Switch(&o.offline), Words: "fetch nothing from the network"},
			{Long: "fetch-timeout", Value: "DURATION", Default: "2m", Set: cli.Duration(&o.fetchTimeout),
				Words: "how long a server may send nothing: 90s, 2m; 0 is without end"},
		},
		Notes: []string{
			"There are no secrets in it: of password hashes, and of files that not everybody may read, there is " +
				"only whether they are what the config of --for has; of kernel arguments the names, and values " +
				"that are known to be harmless.",
			"Without --for there is what plans of most configs look at. With it, the plan of that very config is " +
				"the same as on the machine; that of another one is too, as far as the facts have what it looks at.",
			fmt.Sprintf("With --send it is tried a few times, for no more than %v. Without a URL in the image, "+
				"nothing is sent.", push.All),
			"Run it as root: what it cannot look at is noted as that.",
		},
		Exits: []cli.Exit{{Code: 0, Meaning: "written, or sent"},
			{Code: 1, Meaning: "failed, or the config is invalid"}, {Code: 2, Meaning: "wrong usage"}},
		Examples: []string{
			"glowplug facts --for web.ign >facts.json", "glowplug facts --root build/rootfs --for web.bu >facts.json",
			"glowplug facts --disk /dev/vda=disk.img --for boot.ign >facts.json", "glowplug facts >facts.json",
		},
		Grammar: cli.Ours(), Section: "1",
		Run: func(ctx context.Context, p *cli.Process, operands []string) error {
			if len(operands) > 0 {
				return cli.Misuse("no argument is needed, and %q is given: --for names a config", operands[0])
			}
			return o.run(ctx, p)
		},
	}
}
