//go:build disk

// Package selinux holds tests with a real SELinux policy: Debian's, in a root that is labelled by it. They need root,
// to set labels, and setfiles. The kernel needs no SELinux: labels are extended attributes, and without SELinux in the
// kernel nothing is labelled by itself, which is how it is in an initramfs before a policy is loaded.
package selinux

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"

	"github.com/glowplug-os/glowplug/config"
	"github.com/glowplug-os/glowplug/internal/diag"
	"github.com/glowplug-os/glowplug/internal/handoff"
	"github.com/glowplug-os/glowplug/internal/plan"
	"github.com/glowplug-os/glowplug/internal/root"
	"github.com/glowplug-os/glowplug/internal/target"
	"github.com/glowplug-os/glowplug/internal/tool"
	"github.com/glowplug-os/glowplug/stages/files"
	"github.com/glowplug-os/glowplug/stages/leave"
	"github.com/glowplug-os/glowplug/stages/users"
)

// prepared gives the labelled Debian root.
var prepared = sync.OnceValues(func() (string, error) {
	command := exec.Command("./prepare")
	command.Stderr = os.Stderr
	out, err := command.Output()
	return strings.TrimSpace(string(out)), err
})

// must runs a tool that has to succeed, and gives what it wrote.
func must(t *testing.T, tool string, args ...string) string {
	t.Helper()
	out, err := exec.Command(tool, args...).CombinedOutput()
	require.NoError(t, err, "%s %s: %s", tool, strings.Join(args, " "), out)
	return string(out)
}

// debian gives a copy of the root for one test to change, without what no test changes: /usr, and the package database.
func debian(t *testing.T) string {
	t.Helper()
	original, err := prepared()
	require.NoError(t, err)
	root := filepath.Join(t.TempDir(), "root")
	must(t, "tar", "--xattrs", "--xattrs-include=*", "-C", original, "-cf", root+".tar", "--exclude=./usr",
		"--exclude=./var/lib/dpkg", "--exclude=./var/cache", "--exclude=./proc", "--exclude=./sys", "--exclude=./dev",
		".")
	require.NoError(t, os.Mkdir(root, 0o755))
	must(t, "tar", "--xattrs", "--xattrs-include=*", "-C", root, "-xpf", root+".tar")
	require.NoError(t, os.Remove(root+".tar"))
	require.Empty(t, unlabelled(t, root), "the copy has lost labels")
	return root
}

// unlabelled lists what in a root does not have the label that the policy wants, as "path from old to new".
func unlabelled(t *testing.T, root string) []string {
	t.Helper()
	out := must(t, "setfiles", "-nvF", "-r", root, root+"/etc/selinux/default/contexts/files/file_contexts", root)
	var wrong []string
	for line := range strings.Lines(out) {
		wrong = append(wrong, strings.TrimPrefix(strings.TrimSpace(line), "Would relabel "+root))
	}
	return wrong
}

// withMail has new users get a mail file, which is off in Debian, and takes the lock file away that apt has left.
func withMail(t *testing.T, root string) {
	t.Helper()
	require.NoError(t, os.WriteFile(filepath.Join(root, "etc/default/useradd"),
		[]byte("SHELL=/bin/sh\nCREATE_MAIL_SPOOL=yes\n"), 0o644))
	require.NoError(t, os.RemoveAll(filepath.Join(root, "etc/.pwd.lock")))
	require.NoError(t, os.MkdirAll(filepath.Join(root, "var/mail"), 0o755))
	for _, path := range []string{"etc/default/useradd", "var/mail"} {
		kind := map[string]string{"etc/default/useradd": "etc_t", "var/mail": "mail_spool_t"}[path]
		require.NoError(t, unix.Lsetxattr(filepath.Join(root, path), "security.selinux",
			[]byte("system_u:object_r:"+kind+":s0\x00"), 0))
	}
}

// everything makes at least one of all that the files stage writes, in places that the policy has labels of their own
// for.
const everything = `{
	"passwd": {"groups": [{"name": "app"}], "users": [{"name": "core", "groups": ["app"], "passwordHash": "$6$x$y", "sshAuthorizedKeys": ["ssh-ed25519 A"]}]},
	"storage": {
		"directories": [{"path": "/srv/www/site"}, {"path": "/opt/tool/bin"}],
		"files": [
			{"path": "/srv/www/site/html/index.html", "contents": {"source": "data:,hi"}},
			{"path": "/etc/ssh/ssh_host_rsa_key", "contents": {"source": "data:,key"}, "mode": 384},
			{"path": "/etc/hostname", "contents": {"source": "data:,machine%0a"}, "overwrite": true},
			{"path": "/etc/hosts", "append": [{"source": "data:,127.0.0.2%20x%0a"}]},
			{"path": "/var/log/app/log", "append": [{"source": "data:,begun%0a"}]},
			{"path": "/etc/NetworkManager/system-connections/wired.nmconnection", "contents": {"source": "data:,x"}}],
		"links": [{"path": "/etc/localtime", "target": "../usr/share/zoneinfo/UTC", "overwrite": true}, {"path": "/srv/www/dangling", "target": "/nowhere"},
			{"path": "/opt/tool/bin/again", "target": "/etc/hostname", "hard": false}],
		"luks": [{"name": "data", "device": "/dev/vdb"}, {"name": "tpm", "device": "/dev/vdc", "clevis": {"tpm2": true}}]},
	"systemd": {"units": [
		{"name": "app.service", "enabled": true, "contents": "[Service]\nExecStart=/bin/true\n", "dropins": [{"name": "a.conf", "contents": "[Unit]\n"}]},
		{"name": "ssh.service", "dropins": [{"name": "b.conf", "contents": ""}]}, {"name": "off.service", "mask": true}]}}`

func fetch(_ context.Context, r config.Resource, to target.Sink) error {
	text, err := url.PathUnescape(strings.TrimPrefix(*r.Source, "data:,"))
	if err == nil {
		_, err = io.WriteString(to, text)
	}
	return err
}

var errCut = errors.New("cut off")

// stage runs the files stage, cut off after so many steps; 0 for not at all.
func stage(t *testing.T, dir string, relabel target.Relabel, cut int) error {
	t.Helper()
	var cfg config.Config
	require.NoError(t, json.Unmarshal([]byte(everything), &cfg))
	root, err := root.Open(dir)
	require.NoError(t, err)
	defer root.Close()
	boot := &leave.Boot{
		State: handoff.State{
			LuksPersistKeyFiles: map[string]diag.Secret{"data": "data:,key"},
			LuksVolumeKeyFiles:  map[string]diag.Secret{"ignition-luks-x.skey": "data:,x"},
			ProviderOutputFiles: []json.RawMessage{
				json.RawMessage(`{"path":"/var/lib/hyperv/.kvp_pool_0","contents":{"source":"data:,pool"}}`)},
		},
		UUID:   func(_ context.Context, volume string) (string, error) { return "0000-" + volume, nil },
		BootID: "boot", Now: func() time.Time { return time.Unix(0, 0) },
	}
	image := target.DefaultImage()
	image.Relabel = relabel
	tools := tool.New(map[string]string{"is-live-image": "/nonexistent", "systemctl": "/nonexistent"}, nil)
	steps, err := files.Plan(cfg, target.Of(root), files.Options{
		Means: target.Means{Root: root, Tools: tools, Fetch: fetch, Identity: target.Identity{Privileged: true},
			Image: image},
		Accounts: files.MakeAccounts, Users: users.Options{Today: 20000, FirstBoot: true},
		Boot: boot})
	require.NoError(t, err)
	if cut > 0 {
		steps = slices.Insert(steps, cut, plan.Step{Do: func(context.Context) error { return errCut },
			Prepare: func(context.Context) error { return nil }})
	}
	if err := steps.Run(context.Background(), plan.Options{}); err != nil {
		return err
	}
	return root.Sync()
}

func label(t *testing.T, path string) string {
	t.Helper()
	buf := make([]byte, 256)
	n, err := unix.Lgetxattr(path, "security.selinux", buf)
	require.NoError(t, err, path)
	return strings.TrimRight(string(buf[:n]), "\x00")
}

func TestTheStageLeavesNothingToRelabel(t *testing.T) {
	dir := debian(t)
	withMail(t, dir)
	require.NoError(t, stage(t, dir, target.RelabelAuto, 0))
	assert.Empty(t, unlabelled(t, dir))
	for path, kind := range map[string]string{
		"etc/shadow": "shadow_t", "etc/passwd": "etc_t",
		"etc/ssh/ssh_host_rsa_key": "sshd_key_t", "srv/www/site/html/index.html": "httpd_sys_content_t",
		"home/core/.ssh/authorized_keys.d/ignition": "ssh_home_t",
		"etc/systemd/system/app.service":            "systemd_unit_t", "var/log/app/log": "var_log_t",
		"srv/www/dangling": "httpd_sys_content_t", "var/mail/core": "mail_spool_t", "etc/localtime": "etc_t",
	} {
		assert.Contains(t, label(t, filepath.Join(dir, path)), ":"+kind+":", path)
	}
}

// TestWithoutLabelsThisWouldShow: what the test above finds nothing of is there to be found.
func TestWithoutLabelsThisWouldShow(t *testing.T) {
	dir := debian(t)
	withMail(t, dir)
	require.NoError(t, stage(t, dir, target.RelabelOff, 0))
	wrong := strings.Join(unlabelled(t, dir), "\n")
	for _, path := range []string{
		"/etc/shadow-", "/etc/.pwd.lock", "/home/core", "/home/core/.ssh/authorized_keys.d/ignition", "/var/mail/core",
		"/srv/www", "/srv/www/dangling", "/etc/hostname", "/etc/localtime",
		"/etc/crypttab", "/etc/luks", "/etc/luks/data", "/etc/zkey", "/var/lib/hyperv", "/etc/.glowplug",
		"/etc/.ignition-result.json", "/var/log/app", "/etc/systemd/system/app.service",
		"/etc/systemd/system/app.service.d/a.conf", "/etc/systemd/system/ssh.service.d",
		"/etc/systemd/system/off.service", "/etc/systemd/system-preset/20-ignition.preset",
	} {
		assert.Contains(t, wrong+"\n", path+" from (null) to ")
	}
	for path, kind := range map[string]string{"etc/shadow": "shadow_t", "etc/passwd": "etc_t", "etc/group": "etc_t",
		"etc/gshadow": "shadow_t"} {
		assert.Contains(t, label(t, filepath.Join(dir, path)), ":"+kind+":", "account files keep their labels")
	}
}

func TestARunThatWasCutOffIsLabelledByTheNext(t *testing.T) {
	for _, k := range []int{1, 4, 12, 20} {
		t.Run(fmt.Sprint("after step ", k), func(t *testing.T) {
			dir := debian(t)
			withMail(t, dir)
			require.ErrorIs(t, stage(t, dir, target.RelabelAuto, k), errCut)
			require.NotEmpty(t, unlabelled(t, dir))
			require.NoError(t, stage(t, dir, target.RelabelAuto, 0))
			assert.Empty(t, unlabelled(t, dir))
		})
	}
}

// TestAReplacedFileKeepsItsLabel, be it one that the policy does not know of and labels are off.
func TestAReplacedFileKeepsItsLabel(t *testing.T) {
	dir := debian(t)
	crypttab := filepath.Join(dir, "etc/crypttab")
	require.NoError(t, os.WriteFile(crypttab, []byte("# image's\n"), 0o644))
	const own = "system_u:object_r:own_t:s0"
	require.NoError(t, unix.Lsetxattr(crypttab, "security.selinux", []byte(own+"\x00"), 0))
	withMail(t, dir)
	require.NoError(t, stage(t, dir, target.RelabelOff, 0))
	assert.Equal(t, own, label(t, crypttab))
}
