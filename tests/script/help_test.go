package script

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/glowplug-os/glowplug/internal/report"
)

// examples takes the commands out of the "Example:" part of a help text. Lines that end in a backslash go on in the
// next one.
func examples(help string) (lines []string) {
	_, after, _ := strings.Cut(help, "\nExample")
	_, after, _ = strings.Cut(after, "\n")
	for _, line := range strings.Split(strings.ReplaceAll(after, "\\\n", ""), "\n") {
		if !strings.HasPrefix(line, "  ") {
			break
		}
		lines = append(lines, strings.TrimSpace(line))
	}
	return lines
}

// The names in the examples stand for what a reader has: web.ign, hosts/*.ign, build/rootfs, generate-config.
func exampleFolder(t *testing.T) string {
	dir := t.TempDir()
	for name, text := range map[string]string{
		"web.bu": minimalButane, "files/motd": "hello", "web.ign": minimal, "hosts/a.ign": minimal,
		"hosts/b.ign": minimal, "site/a.ign": minimal, "configs/a.ign": minimal,
		"base.bu":                             minimalButane,
		"site.ign":                            withUser,
		"image/usr/lib/ignition/base.d/a.ign": minimal,
		"boot.ign": `{"ignition": {"version": "3.4.0"},
			"storage": {"disks": [{"device": "/dev/vda", "wipeTable": true}]}}`,
		"raid.ign": `{"ignition": {"version": "3.4.0"}, "storage": {"raid": [{"name": "r", "level": "raid1",
			"devices": ["/dev/vda", "/dev/vdb"]}]}}`,
		"a.img": "", "b.img": "", "disk.img": "",
		"build/rootfs/README": "", "bin/generate-config": "#!/bin/sh\ncat web.ign\n",
		"bin/systemctl": systemctl,
	} {
		at := filepath.Join(dir, name)
		require.NoError(t, os.MkdirAll(filepath.Dir(at), 0o755))
		require.NoError(t, os.WriteFile(at, []byte(text), 0o755))
		if filepath.Ext(name) == ".img" {
			require.NoError(t, os.Truncate(at, 64<<20))
		}
	}
	return dir
}

// withFacts adds facts of the root, once and as those of a fleet.
func withFacts(t *testing.T, dir string) {
	t.Helper()
	command := exec.Command(filepath.Join(programs, "glowplug"), "facts", "--root", "build/rootfs", "--for", "web.ign")
	command.Dir = dir
	out, err := command.Output()
	require.NoError(t, err)
	require.NoError(t, os.Mkdir(filepath.Join(dir, "fleet"), 0o755))
	for _, name := range []string{"facts.json", "fleet/a.json", "fleet/b.json"} {
		require.NoError(t, os.WriteFile(filepath.Join(dir, name), out, 0o600))
	}
}

const minimal = `{"ignition": {"version": "3.4.0"}, "storage": {"files": [` +
	`{"path": "/etc/motd", "mode": 420, "contents": {"source": "data:,hello"}}]}}`

const withUser = `{"ignition": {"version": "3.4.0"}, "passwd": {"users": [{"name": "deploy"}]}}`

const minimalButane = "variant: fcos\nversion: 1.7.0\n" +
	"storage: {files: [{path: /etc/motd, mode: 0644, contents: {inline: hello}}]}\n"

func TestTheExamplesInHelpRun(t *testing.T) {
	t.Parallel()
	require.NoError(t, sources())
	for topic, count := range map[string]int{"validate": 8, "apply": 5, "boot": 1, "platforms": 2, "convert": 3,
		"schema": 3, "explain": 2, "render": 4, "why": 3, "diff": 4, "plan": 7, "facts": 4} {
		t.Run(topic, func(t *testing.T) {
			t.Parallel()
			help, err := exec.Command(filepath.Join(programs, "glowplug"), "help", topic).Output()
			require.NoError(t, err)
			lines := examples(string(help))
			require.Len(t, lines, count)
			for _, line := range lines {
				dir := exampleFolder(t)
				withFacts(t, dir)
				if line == "glowplug plan web.ign" {
					continue // what is in the way on the machine of the test is not for it to say
				}
				if strings.Contains(line, "apply --image") || strings.Contains(line, "apply --disk") {
					line += " --dry-run" // tests/vm has the machine that it takes
				}
				command := exec.Command("sh", "-ec", line)
				command.Dir = dir
				command.Env = []string{"PATH=" + dir + "/bin:" + programs + ":/usr/bin:/bin", "WORK=" + dir}
				out, err := command.CombinedOutput()
				if topic == "plan" && command.ProcessState.ExitCode() >= int(report.Changing) {
					err = nil // it tells of changes
				}
				assert.NoError(t, err, "%s\n%s", line, out)
				assert.Contains(t, line, "glowplug")
			}
		})
	}
}
