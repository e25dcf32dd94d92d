package engine

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/glowplug-os/glowplug/internal/handoff"
)

func environment(values map[string]string) func(string) string {
	return func(name string) string { return values[name] }
}

// parsed are the options of a stage as its function gets them.
func parsed(args []string) (o stageOptions, err error) {
	row := o.row("ignition")
	if _, err = row.Parse(args); err == nil {
		_, err = o.judge()
	}
	return o, err
}

func TestOptionsOfABoot(t *testing.T) {
	t.Parallel()
	usual := stageOptions{
		stage: "files", platform: "metal", root: "/", fetchTimeout: 2 * time.Minute,
		paths: handoff.Paths{Config: "/run/ignition.json", State: "/run/ignition/state",
			NeedNet: "/run/ignition/neednet"},
	}
	logging := usual
	logging.logToStdout = true
	sysroot := logging
	sysroot.root = "/sysroot"
	for name, test := range map[string]struct {
		args []string
		want stageOptions
	}{
		"two dashes or one":               {[]string{"--stage=files", "-platform=metal"}, usual},
		"values of their own":             {[]string{"--stage", "files", "-platform", "metal"}, usual},
		"an empty last argument":          {[]string{"--stage=files", "--platform=metal", ""}, usual},
		"one option in the last argument": {[]string{"--stage=files", "--platform=metal", "-log-to-stdout"}, logging},
		"two options in the last argument": {[]string{"--stage=files", "--platform=metal",
			"-log-to-stdout --root=/sysroot"}, sysroot},
		"with more blanks than needed": {[]string{"--stage=files", "--platform=metal",
			"-log-to-stdout  --root /sysroot "}, sysroot},
		"an option and its value in the last": {[]string{"--stage=files", "--platform=metal", "--log-to-stdout",
			" --root /sysroot"}, sysroot},
		"one option with blanks around": {[]string{"--stage=files", "--platform=metal", " -log-to-stdout "}, logging},
		"a last value with a blank behind its option": {[]string{"--stage=files", "--platform=metal", "--log-to-stdout",
			"--root=/my root"}, func() stageOptions { o := logging; o.root = "/my root"; return o }()},
		"arguments that are no options": {[]string{"--stage=files", "--platform=metal", "x", "--frobnicate"}, usual},
		"the last of several counts": {[]string{"--stage=fetch", "--platform=file", "--stage=files",
			"--platform=metal"}, usual},
		"a last value with a blank is left whole": {[]string{"--stage=files", "--platform=metal", "--log-to-stdout",
			"--root", "/my root"}, func() stageOptions { o := logging; o.root = "/my root"; return o }()},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := parsed(test.args)
			require.NoError(t, err)
			assert.Equal(t, test.want, got)
		})
	}
	for problem, args := range map[string][]string{
		"--stage is missing":                                        {"--platform=metal"},
		`the stage "polish" is not known`:                           {"--stage=polish"},
		"the option --frobnicate is not known":                      {"--stage=files", "--frobnicate"},
		`the option --fetch-timeout does not take the value "soon"`: {"--stage=files", "--fetch-timeout=soon"},
		"the option --platform needs a value":                       {"--stage=files", "--platform"},
	} {
		_, err := parsed(args)
		require.ErrorContains(t, err, problem)
	}
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

	d, err = read(`{"localConfigDir": "/etc/x", "systemConfigDir": "/usr/x", "tools": {"systemctl": "/x"}, `+
		`"writeAuthorizedKeysFragment": false}`, map[string]string{"IGNITION_SYSTEM_CONFIG_DIR": "/env",
		"IGNITION_KERNEL_CMDLINE_PATH": "/cmdline", "IGNITION_SYSTEM_RUNTIME_CONFIG_DIR": ""})
	require.NoError(t, err)
	want := defaultDistribution()
	want.LocalConfigDir, want.SystemConfigDir, want.KernelCommandLine = "/etc/x", "/env", "/cmdline"
	want.Tools, want.KeysFragment = map[string]string{"systemctl": "/x"}, false
	assert.Equal(t, want, d)

	for value, fragment := range map[string]bool{"true": true, "1": true, "false": false, "0": false} {
		d, err = read(`{}`, map[string]string{"IGNITION_WRITE_AUTHORIZED_KEYS_FRAGMENT": value})
		require.NoError(t, err)
		assert.Equal(t, fragment, d.KeysFragment, value)
	}
	for text, problem := range map[string]string{
		`{"localConfigDirectory": "/x"}`: "unknown field", `{`: "unexpected EOF", ``: "EOF", `{} {}`: "after",
		`{"tools": 1}`: "cannot unmarshal",
	} {
		_, err = read(text, nil)
		require.ErrorContains(t, err, problem, text)
		require.ErrorContains(t, err, file)
	}
	_, err = read(`{}`, map[string]string{"IGNITION_WRITE_AUTHORIZED_KEYS_FRAGMENT": "yes"})
	require.EqualError(t, err,
		`the environment variable IGNITION_WRITE_AUTHORIZED_KEYS_FRAGMENT is "yes"; it may be true, 1, false, 0`)
	_, err = readDistribution(t.TempDir(), environment(nil))
	require.ErrorContains(t, err, "is a directory")
}

func TestAContainerIsKnownByTheVariable(t *testing.T) {
	t.Parallel()
	assert.True(t, inContainer(environment(map[string]string{"container": "podman"})))
}
