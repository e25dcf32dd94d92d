package script

import (
	"cmp"
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/glowplug-os/glowplug/stages"
	"github.com/glowplug-os/glowplug/stages/files"
	"github.com/glowplug-os/glowplug/tests/foretold"
)

// ask runs `glowplug plan` as a script would, without that the script sees it. Input is a file.
func ask(ts *testscript.TestScript, a *foretold.Application, input string) foretold.Plan {
	p, err := foretold.Ask(asScripts(ts, a.Command(filepath.Join(programs, "glowplug")), input))
	ts.Check(err)
	return p
}

// differs runs `glowplug verify` in the same way.
func differs(ts *testscript.TestScript, a *foretold.Application, input string) []string {
	d, err := foretold.Verified(asScripts(ts, a.Verification(filepath.Join(programs, "glowplug")), input))
	ts.Check(err)
	return d.Differs()
}

func asScripts(ts *testscript.TestScript, c *exec.Cmd, input string) *exec.Cmd {
	c.Dir = ts.MkAbs(".")
	for _, name := range ts.Value(variables).([]string) {
		c.Env = append(c.Env, name+"="+ts.Getenv(name))
	}
	if input != "" {
		c.Stdin = strings.NewReader(ts.ReadFile(input))
	}
	return c
}

// variables is the key of the names of a script's environment.
const variables = "variables"

// foretell runs a program. Of a call of `glowplug apply`, or of ignition-apply, that is to go well it asks a plan
// before, and once more afterwards: what was done is what the plan has said, and nothing is left to do.
func foretell(ts *testscript.TestScript, args []string) int {
	if a, is := foretold.Applied(args); is {
		return foretellApply(ts, args, &a)
	}
	if dir := slices.Index(args, "--root") + 1; args[0] == "ignition-apply" && dir > 0 {
		return foretellPeer(ts, args, args[dir])
	}
	return status(ts, args[0], args[1:]...)
}

func foretellApply(ts *testscript.TestScript, args []string, a *foretold.Application) int {
	input := kept(ts, a.Config)
	plan, before := ask(ts, a, input), look(ts, a.Root)
	if got := given(ts, input, args); got != 0 {
		return got
	}
	faults := append(plan.Trees(before, look(ts, a.Root)), a.Said(&plan, ts.ReadFile("stderr"))...)
	faults = append(faults, rows(ts).Empty(ask(ts, a, input), text(ts, cmp.Or(input, a.Config)))...)
	faults = append(faults, differs(ts, a, input)...)
	if len(faults) > 0 {
		ts.Fatalf("%s: %s", strings.Join(args, " "), strings.Join(faults, "\n"))
	}
	return 0
}

func text(ts *testscript.TestScript, file string) []byte {
	text, err := os.ReadFile(ts.MkAbs(file))
	ts.Check(err)
	return text
}

// kept puts standard input into a file, if a config comes from there, so that it can be read more than once.
func kept(ts *testscript.TestScript, config string) (file string) {
	if config != "-" {
		return ""
	}
	ts.Check(ts.Exec("cat"))
	file = ts.Getenv("WORK") + "/standard-input"
	ts.Check(os.WriteFile(file, []byte(ts.ReadFile("stdout")), 0o600))
	return file
}

// given runs a program with a file as its standard input, "" for what the script has.
func given(ts *testscript.TestScript, input string, args []string) int {
	if input == "" {
		return status(ts, args[0], args[1:]...)
	}
	return status(ts, "sh", append([]string{"-c", `exec "$@" <"$0"`, input}, args...)...)
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
		faults = append(faults, rows(ts).Empty(ask(), text(ts, config))...)
		d, err := foretold.Verify(context.Background(), ts.MkAbs(dir), ts.MkAbs(config), adapt)
		ts.Check(err)
		if faults = append(faults, d.Differs()...); len(faults) > 0 {
			ts.Fatalf("%s", strings.Join(faults, "\n"))
		}
	}
}

// foretellStage is of the files stage. The image's own configs, of which nobody is asked, are merged below that of the
// boot.
func foretellStage(ts *testscript.TestScript, options []string) (verify func()) {
	work, platform := ts.Getenv("WORK"), "file"
	for _, option := range options {
		if name, is := strings.CutPrefix(option, "--platform="); is {
			platform = name
		}
	}
	config := work + "/run/ignition.json"
	base, err := foretold.ImageConfigs([]string{work + "/dirs/run", work + "/dirs/etc", work + "/dirs/usr"}, platform)
	ts.Check(err)
	if len(base) == 0 {
		return foretellFiles(ts, work+"/root", config, func(q *stages.Question) { q.Rendered = true })
	}
	all, err := foretold.Merged(append(base, ts.ReadFile(config)))
	ts.Check(err)
	config = work + "/merged.ign"
	ts.Check(os.WriteFile(config, all, 0o600))
	return foretellFiles(ts, work+"/root", config, nil)
}

// foretellPeer is of ignition-apply, which leaves accounts alone.
func foretellPeer(ts *testscript.TestScript, args []string, dir string) int {
	config := args[len(args)-1]
	input := kept(ts, config)
	if input != "" {
		config = input
	}
	verify := foretellFiles(ts, dir, config, func(q *stages.Question) { q.Files.Accounts = files.LeaveAccounts })
	got := given(ts, input, args)
	if got == 0 {
		verify()
	}
	return got
}

func rows(ts *testscript.TestScript) foretold.Rows {
	all, err := foretold.Exceptions()
	ts.Check(err)
	return all
}
