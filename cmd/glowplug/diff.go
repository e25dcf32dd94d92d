package main

import (
	"context"

	"github.com/glowplug-os/glowplug/internal/cli"
	"github.com/glowplug-os/glowplug/internal/contrast"
	"github.com/glowplug-os/glowplug/internal/diag"
	"github.com/glowplug-os/glowplug/internal/document"
)

// exitDiffers is that of plan for changes.
const exitDiffers = 3

type diffOptions struct {
	effectiveOptions
	format string
}

func diffCommand() cli.Command {
	var o diffOptions
	return cli.Command{
		Called: "glowplug diff", Usage: []string{"glowplug diff [OPTIONS] OLD|- NEW|-"}, Brief: "OLD NEW",
		Short: "tell in what two configs differ, by what they say",
		Text: []string{
			"Compares two effective configs, as glowplug render writes them, by what they say: entries are found by " +
				"their names in whatever order they stand, content is compared as what it is, however it is written " +
				"or packed, and the version counts only for what it means. OLD and NEW are Butane documents or " +
				"configs in JSON, in any mixture; - is standard input.",
		},
		Options: append(o.rows(), cli.Option{Long: "format", Value: "FORMAT", Values: []string{"text", "json"},
			Default: "text", Set: cli.Text(&o.format), Words: "text for people, or JSON"}),
		Notes: []string{
			"The options are about both configs. To compare what several make, write it with glowplug render first.",
			"There is one line an entry, and below it one a value: + only NEW has it, - only OLD has it, ~ it differs.",
			"Of the content of a file, lines are shown where everybody may read the file, by both configs; of what " +
				"is no text, sizes and digests. Of what may be a secret only that it differs is told: other " +
				"contents, hashes, keys that are no public ones, values of kernel arguments, of headers and of " +
				"settings of units.",
		},
		Exits: []cli.Exit{{Code: 0, Meaning: "no difference"},
			{Code: 1, Meaning: "a config is invalid, unreadable or not at hand"},
			{Code: cli.ExitUsage, Meaning: "wrong usage"}, {Code: exitDiffers, Meaning: "they differ"}},
		Examples: []string{"glowplug diff web.bu web.ign",
			"glowplug diff --map https://example.com/=configs --format json web.bu web.ign"},
		Grammar: cli.Ours(), Operands: cli.Operands{Files: true}, Section: "1",
		Run: func(ctx context.Context, p *cli.Process, configs []string) error { return o.run(ctx, p, configs) },
	}
}

func (o *diffOptions) run(ctx context.Context, p *cli.Process, configs []string) error {
	if len(configs) != 2 {
		return cli.Misuse("two configs are needed, %d are given; - is standard input", len(configs))
	}
	if err := o.judge(configs); err != nil {
		return err
	}
	var both [2]*document.Document
	for i, name := range configs {
		e, err := o.read(ctx, p, []string{name}, diag.Error, nil)
		if err != nil {
			return err
		}
		both[i] = e.Document
	}
	c := contrast.Compare(both[0], both[1])
	if err := o.write(p.Out, &c); err != nil || len(c.Entries) == 0 {
		return err
	}
	return cli.ExitError(exitDiffers)
}

func (o *diffOptions) write(to *diag.Screen, c *contrast.Contrast) error {
	if o.format == "json" {
		return c.WriteJSON(to)
	}
	return c.WriteText(to, diag.Style{Color: to.Colors})
}
