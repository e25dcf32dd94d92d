package main

import (
	"context"
	"errors"
	"fmt"

	"github.com/glowplug-os/glowplug/internal/cli"
	"github.com/glowplug-os/glowplug/internal/diag"
	"github.com/glowplug-os/glowplug/internal/history"
)

type whyOptions struct {
	effectiveOptions
	format string
}

func whyCommand() cli.Command {
	var o whyOptions
	return cli.Command{
		Called: "glowplug why", Usage: []string{"glowplug why [OPTIONS] CONFIG|-... PATH"}, Brief: "CONFIG... PATH",
		Short: "tell which document and line gives each value of a config, and what it stands in the place of",
		Text: []string{
			"Tells where values of the effective config come from, as glowplug render writes it: the document " +
				"and the line of each, and what earlier documents say there. PATH is a path in the effective " +
				"config, such as $.storage.files.0.mode, with keys as JSON or YAML spells them, or $ for all; or " +
				"the name of entries: the path of a file, a directory, a link or a mount point, a device, the name " +
				"of a user, group, unit, drop-in, array or volume, the label of a partition, or a kernel argument.",
		},
		Options: append(o.rows(), cli.Option{Long: "format", Value: "FORMAT", Values: []string{"text", "json"},
			Default: "text", Set: cli.Text(&o.format), Words: "text for people, or JSON"}),
		Notes: []string{merging, "What may be a secret is shown as " + diag.Redacted + ": contents, hashes, keys " +
			"that are no public ones, values of kernel arguments and of headers. That it is another one is told."},
		Exits: []cli.Exit{{Code: 0, Meaning: "told"},
			{Code: 1, Meaning: "invalid, unreadable, not at hand, or there is nothing of that path or name"},
			{Code: 2, Meaning: "wrong usage"}},
		Examples: []string{"glowplug why web.bu /etc/motd", "glowplug why base.bu site.ign deploy",
			"glowplug why --map https://example.com/=configs web.ign '$.storage.files.0.mode'"},
		Grammar: cli.Ours(), Operands: cli.Operands{Files: true}, Section: "1",
		Run: func(ctx context.Context, p *cli.Process, operands []string) error { return o.run(ctx, p, operands) },
	}
}

func (o *whyOptions) run(ctx context.Context, p *cli.Process, operands []string) error {
	last := len(operands) - 1
	if last < 1 {
		return cli.Misuse("a config and a path are needed, such as: web.bu /etc/hosts")
	}
	configs, asked := operands[:last], operands[last]
	if err := o.judge(configs); err != nil {
		return err
	}
	log := history.NewLog()
	e, err := o.read(ctx, p, configs, diag.Error, log)
	if err != nil {
		return err
	}
	a := history.Answer{Entries: log.Of(e.Document, asked), Replaced: e.replaced}
	if len(a.Entries) == 0 {
		return diag.WithHint(errors.New("the config has nothing of the path or name "+fmt.Sprintf("%q", asked)),
			"glowplug render shows all that it has")
	}
	if o.format == "json" {
		return a.WriteJSON(p.Out)
	}
	return a.WriteText(p.Out, diag.Style{Color: p.Out.Colors})
}
