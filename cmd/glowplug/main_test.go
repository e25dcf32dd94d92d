package main

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/spf13/pflag"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/glowplug-os/glowplug/internal/handoff"
	"github.com/glowplug-os/glowplug/internal/logs"
)

func environment(values map[string]string) func(string) string {
	return func(name string) string { return values[name] }
}

// call runs the program under a name, without a process of its own.
func call(name string, args ...string) (status int, stdout, stderr string) {
	var out, err bytes.Buffer
	p := program{name: name, args: args, in: strings.NewReader(""), out: &out, err: &err, env: environment(nil)}
	status = p.run(context.Background())
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
		{"glowplug", nil, exitUsage, "Usage: glowplug COMMAND"},
		{"glowplug", []string{"version"}, exitOK, "glowplug "},
		{"glowplug", []string{"--version"}, exitOK, "glowplug "},
		{"glowplug", []string{"frobnicate"}, exitUsage, `the command "frobnicate" is not known`},
		{"glowplug", []string{"help", "validate", "apply"}, exitUsage, `no help on "validate apply"`},
		{"glowplug", []string{"-stage=fetch"}, exitUsage, "--platform is missing"},
		{"renamed", []string{"version"}, exitOK, "glowplug "},
		{"ignition", nil, exitUsage, "--stage is missing"},
		{"ignition", []string{"validate"}, exitUsage, "--stage is missing"},
		{"ignition", []string{"-version"}, exitOK, "Ignition "},
		{"ignition-apply", []string{"--version"}, exitOK, "Ignition "},
		{"ignition-apply", nil, exitFailed, "Usage: ignition-apply"},
		{"ignition-validate", []string{"--version"}, exitOK, "Ignition "},
		{"ignition-validate", nil, exitFailed, "Usage: ignition-validate"},
		{"ignition-rmcfg", nil, exitUsage, "--platform is missing"},
		{"ignition-rmcfg", []string{"--platform=vmware", "now"}, exitUsage, "one argument too many"},
	} {
		t.Run(test.name+" "+strings.Join(test.args, " "), func(t *testing.T) {
			t.Parallel()
			status, stdout, stderr := call(test.name, test.args...)
			assert.Equal(t, test.status, status)
			assert.Contains(t, stdout+stderr, test.says)
			if test.status == exitOK {
				assert.Empty(t, stderr)
			} else {
				assert.Empty(t, stdout)
			}
		})
	}
}

func TestOptionsOfABoot(t *testing.T) {
	t.Parallel()
	usual := bootOptions{
		stage: "files", platform: "metal", root: "/", fetchTimeout: 2 * time.Minute,
		paths: handoff.Paths{Config: "/run/ignition.json", State: "/run/ignition/state", NeedNet: "/run/ignition/neednet"},
	}
	logging := usual
	logging.logToStdout = true
	sysroot := logging
	sysroot.root = "/sysroot"
	for name, test := range map[string]struct {
		args []string
		want bootOptions
	}{
		"two dashes or one":                           {[]string{"--stage=files", "-platform=metal"}, usual},
		"values of their own":                         {[]string{"--stage", "files", "-platform", "metal"}, usual},
		"an empty last argument":                      {[]string{"--stage=files", "--platform=metal", ""}, usual},
		"one option in the last argument":             {[]string{"--stage=files", "--platform=metal", "-log-to-stdout"}, logging},
		"two options in the last argument":            {[]string{"--stage=files", "--platform=metal", "-log-to-stdout --root=/sysroot"}, sysroot},
		"with more blanks than needed":                {[]string{"--stage=files", "--platform=metal", "-log-to-stdout  --root /sysroot "}, sysroot},
		"an option and its value in the last":         {[]string{"--stage=files", "--platform=metal", "--log-to-stdout", " --root /sysroot"}, sysroot},
		"one option with blanks around":               {[]string{"--stage=files", "--platform=metal", " -log-to-stdout "}, logging},
		"a last value with a blank behind its option": {[]string{"--stage=files", "--platform=metal", "--log-to-stdout", "--root=/my root"}, func() bootOptions { o := logging; o.root = "/my root"; return o }()},
		"arguments that are no options":               {[]string{"--stage=files", "--platform=metal", "x", "--frobnicate"}, usual},
		"the last of several counts":                  {[]string{"--stage=fetch", "--platform=file", "--stage=files", "--platform=metal"}, usual},
		"a last value with a blank is left whole":     {[]string{"--stage=files", "--platform=metal", "--log-to-stdout", "--root", "/my root"}, func() bootOptions { o := logging; o.root = "/my root"; return o }()},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := parseBoot(test.args)
			require.NoError(t, err)
			assert.Equal(t, test.want, got)
		})
	}
	for problem, args := range map[string][]string{
		"--stage is missing":                {"--platform=metal"},
		`the stage "polish" is not known`:   {"--stage=polish"},
		"flag provided but not defined":     {"--stage=files", "--frobnicate"},
		`invalid value "soon" for flag`:     {"--stage=files", "--fetch-timeout=soon"},
		"flag needs an argument: -platform": {"--stage=files", "--platform"},
	} {
		_, err := parseBoot(args)
		require.ErrorContains(t, err, problem)
	}
}

func TestApplyTakesTheRunningSystemOnlyIfThatIsSaid(t *testing.T) {
	t.Parallel()
	link := filepath.Join(t.TempDir(), "link")
	require.NoError(t, os.Symlink("/", link))
	for _, root := range []string{"/", "//", "/usr/..", link, link + "/usr/.."} {
		_, err := parseApply([]string{"--root", root, "x.ign"})
		require.ErrorContains(t, err, "--live", root)
		for _, allowed := range []string{"--live", "--dry-run"} {
			_, err = parseApply([]string{"--root", root, allowed, "x.ign"})
			require.NoError(t, err, root)
		}
	}
	o, err := parseApply([]string{"--root", "relative", "-"})
	require.NoError(t, err)
	here, err := os.Getwd()
	require.NoError(t, err)
	assert.Equal(t, applyOptions{root: filepath.Join(here, "relative"), config: "-"}, o)
	_, err = parseApply([]string{"--help"})
	require.ErrorIs(t, err, pflag.ErrHelp)
}

func TestDistribution(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "distribution.json")
	read := func(text string, env map[string]string) (distribution, error) {
		require.NoError(t, os.WriteFile(file, []byte(text), 0o644))
		return readDistribution(file, environment(env))
	}

	d, err := readDistribution(file+".absent", environment(nil))
	require.NoError(t, err, "an image need not have a file")
	assert.Equal(t, defaultDistribution(), d)

	d, err = read(`{"localConfigDir": "/etc/x", "systemConfigDir": "/usr/x", "tools": {"systemctl": "/x"}, "writeAuthorizedKeysFragment": false}`,
		map[string]string{"IGNITION_SYSTEM_CONFIG_DIR": "/env", "IGNITION_KERNEL_CMDLINE_PATH": "/cmdline", "IGNITION_SYSTEM_RUNTIME_CONFIG_DIR": ""})
	require.NoError(t, err)
	want := defaultDistribution()
	want.LocalConfigDir, want.SystemConfigDir, want.KernelCommandLine = "/etc/x", "/env", "/cmdline"
	want.Tools, want.WriteAuthorizedKeysFragment = map[string]string{"systemctl": "/x"}, false
	assert.Equal(t, want, d)

	for value, fragment := range map[string]bool{"true": true, "1": true, "false": false, "0": false} {
		d, err = read(`{}`, map[string]string{"IGNITION_WRITE_AUTHORIZED_KEYS_FRAGMENT": value})
		require.NoError(t, err)
		assert.Equal(t, fragment, d.WriteAuthorizedKeysFragment, value)
	}
	for text, problem := range map[string]string{
		`{"localConfigDirectory": "/x"}`: "unknown field", `{`: "unexpected EOF", ``: "EOF", `{} {}`: "after", `{"tools": 1}`: "cannot unmarshal",
	} {
		_, err = read(text, nil)
		require.ErrorContains(t, err, problem, text)
		require.ErrorContains(t, err, file)
	}
	_, err = read(`{}`, map[string]string{"IGNITION_WRITE_AUTHORIZED_KEYS_FRAGMENT": "yes"})
	require.EqualError(t, err, `the environment variable IGNITION_WRITE_AUTHORIZED_KEYS_FRAGMENT is "yes"; it may be true, 1, false, 0`)
	_, err = readDistribution(t.TempDir(), environment(nil))
	require.ErrorContains(t, err, "is a directory")
}

func TestAContainerIsKnownByTheVariable(t *testing.T) {
	t.Parallel()
	p := program{env: environment(map[string]string{"container": "podman"})}
	assert.True(t, p.inContainer())
}

func TestStandardInputIsAConfig(t *testing.T) {
	t.Parallel()
	p := program{in: strings.NewReader("text")}
	name, text, err := p.readConfig("-")
	require.NoError(t, err)
	assert.Equal(t, "standard input", name)
	assert.Equal(t, "text", string(text))
	_, _, err = p.readConfig(filepath.Join(t.TempDir(), "absent"))
	assert.True(t, errors.Is(err, os.ErrNotExist))
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
	config := `{"ignition":{"version":"3.4.0"},"storage":{"files":[{"path":"/f","contents":{"source":"http://127.0.0.1:1/x?token=secret"}}]}}`
	args := []string{"apply", "--root", t.TempDir(), "--no-owner", "-"}
	p := program{name: "glowplug", args: args, in: strings.NewReader(config), out: &out, err: &err, env: environment(nil)}
	assert.Equal(t, exitFailed, p.run(ctx))
	assert.Regexp(t, `(?m)^GET http://127\.0\.0\.1:1/x\?token=…: waiting for attempt #4 in \d+\w+; last error: .*connection refused$`, err.String())
	assert.Regexp(t, `(?m)^glowplug apply: .*: that will do \(attempts: 3; last error: .*connection refused\)$`, err.String())
	assert.Equal(t, 1, strings.Count(err.String(), "waiting for attempt"))
}

func TestApplyIsQuietButForWarningsAndWhatIsWaitedFor(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	log := slog.New(warnings{&out, ""})
	log.Info("an answer")
	log.Log(context.Background(), logs.Waiting, "waiting since then")
	log.Warn("odd")
	log.Error("in the error that ends the command")
	assert.Equal(t, "waiting since then\nwarning: odd\n", out.String())
}

// A full disk or a closed pipe: who reads half of what a command prints must not take it for the whole.
func TestACommandFailsWhereStandardOutputCannotBeWrittenTo(t *testing.T) {
	document := filepath.Join(t.TempDir(), "a.ign")
	require.NoError(t, os.WriteFile(document, []byte(`{"ignition":{"version":"3.4.0"}}`), 0o600))
	for line, code := range map[string]int{
		"glowplug version": 1, "glowplug help": 1, "glowplug help boot": 1, "glowplug platforms": 1, "glowplug schema": 1, "glowplug --version": 1,
		"glowplug validate FILE": 1, "glowplug validate --format json FILE": 1, "glowplug validate --help": 1, "glowplug convert FILE": 1,
		"butane --version": 1, "ignition-validate -version": 1, "glowplug frob": 2, "glowplug validate --format line FILE": 0,
	} {
		words := strings.Fields(strings.ReplaceAll(line, "FILE", document))
		var complaints strings.Builder
		p := program{name: words[0], args: words[1:], in: strings.NewReader(""), out: fullDisk{}, err: &complaints, env: func(string) string { return "" }}
		assert.Equal(t, code, p.run(t.Context()), line)
		assert.Equal(t, code != 0, complaints.Len() > 0, "%s: %s", line, complaints.String())
	}
}

type fullDisk struct{}

func (fullDisk) Write([]byte) (int, error) { return 0, syscall.ENOSPC }
