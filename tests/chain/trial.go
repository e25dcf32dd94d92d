package chain

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/glowplug-os/glowplug/tests/faults"
)

// A Trial is a boot that something happens to, again and again.
type Trial struct {
	// Fresh makes the machine before its first boot.
	Fresh func(t *testing.T) *Machine
	// Result tells all that a boot has made. It leaves the machine as a power cut does.
	Result func(t *testing.T, m *Machine) map[string]string
	// Names replaces what differs from machine to machine.
	Names func(m *Machine) *strings.Replacer
	// Leave says at which calls nothing happens.
	Leave func(faults.Call) bool

	before map[string]string // of the root
	want   map[string]string
	points []faults.Point
}

// Undisturbed has a boot come to its end, twice, so that all else can be held against it. It gives the points at which
// something can happen, and what was made.
func (c *Trial) Undisturbed(t *testing.T) (points []faults.Point, result map[string]string) {
	t.Helper()
	m := c.Fresh(t)
	c.before = Tree(t, m.Root())
	_, err := m.Boot(t.Context())
	require.NoError(t, err)
	m.Cut(t)
	c.want = c.Result(t, m)
	m = c.Fresh(t)
	w := c.watch(m)
	_, err = m.Watched(t.Context(), w)
	require.NoError(t, err)
	m.Cut(t)
	require.Empty(t, cmp.Diff(c.want, c.Result(t, m)), "two boots that nothing has happened to")
	c.points = w.Points()
	return c.points, c.want
}

func (c *Trial) watch(m *Machine) *faults.Watch {
	return &faults.Watch{Names: c.Names(m), Leave: func(call faults.Call) bool {
		return call.About == m.Engine || // that it is started is no part of it
			strings.HasPrefix(call.About, "/sys/fs/cgroup/") || // Go's runtime asks now and then
			strings.HasPrefix(call.About, "anon_inode") || c.Leave != nil && c.Leave(call)
	}}
}

// Killed has all processes of a boot killed at a point, and the boot begun again. keepRun: /run is still there then, as
// after a stage that alone was killed. It reports whether the boot came to that point.
func (c *Trial) Killed(t *testing.T, at faults.Point, keepRun bool) (reached bool) {
	t.Helper()
	m := c.Fresh(t)
	w := c.watch(m)
	w.At, w.Do = at, faults.Verdict{Kill: true}
	lines, err := m.Watched(t.Context(), w)
	if w.Reached() {
		require.ErrorIs(t, err, ErrCut, "%s\n%s", at, strings.Join(lines, "\n"))
	} else {
		require.NoError(t, err)
	}
	if !keepRun {
		m.Cut(t)
	}
	_, err = m.Watched(t.Context(), nil)
	require.NoError(t, err, "after it was killed at %s", at)
	m.Cut(t)
	require.Empty(t, cmp.Diff(c.want, c.Result(t, m)), "after it was killed at %s", at)
	return w.Reached()
}

// An Outcome is what came of a fault.
type Outcome uint8

// The outcomes. A boot that has not come to the point of the fault has Missed it.
const (
	Missed    Outcome = iota
	Tolerated         // the boot has succeeded all the same, with the same result
	Told              // it has failed and said why
)

// Faulted has a call of a boot come to something else than it asked for, and the boot begun again without that. The
// message is the reason that was given.
func (c *Trial) Faulted(t *testing.T, at faults.Point, do faults.Verdict) (o Outcome, message string) {
	t.Helper()
	var w *faults.Watch
	o, message = c.disturbed(t, fmt.Sprintf("%v at %s", do, at), func(m *Machine) *faults.Watch {
		w = c.watch(m)
		w.At, w.Do = at, do
		return w
	}, func(*Machine) {})
	// What a tool cannot write to a pipe that is not read any more ends the tool, which is the reason then.
	if o == Told && at.Program == engine && do.Errno != 0 && at.About != "pipe" {
		assert.Contains(t, reason(message), do.Errno.Error(), "the message says why: %s", at)
	}
	if o == Tolerated && !w.Reached() {
		o = Missed
	}
	return o, message
}

const engine = "ignition" // the name of its file

// Misled has a script run in the place of a tool, and the boot begun again without that. $REAL is the tool: the
// machine's own in bin, or this host's.
func (c *Trial) Misled(t *testing.T, tool, script string) (o Outcome, message string) {
	t.Helper()
	var bad string
	o, message = c.disturbed(t, tool+": "+script, func(m *Machine) *faults.Watch {
		bad = filepath.Join(m.Dir, "bad")
		require.NoError(t, os.Mkdir(bad, 0o755))
		real := filepath.Join(m.Dir, "bin", tool)
		if _, err := os.Lstat(real); err != nil {
			real, err = exec.LookPath(tool)
			require.NoError(t, err)
		}
		text := "#!/bin/sh\nREAL=" + real + "\n" + script + "\n"
		require.NoError(t, os.WriteFile(filepath.Join(bad, tool), []byte(text), 0o755))
		require.NoError(t, os.WriteFile(m.Dir+"/cmdline", []byte("quiet glowplug.timeout.tool=5s"), 0o600))
		m.Env = append(m.Env, fmt.Sprintf("PATH=%s:%s/bin:%s", bad, m.Dir, os.Getenv("PATH")))
		return nil
	}, func(m *Machine) {
		require.NoError(t, os.RemoveAll(bad))
		require.NoError(t, os.WriteFile(m.Dir+"/cmdline", []byte("quiet"), 0o600))
	})
	if o == Told {
		assert.Contains(t, reason(message), tool)
	}
	return o, message
}

// Small has no file of a boot grow above so many bytes.
func (c *Trial) Small(t *testing.T, bytes int) (o Outcome, message string) {
	t.Helper()
	return c.disturbed(t, "small files", func(m *Machine) *faults.Watch {
		m.FileSize = bytes
		return c.watch(m)
	}, func(m *Machine) { m.FileSize = 0 })
}

// disturbed has a boot that something happens to, holds what it says and leaves against what it may, and has it begin
// again when that is over.
func (c *Trial) disturbed(t *testing.T, what string, begin func(*Machine) *faults.Watch, end func(*Machine)) (Outcome,
	string) {
	t.Helper()
	m := c.Fresh(t)
	_, err := m.Watched(t.Context(), begin(m))
	end(m)
	o, message := Tolerated, ""
	if err != nil {
		o, message = Told, err.Error()
		isClear(t, what, message)
		c.isWhole(t, m)
	}
	m.Cut(t)
	if err != nil {
		_, err = m.Watched(t.Context(), nil)
		require.NoError(t, err, "once it was over: %s: %s", what, message)
		m.Cut(t)
	}
	require.Empty(t, cmp.Diff(c.want, c.Result(t, m)), "after %s: %s", what, message)
	return o, message
}

var critical = regexp.MustCompile(`(?m)^(?:CRITICAL|ERROR|EMERGENCY).*`)

// reason is what a boot has given as its reason to fail.
func reason(message string) string { return strings.Join(critical.FindAllString(message, -1), "\n") }

// isClear holds what a boot has said against what it never says.
func isClear(t *testing.T, what, message string) {
	t.Helper()
	for _, never := range []string{"panic", "goroutine ", "nil", "%!", "fatal error"} {
		assert.NotContains(t, message, never, what)
	}
	assert.NotEmpty(t, reason(message), "no reason is given: %s: %s", what, message)
}

// isWhole holds what a boot that has failed has left against what was there and what there will be: under a name there
// is one or the other, or an append that the record in /etc/.glowplug is about.
func (c *Trial) isWhole(t *testing.T, m *Machine) {
	t.Helper()
	record := strings.Join(slices.Collect(recorded(m)), " ")
	for name, text := range Tree(t, m.Root()) {
		_, content, is := strings.Cut(text, " | ")
		if !is || strings.HasPrefix(name, "/etc/.glowplug/") || strings.Contains(name, "/.glowplug-") {
			continue
		}
		_, before, was := strings.Cut(c.before[name], " | ")
		_, after, will := strings.Cut(c.want[name], " | ")
		grows := will && strings.HasPrefix(after, content) && strings.Contains(record, name)
		assert.True(t, was && content == before || will && content == after || grows, "%s is half written: %q", name,
			content[:min(len(content), 200)])
	}
}

// recorded gives what the records of a root say.
func recorded(m *Machine) func(func(string) bool) {
	return func(yield func(string) bool) {
		files, _ := filepath.Glob(m.Root() + "/etc/.glowplug/*")
		for _, file := range files {
			text, _ := os.ReadFile(file)
			if !yield(string(text)) {
				return
			}
		}
	}
}
