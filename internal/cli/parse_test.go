package cli_test

import (
	"bytes"
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/glowplug-os/glowplug/internal/cli"
	"github.com/glowplug-os/glowplug/internal/diag"
)

// A seen is what a command got of its arguments.
type seen struct {
	dir, format, color string
	live, pretty       bool
	wait               time.Duration
	operands           []string
}

// command has an option of each kind.
func command(g cli.Grammar, s *seen) cli.Command {
	return cli.Command{
		Called: "prog", Usage: []string{"prog [OPTIONS] FILE..."}, Grammar: g, Product: "Prog",
		Options: []cli.Option{
			{Long: "dir", Short: 'd', Value: "DIR", Set: cli.Text(&s.dir), Words: "a folder"},
			{Long: "pair", Value: "A=B", Words: "two", Set: func(string) error { return cli.Misuse("there is no =") }},
			{Long: "live", Short: 'l', Set: cli.Switch(&s.live)},
			{Long: "pretty", Short: 'p', Set: cli.Switch(&s.pretty)},
			{Long: "format", Value: "FORMAT", Values: []string{"text", "line", "json"}, Default: "text",
				Set: cli.Text(&s.format)},
			{Long: "hue", Aliases: []string{"tint"}, Value: "WHEN", Implied: "always", Open: true, Several: true,
				Values: []string{"always"}, Set: cli.Text(&s.color)},
			{Long: "wait", Value: "TIME", Default: "2m", Set: cli.Duration(&s.wait)},
			{Long: "old", Value: "X", Hidden: true, Set: cli.Text(new(string))},
		},
		Run: func(_ context.Context, p *cli.Process, operands []string) error {
			s.operands = operands
			return nil
		},
	}
}

// parse gives what a command gets of arguments, by a grammar.
func parse(g cli.Grammar, args ...string) (s seen, err error) {
	c := command(g, &s)
	c.Options = append(c.Options, cli.HelpOption(), cli.VersionOption())
	s.operands, err = c.Parse(args)
	return s, err
}

func TestArgumentsByTheGrammarOfAName(t *testing.T) {
	t.Parallel()
	is := func(change func(*seen)) seen {
		s := seen{format: "text", wait: 2 * time.Minute}
		if change != nil {
			change(&s)
		}
		return s
	}
	dir := is(func(s *seen) { s.dir = "x" })
	both := is(func(s *seen) { s.live, s.pretty = true, true })
	file := is(func(s *seen) { s.operands = []string{"f"} })
	for claim, test := range map[string]struct {
		grammar cli.Grammar
		args    []string
		want    seen
	}{
		"nothing has the defaults":              {cli.Ours(), nil, is(nil)},
		"a value of its own":                    {cli.Ours(), []string{"--dir", "x"}, dir},
		"a value behind =":                      {cli.Ours(), []string{"--dir=x"}, dir},
		"a value behind its letter":             {cli.Ours(), []string{"-dx"}, dir},
		"a value behind its letter and =":       {cli.Ours(), []string{"-d=x"}, dir},
		"a value behind its letter, of its own": {cli.Ours(), []string{"-d", "x"}, dir},
		"one dash and a name":                   {cli.Ours(), []string{"-dir", "x"}, dir},
		"one dash, a name and a value":          {cli.Ours(), []string{"-dir=x"}, dir},
		"two dashes and a letter":               {cli.Ours(), []string{"--d", "x"}, dir},
		"letters together":                      {cli.Ours(), []string{"-lp"}, both},
		"letters together, the last with its value": {cli.Ours(), []string{"-lpdx"},
			is(func(s *seen) { s.live, s.pretty, s.dir = true, true, "x" })},
		"several, where that is meant": {cli.Ours(), []string{"--hue=odd", "--tint=even"},
			is(func(s *seen) { s.color = "even" })},
		"ignition: the last of several counts": {cli.Stage(), []string{"-dir=y", "-dir=x"}, dir},
		"butane: the last of several counts":   {cli.Butane(), []string{"--dir=y", "-dx"}, dir},
		"a switch that is turned off again":    {cli.Ours(), []string{"--live", "--live=false"}, is(nil)},
		"a switch takes no argument": {cli.Ours(), []string{"--live", "f"},
			is(func(s *seen) { s.live, s.operands = true, []string{"f"} })},
		"butane: an empty value":        {cli.Butane(), []string{"--dir", "x", "--dir="}, is(nil)},
		"a value may begin with a dash": {cli.Ours(), []string{"--dir", "-x"}, is(func(s *seen) { s.dir = "-x" })},
		"options anywhere": {cli.Ours(), []string{"f", "-l", "g", "-p"},
			is(func(s *seen) { s.live, s.pretty, s.operands = true, true, []string{"f", "g"} })},
		"all behind -- is no option": {cli.Ours(), []string{"--", "-l", "--"},
			is(func(s *seen) { s.operands = []string{"-l", "--"} })},
		"a dash is no option":  {cli.Ours(), []string{"-"}, is(func(s *seen) { s.operands = []string{"-"} })},
		"nothing is no option": {cli.Ours(), []string{""}, is(func(s *seen) { s.operands = []string{""} })},
		"a value of a list": {cli.Ours(), []string{"--format=json"},
			is(func(s *seen) { s.format = "json" })},
		"a value that a command judges": {cli.Ours(), []string{"--hue=odd"}, is(func(s *seen) { s.color = "odd" })},
		"a value that need not be": {cli.Ours(), []string{"--hue", "f"},
			is(func(s *seen) { s.color, s.operands = "always", []string{"f"} })},
		"another name": {cli.Ours(), []string{"--tint"}, is(func(s *seen) { s.color = "always" })},
		"a time":       {cli.Ours(), []string{"--wait", "90s"}, is(func(s *seen) { s.wait = 90 * time.Second })},

		"butane: letters together": {cli.Butane(), []string{"-lpdx"},
			is(func(s *seen) { s.live, s.pretty, s.dir = true, true, "x" })},
		"butane: a letter turned off":       {cli.Butane(), []string{"-lp=false"}, is(func(s *seen) { s.live = true })},
		"butane: one dash has letters only": {cli.Butane(), []string{"-dir"}, is(func(s *seen) { s.dir = "ir" })},
		"butane: options behind the file": {cli.Butane(), []string{"f", "--dir", "x"},
			is(func(s *seen) { s.dir, s.operands = "x", []string{"f"} })},
		"ignition: one dash and a name":   {cli.Stage(), []string{"-dir", "x"}, dir},
		"ignition: two dashes and a name": {cli.Stage(), []string{"--dir=x"}, dir},
		"ignition: an argument ends options": {cli.Stage(), []string{"f", "-live"},
			is(func(s *seen) { s.operands = []string{"f", "-live"} })},
		"ignition: a dash ends options": {cli.Stage(), []string{"-", "-live"},
			is(func(s *seen) { s.operands = []string{"-", "-live"} })},
		"ignition: an empty last argument": {cli.Stage(), []string{"-dir=x", ""},
			is(func(s *seen) { s.dir, s.operands = "x", []string{""} })},
		"ignition: several in the last": {cli.Stage(), []string{"-dir=x", " -live -pretty "},
			is(func(s *seen) { s.dir, s.live, s.pretty = "x", true, true })},
		"ignition: one in the last, as it is": {cli.Stage(), []string{"-dir=a b"}, is(func(s *seen) { s.dir = "a b" })},
		"ignition-rmcfg: the last is one": {cli.Remove(), []string{"--dir", "-live -pretty"},
			is(func(s *seen) { s.dir = "-live -pretty" })},
		"ignition-rmcfg: arguments end all": {cli.Remove(), []string{"f", "-live"},
			is(func(s *seen) { s.operands = []string{"f", "-live"} })},
		"ignition-validate: a file ends all": {cli.PeerValidate(), []string{"-", "-version"},
			is(func(s *seen) { s.operands = []string{"-", "-version"} })},
		"ignition-validate: -- ends all": {cli.PeerValidate(), []string{"--", "f"}, file},
		"ignition-apply: options anywhere": {cli.PeerApply(), []string{"f", "--live", "--dir", "x"},
			is(func(s *seen) { s.dir, s.live, s.operands = "x", true, []string{"f"} })},
		"ignition-apply: all behind -- is one": {cli.PeerApply(), []string{"--", "f"}, file},
	} {
		t.Run(claim, func(t *testing.T) {
			t.Parallel()
			got, err := parse(test.grammar, test.args...)
			require.NoError(t, err)
			assert.Equal(t, test.want, got)
		})
	}
}

func TestWrongArguments(t *testing.T) {
	t.Parallel()
	const twice, dir = "the option --dir is given twice, and takes one value", "--dir DIR: a folder"
	for claim, test := range map[string]struct {
		grammar cli.Grammar
		args    []string
		want    string
		hint    string
	}{
		"twice":                     {cli.Ours(), []string{"--dir=y", "--dir=x"}, twice, dir},
		"twice, once by its letter": {cli.Ours(), []string{"-d", "y", "--dir=x"}, twice, dir},
		"twice, and the same":       {cli.Ours(), []string{"--dir=x", "f", "--dir=x"}, twice, dir},
		"twice, where it has a default": {cli.Ours(), []string{"--wait=1s", "--wait=2s"},
			"the option --wait is given twice, and takes one value", "--wait TIME: "},
		"an unknown name": {cli.Ours(), []string{"--frobnicate"}, "the option --frobnicate is not known", ""},
		"an unknown name with a value": {cli.Ours(), []string{"--frobnicate=x"}, "the option --frobnicate is not known",
			""},
		"a misspelt name": {cli.Ours(), []string{"--prety"}, "the option --prety is not known",
			"did you mean --pretty?"},
		"a misspelt name, one dash": {cli.Ours(), []string{"-fromat=line"}, "the option -fromat is not known",
			"did you mean --format?"},
		"the beginning of a name": {cli.Ours(), []string{"--form", "line"}, "the option --form is not known",
			"did you mean --format?"},
		"an unknown letter":            {cli.Ours(), []string{"-x"}, "the option -x is not known", ""},
		"an unknown letter of several": {cli.Ours(), []string{"-lxp"}, "the option -lxp is not known", ""},
		"three dashes": {cli.Ours(), []string{"---live"}, "the option ---live is not known",
			"did you mean --live?"},
		"no name":                     {cli.Ours(), []string{"--=x"}, "the option -- is not known", ""},
		"what is hidden is not meant": {cli.Ours(), []string{"--olds"}, "the option --olds is not known", ""},
		"no value": {cli.Ours(), []string{"f", "--dir"}, "the option --dir needs a value",
			"--dir DIR: a folder"},
		"no value behind a letter": {cli.Ours(), []string{"-ld"}, "the option -d needs a value",
			"--dir DIR: a folder"},
		"an empty value": {cli.Ours(), []string{"--dir="}, "the option --dir needs a value",
			"--dir DIR: a folder"},
		"an empty argument": {cli.Ours(), []string{"-d", ""}, "the option -d needs a value",
			"--dir DIR: a folder"},
		"no switch": {cli.Ours(), []string{"--live=maybe"},
			`the option --live does not take the value "maybe"`, ""},
		"an empty switch": {cli.Ours(), []string{"--live="},
			`the option --live does not take the value ""`, ""},
		"no time": {cli.Ours(), []string{"--wait=soon"},
			`the option --wait does not take the value "soon"`, "--wait TIME: "},
		"a value with a reason": {cli.Ours(), []string{"--pair=x"},
			`the option --pair does not take the value "x": there is no =`, "--pair A=B: two"},
		"no value of a list": {cli.Ours(), []string{"--format", "xml"},
			`the format "xml" is not known: text, line and json are known`, ""},
		"butane: an unknown name":      {cli.Butane(), []string{"--frobnicate"}, "unknown flag: --frobnicate", ""},
		"butane: two dashes, a letter": {cli.Butane(), []string{"--d", "x"}, "unknown flag: --d", ""},
		"butane: an unknown letter": {cli.Butane(), []string{"-pretty"}, "unknown shorthand flag in -pretty",
			"did you mean --pretty?"},
		"ignition: letters together": {cli.Stage(), []string{"-lp"}, "the option -lp is not known", ""},
		"ignition: no value":         {cli.Stage(), []string{"-dir"}, "the option -dir needs a value", ""},
		"ignition-apply: a name": {cli.PeerApply(), []string{"-dir=x", "--frobnicate"}, "unknown flag: --frobnicate",
			""},
	} {
		t.Run(claim, func(t *testing.T) {
			t.Parallel()
			_, err := parse(test.grammar, test.args...)
			var usage *cli.UsageError
			require.ErrorAs(t, err, &usage)
			assert.Equal(t, test.want, err.Error())
			assert.Equal(t, test.hint, strings.Join(diag.Hints(err), " "))
		})
	}
}

func TestHelpAndTheVersionAreWantedWhereverTheyStand(t *testing.T) {
	t.Parallel()
	for _, g := range []cli.Grammar{cli.Ours(), cli.Stage(), cli.Remove(), cli.PeerValidate(), cli.PeerApply(),
		cli.Butane()} {
		for _, args := range [][]string{{"-h"}, {"--help"}, {"--live", "--help", "--frobnicate"}} {
			_, err := parse(g, args...)
			require.ErrorIs(t, err, cli.ErrHelp, args)
		}
		_, err := parse(g, "--version")
		require.ErrorIs(t, err, cli.ErrVersion)
	}
	for _, g := range []cli.Grammar{cli.Ours(), cli.Stage(), cli.Remove(), cli.PeerValidate()} {
		_, err := parse(g, "-help")
		require.ErrorIs(t, err, cli.ErrHelp)
		_, err = parse(g, "-version")
		require.ErrorIs(t, err, cli.ErrVersion)
	}
}

// Whatever the arguments are: no panic, and nothing of them is lost but options and their values.
func FuzzParse(f *testing.F) {
	for _, args := range []string{"", "--dir\x00x", "-lpd=x\x00f", "--\x00-l", "-\x00--format=json", "-d",
		"--hue=\x00-=", " -live -dir x ", "\xff-\xff\x00-\xff"} {
		f.Add(args)
	}
	f.Fuzz(func(t *testing.T, text string) {
		args := strings.Split(text, "\x00")
		for _, g := range []cli.Grammar{cli.Ours(), cli.Stage(), cli.Remove(), cli.PeerValidate(), cli.PeerApply(),
			cli.Butane()} {
			s, err := parse(g, args...)
			var usage *cli.UsageError
			if err != nil && !errors.As(err, &usage) && !errors.Is(err, cli.ErrHelp) &&
				!errors.Is(err, cli.ErrVersion) {
				t.Fatalf("%q: %v", args, err)
			}
			for _, operand := range s.operands {
				if !strings.Contains(text, operand) {
					t.Fatalf("%q is none of %q", operand, args)
				}
			}
		}
	})
}

// A broken stream cannot be written to.
type broken struct{}

func (broken) Write([]byte) (int, error) { return 0, errors.New("no space left") }

func TestHowACommandEnds(t *testing.T) {
	t.Parallel()
	failure := diag.WithHint(errors.New("no\nroom"), "make some")
	for claim, test := range map[string]struct {
		args           []string
		err            error
		change         func(*cli.Command)
		broken         bool
		code           int
		stdout, stderr string
	}{
		"well":           {code: 0},
		"with a failure": {err: failure, code: 1, stderr: "prog: no; room\nhint: make some\n"},
		"with wrong usage": {err: cli.Misuse("one %s", "file"), code: 2,
			stderr: "prog: one file\nTry 'prog --help'.\n"},
		"with a wrong option": {args: []string{"--liev"}, code: 2,
			stderr: "prog: the option --liev is not known\nhint: did you mean --live?\nTry 'prog --help'.\n"},
		"with a code that it has told of": {err: cli.ExitError(3), code: 3},
		"with its usage": {err: cli.ShowUsage(1), code: 1,
			stderr: "Usage: prog [OPTIONS] FILE...\n\nOptions:\n  -h, --help   show this help\n", change: bare},
		"with its version": {args: []string{"--version"}, code: 0, stdout: "Prog 9.9.9+dirty\n"},
		"with its help": {args: []string{"-h"}, code: 0,
			stdout: "Usage: prog [OPTIONS] FILE...\n\nOptions:\n  -h, --help   show this help\n", change: bare},
		"its output lost": {args: []string{"--version"}, broken: true, code: 1,
			stderr: "prog: writing to standard output: no space left\n"},
		"its log lost": {change: func(c *cli.Command) {
			c.LogsOnly, c.Run = true, speaks
		}, broken: true, code: 0},
		"its help lost, of one that logs": {args: []string{"-h"}, change: func(c *cli.Command) {
			c.LogsOnly = true
		}, broken: true, code: 1, stderr: "prog: writing to standard output: no space left\n"},
		"with a failure and its output lost": {err: failure, broken: true, code: 1,
			stderr: "prog: no; room\nhint: make some\n"},
		"misused, where it knows better": {args: []string{"--liev"}, code: 4, change: func(c *cli.Command) {
			c.Misused = func(*cli.Process, error) error { return cli.ExitError(4) }
		}},
		"help on standard error": {args: []string{"-h"}, code: 0, change: func(c *cli.Command) {
			bare(c)
			c.Grammar = cli.PeerValidate()
		}, stderr: "Usage: prog [OPTIONS] FILE...\n\nOptions:\n  -h, --help   show this help\n"},
		"with the version of another, in whose place it stands": {args: []string{"--version"},
			stdout: "Prog 2.27.0+glowplug.9.9.9.dirty\n", change: func(c *cli.Command) { c.Level = "2.27.0" }},
		"butane: help, and then what is wrong": {args: []string{"-x"}, code: 2, change: func(c *cli.Command) {
			bare(c)
			c.Grammar = cli.Butane()
		}, stderr: "Usage: prog [OPTIONS] FILE...\n\nOptions:\n  -h, --help   show this help\n" +
			"unknown shorthand flag in -x\n"},
		"ignition-apply: the other way round": {args: []string{"-x"}, code: 2, change: func(c *cli.Command) {
			bare(c)
			c.Grammar = cli.PeerApply()
		}, stderr: "prog: unknown shorthand flag in -x\nUsage: prog [OPTIONS] FILE...\n\n" +
			"Options:\n  -h, --help   show this help\n"},
	} {
		t.Run(claim, func(t *testing.T) {
			t.Parallel()
			var out, errs bytes.Buffer
			c := command(cli.Ours(), &seen{})
			c.Run = func(context.Context, *cli.Process, []string) error { return test.err }
			if test.change != nil {
				test.change(&c)
			}
			p := &cli.Process{Name: "prog", Args: test.args, Version: "9.9.9+dirty", Out: &diag.Screen{To: &out},
				Err: &diag.Screen{To: &errs}}
			if test.broken {
				p.Out.To = broken{}
			}
			assert.Equal(t, test.code, cli.Run(t.Context(), p, []cli.Program{{Command: c}}))
			assert.Equal(t, test.stdout, out.String())
			assert.Equal(t, test.stderr, errs.String())
		})
	}
}

// bare leaves help as the only option, or none where that is an error.
func bare(c *cli.Command) {
	c.Options, c.Grammar = []cli.Option{cli.HelpOption()}, cli.Remove()
}

func speaks(_ context.Context, p *cli.Process, _ []string) error {
	_, _ = p.Out.Write([]byte("a line\n"))
	return nil
}
