//go:build disk

package disk

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// crypted has the form of a hash, and is that of no password.
const crypted = "$6$glowplugtest$WW7Yh1s0dUCqVf0vhtVAVtVUv8sCl1mTZDf1vNzUxZWqQXWJ6pWQ0H0i1u4hXn3wYVYl5SgkJm3CkV0pN8XH1/"

const (
	oneKey   = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJ1F3jMK7X4uI9ZQ5pJk0aG6l7E5xRjYkXn8m2mB0c1d one@example"
	otherKey = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIKc0yqXo2wW1t7u9D3r6f5g8h2j4k6l8z0x2c4v6b8n0 two@example"
)

// wantedAccounts are 3 users and 2 groups.
var wantedAccounts = object{
	"ignition": object{"version": "3.6.0"},
	"passwd": object{
		"groups": []object{{"name": "apps", "gid": 2000}, {"name": "metrics", "system": true}},
		"users": []object{
			{"name": "core", "passwordHash": crypted, "groups": []string{"sudo", "apps"}, "shell": "/bin/bash",
				"sshAuthorizedKeys": []string{oneKey, otherKey}},
			{"name": "web", "uid": 1500, "primaryGroup": "apps", "gecos": "Web Server,,,", "homeDir": "/srv/web",
				"sshAuthorizedKeys": []string{oneKey}},
			{"name": "exporter", "system": true, "groups": []string{"metrics"}, "noCreateHome": true,
				"homeDir": "/nonexistent", "shell": "/usr/sbin/nologin"},
		},
	},
	"storage": object{"files": []object{{"path": "/srv/web/index", "user": object{"name": "web"},
		"group": object{"name": "apps"}, "contents": plain("x")}}},
}

// within runs a program of the root, as a process chrooted into it.
func within(t *testing.T, root string, args ...string) string {
	t.Helper()
	return strings.TrimSpace(must(t, "chroot", append([]string{root}, args...)...))
}

// complaints are what pwck and grpck say of the account files, sorted by nobody: their words, line by line.
func complaints(root string) map[string]bool {
	all := map[string]bool{}
	for _, tool := range []string{"pwck", "grpck"} {
		out, _ := exec.Command("chroot", root, tool, "-r").CombinedOutput() // they fail if they have something to say
		for line := range strings.Lines(string(out)) {
			all[tool+": "+strings.TrimSpace(line)] = true
		}
	}
	return all
}

// evidence tells all of the account files and homes but times.
func evidence(t *testing.T, root string) string {
	t.Helper()
	return must(t, "sh", "-c", "cd "+root+` && find etc home srv var/mail -printf '%p %M %U:%G %l %s\n' | sort &&
		cat etc/passwd etc/shadow etc/group etc/gshadow etc/subuid etc/subgid && find home srv -type f -exec sha256sum {} +`)
}

func TestADebianRootTakesAccounts(t *testing.T) {
	both(t, func(t *testing.T, w way) {
		root := debian(t)
		before := complaints(root)
		config := writeConfig(t, wantedAccounts)
		code, out := w.run(t, root, config)
		require.Equal(t, 0, code, out)

		for user, want := range map[string]string{
			"core":     "uid=1000(core) gid=1000(core) groups=1000(core),27(sudo),2000(apps)",
			"web":      "uid=1500(web) gid=2000(apps) groups=2000(apps)",
			"exporter": "uid=%d(exporter) gid=%d(exporter) groups=%d(exporter),%d(metrics)",
		} {
			got := within(t, root, "id", user)
			if strings.Contains(want, "%") {
				want = fmt.Sprintf(want, idOf(t, root, "-u"), idOf(t, root, "-g"), idOf(t, root, "-g"),
					groupID(t, root, "metrics"))
			}
			assert.Equal(t, want, got)
		}
		for user, state := range map[string]string{"core": "P", "web": "L", "exporter": "L"} {
			assert.Equal(t, []string{user, state}, strings.Fields(within(t, root, "passwd", "-S", user))[:2])
		}
		assert.Equal(t, "core:x:1000:1000::/home/core:/bin/bash", within(t, root, "getent", "passwd", "core"))
		assert.Equal(t, "web:x:1500:2000:Web Server,,,:/srv/web:/bin/sh", within(t, root, "getent", "passwd", "web"))
		assert.Contains(t, within(t, root, "getent", "shadow", "core"), "core:"+crypted+":")

		file{at: "/home/core/.ssh/authorized_keys.d/ignition", content: oneKey + "\n" + otherKey + "\n", mode: 0o600,
			uid: 1000, gid: 1000}.check(t, root)
		file{at: "/srv/web/index", content: "x", mode: 0o644, uid: 1500, gid: 2000}.check(t, root)
		assert.NoDirExists(t, root+"/nonexistent")

		for line := range complaints(root) {
			// Not even the accounts that Debian comes with have homes, and this one is not to have any.
			if line != "pwck: user 'exporter': directory '/nonexistent' does not exist" {
				assert.True(t, before[line], "%s", line)
			}
		}
		nothingHalfWritten(t, root, nil)

		first := evidence(t, root)
		code, out = w.run(t, root, config)
		require.Equal(t, 0, code, out)
		assert.Equal(t, withoutResult(first), withoutResult(evidence(t, root)))
	})
}

// withoutResult leaves out the reports of the boot, which each boot writes anew.
func withoutResult(evidence string) string {
	var kept []string
	for line := range strings.Lines(evidence) {
		if !strings.Contains(line, ".ignition-result.json") && !strings.Contains(line, ".glowplug-report.json") {
			kept = append(kept, line)
		}
	}
	return strings.Join(kept, "")
}

// idOf gives an id of exporter's, which has to be one of the system's.
func idOf(t *testing.T, root, which string) int {
	t.Helper()
	id := 0
	_, err := fmt.Sscan(within(t, root, "id", which, "exporter"), &id)
	require.NoError(t, err)
	assert.True(t, id >= 100 && id <= 999, "%d", id)
	return id
}

func groupID(t *testing.T, root, name string) int {
	t.Helper()
	id := 0
	_, err := fmt.Sscan(strings.Split(within(t, root, "getent", "group", name), ":")[2], &id)
	require.NoError(t, err)
	assert.True(t, id >= 100 && id <= 999, "%d", id)
	return id
}

// The account files of a root that belongs to somebody without privileges: all of them, and all homes, are that user's
// then.
func TestAccountsWithoutRootPrivileges(t *testing.T) {
	config := writeConfig(t, wantedAccounts)
	open, err := os.MkdirTemp("", "glowplug-open-")
	require.NoError(t, err)
	t.Cleanup(func() { os.RemoveAll(open) })
	require.NoError(t, os.Chmod(open, 0o755))
	must(t, "cp", program(t, "glowplug"), config, open)
	root := filepath.Join(open, "root")
	require.NoError(t, os.MkdirAll(root+"/etc/skel", 0o755))
	original := os.Getenv("GLOWPLUG_DISK_ROOT")
	for _, name := range []string{"passwd", "shadow", "group", "gshadow", "subuid", "subgid", "login.defs",
		"skel/.profile"} {
		must(t, "cp", original+"/etc/"+name, root+"/etc/"+name)
	}
	must(t, "chown", "-R", "65534:65534", root)
	apply := func(options ...string) (int, string) {
		args := append([]string{"apply", "--root", root}, options...)
		command := exec.Command(filepath.Join(open, "glowplug"),
			append(args, filepath.Join(open, filepath.Base(config)))...)
		command.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: 65534, Gid: 65534}}
		return call(t, command)
	}
	before := must(t, "find", root)
	code, out := apply()
	assert.Equal(t, 1, code)
	assert.Contains(t, out, "user core ($.passwd.users.0): only root can make users with homes that belong to them")
	assert.Equal(t, before, must(t, "find", root), "found before anything is written")

	code, out = apply("--no-owner")
	require.Equal(t, 0, code, out)
	assert.Empty(t, must(t, "find", root, "(", "!", "-uid", "65534", "-o", "!", "-gid", "65534", ")"))
	file{at: "/home/core/.ssh/authorized_keys.d/ignition", content: oneKey + "\n" + otherKey + "\n", mode: 0o600,
		uid: 65534, gid: 65534}.check(t, root)
	assert.FileExists(t, root+"/home/core/.profile")
	assert.Contains(t, must(t, "cat", root+"/etc/passwd"), "web:x:1500:2000:Web Server,,,:/srv/web:")
	code, out = apply("--no-owner", "--dry-run")
	require.Equal(t, 0, code, out)
	assert.Equal(t, "nothing to do; 6 unchanged\n", out)
}
