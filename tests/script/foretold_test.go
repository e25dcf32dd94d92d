package script

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/glowplug-os/glowplug/stages"
	"github.com/glowplug-os/glowplug/stages/files"
	"github.com/glowplug-os/glowplug/tests/foretold"
)

// An application is a call of `glowplug apply` that is foretold.
type application struct {
	before []string // what the program is called by: setpriv, with its options
	root   string
	plan   []string // the arguments of `glowplug plan`
	quiet  bool     // it does not say what it has done
}

// applied reads a call. What a plan is not asked about is none: a dry run, and a config that only one can read.
func applied(args []string) (a application, is bool) {
	i := slices.Index(args, "glowplug")
	if i < 0 || i+1 >= len(args) || args[i+1] != "apply" {
		return a, false
	}
	a = application{before: args[:i], plan: []string{"plan", "--format", "json"}}
	rest := args[i+2:]
	for k := 0; k < len(rest); k++ {
		name, value, joined := strings.Cut(rest[k], "=")
		switch name {
		case "--root", "--files-dir", "-d", "--fetch-timeout", "--color":
			if !joined && k+1 < len(rest) {
				k++
				value = rest[k]
			}
			if name == "--root" {
				a.root = value
			}
			if name != "--color" {
				a.plan = append(a.plan, name, value)
			}
		case "--quiet", "-q":
			a.quiet = true
		case "--no-preset", "--ignore-unsupported": // a plan does without
		case "--dry-run", "-", "--plan":
			return a, false
		default:
			a.plan = append(a.plan, rest[k])
		}
	}
	return a, a.root != ""
}

// ask runs `glowplug plan` as a script would, without that the script sees it.
func (a *application) ask(ts *testscript.TestScript) (p foretold.Plan) {
	args := append(append(slices.Clone(a.before), filepath.Join(programs, "glowplug")), a.plan...)
	c := exec.Command(args[0], args[1:]...)
	c.Dir = ts.MkAbs(".")
	for _, name := range ts.Value(variables).([]string) {
		c.Env = append(c.Env, name+"="+ts.Getenv(name))
	}
	var said bytes.Buffer
	c.Stderr = &said
	out, err := c.Output()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		ts.Fatalf("%v", err)
	}
	if p, err = foretold.Parse(out); err != nil {
		ts.Fatalf("glowplug %s: %v: %s", strings.Join(a.plan, " "), err, said.String())
	}
	if p.Exit != c.ProcessState.ExitCode() {
		ts.Fatalf("a plan that says that it ends with %d ends with %d", p.Exit, c.ProcessState.ExitCode())
	}
	return p
}

// variables is the key of the names of a script's environment.
const variables = "variables"

// foretell has a call of `glowplug apply` that is to go well told beforehand, and asks once more afterwards: what was
// done is what the plan has said, and nothing is left to do. Other calls it only runs.
func foretell(ts *testscript.TestScript, args []string, run func() int) func() int {
	a, is := applied(args)
	if !is {
		return foretellPeer(ts, args, run)
	}
	return func() int { return a.foretell(ts, args, run) }
}

func (a *application) foretell(ts *testscript.TestScript, args []string, run func() int) int {
	plan, before := a.ask(ts), look(ts, a.root)
	got := run()
	if got != 0 {
		return got
	}
	faults := plan.Trees(before, look(ts, a.root))
	said := "\n" + ts.ReadFile("stderr")
	if !a.quiet && plan.Certain() && !strings.HasSuffix(said, "\n"+plan.Summary+"\n") {
		faults = append(faults, fmt.Sprintf("the summary of the plan is %q", plan.Summary))
	}
	if faults = append(faults, rows(ts).Empty(a.ask(ts))...); len(faults) > 0 {
		ts.Fatalf("%s: %s", strings.Join(args, " "), strings.Join(faults, "\n"))
	}
	return got
}

func look(ts *testscript.TestScript, dir string) foretold.Tree {
	t, err := foretold.Look(ts.MkAbs(dir))
	ts.Check(err)
	return t
}

// foretellFiles tells what the files stage, or ignition-apply, will do; verify holds it against what it has logged and
// done.
func foretellFiles(ts *testscript.TestScript, dir, config string, adapt func(*stages.Question)) (verify func()) {
	ask := func() foretold.Plan {
		p, err := foretold.ForStage(context.Background(), ts.MkAbs(dir), []byte(ts.ReadFile(config)), adapt)
		ts.Check(err)
		return p
	}
	plan, before := ask(), look(ts, dir)
	return func() {
		deeds := foretold.WithoutLeft(foretold.Logged(ts.ReadFile("stdout"), "files: "))
		faults := append(plan.Trees(before, look(ts, dir)), foretold.Deeds(plan.Of("files"), deeds)...)
		if faults = append(faults, rows(ts).Empty(ask())...); len(faults) > 0 {
			ts.Fatalf("%s", strings.Join(faults, "\n"))
		}
	}
}

// foretellStage is of the files stage. The image's own configs come below it, which nobody is asked about.
func foretellStage(ts *testscript.TestScript) (verify func()) {
	work := ts.Getenv("WORK")
	if base, _ := filepath.Glob(work + "/dirs/*/base*.d"); len(base) > 0 {
		return func() {}
	}
	return foretellFiles(ts, work+"/root", work+"/run/ignition.json", nil)
}

// foretellPeer is of ignition-apply, which leaves accounts alone.
func foretellPeer(ts *testscript.TestScript, args []string, run func() int) func() int {
	dir := slices.Index(args, "--root") + 1
	if args[0] != "ignition-apply" || dir == 0 || args[len(args)-1] == "-" {
		return run
	}
	return func() int {
		verify := foretellFiles(ts, args[dir], args[len(args)-1], func(q *stages.Question) {
			q.Files.Accounts = files.LeaveAccounts
		})
		got := run()
		if got == 0 {
			verify()
		}
		return got
	}
}

func rows(ts *testscript.TestScript) foretold.Rows {
	all, err := foretold.Exceptions()
	ts.Check(err)
	return all
}
