package tests

import (
	"bytes"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// run calls a program and gives what it wrote; it must end well.
func run(t *testing.T, name string, args ...string) string {
	t.Helper()
	var out bytes.Buffer
	command := exec.Command(binary(t, name), args...)
	command.Stdout, command.Stderr = &out, &out
	require.NoError(t, command.Run(), out.String())
	return out.String()
}

func TestExamplesAreValidWithoutWarnings(t *testing.T) {
	examples, err := filepath.Glob("../examples/*.ign")
	require.NoError(t, err)
	require.GreaterOrEqual(t, len(examples), 4)
	for _, program := range [][]string{{"glowplug", "validate"}, {"glowplug-validate"}} {
		args := append(append(program[1:], "--strict"), examples...)
		assert.Equal(t, fmt.Sprintf("valid: %d files, 0 errors, 0 warnings\n", len(examples)),
			run(t, program[0], args...))
	}
}

// webRoot is what web.ign makes: kind and mode of each path, with the target of a link and the content of a file that
// is worth reading.
const webRoot = `
drwxr-xr-x etc
-rw------- etc/.pwd.lock
-rw-r--r-- etc/group "web:x:1000:deploy\n"
-rw-r--r-- etc/hostname "web-1\n"
Lrwxrwxrwx etc/localtime ../usr/share/zoneinfo/Etc/UTC
drwxr-xr-x etc/nginx
drwxr-xr-x etc/nginx/conf.d
-rw-r--r-- etc/nginx/conf.d/site.conf
drwxr-xr-x etc/nginx/tls
-rw------- etc/nginx/tls/README
-rw-r--r-- etc/passwd "deploy:*:1000:100:Publishes the site:/home/deploy:/bin/bash\n"
drwxr-xr-x etc/profile.d
-rw-r--r-- etc/profile.d/web.sh "export WEB_ROOT=/srv/www/current\nalias weblog='journalctl -u nginx'\n"
drwxr-xr-x etc/systemd
drwxr-xr-x etc/systemd/system
Lrwxrwxrwx etc/systemd/system/apache2.service /dev/null
drwxr-xr-x etc/systemd/system/nginx.service.d
-rw-r--r-- etc/systemd/system/nginx.service.d/10-limits.conf "[Service]\nRestart=on-failure\nRestartSec=2s\nLimitNOFILE=65536\n"
-rw-r--r-- etc/systemd/system/site-check.service
-rw-r--r-- etc/systemd/system/site-check.timer
drwxr-xr-x etc/systemd/system-preset
-rw-r--r-- etc/systemd/system-preset/20-ignition.preset "enable nginx.service\nenable site-check.timer\n"
drwxr-xr-x home
drwxr-xr-x home/deploy
drwx------ home/deploy/.ssh
drwx------ home/deploy/.ssh/authorized_keys.d
-rw------- home/deploy/.ssh/authorized_keys.d/ignition "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIExampleKeyReplaceThisWithYourOwnPublicKey00 deploy@example\n"
drwxr-xr-x srv
drwxr-xr-x srv/www
Lrwxrwxrwx srv/www/current releases/1
drwxr-xr-x srv/www/releases
drwxr-xr-x srv/www/releases/1
-rw-r--r-- srv/www/releases/1/index.html
drwxr-xr-x usr
drwxr-xr-x usr/local
drwxr-xr-x usr/local/bin
-rwxr-xr-x usr/local/bin/site-check "#!/bin/sh\nexec curl --fail --silent --output /dev/null http://localhost/\n"
-rwxr-xr-x usr/local/bin/web-health "#!/bin/sh\nexec curl --fail --silent --output /dev/null http://localhost/\n"
drwxr-xr-x var
drwxr-xr-x var/log
drwxr-x--- var/log/nginx
`

// listing describes a tree line by line, with the content of those files whose content the wanted listing gives.
func listing(t *testing.T, root, wanted string) string {
	t.Helper()
	lines := "\n"
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		require.NoError(t, err)
		if path == root {
			return nil
		}
		info, err := d.Info()
		require.NoError(t, err)
		name, err := filepath.Rel(root, path)
		require.NoError(t, err)
		line := info.Mode().String() + " " + name
		switch {
		case info.Mode()&fs.ModeSymlink != 0:
			target, err := os.Readlink(path)
			require.NoError(t, err)
			line += " " + target
		case strings.Contains(wanted, "\n"+line+" \""):
			content, err := os.ReadFile(path)
			require.NoError(t, err)
			line += fmt.Sprintf(" %q", content)
		}
		lines += line + "\n"
		return nil
	})
	require.NoError(t, err)
	return lines
}

// applyWeb applies web.ign to a root.
func applyWeb(t *testing.T, root string, options ...string) string {
	t.Helper()
	args := append([]string{"apply", "--root", root, "--no-owner", "--no-preset", "--offline"}, options...)
	return run(t, "glowplug", append(args, "../examples/web.ign")...)
}

func TestTheWebExampleMakesItsTree(t *testing.T) {
	root := t.TempDir()
	plan := applyWeb(t, root, "--dry-run")
	for _, step := range []string{"+ group web: ", "+ user deploy: ", "+ ssh keys of deploy: ",
		"+ file /etc/hostname: ", "+ mask apache2.service: "} {
		assert.Contains(t, plan, "\n  "+step)
	}
	assert.Equal(t, "\n", listing(t, root, webRoot), "a dry run writes nothing")

	applyWeb(t, root)
	assert.Empty(t, cmp.Diff(webRoot, listing(t, root, webRoot)))
	script, err := os.Stat(filepath.Join(root, "usr/local/bin/site-check"))
	require.NoError(t, err)
	health, err := os.Stat(filepath.Join(root, "usr/local/bin/web-health"))
	require.NoError(t, err)
	assert.True(t, os.SameFile(script, health), "a hard link is the file that it names")
	page, err := os.ReadFile(filepath.Join(root, "srv/www/current/index.html"))
	require.NoError(t, err)
	assert.Contains(t, string(page), "<h1>It works</h1>", "compressed content is written decompressed")
}

// identities tells files apart that a listing takes for the same: which inode each is, and when it was last written.
func identities(t *testing.T, root string) string {
	t.Helper()
	var lines strings.Builder
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		require.NoError(t, err)
		info, err := d.Info()
		require.NoError(t, err)
		fmt.Fprintln(&lines, path, info.Sys().(*syscall.Stat_t).Ino, info.ModTime().UnixNano())
		return nil
	})
	require.NoError(t, err)
	return lines.String()
}

func TestApplyingTheWebExampleAgainTouchesNothing(t *testing.T) {
	root := t.TempDir()
	applyWeb(t, root)
	before := identities(t, root)

	planned := applyWeb(t, root, "--dry-run")
	assert.True(t, strings.HasPrefix(planned, "nothing to do; 17 unchanged\n"), planned)
	assert.Contains(t, planned, "unit nginx.service cannot be enabled: the root has no such unit\n")

	applyWeb(t, root)
	assert.Empty(t, cmp.Diff(webRoot, listing(t, root, webRoot)))
	assert.Empty(t, cmp.Diff(before, identities(t, root)), "the same files, not new ones with the same content")
}
