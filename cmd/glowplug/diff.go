package main

import (
	"cmp"
	"context"
	"slices"

	"github.com/glowplug-os/glowplug/internal/cli"
	"github.com/glowplug-os/glowplug/internal/contrast"
	"github.com/glowplug-os/glowplug/internal/diag"
	"github.com/glowplug-os/glowplug/internal/document"
	"github.com/glowplug-os/glowplug/internal/report"
)

// exitDiffers is that of plan for changes.
const exitDiffers = 3

type diffOptions struct {
	effectiveOptions
	format string
	plan   bool
	on     planOptions
}

func diffCommand() cli.Command {
	var o diffOptions
	return cli.Command{
		Called: "glowplug diff", Usage: []string{"glowplug diff [OPTIONS] OLD|- NEW|-",
			"glowplug diff --plan [OPTIONS] OLD|- NEW|-"}, Brief: "OLD NEW",
		Short: "tell in what two configs differ, by what they say",
		Text: []string{
			"Compares two effective configs, as glowplug render writes them, by what they say: entries are found by " +
				"their names in whatever order they stand, content is compared as what it is, however it is written " +
				"or packed, and the version counts only for what it means. OLD and NEW are Butane documents or " +
				"configs in JSON, in any mixture; - is standard input.",
			"With --plan it compares what they do to one machine, a directory, images of disks, or a machine that " +
				"facts are of, by plans as " +
				"glowplug plan makes them. Nothing is changed and nothing fetched.",
		},
		Options: slices.Concat(o.rows(), []cli.Option{
			{Long: "format", Value: "FORMAT", Values: []string{"text", "json"}, Default: "text",
				Set: cli.Text(&o.format), Words: "text for people, or JSON"},
			{Long: "plan", Set: cli.Switch(&o.plan),
				Words: "compare the plans of both; the options below are about these"},
		}, o.on.about()),
		Notes: []string{
			"The options are about both configs. To compare what several make, write it with glowplug render first.",
			"There is one line an entry, and below it one a value: + only NEW has it, - only OLD has it, ~ it differs.",
			"Of the content of a file, lines are shown where everybody may read the file, by both configs; of what " +
				"is no text, sizes and digests. Of what may be a secret only that it differs is told: other " +
				"contents, hashes, keys that are no public ones, values of kernel arguments, of headers and of " +
				"settings of units.",
			"With --plan, - is what only OLD does, + what only NEW does, ~ what both do and differs, with the lines " +
				"of what OLD leaves and NEW leaves. What is destroyed by only one of them comes first.",
		},
		Exits: []cli.Exit{{Code: 0, Meaning: "no difference"},
			{Code: 1, Meaning: "a config is invalid, unreadable or not at hand, or something is in the way of its " +
				"plan"},
			{Code: cli.ExitUsage, Meaning: "wrong usage"}, {Code: exitDiffers, Meaning: "they differ"},
			{Code: int(report.Destroying), Meaning: "it is not known, as facts lack something"}},
		Examples: []string{"glowplug diff web.bu web.ign",
			"glowplug diff --map https://example.com/=configs --format json web.bu web.ign",
			"glowplug diff --plan --root build/rootfs web.bu web.ign",
			"glowplug diff --plan --facts facts.json web.bu web.ign"},
		Grammar: cli.Ours(), Operands: cli.Operands{Files: true}, Section: "1",
		Run: func(ctx context.Context, p *cli.Process, configs []string) error { return o.run(ctx, p, configs) },
	}
}

func (o *diffOptions) run(ctx context.Context, p *cli.Process, configs []string) error {
	if len(configs) != 2 {
		return cli.Misuse("two configs are needed, %d are given; - is standard input", len(configs))
	}
	if err := cmp.Or(o.judge(configs), o.judgePlan(configs)); err != nil {
		return err
	}
	both, end, err := o.both(ctx, p, configs)
	if err != nil {
		return err
	}
	c := contrast.Compare(both[0], both[1])
	if o.plan {
		end()
		return o.plans(ctx, p, both, &c)
	}
	if err := o.write(p.Out, &c); err != nil || len(c.Entries) == 0 {
		return err
	}
	return cli.ExitError(exitDiffers)
}

// both reads the configs. end ends the limits of memory that were for reading: plans are larger than what they are made
// from.
func (o *diffOptions) both(ctx context.Context, p *cli.Process, configs []string) (both [2]*document.Document,
	end func(), err error) {
	var ends [2]func()
	for i, name := range configs {
		e, err := o.read(ctx, p, []string{name}, diag.Error, nil)
		if err != nil {
			return both, nil, err
		}
		both[i], ends[i] = e.Document, e.end
	}
	return both, func() { ends[1](); ends[0]() }, nil
}

// judgePlan checks the options that are about plans.
func (o *diffOptions) judgePlan(configs []string) error {
	names := append(o.on.given(), given(option{"--no-content", o.on.noContent}, option{"--facts", o.on.facts != ""})...)
	switch {
	case !o.plan && len(names) > 0:
		return cli.Misuse("%s is about plans; say --plan to compare these", names[0])
	case o.on.facts == "-" && slices.Contains(configs, "-"):
		return cli.Misuse("standard input cannot be both the facts and a config")
	}
	return o.on.judgeAbout()
}

func (o *diffOptions) write(to *diag.Screen, c *contrast.Contrast) error {
	if o.format == "json" {
		return c.WriteJSON(to)
	}
	return c.WriteText(to, diag.Style{Color: to.Colors})
}

// result writes in what plans differ; the exit code is the error.
func (o *diffOptions) result(to *diag.Screen, c *report.Comparison) error {
	err := error(nil)
	if o.format == "json" {
		err = c.WriteJSON(to)
	} else {
		err = c.WriteText(to, diag.Style{Color: to.Colors})
	}
	switch {
	case err != nil:
		return err
	case c.Blocked():
		return cli.ExitError(report.InTheWay)
	case c.None():
		return nil
	}
	return cli.ExitError(exitDiffers)
}
