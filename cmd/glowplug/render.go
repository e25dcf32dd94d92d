package main

import (
	"context"
	"fmt"

	"github.com/glowplug-os/glowplug/config"
	"github.com/glowplug-os/glowplug/internal/butane"
	"github.com/glowplug-os/glowplug/internal/cli"
	"github.com/glowplug-os/glowplug/internal/diag"
	"github.com/glowplug-os/glowplug/internal/load"
	"github.com/glowplug-os/glowplug/internal/tree"
)

type renderOptions struct {
	effectiveOptions
	format, to string
	pretty     bool
}

func renderCommand() cli.Command {
	var o renderOptions
	return cli.Command{
		Called: "glowplug render", Usage: []string{"glowplug render [OPTIONS] CONFIG|-..."}, Brief: "CONFIG...",
		Short: "write the one config that several make, with all that they merge",
		Text: []string{
			"Writes the effective config: what a machine has of a config once all that it refers to is merged into " +
				"it, or has taken its place, and what the image wants is below it. It is JSON in canonical form, or " +
				"a Butane document, and refers to no other config. Secrets stay in it as they are.",
		},
		Options: append(o.rows(), []cli.Option{
			{Long: "format", Value: "FORMAT", Values: []string{"json", "yaml"}, Default: "json",
				Set:   cli.Text(&o.format),
				Words: "JSON, or a Butane document in YAML; an error says what that cannot have"},
			{Long: "pretty", Short: 'p', Set: cli.Switch(&o.pretty), Words: "write JSON in lines"},
			{Long: "to", Value: "VERSION", Values: versionNames(), Open: true, Set: cli.Text(&o.to),
				Words: "write the config at this version, such as 3.2.0; without it, at the newest one of those that " +
					"it is made of"},
		}...),
		Notes: []string{merging},
		Exits: []cli.Exit{{Code: 0, Meaning: "written"}, {Code: 1, Meaning: "invalid, unreadable, not at hand, or " +
			"not to be said at the version or in YAML"}, {Code: 2, Meaning: "wrong usage"}},
		Examples: []string{"glowplug render --pretty web.bu", "glowplug render base.bu site.ign",
			"glowplug render --map https://example.com/=configs --format yaml web.ign",
			"glowplug render --base image/usr/lib/ignition --platform qemu web.bu"},
		Grammar: cli.Ours(), Operands: cli.Operands{Files: true}, Section: "1",
		Run: func(ctx context.Context, p *cli.Process, configs []string) error { return o.run(ctx, p, configs) },
	}
}

func (o *renderOptions) run(ctx context.Context, p *cli.Process, configs []string) error {
	to, err := o.version(configs)
	if err != nil {
		return err
	}
	e, err := o.read(ctx, p, configs, diag.Advice, nil)
	if err != nil {
		return err
	}
	if o.to == "" {
		to = e.newest
	}
	if o.format == "yaml" {
		return e.yaml(p, to)
	}
	out, err := e.json(p, to, o.pretty)
	if err != nil {
		return err
	}
	_, err = p.Data.Write(out)
	return err
}

// version is that of --to.
func (o *renderOptions) version(configs []string) (to config.Version, err error) {
	if err := o.judge(configs); err != nil {
		return to, err
	}
	if o.to != "" {
		if to, err = configVersion(o.to); err != nil {
			return to, cli.Misuse("--to: %w", err)
		}
	}
	if o.pretty && o.format == "yaml" {
		return to, cli.Misuse("--pretty is for JSON; YAML is in lines anyway")
	}
	return to, nil
}

// json writes the config at a version, and shows what that cannot say.
func (e *effective) json(p *cli.Process, to config.Version, pretty bool) ([]byte, error) {
	r := load.Result{Text: e.At("$", tree.Index{}).Document(), Config: e.Document}
	out, problems := r.JSONAt(to, pretty, nil)
	problems = diag.For(diag.Workstation, problems)
	tell(p.Err, problems, diag.Error)
	if diag.Fatal(problems) {
		return nil, fmt.Errorf("the config cannot be written at version %s", to)
	}
	return out, nil
}

// yaml writes the config as a Butane document, which is read again before anybody gets it.
func (e *effective) yaml(p *cli.Process, to config.Version) error {
	text, err := e.json(p, to, false)
	if err != nil {
		return err
	}
	again := load.Read(tree.NewArena(), "the config", string(text)) // as it is at that version
	dialect := butane.ForConfigs(to)
	out := butane.Write(again.Config.At("$", tree.Index{}), dialect)
	r := load.ReadWith(tree.NewArena(), "the YAML", string(out), load.Options{Local: true})
	problems := diag.For(diag.Workstation, r.Problems)
	if !r.Valid(diag.Workstation) {
		tell(p.Err, problems, diag.Error)
		return fmt.Errorf("the config cannot be said in YAML, as %s", dialect)
	}
	_, err = p.Data.Write(out)
	return err
}
