package check

import (
	"fmt"

	"github.com/glowplug-os/glowplug/config"
	"github.com/glowplug-os/glowplug/internal/diag"
	"github.com/glowplug-os/glowplug/internal/load"
	"github.com/glowplug-os/glowplug/internal/tree"
)

// Peer runs as `ignition-validate ARGS` does: entries on standard output, one a line; silent when all is well; 0 valid, 1
// invalid, unreadable or called with other than one file, 2 an unknown option (docs/peer/engine.md §15).
func Peer(version string, args []string, s Streams) int {
	var files []string
	for i, arg := range args {
		switch {
		case arg == "--":
			files = append(files, args[i+1:]...)
		case arg == "-" || len(files) > 0 || arg == "" || arg[0] != '-':
			files = append(files, arg)
			continue
		case arg == "-version" || arg == "--version":
			fmt.Fprintf(s.Out, "Ignition %s\n", version)
			return ExitValid
		case arg == "-h" || arg == "--h" || arg == "-help" || arg == "--help":
			peerUsage(s)
			return ExitValid
		default:
			fmt.Fprintf(s.Err, "the option %s is not known\n", diag.Printable(arg))
			peerUsage(s)
			return ExitUsage
		}
		break
	}
	if len(files) != 1 {
		peerUsage(s)
		return ExitInvalid
	}
	return peerFile(files[0], s)
}

func peerUsage(s Streams) {
	fmt.Fprint(s.Err, "Usage: ignition-validate [-version] FILE|-\nChecks a config; - is standard input.\n")
}

func peerFile(file string, s Streams) int {
	name, text, err := readText(file, s.In)
	if err != nil {
		fmt.Fprintf(s.Err, "couldn't read config: %s: %s\n", diag.Printable(name), diag.OneLine(quiet(err)))
		return ExitInvalid
	}
	load.PaceCollector(text)
	result := load.Read(tree.NewArena(), name, text)
	problems := peerProblems(result)
	for _, p := range problems {
		if isParseKind(p.Code) {
			fmt.Fprintf(s.Err, "couldn't parse config: %s\n", diag.OneLine(p.Message))
			return ExitInvalid
		}
		fmt.Fprintln(s.Out, diag.PeerLine(p))
	}
	if diag.Fatal(problems) {
		return ExitInvalid
	}
	return ExitValid
}

// peerProblems: the peer stops at the first value of a wrong kind.
func peerProblems(result load.Result) []diag.Problem {
	problems := diag.For(diag.Peer, result.Problems)
	for _, p := range problems {
		if p.Code == config.CodeWrongType || p.Code == "json-syntax" || p.Code == config.CodeMark {
			return []diag.Problem{p}
		}
	}
	return problems
}

// isParseKind: these leave the report empty.
func isParseKind(code string) bool {
	switch code {
	case config.CodeEmpty, config.CodeVersionMissing, config.CodeVersionSyntax, config.CodeVersionUnknown:
		return true
	}
	return false
}
