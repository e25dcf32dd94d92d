package script

import (
	"context"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/glowplug-os/glowplug/stages"
	"github.com/glowplug-os/glowplug/stages/files"
	"github.com/glowplug-os/glowplug/tests/foretold"
)

// ask runs `glowplug plan` as a script would, without that the script sees it.
func ask(ts *testscript.TestScript, a *foretold.Application) foretold.Plan {
	c := a.Command(filepath.Join(programs, "glowplug"))
	c.Dir = ts.MkAbs(".")
	for _, name := range ts.Value(variables).([]string) {
		c.Env = append(c.Env, name+"="+ts.Getenv(name))
	}
	p, err := foretold.Ask(c)
	ts.Check(err)
	return p
}

// variables is the key of the names of a script's environment.
const variables = "variables"

// foretell has a call of `glowplug apply` that is to go well told beforehand, and asks once more afterwards: what was
// done is what the plan has said, and nothing is left to do. Other calls it only runs.
func foretell(ts *testscript.TestScript, args []string, run func() int) func() int {
	a, is := foretold.Applied(args)
	if !is {
		return foretellPeer(ts, args, run)
	}
	return func() int {
		plan, before := ask(ts, &a), look(ts, a.Root)
		got := run()
		if got != 0 {
			return got
		}
		faults := append(plan.Trees(before, look(ts, a.Root)), a.Said(&plan, ts.ReadFile("stderr"))...)
		if faults = append(faults, rows(ts).Empty(ask(ts, &a), text(ts, a.Config))...); len(faults) > 0 {
			ts.Fatalf("%s: %s", strings.Join(args, " "), strings.Join(faults, "\n"))
		}
		return got
	}
}

func text(ts *testscript.TestScript, file string) []byte {
	text, err := os.ReadFile(ts.MkAbs(file))
	ts.Check(err)
	return text
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
		p, err := foretold.ForStage(context.Background(), ts.MkAbs(dir), ts.MkAbs(config), adapt)
		ts.Check(err)
		return p
	}
	plan, before := ask(), look(ts, dir)
	return func() {
		deeds := foretold.WithoutLeft(foretold.Logged(ts.ReadFile("stdout"), "files: "))
		faults := append(plan.Trees(before, look(ts, dir)), foretold.Deeds(plan.Of("files"), deeds)...)
		if faults = append(faults, rows(ts).Empty(ask(), text(ts, config))...); len(faults) > 0 {
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
