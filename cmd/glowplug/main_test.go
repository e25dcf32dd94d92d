package main

import (
	"bytes"
	"context"
	"errors"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/glowplug-os/glowplug/internal/cli"
	"github.com/glowplug-os/glowplug/internal/diag"
	"github.com/glowplug-os/glowplug/internal/logs"
)

func environment(values map[string]string) func(string) string {
	return func(name string) string { return values[name] }
}

// call runs the program under a name, without a process of its own.
func call(name string, args ...string) (status int, stdout, stderr string) {
	return callWith(context.Background(), strings.NewReader(""), nil, name, args...)
}

func callWith(
	ctx context.Context, in io.Reader, env map[string]string, name string, args ...string,
) (status int, stdout, stderr string) {
	var out, err bytes.Buffer
	status = cli.Run(ctx, &cli.Process{
		Name: name, Args: args, Version: "9.9.9", In: in, Out: &diag.Screen{To: &out}, Err: &diag.Screen{To: &err},
		Env: environment(env), Now: time.Now,
	}, programs())
	return status, out.String(), err.String()
}

func TestEveryNameIsAProgram(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name   string
		args   []string
		status int
		says   string
	}{
		{"glowplug", nil, cli.ExitUsage, "Usage: glowplug COMMAND"},
		{"glowplug", []string{"version"}, cli.ExitOK, "glowplug "},
		{"glowplug", []string{"--version"}, cli.ExitOK, "glowplug "},
		{"glowplug", []string{"frobnicate"}, cli.ExitUsage, `the command "frobnicate" is not known`},
		{"glowplug", []string{"web.ign"}, cli.ExitUsage, "hint: did you mean glowplug validate web.ign?"},
		{"glowplug", []string{"--format", "line", "x"}, cli.ExitUsage,
			"hint: did you mean glowplug validate --format?"},
		{"glowplug", []string{"--to=3.2.0", "x"}, cli.ExitUsage, "hint: did you mean glowplug convert --to?"},
		{"glowplug", []string{"--frobnicate"}, cli.ExitUsage, "the option --frobnicate is not known"},
		{"glowplug", []string{"schema", "fcoss"}, cli.ExitUsage, "hint: did you mean fcos?"},
		{"glowplug", []string{"help", "validate", "apply"}, cli.ExitUsage, `no help on "validate apply"`},
		{"glowplug", []string{"-stage=fetch"}, cli.ExitUsage, "--platform is missing"},
		{"renamed", []string{"version"}, cli.ExitOK, "glowplug "},
		{"ignition", nil, cli.ExitUsage, "--stage is missing"},
		{"ignition", []string{"validate"}, cli.ExitUsage, "--stage is missing"},
		{"ignition", []string{"-version"}, cli.ExitOK, "Ignition "},
		{"ignition-apply", []string{"--version"}, cli.ExitOK, "Ignition "},
		{"ignition-apply", nil, cli.ExitFailed, "Usage: ignition-apply"},
		{"ignition-validate", []string{"--version"}, cli.ExitOK, "Ignition "},
		{"ignition-validate", nil, cli.ExitFailed, "Usage: ignition-validate"},
		{"ignition-rmcfg", nil, cli.ExitUsage, "--platform is missing"},
		{"ignition-rmcfg", []string{"--platform=vmware", "now"}, cli.ExitUsage, "one argument too many"},
	} {
		t.Run(test.name+" "+strings.Join(test.args, " "), func(t *testing.T) {
			t.Parallel()
			status, stdout, stderr := call(test.name, test.args...)
			assert.Equal(t, test.status, status)
			assert.Contains(t, stdout+stderr, test.says)
			if test.status == cli.ExitOK {
				assert.Empty(t, stderr)
			} else {
				assert.Empty(t, stdout)
			}
		})
	}
}

// parsed are the options of apply as its function gets them.
func parsed(args ...string) (o applyOptions, err error) {
	row := o.row()
	row.Options = append(row.Options, cli.HelpOption())
	operands, err := row.Parse(args)
	if err == nil {
		err = o.judge(operands)
	}
	return o, err
}

func TestApplyTakesTheRunningSystemOnlyIfThatIsSaid(t *testing.T) {
	t.Parallel()
	link := filepath.Join(t.TempDir(), "link")
	require.NoError(t, os.Symlink("/", link))
	for _, root := range []string{"/", "//", "/usr/..", link, link + "/usr/.."} {
		_, err := parsed("--root", root, "x.ign")
		require.ErrorContains(t, err, "--live", root)
		for _, allowed := range []string{"--live", "--dry-run"} {
			_, err = parsed("--root", root, allowed, "x.ign")
			require.NoError(t, err, root)
		}
	}
	o, err := parsed("--root", "relative", "-")
	require.NoError(t, err)
	here, err := os.Getwd()
	require.NoError(t, err)
	assert.Equal(t, applyOptions{root: filepath.Join(here, "relative"), fetchTimeout: 2 * time.Minute,
		machineOptions: machineOptions{tools: "/"}}, o)
	_, err = parsed("--help")
	require.ErrorIs(t, err, cli.ErrHelp)
}

// An onLooker ends what it looks at once it has read what it waits for.
type onLooker struct {
	bytes.Buffer
	until string
	end   func()
}

func (o *onLooker) Write(p []byte) (int, error) {
	n, err := o.Buffer.Write(p)
	if strings.Contains(o.String(), o.until) {
		o.end()
	}
	return n, err
}

func TestApplySaysWhatItWaitsForAndWhatTheLastErrorWas(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancelCause(context.Background())
	defer cancel(nil)
	var out bytes.Buffer
	err := onLooker{until: "waiting for attempt #4", end: func() { cancel(errors.New("that will do")) }}
	config := `{"ignition":{"version":"3.4.0"},` +
		`"storage":{"files":[{"path":"/f","contents":{"source":"http://127.0.0.1:1/x?token=secret"}}]}}`
	args := []string{"apply", "--root", t.TempDir(), "--no-owner", "-"}
	assert.Equal(t, cli.ExitFailed, cli.Run(ctx, &cli.Process{
		Name: "glowplug", Args: args, In: strings.NewReader(config), Out: &diag.Screen{To: &out},
		Err: &diag.Screen{To: &err}, Env: environment(nil), Now: time.Now,
	}, programs()))
	assert.Regexp(t, `(?m)^GET http://127\.0\.0\.1:1/x\?token=…: waiting for attempt #4 in \d+\w+; last error: `+
		`.*connection refused$`, err.String())
	assert.Regexp(t, `(?m)^glowplug apply: .*: that will do while waiting for attempt #4 \([\d.]+m?s, attempts: 3\); `+
		`last error: .*connection refused$`,
		err.String())
	assert.Equal(t, 1, strings.Count(err.String(), ": waiting for attempt"))
}

func TestApplyIsQuietButForWarningsAndWhatIsWaitedFor(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	log := slog.New(&status{to: &out})
	log.Info("an answer")
	log.Log(context.Background(), logs.Waiting, "waiting since then")
	log.Warn("odd")
	assert.Equal(t, "waiting since then\nwarning: odd\n", out.String())
	out.Reset()
	log = slog.New(&status{to: &out, quiet: true})
	log.Log(context.Background(), logs.Waiting, "waiting since then")
	log.Log(context.Background(), logs.LevelRetry, "waiting for attempt #4")
	log.Warn("odd")
	assert.Equal(t, "warning: odd\n", out.String(), "--quiet")
}

// A full disk or a closed pipe: who reads half of what a command prints must not take it for the whole.
func TestACommandFailsWhereStandardOutputCannotBeWrittenTo(t *testing.T) {
	document := filepath.Join(t.TempDir(), "a.ign")
	require.NoError(t, os.WriteFile(document, []byte(`{"ignition":{"version":"3.4.0"}}`), 0o600))
	for line, code := range map[string]int{
		"glowplug version": 1, "glowplug help": 1, "glowplug help boot": 1, "glowplug platforms": 1,
		"glowplug schema": 1, "glowplug --version": 1,
		"glowplug validate FILE": 1, "glowplug validate --format json FILE": 1, "glowplug validate --help": 1,
		"glowplug convert FILE": 1, "glowplug render FILE": 1, "glowplug diff FILE FILE": 1,
		"butane --version": 1, "ignition-validate -version": 1, "glowplug frob": 2,
		"glowplug validate --format line FILE": 0,
	} {
		words := strings.Fields(strings.ReplaceAll(line, "FILE", document))
		var complaints strings.Builder
		p := &cli.Process{Name: words[0], Args: words[1:], Out: &diag.Screen{To: fullDisk{}},
			Err: &diag.Screen{To: &complaints}, Env: environment(nil), Now: time.Now}
		assert.Equal(t, code, cli.Run(t.Context(), p, programs()), line)
		assert.Equal(t, code != 0, complaints.Len() > 0, "%s: %s", line, complaints.String())
	}
}

type fullDisk struct{}

func (fullDisk) Write([]byte) (int, error) { return 0, syscall.ENOSPC }

// What helps on a document does not depend on the name that somebody reads it by.
func TestButaneGivesTheSameHints(t *testing.T) {
	file := filepath.Join(t.TempDir(), "a.bu")
	require.NoError(t, os.WriteFile(file, []byte("variant: fcos\nversion: 1.5.0\nstorage:\n  files:\n    - path: /a\n"+
		"      mode: rw-r--r--\n      contents: hello\n"), 0o644))
	hints := func(name string, args ...string) (found []string) {
		_, _, stderr := call(name, append(args, file)...)
		for line := range strings.Lines(stderr) {
			if _, hint, is := strings.Cut(line, "= hint: "); is {
				found = append(found, strings.TrimSpace(hint))
			}
		}
		return found
	}
	want := []string{"write permission bits in octal digits, as 0644", "write {inline: …}"}
	assert.Equal(t, want, hints("glowplug", "convert"))
	assert.Equal(t, want, hints("butane"))
}
