// Package script runs the programs end to end, as their users do, with fake tools and a server of its own. Each *.txtar
// is a page of the manual: its first sentence says what it shows. No root privileges and no network but loopback are
// needed.
package script

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
	"github.com/stretchr/testify/require"
)

// programs is where the binaries are, with the names that other tools call them by.
var programs string

func TestMain(m *testing.M) {
	if filepath.Base(os.Args[0]) == emulator {
		os.Exit(playMachine(os.Args))
	}
	os.Exit(run(m))
}

func run(m *testing.M) int {
	dir, err := os.MkdirTemp("", "glowplug-script-")
	if err == nil {
		defer os.RemoveAll(dir)
		programs, err = build(dir)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return m.Run()
}

// sources looks at what the programs are built from, so that a result that `go test` has kept does not outlive it: what
// another process reads, as the compiler here, is not taken note of.
var sources = sync.OnceValue(func() error {
	return filepath.WalkDir("../..", func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() && slices.Contains([]string{".git", "bin", "demo", "docs", "tests"}, d.Name()) {
			return filepath.SkipDir
		}
		if filepath.Ext(path) == ".go" && !strings.HasSuffix(path, "_test.go") || d.Name() == "go.mod" {
			_, err = os.Stat(path)
		}
		return err
	})
})

// links are the names beside the programs' own. Each program has a folder with its ignition-validate.
var links = map[string]string{
	"ignition-apply":                   "ignition",
	"ignition-rmcfg":                   "ignition",
	"butane":                           "glowplug",
	"workstation/ignition-apply":       "../glowplug",
	"workstation/ignition-validate":    "../glowplug",
	"validator-only/ignition-validate": "../glowplug-validate",
}

// build makes the programs as they ship, but for the version.
func build(dir string) (string, error) {
	command := exec.Command("go", "build", "-buildvcs=false", "-ldflags", "-s -w", "-o", dir+"/",
		"../../cmd/ignition", "../../cmd/glowplug", "../../cmd/glowplug-validate")
	command.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := command.CombinedOutput(); err != nil {
		return "", fmt.Errorf("build: %w\n%s", err, out)
	}
	for name, target := range links {
		at := filepath.Join(dir, name)
		if err := errors.Join(os.MkdirAll(filepath.Dir(at), 0o755), os.Symlink(target, at)); err != nil {
			return "", err
		}
	}
	// Users other than the one who runs the tests need not get in.
	return dir, os.Chmod(dir, 0o755)
}

// systemctl stands in for the real one: it notes how it was called, above its folder, since programs that are run get
// no variable of a script. A script may bring its own.
const systemctl = `#!/bin/sh
echo "$@" >>"${0%/bin/*}/systemctl.log"
`

func TestScripts(t *testing.T) {
	require.NoError(t, sources())
	testscript.Run(t, testscript.Params{
		Dir:                 ".",
		RequireUniqueNames:  true,
		RequireExplicitExec: true,
		UpdateScripts:       os.Getenv("UPDATE_SCRIPTS") != "",
		Setup:               setup,
		Condition:           condition,
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"stage": stage, "exits": exits, "tree": tree, "expand": expand, "mode": mode, "repeat": repeat,
			"without": without,
		},
	})
}

// setup gives a script its tools, a root to work on, an empty kernel command line, config folders and a server.
func setup(e *testscript.Env) error {
	bin := filepath.Join(e.WorkDir, "bin")
	if err := errors.Join(os.MkdirAll(bin, 0o755), os.MkdirAll(filepath.Join(e.WorkDir, "root"), 0o755),
		os.MkdirAll(filepath.Join(e.WorkDir, "run"), 0o755)); err != nil {
		return err
	}
	if err := writeNew(filepath.Join(bin, "systemctl"), systemctl); err != nil {
		return err
	}
	if err := writeNew(filepath.Join(e.WorkDir, "cmdline"), "quiet\n"); err != nil {
		return err
	}
	tools, err := filepath.Glob(bin + "/*")
	if err != nil {
		return err
	}
	for _, tool := range tools {
		if err := os.Chmod(tool, 0o755); err != nil {
			return err
		}
	}
	e.Setenv("PATH", strings.Join([]string{bin, programs, "/usr/bin", "/bin"}, ":"))
	e.Setenv("PROGRAMS", programs)
	e.Setenv("IGNITION_KERNEL_CMDLINE_PATH", filepath.Join(e.WorkDir, "cmdline"))
	e.Setenv("IGNITION_SYSTEM_RUNTIME_CONFIG_DIR", filepath.Join(e.WorkDir, "dirs", "run"))
	e.Setenv("IGNITION_SYSTEM_LOCAL_CONFIG_DIR", filepath.Join(e.WorkDir, "dirs", "etc"))
	e.Setenv("IGNITION_SYSTEM_CONFIG_DIR", filepath.Join(e.WorkDir, "dirs", "usr"))
	e.Setenv("IGNITION_CONFIG_FILE", filepath.Join(e.WorkDir, "config.ign"))
	server, names := serve(filepath.Join(e.WorkDir, "srv")), []string(nil)
	e.Defer(server.Close)
	e.Setenv("SERVER", server.URL)
	for _, each := range e.Vars {
		name, _, _ := strings.Cut(each, "=")
		names = append(names, name)
	}
	e.Values[variables] = names
	// The command "without" lets another user in.
	return errors.Join(os.Chmod(e.WorkDir, 0o755), os.Chmod(filepath.Dir(e.WorkDir), 0o711))
}

// writeNew writes a file that the script has not brought itself.
func writeNew(name, text string) error {
	if _, err := os.Lstat(name); !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return os.WriteFile(name, []byte(text), 0o644)
}

// condition knows [root] and [container]: what some commands can show depends on them alone.
func condition(name string) (bool, error) {
	switch name {
	case "root":
		return os.Geteuid() == 0, nil
	case "container":
		_, podman := os.Stat("/run/.containerenv")
		_, docker := os.Stat("/.dockerenv")
		return podman == nil || docker == nil, nil
	}
	return false, fmt.Errorf("unknown condition %q", name)
}

// exits runs a program that must end with a status: exits 2 glowplug frobnicate.
func exits(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: exits STATUS PROGRAM [ARGUMENT...]")
	}
	want, err := strconv.Atoi(args[0])
	ts.Check(err)
	run := func() int { return status(ts, args[1], args[2:]...) }
	if want == 0 {
		run = func() int { return foretell(ts, args[1:]) }
	}
	if got := run(); got != want {
		ts.Fatalf("%s ended with status %d, not %d", args[1], got, want)
	}
}

func status(ts *testscript.TestScript, program string, args ...string) int {
	err := ts.Exec(program, args...)
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		return exit.ExitCode()
	}
	ts.Check(err)
	return 0
}

// stage runs one stage of a boot on $WORK/root, with what stages hand over in $WORK/run: stage files. Options may
// follow. With ! it must fail, and what it says last on standard error must be the line that emergency shells show.
func stage(ts *testscript.TestScript, neg bool, args []string) {
	if len(args) == 0 {
		ts.Fatalf("usage: stage NAME [OPTION...]")
	}
	name, work := args[0], ts.Getenv("WORK")
	if name == "disks" {
		harmless(ts, work+"/run/ignition.json")
	}
	arguments := []string{
		"--stage=" + name, "--platform=file", "--root=" + work + "/root",
		"--config-cache=" + work + "/run/ignition.json",
		"--state-file=" + work + "/run/ignition/state", "--neednet=" + work + "/run/ignition/neednet",
		"--log-to-stdout",
	}
	verify := func() {}
	if name == "files" && !neg {
		verify = foretellStage(ts, args[1:])
	}
	got := status(ts, "ignition", append(arguments, args[1:]...)...)
	defer verify()
	stdout, stderr := ts.ReadFile("stdout"), ts.ReadFile("stderr")
	lines := strings.Split(strings.TrimSuffix(stderr, "\n"), "\n")
	switch last := lines[len(lines)-1]; {
	case !strings.Contains(stdout, "INFO     : Stage: "+name+"\n"):
		ts.Fatalf("the log does not name the stage")
	case neg && got != 1:
		ts.Fatalf("stage %s ended with status %d, not 1", name, got)
	case neg && !strings.HasPrefix(last, "Ignition failed: "+name+": "):
		ts.Fatalf("the last line on standard error is %q", last)
	case neg && !strings.Contains(stdout, "CRITICAL : "+last+"\n"):
		ts.Fatalf("the log does not say how the stage failed")
	case !neg && got != 0:
		ts.Fatalf("stage %s ended with status %d", name, got)
	case !neg && !strings.HasSuffix(stdout, "INFO     : "+name+" passed\nINFO     : Ignition finished successfully\n"):
		ts.Fatalf("the log does not say that the stage passed")
	case !neg && stderr != "":
		ts.Fatalf("a stage that passes says nothing on standard error")
	}
}

// harmless makes sure that no disk of the machine which runs the tests, as root perhaps, is ever in a config that
// reaches the disks stage.
func harmless(ts *testscript.TestScript, config string) {
	text := ts.ReadFile(config)
	if strings.Count(text, `"/dev/`) != strings.Count(text, `"/dev/glowplug-none`) {
		ts.Fatalf("a device in %s may exist; call it /dev/glowplug-none", config)
	}
}

// tree lists what is below a directory, one line each: mode, name, the target of a link, the content of a file.
func tree(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: tree DIRECTORY")
	}
	root, out := ts.MkAbs(args[0]), ts.Stdout()
	ts.Check(filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil || path == root {
			return err
		}
		line, err := entry(root, path)
		if err == nil {
			_, err = fmt.Fprintln(out, line)
		}
		return err
	}))
}

func entry(root, path string) (string, error) {
	info, err := os.Lstat(path)
	if err != nil {
		return "", err
	}
	line := info.Mode().String() + " " + strings.TrimPrefix(path, root+"/")
	switch {
	case info.Mode()&fs.ModeSymlink != 0:
		target, err := os.Readlink(path)
		return line + " -> " + target, err
	case info.Mode().IsRegular() && info.Name() != ".ignition-result.json" &&
		info.Name() != ".glowplug-report.json": // which tell the time
		content, err := os.ReadFile(path)
		return line + fmt.Sprintf(" %q", content), err
	}
	return line, nil
}

// expand replaces $SERVER and $WORK in files.
func expand(ts *testscript.TestScript, _ bool, args []string) {
	for _, name := range args {
		text := strings.NewReplacer("$SERVER", ts.Getenv("SERVER"), "$WORK",
			ts.Getenv("WORK")).Replace(ts.ReadFile(name))
		ts.Check(os.WriteFile(ts.MkAbs(name), []byte(text), 0o644))
	}
}

// mode compares the permissions of files: mode 0640 FILE....
func mode(ts *testscript.TestScript, _ bool, args []string) {
	for _, name := range args[1:] {
		info, err := os.Lstat(ts.MkAbs(name))
		ts.Check(err)
		if got := fmt.Sprintf("%04o", info.Mode().Perm()); got != args[0] {
			ts.Fatalf("%s has the mode %s, not %s", name, got, args[0])
		}
	}
}

// repeat writes a text many times over into a new file: repeat FILE COUNT TEXT [COUNT TEXT...].
func repeat(ts *testscript.TestScript, _ bool, args []string) {
	var text strings.Builder
	for pair := range slices.Chunk(args[1:], 2) {
		n, err := strconv.Atoi(pair[0])
		ts.Check(err)
		text.WriteString(strings.Repeat(pair[1], n))
	}
	ts.Check(os.WriteFile(ts.MkAbs(args[0]), []byte(text.String()), 0o644))
}

// without runs a command as another user would who has no special rights, where the tests run as root.
func without(ts *testscript.TestScript, neg bool, args []string) {
	if os.Geteuid() == 0 {
		args = append([]string{"setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", "--"}, args...)
	}
	run := func() int { return status(ts, args[0], args[1:]...) }
	if !neg {
		run = func() int { return foretell(ts, args) }
	}
	if got := run(); (got == 0) == neg {
		ts.Fatalf("%s ended with status %d", args[0], got)
	}
}
