// Package check is the validate command of two programs, and the command ignition-validate: options, formats and exit
// codes.
package check

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"unsafe"

	"github.com/glowplug-os/glowplug/internal/advice"
	"github.com/glowplug-os/glowplug/internal/cli"
	"github.com/glowplug-os/glowplug/internal/codes"
	"github.com/glowplug-os/glowplug/internal/diag"
	"github.com/glowplug-os/glowplug/internal/load"
	"github.com/glowplug-os/glowplug/internal/process"
	"github.com/glowplug-os/glowplug/internal/rules"
	"github.com/glowplug-os/glowplug/internal/tree"
)

type options struct {
	format, filesDir string
	strict           bool
	fix, diff        bool
	explains         bool // the program has the command explain
	files            []string
}

// Validate is the row of the validate command; called is how the user calls it, such as "glowplug validate".
func Validate(called string) cli.Command {
	var o options
	return cli.Command{
		Called: called, Usage: []string{called + " [OPTIONS] FILE..."}, Brief: "FILE...",
		Short: "check configs and show every problem at its line",
		Text:  []string{"Checks configs and shows every problem at its line. FILE - is standard input."},
		Options: []cli.Option{
			{
				Long: "format", Value: "FORMAT", Values: []string{"text", "line", "json"}, Default: "text",
				Set: cli.Text(&o.format),
				Words: "text: problems with their source lines; line: KIND at $.path, " +
					"line L col C: message; json: an object of valid and problems",
			},
			{Long: "strict", Words: "warnings make a config invalid too", Set: cli.Switch(&o.strict)},
			{Long: "fix", Words: "write what the hints say into the files, where nothing else can be meant, " +
				"and show each change and what remains", Set: cli.Switch(&o.fix)},
			{Long: "diff", Words: "with --fix: show what would be written, and write nothing",
				Set: cli.Switch(&o.diff)},
			{Long: "files-dir", Short: 'd', Value: "DIR",
				Words: "the folder of the local files that Butane documents name", Set: cli.Text(&o.filesDir)},
		},
		Exits: []cli.Exit{{Code: 0, Meaning: "valid"}, {Code: 1, Meaning: "invalid or unreadable"},
			{Code: 2, Meaning: "wrong usage"}},
		Examples: []string{called + " web.ign", called + " --strict --format line hosts/*.ign",
			called + " --files-dir files web.bu", called + " --fix --diff web.ign",
			"generate-config | " + called + " -"},
		Grammar: cli.Ours(), Operands: cli.Operands{Files: true}, Section: "1",
		Run: func(_ context.Context, p *cli.Process, files []string) error {
			o.files, o.explains = files, strings.HasPrefix(called, "glowplug ")
			return o.run(p)
		},
	}
}

func (o *options) run(p *cli.Process) (err error) {
	if len(o.files) == 0 {
		return cli.Misuse("no file is given; - is standard input")
	}
	if first := slices.Index(o.files, "-"); first >= 0 && slices.Contains(o.files[first+1:], "-") {
		return cli.Misuse("standard input can be read once, and is named twice")
	}
	if o.diff && !o.fix {
		return cli.Misuse("--diff shows what --fix would write, so it needs --fix")
	}
	if o.fix && !o.diff && slices.Contains(o.files, "-") {
		return cli.Misuse("standard input cannot be written to; --diff shows what would be written")
	}
	verdict := reader{p: p, audience: diag.Workstation, fails: diag.Error, options: o, report: p.Out}
	if o.diff {
		verdict.report = p.Err
	}
	if o.strict {
		verdict.fails = diag.Warning
	}
	if verdict.documents, err = load.Folder(o.filesDir); err != nil {
		return err
	}
	verdict.documents.Lint, verdict.documents.Rules = tree.Unseen, rules.Further
	for _, file := range o.files {
		verdict.file(file)
	}
	return verdict.show(o)
}

// A reader collects the problems of the files that it reads.
type reader struct {
	p         *cli.Process
	audience  diag.Audience
	documents load.Options
	options   *options
	report    *diag.Screen  // takes the problems
	fixes     int           // that were made
	changes   []string      // a line for each, and for what kept others from being made
	fails     diag.Severity // of problems that make a file invalid
	problems  []diag.Problem
	invalid   int // how many files are
}

func (r *reader) file(name string) {
	problems := r.read(name)
	r.problems = append(r.problems, problems...)
	if slices.ContainsFunc(problems, func(p diag.Problem) bool { return p.Severity >= r.fails }) {
		r.invalid++
	}
}

func (r *reader) read(name string) []diag.Problem {
	shown, text, err := readText(r.p, name)
	if err != nil {
		return []diag.Problem{unreadable(shown, named("reading the config", shown, err))}
	}
	load.PaceCollector(text)
	var unwritten []diag.Problem
	if r.options.fix {
		if text, err = r.fix(name, shown, text); err != nil {
			unwritten = append(unwritten, unreadable(shown, named("writing the fixes", shown, err)))
		}
	}
	result := load.ReadWith(tree.NewArena(), shown, text, r.documents)
	diag.Sort(result.Problems)
	advice.Give(result.Problems)
	return append(unwritten, diag.For(r.audience, result.Problems)...)
}

func unreadable(name string, err error) diag.Problem {
	p := diag.Problem{Severity: diag.Error, Code: codes.Unreadable,
		Place: diag.Place{Doc: &diag.Document{Name: name}}, Message: err.Error(),
		Hint: strings.Join(diag.Hints(err), "; ")}
	switch {
	case errors.Is(err, syscall.EISDIR):
		p.Hint = "name the files in it, such as " + filepath.Join(name, "*.ign")
	case errors.Is(err, fs.ErrNotExist) && slices.Contains(elsewhere(), name):
		p.Hint = name + " is a command of glowplug: write `glowplug " + name + "`"
	}
	if errors.Is(err, process.ErrTooLarge) {
		p.Code = codes.TooLarge
	}
	return p
}

// elsewhere are words that somebody may take for commands of the validator.
func elsewhere() []string {
	return strings.Fields("validate explain convert schema plan apply platforms completion help version")
}

// fix gives the text as it is with what is certain put right, and has written it or shown what it would write. If that
// fails, the text is what it was.
func (r *reader) fix(name, shown, text string) (string, error) {
	told := len(r.changes)
	out, count := fixed(shown, text, r.documents, func(line string) { r.changes = append(r.changes, line) })
	var err error
	switch {
	case count == 0:
	case r.options.diff:
		_, err = r.p.Out.Write([]byte(diff(diag.Printable(shown), text, out)))
	default:
		err = rewrite(name, out)
	}
	if err != nil {
		r.changes = r.changes[:told]
		return text, err
	}
	r.fixes += count
	return out, nil
}

// readText gives the text of a file, without a second copy of its bytes.
func readText(p *cli.Process, name string) (shown, text string, err error) {
	shown, data, err := process.Read(p, name)
	if err != nil {
		return shown, "", err
	}
	return shown, unsafe.String(unsafe.SliceData(data), len(data)), nil
}

func (r *reader) show(o *options) error {
	valid := r.invalid == 0
	switch o.format {
	case "json":
		if err := diag.WriteJSON(r.report, valid, r.problems); err != nil {
			// a reader of half a report must not take it for a verdict
			return fmt.Errorf("writing the report: %w", err)
		}
	case "line":
		r.lines(len(o.files) > 1)
	default:
		r.text(o, valid)
	}
	if !valid {
		return cli.ExitError(cli.ExitFailed)
	}
	return nil
}

func (r *reader) lines(several bool) {
	for _, p := range r.problems {
		suffix := ""
		if several && p.Place.Doc != nil {
			suffix = " (in " + diag.Printable(p.Place.Doc.Name) + ")"
		}
		fmt.Fprintf(r.report, "%s%s\n", diag.Line(p), suffix)
	}
}

func (r *reader) text(o *options, valid bool) {
	style := diag.Style{Color: r.report.Colors}
	counts := map[diag.Severity]int{}
	for _, p := range r.problems {
		counts[p.Severity] += p.Count()
		fmt.Fprintln(r.report, style.Text(p))
	}
	verdict, files := "valid", plural(len(o.files), "file")
	if !valid {
		verdict = "invalid"
		if len(o.files) > 1 {
			files = fmt.Sprintf("%d of %s", r.invalid, files)
		}
	}
	r.aside()
	done := ""
	if r.options.fix && !r.options.diff {
		done = fmt.Sprintf(" after %s", plural(r.fixes, "fix"))
	}
	fmt.Fprintf(r.report, "%s: %s, %s, %s%s\n", verdict, files, plural(counts[diag.Error], "error"),
		plural(counts[diag.Warning], "warning"), done)
}

// changesMost is how many fixes are listed.
const changesMost = 100

// aside tells what was fixed, and to a person where there is more to know of the problems.
func (r *reader) aside() {
	for i, line := range r.changes {
		switch {
		case i == changesMost:
			fmt.Fprintf(r.report, "and %d more\n", len(r.changes)-i)
		case i < changesMost && !(r.options.diff && strings.HasPrefix(line, "fixed ")):
			fmt.Fprintln(r.report, line)
		}
	}
	if r.options.explains && r.report.Terminal && len(r.problems) > 0 && r.problems[0].Code != "" {
		fmt.Fprintf(r.report, "`glowplug explain %s` says more of such a problem.\n", r.problems[0].Code)
	}
}

func plural(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	if strings.HasSuffix(noun, "x") {
		noun += "e"
	}
	return fmt.Sprintf("%d %ss", n, noun)
}

// named is an error about a file whose name stands in it once, without the name of the operation of os.
func named(doing, name string, err error) error {
	var path *os.PathError
	if errors.As(err, &path) {
		return fmt.Errorf("%s: %s: %w", doing, name, path.Err)
	}
	return fmt.Errorf("%s: %w", doing, err)
}

// quiet drops the name of the operation and the file from an error of os.
func quiet(err error) string {
	var path *os.PathError
	if errors.As(err, &path) {
		return path.Err.Error()
	}
	return strings.TrimSpace(err.Error())
}
