//go:build disk

package disk

import (
	"bytes"
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/glowplug-os/glowplug/internal/target"
	"github.com/glowplug-os/glowplug/tests/foretold"
)

// program gives the path of a program that `make build` made, by any of its names.
func program(t *testing.T, name string) string {
	t.Helper()
	path, err := filepath.Abs("../../bin/" + name)
	require.NoError(t, err)
	require.FileExists(t, path, "run these tests with `make test-disk`")
	return path
}

// debian gives a copy of a Debian system's tree, for one test to change.
func debian(t *testing.T) string {
	t.Helper()
	original := os.Getenv("GLOWPLUG_DISK_ROOT")
	require.DirExists(t, original, "run these tests with `make test-disk`")
	root := filepath.Join(t.TempDir(), "root")
	must(t, "cp", "-a", "--reflink=auto", original, root)
	return root
}

// must runs a tool that has to succeed, and gives what it wrote.
func must(t *testing.T, tool string, args ...string) string {
	t.Helper()
	out, err := exec.Command(tool, args...).CombinedOutput()
	require.NoError(t, err, "%s %s: %s", tool, strings.Join(args, " "), out)
	return string(out)
}

// call runs one of our programs and gives its exit code and all that it wrote. What it applies is foretold.
func call(t *testing.T, command *exec.Cmd) (code int, out string) {
	t.Helper()
	if a, is := foretold.Applied(command.Args); is && a.Config != "-" {
		return appliedAsForetold(t, &a, command)
	}
	return called(t, command)
}

func called(t *testing.T, command *exec.Cmd) (code int, out string) {
	t.Helper()
	var all bytes.Buffer
	command.Stdout, command.Stderr = &all, &all
	err := command.Run()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		require.NoError(t, err)
	}
	return command.ProcessState.ExitCode(), all.String()
}

func writeConfig(t *testing.T, config any) string {
	t.Helper()
	text, err := json.Marshal(config)
	require.NoError(t, err)
	file := filepath.Join(t.TempDir(), "config.ign")
	require.NoError(t, os.WriteFile(file, text, 0o644))
	return file
}

// A way is one of the two in which a config gets into a root.
type way struct {
	name string
	run  func(t *testing.T, root, config string) (code int, out string)
}

var ways = []way{
	{"apply", func(t *testing.T, root, config string) (int, string) {
		return call(t, exec.Command(program(t, "glowplug"), "apply", "--root", root, "--no-preset", config))
	}},
	{"the stages of a boot", boot},
}

// boot runs the stages that there are as the units in the initramfs do, away from the configuration of this machine.
func boot(t *testing.T, root, config string) (code int, out string) {
	t.Helper()
	state := t.TempDir()
	empty := filepath.Join(state, "empty")
	require.NoError(t, os.WriteFile(empty, nil, 0o600))
	for _, stage := range []string{"fetch-offline", "fetch", "files"} {
		command := exec.Command(program(t, "ignition"), "-stage", stage, "-platform", "file", "-root", root,
			"-config-cache", filepath.Join(state, "ignition.json"), "-state-file", filepath.Join(state, "state"),
			"-neednet", filepath.Join(state, "neednet"), "-log-to-stdout", "")
		command.Env = append(os.Environ(), "IGNITION_CONFIG_FILE="+config, "IGNITION_KERNEL_CMDLINE_PATH="+empty,
			"IGNITION_SYSTEM_RUNTIME_CONFIG_DIR="+filepath.Join(state, "run"),
			"IGNITION_SYSTEM_LOCAL_CONFIG_DIR="+filepath.Join(state, "etc"),
			"IGNITION_SYSTEM_CONFIG_DIR="+filepath.Join(state, "lib"))
		verify := func(string) {}
		if stage == "files" {
			verify = filesForetold(t, root, filepath.Join(state, "ignition.json"))
		}
		var text string
		if code, text = call(t, command); code == 0 {
			verify(text)
		}
		if out += text; code != 0 {
			return code, out
		}
	}
	return code, out
}

// both runs a test for each way.
func both(t *testing.T, test func(t *testing.T, w way)) {
	for _, w := range ways {
		t.Run(w.name, func(t *testing.T) { test(t, w) })
	}
}

// mount mounts something for the time of a test.
func mount(t *testing.T, args ...string) string {
	t.Helper()
	dir := t.TempDir()
	must(t, "mount", append(args, dir)...)
	t.Cleanup(func() { must(t, "umount", dir) })
	return dir
}

// image makes an ext4 filesystem in a file, for mount -o loop.
func image(t *testing.T, size string) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "image")
	must(t, "truncate", "-s", size, file)
	must(t, "mkfs.ext4", "-q", "-F", file)
	return file
}

// names lists all that is below a folder.
func names(t *testing.T, dir string) (all []string) {
	t.Helper()
	require.NoError(t, filepath.WalkDir(dir, func(path string, _ fs.DirEntry, err error) error {
		if path != dir {
			all = append(all, strings.TrimPrefix(path, dir))
		}
		return err
	}))
	return all
}

// nothingHalfWritten: temporary files are called .glowplug-<number>, and content is there whole or not at all.
func nothingHalfWritten(t *testing.T, root string, whole map[string]string) {
	t.Helper()
	for _, name := range names(t, root) {
		assert.NotContains(t, strings.TrimSuffix(name, target.DefaultReportFile), ".glowplug-")
		if want, ok := whole[name]; ok {
			got, err := os.ReadFile(root + name)
			require.NoError(t, err)
			assert.True(t, want == string(got), "%s is there with other content", name)
		}
	}
}

func owner(t *testing.T, info fs.FileInfo) (uid, gid int) {
	t.Helper()
	stat, ok := info.Sys().(*syscall.Stat_t)
	require.True(t, ok)
	return int(stat.Uid), int(stat.Gid)
}
