package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"strings"
	"unsafe"

	"github.com/spf13/pflag"

	"github.com/glowplug-os/glowplug/config"
	"github.com/glowplug-os/glowplug/internal/build"
	"github.com/glowplug-os/glowplug/internal/butane"
	"github.com/glowplug-os/glowplug/internal/diag"
	"github.com/glowplug-os/glowplug/internal/fetch"
	"github.com/glowplug-os/glowplug/internal/load"
	"github.com/glowplug-os/glowplug/internal/tree"
)

const convertHelp = `Usage: glowplug convert [OPTIONS] FILE|-

Makes a config of a Butane document, in YAML or in JSON, and shows every problem at its line.
A config is taken too: with --to it becomes one of another version. FILE - is standard input.

Options:
  -o, --output FILE       write to a file, but only if all is well
  -p, --pretty            write JSON in lines
  -s, --strict            warnings are errors
  -c, --check             write nothing, only check
  -d, --files-dir DIR     the folder of the local files that the document names
  -r, --raw               openshift: write the config without its MachineConfig
      --to VERSION        write the config at another version, such as 3.2.0; an error
                          names each line that this version cannot say
      --yaml-doc-header   openshift: start the MachineConfig with ---
  -h, --help              show this help

Exit codes: 0 converted, 1 invalid or unreadable, 2 wrong usage.

Examples:
  glowplug convert --pretty web.bu
  glowplug convert --files-dir files -o web.ign web.bu
  glowplug convert --to 3.2.0 web.ign
`

type convertOptions struct {
	output, filesDir, to             string
	pretty, strict, check, raw, help bool
	header                           bool
	file                             string
}

// convertFlags are the options that both names have.
func convertFlags(name string, o *convertOptions) *pflag.FlagSet {
	flags := pflag.NewFlagSet(name, pflag.ContinueOnError)
	flags.SetOutput(io.Discard)
	flags.StringVarP(&o.output, "output", "o", "", "")
	flags.BoolVarP(&o.pretty, "pretty", "p", false, "")
	flags.BoolVarP(&o.strict, "strict", "s", false, "")
	flags.BoolVarP(&o.check, "check", "c", false, "")
	flags.StringVarP(&o.filesDir, "files-dir", "d", "", "")
	flags.BoolVarP(&o.raw, "raw", "r", false, "")
	flags.BoolVar(&o.header, "yaml-doc-header", false, "")
	flags.BoolVarP(&o.help, "help", "h", false, "")
	return flags
}

func (p *program) convert(args []string) int {
	o := convertOptions{}
	flags := convertFlags("convert", &o)
	flags.StringVar(&o.to, "to", "", "")
	err := flags.Parse(args)
	switch {
	case err != nil:
	case o.help:
		fmt.Fprint(p.out, convertHelp)
		return exitOK
	case flags.NArg() != 1:
		err = errors.New("one file is needed; - is standard input")
	default:
		o.file = flags.Arg(0)
		err = p.convertFile(o)
		if _, usage := err.(usageError); err != nil && !usage {
			p.complain("glowplug convert", err)
			return exitFailed
		}
	}
	if err != nil {
		return p.misuse("glowplug convert", err)
	}
	return exitOK
}

// A usageError is wrong usage that shows only when something has been read.
type usageError string

func (e usageError) Error() string { return string(e) }

func (p *program) convertFile(o convertOptions) error {
	to := config.Newest
	if o.to != "" {
		v, fault := config.ParseVersion(o.to)
		if fault != nil {
			return usageError(fmt.Sprintf("--to: %s; %s", fault.Message, fault.Hint))
		}
		to = v
	}
	name, data, err := p.readConfig(o.file)
	if err != nil {
		return fmt.Errorf("reading the document: %w", err)
	}
	text := unsafe.String(unsafe.SliceData(data), len(data))
	files, err := load.Folder(o.filesDir)
	if err != nil {
		return err
	}
	files.Raw = o.raw
	load.PaceCollector(text)
	r := load.ReadWith(tree.NewArena(), name, text, files)
	problems := diag.For(diag.Workstation, r.Problems)
	if o.to != "" && r.Valid(diag.Workstation) && r.Butane != nil && r.Butane.MachineConfig() != nil {
		return usageError("--to writes a config: for the variant openshift say --raw too")
	}
	var out []byte
	switch {
	case !r.Valid(diag.Workstation):
	case o.to != "":
		var unfit []diag.Problem
		out, unfit = r.JSONAt(to, o.pretty, contentInside)
		problems = append(problems, unfit...)
	case r.Butane != nil:
		out = converted(r, o)
	default:
		out, _ = r.JSONAt(r.Config.Version, o.pretty, nil)
	}
	diag.Sort(problems)
	style := diag.Style{Color: showsColors(p.err)}
	for _, problem := range problems {
		fmt.Fprintln(p.err, style.Text(problem))
	}
	switch {
	case out == nil || diag.Fatal(problems):
		return fmt.Errorf("%s is invalid", name)
	case o.strict && hasWarning(problems):
		return fmt.Errorf("%s has warnings, and with --strict there may be none", name)
	}
	return p.write(o, out)
}

// contentInside gives what a data: URL holds.
func contentInside(r config.Resource) ([]byte, error) {
	client := fetch.New(slog.New(slog.DiscardHandler), "")
	client.Offline = true
	content := fetch.Resource{URL: *r.Source, Gzip: r.Compression != nil && *r.Compression == "gzip"}
	if r.Verification.Hash != nil {
		content.Digest = *r.Verification.Hash
	}
	const most = 256 << 20 // as for a config that is fetched
	return client.Bytes(context.Background(), content, most)
}

func hasWarning(problems []diag.Problem) bool {
	for _, p := range problems {
		if p.Severity == diag.Warning {
			return true
		}
	}
	return false
}

// converted writes what a Butane document became.
func converted(r load.Result, o convertOptions) []byte {
	manifest := r.Butane.MachineConfig()
	switch {
	case manifest == nil:
		return r.Butane.JSON(o.pretty)
	case o.header:
		return append([]byte("---\n"), manifest...)
	}
	return manifest
}

// write is the end of a run in which all was well; a file that is there stays as it is otherwise.
func (p *program) write(o convertOptions, out []byte) error {
	switch {
	case o.check:
		return nil
	case o.output != "":
		return os.WriteFile(o.output, out, 0o644)
	}
	_, err := p.data.Write(out)
	return err
}

const butaneHelp = `Usage: butane [OPTIONS] [FILE]

Makes a config of a Butane document. Without a file it reads standard input.

Options:
  -c, --check             write nothing, only check
      --color[=WHEN]      colours: auto (default), always, never
  -D, --debug             show first where each part of the config comes from
  -d, --files-dir DIR     the folder of the local files that the document names
  -h, --help              show this help
  -o, --output FILE       write to a file
  -p, --pretty            write JSON in lines
  -r, --raw               openshift: write the config without its MachineConfig
      --raw-errors        show problems in one line each
  -s, --strict            fail if there is any problem
  -V, --version           print the version
      --yaml-doc-header   openshift: start the MachineConfig with ---
`

type peerOptions struct {
	convertOptions
	color, input              string
	rawErrors, version, debug bool
}

// butane runs as Butane does (docs/peer/butane.md §16).
func (p *program) butane() int {
	o := peerOptions{}
	flags := convertFlags("butane", &o.convertOptions)
	flags.SetNormalizeFunc(func(_ *pflag.FlagSet, name string) pflag.NormalizedName {
		return pflag.NormalizedName(strings.Replace(name, "colour", "color", 1))
	})
	flags.StringVar(&o.color, "color", "auto", "")
	flags.Lookup("color").NoOptDefVal = "always"
	flags.StringVar(&o.input, "input", "", "")
	flags.BoolVar(&o.rawErrors, "raw-errors", false, "")
	flags.BoolVarP(&o.version, "version", "V", false, "")
	flags.BoolVarP(&o.debug, "debug", "D", false, "")
	err := flags.Parse(p.args)
	switch {
	case err != nil:
		fmt.Fprintf(p.err, "%s%s\n", butaneHelp, diag.OneLine(err.Error()))
		return exitUsage
	case flags.NArg() > 1, flags.NArg() == 1 && flags.Changed("input"):
		fmt.Fprint(p.err, butaneHelp)
		return exitUsage
	case o.help:
		fmt.Fprint(p.out, butaneHelp)
		return exitOK
	case o.version:
		fmt.Fprintf(p.out, "Butane %s\n", build.Version())
		return exitOK
	}
	o.file = flags.Arg(0)
	if flags.Changed("input") {
		fmt.Fprintln(p.err, "--input is an old way; name the file without it")
		o.file = o.input
	}
	if err := p.butaneFile(o); err != nil {
		fmt.Fprintln(p.err, diag.OneLine(err.Error()))
		return exitFailed
	}
	return exitOK
}

func (p *program) butaneFile(o peerOptions) error {
	name, text, err := p.readPeer(o.file)
	if err != nil {
		return err
	}
	options, err := load.PeerFolder(o.filesDir)
	if err != nil {
		return err
	}
	options.Raw, options.Butane, options.Map = o.raw, true, o.debug
	load.PaceCollector(text)
	r := load.ReadWith(tree.NewArena(), name, text, options)
	if o.debug && r.Butane != nil {
		fmt.Fprintf(p.err, "TranslationSet: yaml → json\n%s", lines(r.Butane.Origins))
	}
	problems := diag.For(diag.Peer, r.Problems)
	p.peerReport(o, problems)
	switch {
	case !r.Valid(diag.Peer):
		return errors.New("no config is made: " + invalid(r, problems))
	case o.strict && len(problems) > 0:
		return errors.New("no config is made: there are warnings, and --strict takes them for errors")
	}
	if err := p.write(o.convertOptions, converted(r, o.convertOptions)); err != nil {
		return fmt.Errorf("write %s: %w", o.output, err)
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

// readPeer reads as Butane does: - is a file like any other, and no file is standard input.
func (p *program) readPeer(file string) (name, text string, err error) {
	if file == "" {
		_, data, err := p.readConfig("-")
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

// unread: the document could not be read as one of its dialect. The peer has no entries for that.
func unread(p diag.Problem) bool {
	switch p.Code {
	case tree.CodeYAML, config.CodeWrongType, "key-duplicate", butane.CodeVariantMissing, butane.CodeVariantUnknown, config.CodeVersionMissing, config.CodeVersionSyntax, config.CodeVersionUnknown:
		return p.Path != "" || p.Code == tree.CodeYAML
	}
	return false
}

// invalid says in which of its three ways the peer gives up.
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

// peerReport shows problems as the peer's options ask, one line or several each. An unknown colour means none, as there.
func (p *program) peerReport(o peerOptions, problems []diag.Problem) {
	style := diag.Style{}
	switch o.color {
	case "auto":
		style.Color = showsColors(p.err)
	case "always", "yes":
		style.Color, p.err = true, inColors(p.err)
	}
	for i, problem := range problems {
		switch {
		case o.rawErrors && unread(problem):
		case o.rawErrors:
			fmt.Fprintln(p.err, charactersLine(problem))
		default:
			if i > 0 {
				fmt.Fprintln(p.err)
			}
			fmt.Fprint(p.err, style.Text(problem))
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
