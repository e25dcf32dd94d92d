//go:build vmhost

// Package workplace has an ordinary user who makes images of disks by `glowplug apply`, for tests that start these.
package workplace

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/glowplug-os/glowplug/tests/vm/machine"
)

// A Workplace is a folder of an ordinary user, with the program.
type Workplace struct {
	Parts machine.Parts // whose kernel and programs are used
	t     *testing.T
	dir   string
}

// ordinary is a user with no rights of its own, also where root runs the tests.
const ordinary = 65534

// New makes a folder that goes with the test.
func New(t *testing.T, parts machine.Parts) *Workplace {
	t.Helper()
	dir, err := os.MkdirTemp("", "images-")
	require.NoError(t, err)
	t.Cleanup(func() { assert.NoError(t, os.RemoveAll(dir)) })
	w := &Workplace{Parts: parts, t: t, dir: dir}
	w.Copy("glowplug", program(t))
	require.NoError(t, os.Chmod(w.Path("glowplug"), 0o755))
	require.NoError(t, os.Chmod(dir, 0o755))
	w.give(dir)
	return w
}

// program is the one of the checkout.
func program(t *testing.T) string {
	t.Helper()
	for _, up := range []string{"../..", "../../.."} {
		if file := filepath.Join(up, "bin", "glowplug"); isThere(file) {
			return file
		}
	}
	require.Fail(t, "bin/glowplug is not built")
	return ""
}

func isThere(file string) bool {
	_, err := os.Stat(file)
	return err == nil
}

// give makes a file the user's.
func (w *Workplace) give(file string) {
	w.t.Helper()
	if os.Geteuid() == 0 {
		require.NoError(w.t, os.Chown(file, ordinary, ordinary))
	}
}

// Path is a file of the folder.
func (w *Workplace) Path(name string) string { return filepath.Join(w.dir, name) }

// Blank makes an image of nothing.
func (w *Workplace) Blank(name string, sizeMiB int64) {
	w.t.Helper()
	require.NoError(w.t, os.WriteFile(w.Path(name), nil, 0o644))
	require.NoError(w.t, os.Truncate(w.Path(name), sizeMiB<<20))
	w.give(w.Path(name))
}

// Copy makes a file of another one, with its holes.
func (w *Workplace) Copy(name, of string) {
	w.t.Helper()
	out, err := exec.CommandContext(w.t.Context(), "cp", "--sparse=always", of, w.Path(name)).CombinedOutput()
	require.NoError(w.t, err, "%s", out)
	w.give(w.Path(name))
}

// Apply runs glowplug apply with a config.
func (w *Workplace) Apply(config string, args ...string) (code int, said string) {
	w.t.Helper()
	require.NoError(w.t, os.WriteFile(w.Path("config.ign"), []byte(config), 0o644))
	return w.Run("apply", append(args, "config.ign")...)
}

// Run runs a command as the user, with the kernel and the programs of the machines' Debian.
func (w *Workplace) Run(command string, args ...string) (code int, said string) {
	w.t.Helper()
	all := append([]string{command, "--emulate", "--kernel", w.Parts.Kernel, "--tools", w.Parts.Tree}, args...)
	run := exec.CommandContext(w.t.Context(), w.Path("glowplug"), all...)
	run.Dir = w.dir
	if os.Geteuid() == 0 {
		run.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: ordinary, Gid: ordinary}}
	}
	run.Env = append(os.Environ(), "TMPDIR="+w.dir, "HOME="+w.dir)
	var out bytes.Buffer
	run.Stdout, run.Stderr = &out, &out
	err := run.Run()
	w.t.Log(out.String())
	if run.ProcessState == nil {
		require.NoError(w.t, err)
	}
	return run.ProcessState.ExitCode(), out.String()
}

// Left are the files of the folder, but for the program and the config.
func (w *Workplace) Left() (names []string) {
	w.t.Helper()
	entries, err := os.ReadDir(w.dir)
	require.NoError(w.t, err)
	for _, e := range entries {
		if e.Name() != "glowplug" && e.Name() != "config.ign" {
			names = append(names, e.Name())
		}
	}
	return names
}
