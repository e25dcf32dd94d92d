package check

import (
	"context"
	"fmt"

	"github.com/glowplug-os/glowplug/internal/build"
	"github.com/glowplug-os/glowplug/internal/cli"
	"github.com/glowplug-os/glowplug/internal/codes"
	"github.com/glowplug-os/glowplug/internal/diag"
	"github.com/glowplug-os/glowplug/internal/load"
	"github.com/glowplug-os/glowplug/internal/tree"
)

// Peer is the command ignition-validate: a line on standard output for each problem, nothing when all is well. It ends
// with 0 for valid; 1 for invalid, unreadable or another number of files than one; 2 for an unknown option
// (docs/peer/engine.md §15).
func Peer() cli.Command {
	return cli.Command{
		Called: "ignition-validate", Usage: []string{"ignition-validate [-version] FILE|-"},
		Short:   "give the verdict of Ignition's validator on a config",
		Text:    []string{"Checks a config; - is standard input."},
		Options: []cli.Option{cli.VersionOption(), cli.HelpOption()},
		Exits: []cli.Exit{{Code: 0, Meaning: "valid"}, {Code: 1, Meaning: "invalid, unreadable or other than one file"},
			{Code: 2, Meaning: "an unknown option"}},
		Grammar: cli.PeerValidate(), Operands: cli.Operands{Files: true}, Product: "Ignition", Level: build.Ignition,
		Section: "1",
		Run: func(_ context.Context, p *cli.Process, files []string) error {
			if len(files) != 1 {
				return cli.ShowUsage(cli.ExitFailed)
			}
			return peerFile(files[0], p)
		},
	}
}

func peerFile(file string, p *cli.Process) error {
	name, text, err := readText(p, file)
	if err != nil {
		fmt.Fprintf(p.Err, "couldn't read config: %s: %s\n", diag.Printable(name), diag.OneLine(quiet(err)))
		return cli.ExitError(cli.ExitFailed)
	}
	load.PaceCollector(text)
	result := load.Read(tree.NewArena(), name, text)
	problems := peerProblems(result)
	for _, problem := range problems {
		if isParseKind(problem.Code) {
			fmt.Fprintf(p.Err, "couldn't parse config: %s\n", diag.OneLine(problem.Message))
			return cli.ExitError(cli.ExitFailed)
		}
		fmt.Fprintln(p.Out, diag.PeerLine(problem))
	}
	if diag.Fatal(problems) {
		return cli.ExitError(cli.ExitFailed)
	}
	return nil
}

// peerProblems: the peer stops at the first value of a wrong kind.
func peerProblems(result load.Result) []diag.Problem {
	problems := diag.For(diag.Peer, result.Problems)
	for _, p := range problems {
		if p.Code == codes.WrongType || p.Code == codes.JSONSyntax || p.Code == codes.ByteOrderMark {
			return []diag.Problem{p}
		}
	}
	return problems
}

// isParseKind: the peer reports such a problem on standard error, and nothing on standard output.
func isParseKind(code codes.Code) bool {
	switch code {
	case codes.Empty, codes.VersionMissing, codes.VersionSyntax, codes.VersionUnknown:
		return true
	}
	return false
}
