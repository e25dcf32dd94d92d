package check

import (
	"context"
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/glowplug-os/glowplug/internal/butane"
	"github.com/glowplug-os/glowplug/internal/cli"
	"github.com/glowplug-os/glowplug/internal/codes"
	"github.com/glowplug-os/glowplug/internal/diag"
	"github.com/glowplug-os/glowplug/internal/document"
	"github.com/glowplug-os/glowplug/internal/limits"
	"github.com/glowplug-os/glowplug/internal/lint"
	"github.com/glowplug-os/glowplug/internal/project"
	"github.com/glowplug-os/glowplug/internal/results"
	"github.com/glowplug-os/glowplug/internal/rules"
)

type options struct {
	Means
	format, output string
	filesDir       string
	maps           Maps
	stdinName      string
	excludes       patterns
	asInFolders    bool
	strict         bool
	failOn         string
	lints          []codes.Code // nil for all
	noLint         bool
	targets        []target
	listTargets    bool
	root, facts    string
	rootAt         *project.Setting // that names the root; nil where an argument does
	systemds       []lint.Systemd   // of the targets and of the root
	platforms      []limits.Limit
	fix, diff      bool
	quiet, all     bool
	explains       bool // the program has the command explain
	called         string
	files          []string
	noProject      bool
	settable       []cli.Option // the rows that a project file may set, each with whether an argument has
}

// An Against opens the root of an image.
type Against func(ctx context.Context, p *cli.Process, dir string) (Image, error)

// An Image is one whose root is open.
type Image struct {
	Judge   func(*document.Document) []diag.Problem // tells of what a config cannot have there
	Systemd int                                     // its systemd, 0 where that is not known
	End     func()
}

// Means are what a program has beside the rules; nil for what it has not.
type Means struct {
	Plan    Planner
	Against Against
	Noted   Against                       // the root that a file of facts is of
	Zip     func(much bool) butane.Zipper // what compresses contents of documents, as convert does
}

// A Planner tells what no machine can have as a config has it.
type Planner func(*document.Document) []diag.Problem

// Validate is the row of the validate command; called is how the user calls it, such as "glowplug validate".
func Validate(called string) cli.Command { return ValidateBy(called, Means{}) }

// ValidateBy is Validate by all that a program has; with roots there is the option --root.
func ValidateBy(called string, m Means) cli.Command {
	o := options{called: called, Means: m}
	rows := o.projectRows()
	return cli.Command{
		Called: called, Usage: []string{called + " [OPTIONS] FILE|DIR..."}, Brief: "FILE...",
		Short: "check configs and show every problem at its line",
		Text: []string{"Checks configs and shows every problem at its line. FILE - is standard input. Of a folder " +
			"the configs in it are checked, and those in the folders below."},
		Options: rows,
		Exits: []cli.Exit{{Code: 0, Meaning: "valid"}, {Code: 1, Meaning: "invalid or unreadable"},
			{Code: 2, Meaning: "wrong usage"}},
		Examples: []string{called + " web.ign", called + " --strict --format line hosts",
			called + " --files-dir files web.bu",
			called + " --map https://example.com/=site web.ign", called + " --fix --diff web.ign",
			called + " --target fcos:38,flatcar:4081 web.ign",
			called + " --format sarif --output glowplug.sarif .", "generate-config | " + called + " -"},
		Grammar: cli.Ours(), Operands: cli.Operands{Files: true}, Section: "1",
		Run: func(ctx context.Context, p *cli.Process, files []string) error {
			o.files, o.explains = files, strings.HasPrefix(called, "glowplug ")
			return o.run(ctx, p)
		},
	}
}

func (o *options) rows() []cli.Option {
	formats, words := []string{"text"}, "text: problems with their source lines"
	for _, f := range results.Formats() {
		formats = append(formats, f.Name)
		words += "; " + f.Name + ": " + f.Words
	}
	rows := []cli.Option{
		{Long: "format", Value: "FORMAT", Values: formats, Default: "text", Set: cli.Text(&o.format), Words: words},
		{Long: "output", Short: 'o', Value: "FILE", Words: "write the report into a file", Set: cli.Text(&o.output)},
		{Long: "strict", Words: "warnings make a config invalid too, as with --fail-on warning",
			Set: cli.Switch(&o.strict)},
		{Long: "fail-on", Value: "SEVERITY", Values: []string{"error", "warning", "advice"}, Default: "error",
			Words: "what makes a config invalid", Set: cli.Text(&o.failOn)},
		{Long: "target", Value: "NAME:RELEASE,...", Set: o.setTargets, Several: true,
			Words: "say also what these releases of systems cannot read, such as fcos:38 or flatcar:4081; may be " +
				"given several times"},
		{Long: "platform", Value: "NAME,...", Set: o.setPlatforms, Several: true, Values: limits.IDs(), Open: true,
			Words: "say also where a config is larger than the user data that these platforms take, such as aws"},
		{Long: "list-targets", Words: "list the systems and what their releases read", Set: cli.Switch(&o.listTargets)},
		{Long: "lint", Value: "none|CODE,...", Set: o.setLints, Several: true,
			Words: "give no advice, or only that of these codes; may be given several times"},
		{Long: "all", Words: fmt.Sprintf("show more than the first %d problems of a file as text", textMost),
			Set: cli.Switch(&o.all)},
		{Long: "quiet", Short: 'q', Words: "show the problems alone, without a summary", Set: cli.Switch(&o.quiet)},
		{Long: "exclude", Value: "PATTERN", Several: true,
			Words: "pass over what PATTERN matches in a folder: a name, or a path with slashes; * stands for any " +
				"part of a name, ** for any number of folders; may be given several times",
			Set: func(pattern string) error {
				if _, err := path.Match(pattern, ""); err != nil {
					return cli.Misuse("a bracket of the pattern is not closed")
				}
				o.excludes.all = append(o.excludes.all, pattern)
				return nil
			}},
		{Long: "as-in-folders", Set: cli.Switch(&o.asInFolders),
			Words: "take files that are named as those of a folder: pass over what is excluded, and what is no config"},
		{Long: "stdin-filename", Value: "FILE", Words: "what standard input is called in the report",
			Set: cli.Text(&o.stdinName)},
		{Long: "fix", Words: "write what the hints say into the files, where nothing else can be meant, " +
			"and show each change and what remains", Set: cli.Switch(&o.fix)},
		{Long: "diff", Words: "with --fix: show what would be written, and write nothing",
			Set: cli.Switch(&o.diff)},
		{Long: "files-dir", Short: 'd', Value: "DIR",
			Words: "the folder of the local files that Butane documents name", Set: cli.Text(&o.filesDir)},
		{Long: "map", Value: "URL=FILE|URL/=DIR", Set: o.maps.Take, Several: true,
			Words: MapWords},
		{Long: "no-project", Words: "go by these options alone, whatever " + project.FileName + " says",
			Set: cli.Switch(&o.noProject)},
	}
	if o.Against != nil {
		rows = append(rows, cli.Option{Long: "root", Value: "DIR", Set: cli.Text(&o.root),
			Words: "say also what cannot be had on the image whose root is in this directory"})
	}
	if o.Noted != nil {
		rows = append(rows, cli.Option{Long: "facts", Value: "FILE", Set: cli.Text(&o.facts),
			Words: "say also what cannot be had on the root that glowplug facts has looked at"})
	}
	return rows
}

// setLints takes none, or codes with commas between them.
func (o *options) setLints(value string) error {
	if value == "none" {
		o.noLint = true
		return nil
	}
	for word := range strings.SplitSeq(value, ",") {
		code := codes.Code(strings.TrimSpace(word))
		if !slices.Contains(lint.Codes(), code) {
			return cli.Misuse("%q is no code of advice: `glowplug explain` lists all codes", word)
		}
		o.lints = append(o.lints, code)
	}
	return nil
}

// fails is the least severity that makes a config invalid.
func (o *options) fails() diag.Severity {
	for _, s := range []diag.Severity{diag.Advice, diag.Warning} {
		if o.failOn == s.String() || o.strict && s == diag.Warning {
			return s
		}
	}
	return diag.Error
}

// rules are those for who can still change a config, and what is advised.
func (o *options) rules(doc *document.Document) []diag.Problem {
	problems := rules.Further(doc)
	if !o.noLint {
		problems = append(problems, lint.Document(doc, lint.Options{Only: o.lints, Systemds: o.systemds})...)
	}
	return problems
}

// misused are the options that cannot go together.
func (o *options) misused() error {
	switch first := slices.Index(o.files, "-"); {
	case len(o.files) == 0:
		return cli.Misuse("no file is given; - is standard input")
	case first >= 0 && slices.Contains(o.files[first+1:], "-"):
		return cli.Misuse("standard input can be read once, and is named twice")
	case o.facts == "-" && first >= 0:
		return cli.Misuse("standard input cannot be both the facts and a config")
	case o.facts != "" && o.root != "":
		return cli.Misuse("--root and --facts are both what a config is held against: leave out one of them")
	case o.diff && !o.fix:
		return cli.Misuse("--diff shows what --fix would write, so it needs --fix")
	case o.fix && !o.diff && first >= 0:
		return cli.Misuse("standard input cannot be written to; --diff shows what would be written")
	case o.stdinName != "" && first < 0:
		return cli.Misuse("--stdin-filename names standard input, which is the file -")
	}
	return nil
}
