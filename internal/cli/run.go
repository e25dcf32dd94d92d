package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/glowplug-os/glowplug/internal/diag"
)

// A Process is what a command has to do with: its streams, and what it may ask of the machine.
type Process struct {
	Name     string // that it was called by
	Args     []string
	Version  string
	In       io.Reader
	Out, Err *diag.Screen
	Data     io.Writer // standard output as it is, for what is nothing for people
	Env      func(string) string
	Now      func() time.Time
	// Signals gives a context that signals end, from then on; nil where nobody sends any.
	Signals func(context.Context) (context.Context, context.CancelFunc)
}

// A Program is what a name stands for: a command, or several of which the first argument says which.
type Program struct {
	Command
	Commands []Command
	// Otherwise makes what options without a command are for.
	Otherwise func() *Command
	// Choose gives the command that the arguments call, and what is left for it; nil where there is one command only.
	// It is Choose of this package, which a program with one command is not to link.
	Choose func(program *Program, args []string) (*Command, []string, error)
}

// What an option or a command gives instead of an error.
var (
	ErrHelp    = errors.New("help is wanted")
	ErrVersion = errors.New("the version is wanted")
)

// ErrNeedsLinux is what a command says on another system that is about the parts of Linux.
var ErrNeedsLinux = errors.New("this needs Linux")

// An ExitError ends a command with a code that it has told of.
type ExitError int

// Error is the code.
func (e ExitError) Error() string { return fmt.Sprintf("exit code %d", int(e)) }

// A UsageError says what is wrong in how a command was called.
type UsageError struct{ Err error }

// Error is what is wrong.
func (e *UsageError) Error() string { return e.Err.Error() }

// Unwrap gives the error itself.
func (e *UsageError) Unwrap() error { return e.Err }

// Misuse gives a UsageError, as fmt.Errorf gives an error.
func Misuse(format string, args ...any) error {
	return &UsageError{fmt.Errorf(format, args...)}
}

// ShowUsage ends a command with its help on standard error, and a code.
type ShowUsage int

// Error says that help is all there is to say.
func (e ShowUsage) Error() string { return "its usage is shown" }

// Run runs what the name of the process stands for; of a name that is none of the programs', the first. It gives the
// exit code. Whoever gets half of what a command prints must not take it for the whole; a boot goes on without its log.
func Run(ctx context.Context, p *Process, programs []Program) int {
	out := &diag.Watched{To: p.Out.To}
	p.Out.To, p.Data = out, out
	program := programs[max(0, slices.IndexFunc(programs, func(each Program) bool { return each.Called == p.Name }))]
	c, args, err := &program.Command, p.Args, error(nil)
	if program.Choose != nil {
		c, args, err = program.Choose(&program, args)
	}
	c.Options = append(c.Options, p.standard(c)...)
	var operands []string
	if err == nil {
		operands, err = c.Parse(args)
	}
	if err == nil && c.Stops && p.Signals != nil {
		var stop context.CancelFunc
		ctx, stop = p.Signals(ctx)
		defer stop()
	}
	if err == nil {
		err = c.Run(ctx, p, operands)
	}
	if usage := (*UsageError)(nil); c.Misused != nil && errors.As(err, &usage) {
		err = c.Misused(p, err)
	}
	logged := err == nil && c.LogsOnly
	if lost := out.Err(); lost != nil && errors.Is(err, lost) {
		err = ExitError(ExitFailed)
	}
	code := p.end(c, err)
	exit := ExitError(0)
	if lost := out.Err(); lost != nil && !logged && (code == ExitOK || errors.As(err, &exit)) {
		return max(code, p.end(c, fmt.Errorf("writing to standard output: %w", lost)))
	}
	return code
}

// end tells of an error, once.
func (p *Process) end(c *Command, err error) int {
	var usage *UsageError
	var shown ShowUsage
	var exit ExitError
	switch {
	case err == nil:
		return ExitOK
	case errors.Is(err, ErrVersion):
		fmt.Fprintln(p.Out, c.Product, c.version(p.Version))
		return ExitOK
	case errors.Is(err, ErrHelp):
		fmt.Fprint(p.helpTo(c), c.Help())
		return ExitOK
	case errors.As(err, &exit):
		return int(exit)
	case errors.As(err, &shown):
		fmt.Fprint(p.Err, c.Help())
		return int(shown)
	case errors.As(err, &usage):
		fmt.Fprint(p.Err, c.Grammar.misused(c, c.Grammar.message(err)))
		return ExitUsage
	}
	p.Complain(c.Called, err)
	return ExitFailed
}

func (p *Process) helpTo(c *Command) io.Writer {
	if c.Grammar.HelpToErr {
		return p.Err
	}
	return p.Out
}

// complaintsMost is how many errors are told, each on its line.
const complaintsMost = 20

// Complain says what went wrong, in one line for each error whatever it is, and below it what can be done about it:
// once for errors beside each other that have the same hints.
func (p *Process) Complain(name string, err error) {
	lines, all := diag.Few(err, complaintsMost), diag.Errors(err)
	for i, line := range lines {
		fmt.Fprintf(p.Err, "%s: %s\n", name, line)
		if i >= min(len(all), complaintsMost) {
			break // it counts the others
		}
		hints := diag.Hints(all[i])
		if i+1 < min(len(all), complaintsMost) && slices.Equal(hints, diag.Hints(all[i+1])) {
			continue
		}
		for _, hint := range hints {
			fmt.Fprintf(p.Err, "hint: %s\n", diag.OneLine(hint))
		}
	}
}

// standard are the options that commands of our own share.
func (p *Process) standard(c *Command) []Option {
	if !c.Grammar.Standard {
		return nil
	}
	return []Option{p.colorOption(), HelpOption(), VersionOption()}
}

func (p *Process) colorOption() Option {
	return Option{
		Long: "color", Value: "WHEN", Values: []string{"auto", "always", "never"}, Several: true,
		Words: "show colours: auto is on a terminal, unless NO_COLOR is set",
		Set: func(when string) error {
			if when != "auto" {
				p.Out.Colors, p.Err.Colors = when == "always", when == "always"
			}
			return nil
		},
	}
}

// HelpOption is -h and --help.
func HelpOption() Option {
	return Option{Long: "help", Short: 'h', Words: "show this help", Set: func(string) error { return ErrHelp }}
}

// VersionOption is --version.
func VersionOption() Option {
	return Option{Long: "version", Words: "print the version", Set: func(string) error { return ErrVersion }}
}

// Help is the command that tells of the others. The programs are those of the names that it knows.
func Help(called string, programs func() []Program) Command {
	return Command{
		Called: called + " help", Usage: []string{called + " help [COMMAND]"}, Brief: "[COMMAND]",
		Short: "show this help, or that of a command",
		Text:  []string{"Explains a command, or lists them all."}, Grammar: Ours(),
		Run: func(_ context.Context, p *Process, operands []string) error {
			all := programs()
			if len(operands) == 0 {
				fmt.Fprint(p.Out, all[0].overview().Help())
				return nil
			}
			var topics []string
			for _, c := range Rows(all) {
				if c.topic() == strings.Join(operands, " ") {
					fmt.Fprint(p.Out, c.Help())
					return nil
				}
				topics = append(topics, c.topic())
			}
			topic := strings.Join(operands, " ")
			return meant(Misuse("there is no help on %q", topic), topic, topics)
		},
	}
}

// version is what --version prints: the own one; or the level, which scripts compare, with the own one as its build
// metadata, which comparisons leave out (Semantic Versioning 2.0.0, §10). These have no second "+".
func (c *Command) version(own string) string {
	if c.Level == "" {
		return own
	}
	return c.Level + "+glowplug." + strings.ReplaceAll(own, "+", ".")
}

// Version is the command that prints the version.
func Version(called string) Command {
	return Command{
		Called: called + " version", Usage: []string{called + " version"}, Short: "print the version",
		Text: []string{"Prints the version."}, Grammar: Ours(),
		Run: func(_ context.Context, _ *Process, operands []string) error {
			if len(operands) > 0 {
				return Misuse("%q is one argument too many", operands[0])
			}
			return ErrVersion
		},
	}
}

// Rows lists the commands of programs, each with the options that it takes.
func Rows(programs []Program) (rows []*Command) {
	add := func(c *Command) {
		c.Options = append(c.Options, (&Process{}).standard(c)...)
		rows = append(rows, c)
	}
	for i := range programs {
		p := &programs[i]
		for j := range p.Commands {
			add(&p.Commands[j])
		}
		if p.Otherwise != nil {
			add(p.Otherwise())
		}
		if p.Commands == nil {
			add(&p.Command)
		}
	}
	return rows
}
