//go:build vmhost

package vm

import (
	"bufio"
	"context"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/glowplug-os/glowplug/tests/applies"
	"github.com/glowplug-os/glowplug/tests/vm/guest"
	"github.com/glowplug-os/glowplug/tests/vm/machine"
)

// guestLimit is for all tests of a machine together, and guestSilence for what one of them does without a disk.
const (
	guestLimit   = 2 * time.Hour
	guestSilence = 10 * time.Minute
)

var (
	checkout   = filepath.Join("..", "..")
	guestTests = flag.String("guest", "", "which tests run inside the machine: a pattern as for -run; empty: all")
)

// prepare gives the parts of a machine, made on first use.
func prepare(t *testing.T) machine.Parts {
	t.Helper()
	parts, err := machine.Prepare(t.Context(), machine.Bookworm(), os.Stderr)
	require.NoError(t, err)
	return parts
}

func TestInsideAMachine(t *testing.T) {
	spec := machine.Spec{TPM: t.TempDir()}
	for i := range guest.DiskCount {
		spec.Disks = append(spec.Disks, machine.Disk{Name: fmt.Sprintf("d%d", i), SizeMiB: guest.DiskMiB})
	}
	payload := makePayload(t, "tests/vm/guest", *guestTests)
	require.NoError(t, applies.WriteGuest(t.Context(), filepath.Join(payload, "tests", "guest", "applies"),
		applies.Room{Disks: guest.DiskCount, MiB: guest.DiskMiB}, os.Getenv("GLOWPLUG_APPLIES") == "all"))
	inside(t, payload, spec)
}

// inside runs a payload of tests in a machine.
func inside(t *testing.T, payload string, spec machine.Spec) {
	t.Helper()
	parts := prepare(t)
	results := t.ArtifactDir()
	spec.Limit, spec.Silence = guestLimit, guestSilence
	spec.Remains, spec.Args = filepath.Join(results, "ended"), []string{"quiet"}
	console, err := os.Create(filepath.Join(results, "console.log"))
	require.NoError(t, err)
	defer console.Close()
	spec.Console = console
	lines, output := io.Pipe()
	type ending struct {
		status int
		result machine.Result
		err    error
	}
	ended := make(chan ending, 1)
	go func() {
		status, result, err := parts.RunPayload(t.Context(),
			machine.Payload{Dir: payload, Machine: spec, Output: output, Results: results})
		output.Close()
		ended <- ending{status, result, err}
	}()
	r := follow(t, lines)
	end := <-ended
	assert.NoError(t, end.err)
	assert.Zero(t, end.status, "exit status of the run in the machine")
	assert.Positive(t, r.count, "no test ran")
	fmt.Fprintf(t.Output(), "%d tests in a machine that ran for %.1f s\n", r.count, end.result.Took.Seconds())
	if t.Failed() {
		fmt.Fprintf(t.Output(), "\nOutput that belongs to no test:\n%s\nThe end of the serial console:\n%s",
			r.stray.String(), end.result.Tail(40))
	}
}

// follow makes every test of the machine a subtest here as it ends.
func follow(t *testing.T, lines io.Reader) *report {
	r := newReport()
	for reader := bufio.NewReader(lines); ; {
		line, err := reader.ReadString('\n')
		if err != nil {
			break
		}
		show(t, r.add(line[:len(line)-1]))
	}
	for _, v := range r.unfinished() {
		show(t, v)
	}
	return r
}

func show(t *testing.T, v *verdict) {
	if v == nil {
		return
	}
	t.Run(v.name, func(t *testing.T) {
		fmt.Fprintf(t.Output(), "%.2f s in the machine\n", v.elapsed.Seconds())
		if v.wrong != "" {
			fmt.Fprint(t.Output(), v.output)
			t.Error(v.wrong)
		}
	})
}

// makePayload gives a folder with our programs, those tests of a package that a pattern picks, and what runs them.
func makePayload(t *testing.T, pkg, pattern string) string {
	dir := t.TempDir()
	bin := filepath.Join(dir, "bin")
	build(t, bin+"/", "build", "./cmd/ignition", "./cmd/glowplug", "./cmd/glowplug-validate", "cmd/test2json")
	require.NoError(t, os.Symlink("ignition", filepath.Join(bin, "ignition-apply")))
	to := filepath.Join(dir, "tests", path.Base(pkg))
	build(t, filepath.Join(to, "test"), "test", "-c", "-tags", "vm", "./"+pkg)
	if testdata := filepath.Join(checkout, pkg, "testdata"); exists(testdata) {
		require.NoError(t, os.CopyFS(filepath.Join(to, "testdata"), os.DirFS(testdata)))
	}
	const rows = "docs/rerun.md" // which tests hold plans against
	text, err := os.ReadFile(filepath.Join(checkout, rows))
	require.NoError(t, err)
	require.NoError(t, os.Mkdir(filepath.Join(dir, "docs"), 0o755))
	require.NoError(t, os.WriteFile(filepath.Join(dir, rows), text, 0o600))
	require.NoError(t, os.WriteFile(filepath.Join(dir, "pattern"), []byte(pattern), 0o600))
	flags := ""
	if testing.Short() { // as here, so in the machine
		flags = "-test.short"
	}
	require.NoError(t, os.WriteFile(filepath.Join(dir, "flags"), []byte(flags), 0o600))
	require.NoError(t, os.WriteFile(filepath.Join(dir, "run"), []byte(runScript), 0o755))
	return dir
}

// runScript runs the tests in their folder, as `go test` does.
const runScript = `#!/bin/sh
cd /vm/tests/*
name=$(basename "$PWD")
mkdir "/vm/out/$name"
exec test2json -t -p "$name" ./test -test.v=test2json -test.run "$(cat /vm/pattern)" $(cat /vm/flags) -test.timeout 0 \
	-test.paniconexit0 -test.artifacts -test.outputdir "/vm/out/$name"
`

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}

// build runs the go command on the checkout, for the static binaries that ship.
func build(t *testing.T, to, verb string, args ...string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Minute)
	defer cancel()
	c := exec.CommandContext(ctx, "go",
		append([]string{verb, "-trimpath", "-buildvcs=false", "-ldflags", "-s -w -buildid=", "-o", to}, args...)...)
	c.Dir = checkout
	c.Env = append(os.Environ(), "CGO_ENABLED=0")
	out, err := c.CombinedOutput()
	require.NoError(t, err, "go %s: %s", verb, out)
}
