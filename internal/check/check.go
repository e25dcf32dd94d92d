// Package check is the validate command that both programs share: its options, its formats and its exit codes.
package check

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"unsafe"

	"github.com/glowplug-os/glowplug/internal/diag"
	"github.com/glowplug-os/glowplug/internal/load"
	"github.com/glowplug-os/glowplug/internal/tree"
)

// Exit codes of the validate command.
const (
	ExitValid   = 0
	ExitInvalid = 1
	ExitUsage   = 2
)

// Streams are where a command reads and writes.
type Streams struct {
	In       io.Reader
	Out, Err io.Writer
	Color    bool // Out is a terminal that shows colours
}

// ShowsColors reports whether a file is a terminal on which colours are welcome (https://no-color.org).
func ShowsColors(f *os.File, env func(string) string) bool {
	if env("NO_COLOR") != "" || env("TERM") == "dumb" {
		return false
	}
	info, err := f.Stat()
	return err == nil && info.Mode()&os.ModeCharDevice != 0
}

const usage = `Usage: %s [OPTIONS] FILE...

Checks configs and shows every problem at its line. FILE - is standard input.

Options:
      --format FORMAT   text (default): problems with their source lines
                        line: KIND at $.path, line L col C: message
                        json: {"valid": ..., "problems": [...]}
      --strict          warnings make a config invalid too
  -d, --files-dir DIR   the folder of the local files that Butane documents name
  -h, --help            show this help

Exit codes: 0 valid, 1 invalid or unreadable, 2 wrong usage.

Examples:
  %[1]s web.ign
  %[1]s --strict --format line hosts/*.ign
  %[1]s --files-dir files web.bu
  generate-config | %[1]s -
`

type options struct {
	format, filesDir string
	strict           bool
	files            []string
}

// Main runs `validate ARGS`; name is how the user called it ("glowplug validate").
func Main(name string, args []string, s Streams) int {
	o, err := parseOptions(args)
	if errors.Is(err, flag.ErrHelp) {
		fmt.Fprintf(s.Out, usage, name)
		return ExitValid
	}
	if err != nil {
		fmt.Fprintf(s.Err, "%s: %s\nTry '%s --help'.\n", name, diag.OneLine(err.Error()), name)
		return ExitUsage
	}
	verdict := reader{s: s, audience: diag.Workstation, fails: diag.Error}
	if o.strict {
		verdict.fails = diag.Warning
	}
	if verdict.documents, err = load.Folder(o.filesDir); err != nil {
		fmt.Fprintf(s.Err, "%s: %s\n", name, diag.OneLine(err.Error()))
		return ExitInvalid
	}
	for _, file := range o.files {
		verdict.file(file)
	}
	return verdict.show(o)
}

func parseOptions(args []string) (o options, err error) {
	flags := flag.NewFlagSet("validate", flag.ContinueOnError)
	flags.StringVar(&o.format, "format", "text", "")
	flags.BoolVar(&o.strict, "strict", false, "")
	for _, name := range []string{"files-dir", "d"} {
		flags.StringVar(&o.filesDir, name, "", "")
	}
	if o.files, err = setFlags(flags, args); err != nil {
		return o, err
	}
	switch o.format {
	case "text", "line", "json":
	default:
		return o, fmt.Errorf("the format %q is not known: text, line and json are", o.format)
	}
	if len(o.files) == 0 {
		return o, errors.New("no file is given; - is standard input")
	}
	return o, nil
}

// setFlags takes options before, between and after the other arguments, which it gives back. FlagSet.Parse stops at the first
// of those.
func setFlags(flags *flag.FlagSet, args []string) (others []string, err error) {
	for len(args) > 0 {
		arg := args[0]
		args = args[1:]
		if arg == "--" {
			return append(others, args...), nil
		}
		if arg == "-" || !strings.HasPrefix(arg, "-") {
			others = append(others, arg)
			continue
		}
		option, value, given := strings.Cut(arg, "=")
		name := strings.TrimPrefix(option[1:], "-")
		f := flags.Lookup(name)
		switch {
		case name == "h" || name == "help":
			return nil, flag.ErrHelp
		case f == nil:
			return nil, fmt.Errorf("the option %s is not known", option)
		case !given && isSwitch(f):
			value = "true"
		case !given && len(args) == 0:
			return nil, fmt.Errorf("the option %s needs a value", option)
		case !given:
			value, args = args[0], args[1:]
		}
		if f.Value.Set(value) != nil {
			return nil, fmt.Errorf("the option %s does not take the value %q", option, value)
		}
	}
	return others, nil
}

// isSwitch: an option that stands for itself.
func isSwitch(f *flag.Flag) bool {
	b, ok := f.Value.(interface{ IsBoolFlag() bool })
	return ok && b.IsBoolFlag()
}

// A reader collects what is wrong with the files that it reads.
type reader struct {
	s         Streams
	audience  diag.Audience
	documents load.Options
	fails     diag.Severity // of problems that make a file invalid
	problems  []diag.Problem
	invalid   int // files
}

func (r *reader) file(name string) {
	problems := r.read(name)
	r.problems = append(r.problems, problems...)
	if slices.ContainsFunc(problems, func(p diag.Problem) bool { return p.Severity >= r.fails }) {
		r.invalid++
	}
}

func (r *reader) read(name string) []diag.Problem {
	shown, text, err := readText(name, r.s.In)
	if err != nil {
		return []diag.Problem{{Severity: diag.Error, Code: "unreadable", Path: "$", Place: diag.Place{Doc: &diag.Document{Name: shown}}, Message: err.Error()}}
	}
	load.PaceCollector(text)
	result := load.ReadWith(tree.NewArena(), shown, text, r.documents)
	diag.Sort(result.Problems)
	return diag.For(r.audience, result.Problems)
}

// readText gives a file's text without a second copy of it.
func readText(name string, in io.Reader) (shown, text string, err error) {
	var data []byte
	if name == "-" {
		name = "standard input"
		data, err = io.ReadAll(in)
	} else {
		data, err = os.ReadFile(name)
	}
	if err != nil {
		return name, "", fmt.Errorf("reading the config: %w", err)
	}
	return name, unsafe.String(unsafe.SliceData(data), len(data)), nil
}

func (r *reader) show(o options) int {
	code := ExitValid
	if r.invalid > 0 {
		code = ExitInvalid
	}
	switch o.format {
	case "json":
		if err := diag.WriteJSON(r.s.Out, code == ExitValid, r.problems); err != nil {
			fmt.Fprintf(r.s.Err, "writing the report: %v\n", err)
			return ExitInvalid // whoever reads half a report must not take it for a verdict
		}
	case "line":
		r.lines(len(o.files) > 1)
	default:
		r.text(o, code)
	}
	return code
}

func (r *reader) lines(several bool) {
	for _, p := range r.problems {
		suffix := ""
		if several && p.Place.Doc != nil {
			suffix = " (in " + diag.Printable(p.Place.Doc.Name) + ")"
		}
		fmt.Fprintf(r.s.Out, "%s%s\n", diag.Line(p), suffix)
	}
}

func (r *reader) text(o options, code int) {
	style := diag.Style{Color: r.s.Color}
	counts := map[diag.Severity]int{}
	for _, p := range r.problems {
		counts[p.Severity] += p.Count()
		fmt.Fprintln(r.s.Out, style.Text(p))
	}
	verdict, files := "valid", plural(len(o.files), "file")
	if code != ExitValid {
		verdict = "invalid"
		if len(o.files) > 1 {
			files = fmt.Sprintf("%d of %s", r.invalid, files)
		}
	}
	fmt.Fprintf(r.s.Out, "%s: %s, %s, %s\n", verdict, files, plural(counts[diag.Error], "error"), plural(counts[diag.Warning], "warning"))
}

func plural(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}

// quiet drops the name of the operation and the file from an error of os.
func quiet(err error) string {
	var path *os.PathError
	if errors.As(err, &path) {
		return path.Err.Error()
	}
	return strings.TrimSpace(err.Error())
}
