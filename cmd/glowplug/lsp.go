package main

import (
	"context"

	"github.com/glowplug-os/glowplug/internal/check"
	"github.com/glowplug-os/glowplug/internal/cli"
	"github.com/glowplug-os/glowplug/internal/lsp"
)

func lspCommand() cli.Command {
	var stdio bool
	return cli.Command{
		Called: "glowplug lsp", Usage: []string{"glowplug lsp [--stdio]"}, Short: "show problems in an editor",
		Text: []string{
			"Speaks the Language Server Protocol on standard input and standard output, for editors: problems while " +
				"a text is typed, with fixes; what a key means; the keys and values that may stand at a place; the " +
				"places that a note points at. The problems are those of `glowplug validate`, by the project file.",
			"An editor starts it; docs/editors.md says how to set that up.",
		},
		Options: []cli.Option{{Long: "stdio", Set: cli.Switch(&stdio),
			Words: "use the standard streams, which is always so: editors say it"}},
		Exits: []cli.Exit{{Code: 0, Meaning: "the editor has ended it"},
			{Code: 1, Meaning: "the editor went away, or sent what is no message"}, {Code: 2, Meaning: "wrong usage"}},
		Examples: []string{"glowplug lsp"},
		Grammar:  cli.Ours(), Section: "1",
		Run: func(ctx context.Context, p *cli.Process, operands []string) error {
			if len(operands) > 0 {
				return cli.Misuse("no argument is taken, %d are given", len(operands))
			}
			root := func(dir string) (check.Image, error) { return imageAt(ctx, p, dir) }
			return lsp.Serve(ctx, p.In, p.Data, lsp.Program{Version: p.Version, Root: root,
				Means: check.Means{Plan: cannotApply, Zip: zipper}})
		},
	}
}
