package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"strings"

	"github.com/glowplug-os/glowplug/internal/advice"
	"github.com/glowplug-os/glowplug/internal/build"
	"github.com/glowplug-os/glowplug/internal/cli"
	"github.com/glowplug-os/glowplug/internal/codes"
	"github.com/glowplug-os/glowplug/internal/diag"
	"github.com/glowplug-os/glowplug/internal/load"
	"github.com/glowplug-os/glowplug/internal/process"
	"github.com/glowplug-os/glowplug/internal/tree"
)

type peerOptions struct {
	convertOptions
	color, input                    string
	rawErrors, version, debug, help bool
	inputNamed                      bool
}

// butaneCommand is the command butane (docs/peer/butane.md §16).
func butaneCommand() cli.Command {
	var o peerOptions
	return cli.Command{
		Called: "butane", Usage: []string{"butane [OPTIONS] [FILE]"},
		Short:   "make a config of a Butane document, as Butane does",
		Text:    []string{"Makes a config of a Butane document. Without a file it reads standard input."},
		Options: append(o.rows(), o.peerRows()...),
		Exits: []cli.Exit{{Code: 0, Meaning: "converted"}, {Code: 1, Meaning: "invalid or unreadable"},
			{Code: 2, Meaning: "wrong usage"}},
		Grammar: cli.Butane(), Operands: cli.Operands{Files: true}, Product: "Butane", Level: build.Butane,
		Section: "1",
		Run: func(_ context.Context, p *cli.Process, files []string) error {
			switch {
			case len(files) > 1, len(files) == 1 && o.inputNamed:
				return cli.ShowUsage(cli.ExitUsage)
			case o.help:
				return cli.ErrHelp
			case o.version:
				return cli.ErrVersion
			}
			return o.run(p, files)
		},
	}
}

func (o *peerOptions) peerRows() []cli.Option {
	return []cli.Option{
		{Long: "color", Aliases: []string{"colour"}, Value: "WHEN", Implied: "always",
			Default: "auto", Values: []string{"auto", "always", "never"}, Open: true, Set: cli.Text(&o.color),
			Words: "show colours: auto, always or never"},
		{Long: "debug", Short: 'D', Set: cli.Switch(&o.debug),
			Words: "show first where each part of the config comes from"},
		{Long: "raw-errors", Set: cli.Switch(&o.rawErrors), Words: "show problems in one line each"},
		{Long: "input", Value: "FILE", Hidden: true, Set: func(file string) error {
			o.input, o.inputNamed = file, true
			return nil
		}},
		{Long: "help", Short: 'h', Set: cli.Switch(&o.help), Words: "show this help"},
		{Long: "version", Short: 'V', Set: cli.Switch(&o.version), Words: "print the version"},
	}
}

func (o *peerOptions) run(p *cli.Process, files []string) error {
	file := strings.Join(files, "")
	if o.inputNamed {
		fmt.Fprintln(p.Err, "--input is an old way; name the file without it")
		file = o.input
	}
	if err := o.convert(p, file); err != nil {
		fmt.Fprintln(p.Err, diag.OneLine(err.Error()))
		return cli.ExitError(cli.ExitFailed)
	}
	return nil
}

func (o *peerOptions) convert(p *cli.Process, file string) error {
	name, text, err := readPeer(p, file)
	if err != nil {
		return err
	}
	options, err := load.PeerFolder(o.filesDir)
	if err != nil {
		return err
	}
	options.Raw, options.Butane, options.Map, options.Zip = o.raw, true, o.debug, zipper
	load.PaceCollector(text)
	r := load.ReadWith(tree.NewArena(), name, text, options)
	if o.debug && r.Butane != nil {
		fmt.Fprintf(p.Err, "TranslationSet: yaml → json\n%s", lines(r.Butane.Origins))
	}
	advice.Give(r.Problems)
	problems := diag.For(diag.Peer, r.Problems)
	o.report(p, problems)
	switch {
	case !r.Valid(diag.Peer):
		return errors.New("no config is made: " + invalid(r, problems))
	case o.strict && len(problems) > 0:
		return errors.New("no config is made: there are warnings, and --strict takes them for errors")
	}
	if err := o.write(p, o.converted(r)); err != nil {
		return fmt.Errorf("write %s: %w", cmp.Or(o.output, "<stdout>"), err)
	}
	return nil
}

func lines(all []string) string {
	var b strings.Builder
	for _, line := range all {
		b.WriteString(diag.Printable(line) + "\n")
	}
	return b.String()
}

// readPeer reads as Butane does: - is the name of a file, and without a name standard input is read.
func readPeer(p *cli.Process, file string) (name, text string, err error) {
	if file == "" {
		_, data, err := process.Read(p, "-")
		if err != nil {
			err = fmt.Errorf("failed to read <stdin>: %w", err)
		}
		return "<stdin>", string(data), err
	}
	data, err := os.ReadFile(file)
	var failure *os.PathError
	if errors.As(err, &failure) {
		return file, "", fmt.Errorf("failed to %s %s: %w", failure.Op, file, err)
	}
	return file, string(data), err
}

// unread: the document could not be read as one of its dialect. The peer reports no list of problems then.
func unread(p diag.Problem) bool {
	switch p.Code {
	case codes.YAMLSyntax, codes.WrongType, codes.KeyDuplicate, codes.VariantMissing, codes.VariantUnknown,
		codes.VersionMissing, codes.VersionSyntax, codes.VersionUnknown:
		return p.Path != "" || p.Code == codes.YAMLSyntax
	}
	return false
}

// invalid gives the last line of the peer: it has three, for different steps.
func invalid(r load.Result, problems []diag.Problem) string {
	for _, p := range problems {
		if p.Severity == diag.Error && unread(p) {
			return p.Error()
		}
	}
	if r.Butane != nil && r.Butane.Made() {
		return "what it would be is invalid, see above"
	}
	return "the document is invalid, see above"
}

// report shows problems as the options of the peer ask, in one line or several each. An unknown colour means no
// colours, as in the peer.
func (o *peerOptions) report(p *cli.Process, problems []diag.Problem) {
	style := diag.Style{}
	switch o.color {
	case "auto":
		style.Color = p.Err.Colors
	case "always", "yes":
		style.Color, p.Err.Colors = true, true
	}
	for i, problem := range problems {
		switch {
		case o.rawErrors && unread(problem):
		case o.rawErrors:
			fmt.Fprintln(p.Err, charactersLine(problem))
		default:
			if i > 0 {
				fmt.Fprintln(p.Err)
			}
			fmt.Fprint(p.Err, style.Text(problem))
		}
	}
}

// charactersLine is diag.Line with columns in characters, as YAML counts them.
func charactersLine(problem diag.Problem) string {
	doc := problem.Place.Doc
	if doc == nil || doc.Text == "" {
		problem.Place = diag.Place{}
		return diag.Line(problem)
	}
	offset := min(problem.Place.Span.Start, len(doc.Text))
	line, col := doc.Characters(offset)
	if _, width := doc.Position(offset); strings.HasPrefix(doc.Text[offset-width+1:offset], "\ufeff") {
		col--
	}
	where := fmt.Sprintf("line %d col %d", line, col)
	if problem.Path != "" {
		where = diag.Printable(problem.Path) + ", " + where
	}
	return fmt.Sprintf("%s at %s: %s", problem.Severity, where, diag.OneLine(problem.Message))
}
