//go:build disk

package disk

import (
	"os"
	"os/exec"
	"path"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// A layout is where keys are written, and what makes sshd look there.
type layout struct {
	name, fragment, settings string
	file                     string // below a home
}

var layouts = []layout{
	{"authorized_keys", "false", "", ".ssh/authorized_keys"},
	{"a fragment that sshd reads", "true", "AuthorizedKeysFile .ssh/authorized_keys .ssh/authorized_keys.d/ignition\n",
		".ssh/authorized_keys.d/ignition"},
	{"a fragment that a command reads", "true", "AuthorizedKeysCommand /usr/bin/cat " +
		"%h/.ssh/authorized_keys.d/ignition\nAuthorizedKeysCommandUser %u\n", ".ssh/authorized_keys.d/ignition"},
}

// The root's own sshd looks for keys where they are, and lets their owners in: with all that it asks of owners and
// modes (StrictModes), through PAM, to a shell in their homes. It talks through pipes, so no port is taken.
func TestSSHDTakesTheKeys(t *testing.T) {
	for i, l := range layouts {
		w := ways[i%len(ways)] // a copy of the root takes seconds
		t.Run(l.name+", by "+w.name, func(t *testing.T) {
			t.Setenv("IGNITION_WRITE_AUTHORIZED_KEYS_FRAGMENT", l.fragment)
			loginWith(t, w, l)
		})
	}
}

// loginUsers are one with an ordinary home and group, and one with neither.
var loginUsers = map[string]struct{ home, key string }{"core": {"/home/core", "/root/core"},
	"web": {"/srv/web", "/root/web"}}

func loginWith(t *testing.T, w way, l layout) {
	root := debian(t)
	sshd(t, root, l.settings)
	config := object{"ignition": object{"version": "3.6.0"}, "passwd": object{
		"groups": []object{{"name": "apps", "gid": 2000}},
		"users": []object{
			{"name": "core", "groups": []string{"sudo"}, "shell": "/bin/bash",
				"sshAuthorizedKeys": []string{oneKey, newKey(t, root, loginUsers["core"].key)}},
			{"name": "web", "uid": 1500, "primaryGroup": "apps", "homeDir": "/srv/web",
				"sshAuthorizedKeys": []string{newKey(t, root, loginUsers["web"].key)}},
		},
	}}
	code, out := w.run(t, root, writeConfig(t, config))
	require.Equal(t, 0, code, out)

	for name, user := range loginUsers {
		set := effective(t, root, name)
		assert.Equal(t, "yes", set["strictmodes"])
		assert.Equal(t, "yes", set["usepam"])
		if set["authorizedkeyscommand"] == "none" {
			assert.Contains(t, resolved(set["authorizedkeysfile"], name, user.home), path.Join(user.home, l.file))
		} else {
			assert.Contains(t, resolved(set["authorizedkeyscommand"], name, user.home), path.Join(user.home, l.file))
		}
		out, err := login(root, name, user.key)
		require.NoError(t, err, out)
		assert.Equal(t, name+" "+user.home+"\n", out)
	}

	_, err := login(root, "core", loginUsers["web"].key)
	require.Error(t, err, "a key of someone else opens nothing")
	if set := effective(t, root, "core"); set["authorizedkeyscommand"] == "none" {
		require.NoError(t, os.Chmod(root+"/home/core/.ssh", 0o777))
		_, err = login(root, "core", loginUsers["core"].key)
		require.Error(t, err, "StrictModes would notice")
	}
}

// sshd readies the root for it to start, and adds settings.
func sshd(t *testing.T, root, settings string) {
	t.Helper()
	must(t, "chroot", root, "ssh-keygen", "-A")
	require.NoError(t, os.MkdirAll(root+"/run/sshd", 0o755))
	require.NoError(t, os.WriteFile(root+"/etc/ssh/sshd_config.d/keys.conf", []byte(settings), 0o644))
}

// newKey makes a key in the root, and gives the line of its public half.
func newKey(t *testing.T, root, at string) string {
	t.Helper()
	must(t, "chroot", root, "ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", at, "-f", at)
	text, err := os.ReadFile(root + at + ".pub")
	require.NoError(t, err)
	return strings.TrimSpace(string(text))
}

// effective gives what sshd's settings are for a user.
func effective(t *testing.T, root, user string) map[string]string {
	t.Helper()
	set := map[string]string{}
	for line := range strings.Lines(within(t, root, "/usr/sbin/sshd", "-T", "-C",
		"user="+user+",host=localhost,addr=127.0.0.1")) {
		name, value, _ := strings.Cut(strings.TrimSpace(line), " ")
		set[name] = value
	}
	return set
}

// resolved gives the words of a setting as sshd_config(5) has them: tokens replaced, and what is no absolute path below
// the home.
func resolved(setting, user, home string) []string {
	words := strings.Fields(strings.NewReplacer("%h", home, "%u", user).Replace(setting))
	for i, word := range words {
		if !strings.HasPrefix(word, "/") {
			words[i] = path.Join(home, word)
		}
	}
	return words
}

// login runs two commands as a user who shows a key.
func login(root, user, key string) (string, error) {
	ssh := exec.Command("chroot", root, "ssh", "-F", "none", "-i", key, "-o", "ProxyCommand=/usr/sbin/sshd -i",
		"-o", "BatchMode=yes", "-o", "IdentitiesOnly=yes", "-o", "StrictHostKeyChecking=no", "-o",
		"UserKnownHostsFile=/dev/null", "-o", "LogLevel=ERROR", user+"@localhost", `echo "$(id -un) $(pwd)"`)
	out, err := ssh.CombinedOutput()
	return string(out), err
}
