package foretold

import (
	"bytes"
	"errors"
	"fmt"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
)

// An Application is a call of `glowplug apply`, of which a plan can be asked.
type Application struct {
	Root   string
	Config string   // its file; - for standard input, which who asks has to know
	before []string // the program, and what it is called by: setpriv, with its options
	plan   []string // the arguments of `glowplug plan`
	quiet  bool     // it does not say what it has done, or not of all that a plan is of
}

// Applied reads a call. What a plan is not asked about is none: a dry run, and a plan from standard input.
func Applied(args []string) (a Application, is bool) {
	i := slices.IndexFunc(args, func(arg string) bool { return filepath.Base(arg) == "glowplug" })
	if i < 0 || i+1 >= len(args) || args[i+1] != "apply" {
		return a, false
	}
	a = Application{before: args[:i+1], plan: []string{"plan", "--format", "json"}}
	rest := args[i+2:]
	for len(rest) > 0 {
		if rest, is = a.option(rest); !is {
			return a, false
		}
	}
	return a, a.Root != "" && a.Config != ""
}

// option takes up the first of the arguments; false where no plan can be asked of.
func (a *Application) option(args []string) (rest []string, is bool) {
	name, value, joined := strings.Cut(args[0], "=")
	rest = args[1:]
	switch name {
	case "--root", "--files-dir", "-d", "--fetch-timeout", "--color":
		if !joined && len(rest) > 0 {
			value, rest = rest[0], rest[1:]
		}
		if name == "--root" {
			a.Root = value
		}
		if name != "--color" {
			a.plan = append(a.plan, name, value)
		}
	case "--quiet", "-q", "--no-preset":
		a.quiet = true
	case "--ignore-unsupported": // a plan says what it leaves out
	case "--plan": // which is another one, or the same
		if !joined && len(rest) > 0 {
			value, rest = rest[0], rest[1:]
		}
		return rest, value != "-"
	case "--dry-run":
		return nil, false
	default:
		if name == "-" || !strings.HasPrefix(name, "-") {
			a.Config = args[0]
		}
		a.plan = append(a.plan, args[0])
	}
	return rest, true
}

// Command asks the program for the plan, as the same user. Program is where it is, "" for where the call has it.
func (a *Application) Command(program string) *exec.Cmd {
	args := append(slices.Clone(a.before), a.plan...)
	if program != "" {
		args[len(a.before)-1] = program
	}
	return exec.Command(args[0], args[1:]...)
}

// Ask runs such a command. It ends as its plan says.
func Ask(c *exec.Cmd) (p Plan, err error) {
	var said bytes.Buffer
	c.Stderr = &said
	out, err := c.Output()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		return p, err
	}
	if p, err = Parse(out); err != nil {
		return p, fmt.Errorf("%s: %w: %s", strings.Join(c.Args, " "), err, said.String())
	}
	if got := c.ProcessState.ExitCode(); p.Exit != got {
		err = fmt.Errorf("a plan that says that it ends with %d ends with %d", p.Exit, got)
	}
	return p, err
}

// Said holds what a run says that it has done against the plan, unless something of that was decided later.
func (a *Application) Said(p *Plan, stderr string) (faults []string) {
	later := slices.ContainsFunc(p.Actions, func(a Action) bool { return a.Effect == deferred })
	if !a.quiet && !later && !strings.HasSuffix("\n"+stderr, "\n"+p.Summary+"\n") {
		faults = append(faults, fmt.Sprintf("the plan has the summary %q, and the run %q", p.Summary, stderr))
	}
	return faults
}
