package main

import (
	"context"
	"time"

	"github.com/glowplug-os/glowplug/internal/cli"
	"github.com/glowplug-os/glowplug/internal/drift"
)

type verifyOptions struct {
	root, filesDir, record, format string
	noContent, noOwner             bool
	offline, fetch                 bool
	fetchTimeout                   time.Duration
	machineOptions
}

func verifyCommand() cli.Command { return new(verifyOptions).row() }

func (o *verifyOptions) row() cli.Command {
	return cli.Command{
		Called: "glowplug verify",
		Usage: []string{"glowplug verify [OPTIONS] CONFIG|-", "glowplug verify [OPTIONS] [--record FILE]",
			"glowplug verify --image FILE [OPTIONS] [CONFIG|-]",
			"glowplug verify --disk DEVICE=FILE... [OPTIONS] [CONFIG|-]"},
		Brief: "[--root DIR] [CONFIG]", Short: "tell in what a machine differs from its config",
		Text: []string{
			"Tells whether a machine that a config was carried out on, or a directory, still is what the config " +
				"says: files by content, mode and owner, directories, links, units and whether they are enabled, " +
				"users, groups and keys; of a machine also partitions, arrays, encrypted volumes, filesystems and " +
				"where these are mounted. What a boot would make again each time is compared with what is there. " +
				"Nothing is changed: it gives up the right to write and to start programs, as glowplug plan does.",
			"With --image or --disk it looks into images of disks, without root: in a machine of qemu that is thrown " +
				"away, whose disks cannot be written to.",
		},
		Options: append(o.rows(), o.machineRows("looks into", "the config or the record")...),
		Notes: []string{
			"Without CONFIG it goes by a record, which glowplug record has made: that of --record, or else the one " +
				"that the image of this machine, or the image that is looked into, has a first boot leave.",
			"Without --root and images it is about this machine, and may have to be run by root, who alone may read " +
				"all of it.",
			"It finds what has changed by itself, by mistake or by other programs. Whoever is root on the machine " +
				"can have it find nothing.",
			"Of the content of files, lines are shown where everybody may read the file; of passwords and keys only " +
				"that they are others. What a server has is compared by its digest, or with --fetch.",
			"junit writes a test case for each entry of the config, which is skipped if it is not known.",
		},
		Exits: []cli.Exit{{Code: int(drift.AllAsDescribed), Meaning: "all is as described"},
			{Code: 1, Meaning: "the config is invalid, or the machine cannot be looked at"},
			{Code: cli.ExitUsage, Meaning: "wrong usage"},
			{Code: int(drift.SomeDiffers), Meaning: "something differs"},
			{Code: int(drift.SomeNotKnown), Meaning: "nothing differs, but something is not known"}},
		Examples: []string{
			"glowplug verify web.ign", "glowplug verify", "glowplug verify --root build/rootfs web.bu",
			"glowplug verify --format junit web.ign >verify.xml", "glowplug verify --image disk.raw web.ign",
		},
		Grammar: cli.Ours(), Operands: cli.Operands{Files: true}, Section: "1",
		Run: func(ctx context.Context, p *cli.Process, operands []string) error { return o.run(ctx, p, operands) },
	}
}

func (o *verifyOptions) rows() []cli.Option {
	return []cli.Option{
		{Long: "root", Value: "DIR", Set: cli.Text(&o.root),
			Words: "verify files, accounts and units in this directory"},
		{Long: "record", Value: "FILE", Set: cli.Text(&o.record), Words: "go by this record, and by no config"},
		{Long: "format", Value: "FORMAT", Values: []string{"text", "json", "junit"}, Default: "text",
			Set: cli.Text(&o.format), Words: "text for people, JSON, or JUnit's XML for CI systems"},
		{Long: "no-content", Set: cli.Switch(&o.noContent), Words: "show nothing of what is in files"},
		{Long: "files-dir", Short: 'd', Value: "DIR", Set: cli.Text(&o.filesDir),
			Words: "the folder of the local files that a Butane document names"},
		{Long: "no-owner", Set: cli.Switch(&o.noOwner),
			Words: "compare no owners, as of a directory of apply --no-owner"},
		{Long: "fetch", Set: cli.Switch(&o.fetch),
			Words: "fetch what files get from servers, and compare files with it"},
		{Long: "offline", Set: cli.Switch(&o.offline), Words: "fetch nothing from the network"},
		{Long: "fetch-timeout", Value: "DURATION", Default: "2m", Set: cli.Duration(&o.fetchTimeout),
			Words: "how long a server may send nothing: 90s, 2m; 0 is without end"},
	}
}

// judge checks what the rows of the options cannot: which of them go together.
func (o *verifyOptions) judge(operands []string) error {
	switch {
	case len(operands) > 1:
		return cli.Misuse("one config is needed, %d are given; - is standard input", len(operands))
	case len(operands) == 1 && o.record != "":
		return cli.Misuse("--record is for no config, and one is given: leave out one of them")
	case o.isOfImages() && o.root != "":
		return cli.Misuse("--root is a directory: leave it out, or --image and --disk")
	case o.isOfImages() && o.fetch:
		return cli.Misuse("--fetch is not for images: what their files get from servers is compared by its digest")
	case len(operands) == 0 && o.record == "" && o.root != "":
		return cli.Misuse("with --root a config is needed, or --record with a record of the directory")
	case len(operands) == 0 && o.fetch:
		return cli.Misuse("--fetch is for a config: a record has digests of what servers have sent")
	case o.fetch && o.offline:
		return cli.Misuse("--fetch asks servers, and --offline asks none: leave out one of them")
	case o.fetchTimeout < 0:
		return cli.Misuse("--fetch-timeout: %v is below 0, which is no time to wait", o.fetchTimeout)
	case o.isOfImages():
		return o.judgeMachine()
	}
	return o.inVain()
}
