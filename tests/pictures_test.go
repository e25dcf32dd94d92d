package tests

import (
	"errors"
	"flag"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/glowplug-os/glowplug/tests/machines"
	"github.com/glowplug-os/glowplug/tests/terminal"
)

var update = flag.Bool("update", false, "draw the pictures of the README anew")

// A desk is a folder with the configs of the pictures, in which programs find no others to call.
type desk struct {
	*testing.T
	dir string
}

func newDesk(t *testing.T) desk {
	t.Helper()
	d := desk{t, t.TempDir()}
	require.NoError(t, os.CopyFS(d.dir, os.DirFS("../docs/pictures")))
	return d
}

// write puts a file into the folder.
func (d desk) write(name, text string) {
	d.Helper()
	path := filepath.Join(d.dir, name)
	require.NoError(d, os.MkdirAll(filepath.Dir(path), 0o755))
	require.NoError(d, os.WriteFile(path, []byte(text), 0o644))
}

// run calls a program, which ends with a status, and gives what it has written to standard output.
func (d desk) run(status int, name string, args ...string) string {
	d.Helper()
	command := exec.Command(binary(d.T, name), args...)
	command.Dir = d.dir
	command.Env = []string{"PATH=" + d.dir, "IGNITION_CONFIG_FILE=boot.bu", "IGNITION_KERNEL_CMDLINE_PATH=run/cmdline"}
	for _, folder := range []string{"SYSTEM_RUNTIME", "SYSTEM_LOCAL", "SYSTEM"} {
		command.Env = append(command.Env, "IGNITION_"+folder+"_CONFIG_DIR=none")
	}
	out, err := command.Output()
	var exit *exec.ExitError
	if !errors.As(err, &exit) {
		require.NoError(d, err)
	}
	require.Equal(d, status, command.ProcessState.ExitCode(), "%s", out)
	return string(out)
}

// typed is a command as it is typed into a terminal, which shows colours, and what comes of it.
func (d desk) typed(status int, line string) string {
	d.Helper()
	return "$ glowplug " + line + "\n" + d.run(status, "glowplug", append(strings.Fields(line), "--color=always")...)
}

func (d desk) validate() string { return d.typed(1, "validate wrong.bu") }

// plan is that of a disk that holds something, and that of a directory.
func (d desk) plan() string {
	disk := machines.File(d, 2<<10, machines.Part(1, 1, 512, "db"))
	machines.Put(d, disk, 1<<20+1024, machines.Ext4("db"))
	require.NoError(d, os.Symlink(disk, filepath.Join(d.dir, "disk.raw")))
	d.write("rootfs/etc/motd", "Welcome.\nIt is a mail server.\n")
	return d.typed(4, "plan --image disk.raw disk.bu") + "\n" +
		d.typed(3, "plan --root rootfs --no-owner --no-preset web.bu")
}

// stage runs one of a boot.
func (d desk) stage(status int, name string) {
	d.run(status, "ignition", "--stage="+name, "--platform=file", "--root=rootfs", "--config-cache=run/ignition.json",
		"--state-file=run/ignition/state", "--neednet=run/ignition/neednet", "--log-to-stdout")
}

// card is what a boot leaves of its card, as the console shows it: the image has a hostname already.
func (d desk) card() string {
	d.write("rootfs/etc/hostname", "localhost\n")
	d.write("run/cmdline", "")
	d.stage(0, "fetch")
	d.stage(1, "files")
	text, err := os.ReadFile(filepath.Join(d.dir, "run/glowplug/failure.txt"))
	require.NoError(d, err)
	return string(text)
}

func TestDocumentedPicturesShowWhatTheProgramsWrite(t *testing.T) {
	for name, c := range map[string]struct {
		title string
		shown func(desk) string
	}{
		"validate": {"An error and two warnings in a config, each with its line and a hint", desk.validate},
		"plan":     {"What is destroyed, and what becomes of a disk, of files and of units", desk.plan},
		"card":     {"A boot has stopped: why, where the config asks for it, and what to try", desk.card},
	} {
		t.Run(name, func(t *testing.T) {
			picture, err := terminal.Picture(c.title, c.shown(newDesk(t)))
			require.NoError(t, err)
			file := "../docs/pictures/" + name + ".svg"
			if *update {
				require.NoError(t, os.WriteFile(file, []byte(picture), 0o644))
			}
			stands, err := os.ReadFile(file)
			require.NoError(t, err)
			assert.Equal(t, picture, string(stands), "`make docs` draws it anew")
		})
	}
}
