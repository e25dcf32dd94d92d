//go:build vmhost

package boot

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/base64"
	"encoding/binary"
	"encoding/pem"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/glowplug-os/glowplug/tests/vm/machine"
)

// enforcing has the kernel deny what the root's policy does not allow, and tell of all that it denies: what comes fast
// it would leave out of its log, which is all that there is before the journal listens.
var enforcing = []string{"security=selinux", "enforcing=1", "audit_backlog_limit=8192",
	"sysctl.kernel.printk_ratelimit=0"}

// sshTo logs in to the machine itself, with the key that the config has put there.
const sshTo = "ssh -o BatchMode=yes -o StrictHostKeyChecking=no -o UserKnownHostsFile=/run/known_hosts -o " +
	"LogLevel=ERROR -i /etc/app/key "

const underPolicyMode, underPolicyLogin, underPolicyLabels = "the mode", "a login with the key", "labels"

// underPolicy is what underPolicyConfig makes of a machine, in every boot. What it writes is read by programs that have
// domains of their own: sshd, sudo, systemd's helpers, udev, mount.
var underPolicy = []check{
	{underPolicyMode, "getenforce", "Enforcing"},
	{"nothing has failed", "systemctl --failed --no-legend --plain --no-pager", ""},
	{underPolicyLogin, sshTo + "core@127.0.0.1 'id -Z; id -nG; cat .config/own'",
		"unconfined_u:unconfined_r:unconfined_t:s0-s0:c0.c1023\ncore sudo app\nmine"},
	{"a login by name, and sudo", sshTo + "core@second sudo -n id -u", "0"},
	{"a unit's program", "cat /var/lib/app/made", "from /etc and /opt as worker"},
	{"a value for sysctl", "sysctl -n kernel.pid_max", "12345"},
	{"a folder by systemd-tmpfiles", "stat -c '%a %U %G' /run/app", "750 worker app"},
	{"a module", "grep -c '^dummy ' /proc/modules", "1"},
	{"a rule of udev", "readlink /dev/app-null", "null"},
	{"an address", "ip -4 -br address show dev lo | grep -o 127.0.0.3", "127.0.0.3"},
	{"the host's name", "hostname", "box"},
	{"a masked unit", "systemctl is-enabled systemd-pstore.service || true", "masked"},
	{"files on other filesystems", "cat /var/lib/data/file /srv/secret/site/file", "on a disk, on a volume"},
	{underPolicyLabels, "stat -c '%C %n' " + strings.Join(pathsOf(labels), " "), labels},
	nothingToRelabel,
}

// labels are those of some of what the config makes, and with it the policy's own words for them.
const labels = `system_u:object_r:etc_t:s0 /etc/app
system_u:object_r:shadow_t:s0 /etc/shadow
system_u:object_r:etc_t:s0 /etc/luks/secret
system_u:object_r:etc_t:s0 /etc/localtime
system_u:object_r:etc_t:s0 /etc/.ignition-result.json
system_u:object_r:systemd_unit_t:s0 /etc/systemd/system/app.service
system_u:object_r:sshd_unit_t:s0 /etc/systemd/system/ssh.service.d/10-app.conf
unconfined_u:object_r:user_home_dir_t:s0 /home/core
unconfined_u:object_r:ssh_home_t:s0 /home/core/.ssh/authorized_keys.d/ignition
system_u:object_r:lib_t:s0 /opt/app/lib/again
system_u:object_r:var_t:s0 /srv/dangling
system_u:object_r:var_t:s0 /srv/secret
system_u:object_r:bin_t:s0 /usr/local/bin/also
system_u:object_r:bin_t:s0 /usr/local/bin/tool
system_u:object_r:var_lib_t:s0 /var/lib/app
system_u:object_r:var_lib_t:s0 /var/lib/data/file
system_u:object_r:httpd_sys_content_t:s0 /var/www/html/index.html`

func pathsOf(labels string) (paths []string) {
	for line := range strings.Lines(labels) {
		_, path, _ := strings.Cut(strings.TrimSpace(line), " ")
		paths = append(paths, path)
	}
	return paths
}

// nothingToRelabel holds all of the root against the policy, ours or not, but what no config here touches: under
// emulation the rest of /usr would take longer than a check may.
var nothingToRelabel = check{"nothing is to be relabelled", "setfiles -nvF" +
	" -e /dev -e /proc -e /run -e /sys -e /tmp -e /usr/bin -e /usr/include -e /usr/lib -e /usr/sbin -e /usr/share -e " +
	"/var/lib/dpkg -e /var/lib/selinux" +
	" /etc/selinux/default/contexts/files/file_contexts / && echo all seen", "all seen"}

func underPolicyConfig(t *testing.T) object {
	private, public := sshKey(t)
	worker, app := object{"name": "worker"}, object{"name": "app"}
	return object{
		"ignition": object{"version": "3.4.0"},
		"passwd": object{
			"groups": []object{{"name": "app"}},
			"users": []object{
				{"name": "core", "groups": []string{"app", "sudo"}, "shell": "/bin/bash",
					"sshAuthorizedKeys": []string{public}},
				{"name": "worker", "system": true, "homeDir": "/var/lib/worker", "shell": "/usr/sbin/nologin"},
			},
		},
		"storage": object{
			"luks": []object{{"name": "secret", "device": "/dev/disk/by-id/virtio-data1",
				"options": []string{"--pbkdf", "pbkdf2", "--pbkdf-force-iterations", "1000"}}},
			"filesystems": []object{
				{"device": blank, "format": "ext4", "label": "DATA", "path": "/var/lib/data"},
				{"device": "/dev/disk/by-id/dm-name-secret", "format": "ext4", "label": "SECRET",
					"path": "/srv/secret"},
			},
			"directories": []object{
				{"path": "/opt/app/lib"},
				{"path": "/var/lib/app", "user": worker, "group": app, "mode": 0o775},
			},
			"files": []object{
				with("/etc/app/key", string(private), object{"mode": 0o600}),
				with("/etc/app/settings", "from /etc", object{"group": app, "mode": 0o640}),
				with("/etc/hostname", "box\n", object{"overwrite": true}),
				{"path": "/etc/hosts",
					"append": []object{{"source": dataURL([]byte("127.0.0.2 second\n127.0.1.1 box\n"))}}},
				with("/etc/modules-load.d/app.conf", "dummy\n", nil),
				with("/etc/ssh/sshd_config.d/10-keys.conf", "AuthorizedKeysFile .ssh/authorized_keys.d/ignition\n",
					object{"mode": 0o600}),
				with("/etc/sudoers.d/core", "core ALL=(ALL) NOPASSWD: ALL\n", object{"mode": 0o440}),
				with("/etc/sysctl.d/90-app.conf", "kernel.pid_max = 12345\n", nil),
				with("/etc/systemd/network/50-lo.network", "[Match]\nName=lo\n[Network]\nAddress=127.0.0.3/8\n", nil),
				with("/etc/tmpfiles.d/app.conf", "d /run/app 0750 worker app\n", nil),
				with("/etc/udev/rules.d/50-app.rules", "KERNEL==\"null\", SYMLINK+=\"app-null\"\n", nil),
				with("/home/core/.config/own", "mine", object{"user": object{"name": "core"}}),
				with("/opt/app/lib/part", " and /opt", nil),
				with("/srv/secret/site/file", "on a volume", nil),
				with("/usr/local/bin/tool", "#!/bin/sh\nexec >/var/lib/app/made\n"+
					"cat /etc/app/settings /opt/app/lib/part\necho \" as $(id -un)\"\n", object{"mode": 0o755}),
				with("/var/lib/data/file", "on a disk, ", nil),
				with("/var/www/html/index.html", "hello", nil),
			},
			"links": []object{
				{"path": "/etc/localtime", "target": "../usr/share/zoneinfo/Etc/UTC", "overwrite": true},
				{"path": "/opt/app/lib/again", "target": "/opt/app/lib/part", "hard": true},
				{"path": "/srv/dangling", "target": "/nowhere"},
				{"path": "/usr/local/bin/also", "target": "tool"},
			},
		},
		"systemd": object{"units": []object{
			{"name": "app.service", "enabled": true,
				"contents": "[Service]\nType=oneshot\nRemainAfterExit=yes\nExecStart=/usr/local/bin/also\n[Install]\n" +
					"WantedBy=multi-user.target\n",
				"dropins": []object{{"name": "10-user.conf", "contents": "[Service]\nUser=worker\nGroup=app\n"}}},
			{"name": "ssh.service", "enabled": true,
				"dropins": []object{{"name": "10-app.conf", "contents": "[Unit]\nAfter=app.service\n"}}},
			{"name": "systemd-pstore.service", "mask": true},
			mounted("var-lib-data.mount", "/dev/disk/by-label/DATA", "/var/lib/data"),
			mounted("srv-secret.mount", "/dev/mapper/secret", "/srv/secret"),
		}},
	}
}

// with is a file of a config that has more than a path and content.
func with(path, content string, more object) object {
	file := object{"path": path, "contents": object{"source": dataURL([]byte(content))}}
	for key, value := range more {
		file[key] = value
	}
	return file
}

func mounted(unit, what, where string) object {
	return object{"name": unit, "enabled": true,
		"contents": "[Mount]\nWhat=" + what + "\nWhere=" +
			where + "\nType=ext4\n[Install]\nRequiredBy=local-fs.target\n"}
}

// sshKey makes a key in the forms that ssh reads: the private one, and the line of an authorized_keys file (RFC 5656,
// 3.1).
func sshKey(t *testing.T) (private []byte, public string) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	der, err := x509.MarshalECPrivateKey(key)
	require.NoError(t, err)
	point, err := key.PublicKey.Bytes()
	require.NoError(t, err)
	const kind, curve = "ecdsa-sha2-nistp256", "nistp256"
	var blob []byte
	for _, part := range [][]byte{[]byte(kind), []byte(curve), point} {
		blob = append(binary.BigEndian.AppendUint32(blob, uint32(len(part))), part...)
	}
	return pem.EncodeToMemory(&pem.Block{Type: "EC PRIVATE KEY", Bytes: der}),
		kind + " " + base64.StdEncoding.EncodeToString(blob) + " core@test"
}

// denials are those of a whole boot, in order and each once, without what differs from boot to boot.
func denials(journal string) []string {
	var all []string
	for line := range strings.Lines(journal) {
		_, denial, found := strings.Cut(line, "avc:  denied ")
		if !found {
			continue
		}
		fields := slices.DeleteFunc(strings.Fields(denial), func(field string) bool {
			return strings.HasPrefix(field, "pid=") || strings.HasPrefix(field, "ino=")
		})
		all = append(all, strings.Join(fields, " "))
	}
	slices.Sort(all)
	return slices.Compact(all)
}

// volumeGap is of a later boot with any volume in crypttab: systemd-cryptsetup looks for passphrases in the first
// process's keyring, which Debian's policy does not know of. On the first boot the volume is open already.
const volumeGap = `{ search } for comm="systemd-cryptse" scontext=system_u:system_r:lvm_t:s0 ` +
	`tcontext=system_u:system_r:init_t:s0 tclass=key permissive=0`

// A Debian that enforces its policy from the first moment lets in who has the provisioned key, and finds all that a
// config has put there labelled as it should be: nothing is denied that is not denied with an empty config too.
func TestSELinuxEnforced(t *testing.T) {
	t.Parallel()
	recipe := machine.SELinux("bookworm")
	empty := []check{{underPolicyMode, "getenforce", "Enforcing"}, nothingToRelabel}
	control := newBoxOf(t, recipe).first([]byte(`{"ignition": {"version": "3.4.0"}}`), empty,
		append(enforcing, "test.proof")...)
	control.must(empty)
	gaps := append(denials(control.journal), volumeGap)
	assert.Greater(t, len(gaps), 1, "Debian's policy has gaps: if none shows, denials do not get into the journal")

	b := newBoxOf(t, recipe)
	first := b.first(withProof(t, encode(t, underPolicyConfig(t))), underPolicy, enforcing...)
	for _, o := range []outcome{first, b.again(underPolicy, enforcing...)} {
		o.must(underPolicy)
		assert.Subset(t, gaps, denials(o.journal), "what is denied with an empty config, and what is denied now")
	}
}

// The same image with labels switched off shows that the test above can fail.
func TestSELinuxEnforcedWithoutLabels(t *testing.T) {
	t.Parallel()
	b := newBoxOf(t, machine.SELinux("bookworm"))
	initrd, err := b.parts.Dracut(t.Context(), layer(t, func(dir string) {
		settings := filepath.Join(dir, "usr/lib/glowplug/distribution.json")
		require.NoError(t, os.MkdirAll(filepath.Dir(settings), 0o755))
		require.NoError(t, os.WriteFile(settings, []byte(`{"selinuxRelabel": "off"}`), 0o644))
	}), []string{"glowplug-test"}, os.Stderr)
	require.NoError(t, err)
	b.spec.Initrd = initrd
	o := b.first(encode(t, underPolicyConfig(t)), underPolicy, append(enforcing, "test.proof")...)
	require.Contains(t, o.proof, ended, "the booted system has not told all:\n%s%s", o.journal, o.Tail(60))
	assert.Equal(t, "Enforcing", o.proof[underPolicyMode].Output)
	assert.Contains(t, o.proof[underPolicyLogin].Output, "Permission denied")
	assert.Contains(t, o.proof[underPolicyLabels].Output, "system_u:object_r:unlabeled_t:s0 /home/core\n")
	all := strings.Join(denials(o.journal), "\n")
	for _, file := range []string{"/etc/ssh/sshd_config.d/10-keys.conf", "/etc/systemd/network/50-lo.network",
		"90-app.conf", "50-app.rules", "localtime", "core"} {
		assert.Regexp(t, `(name|path)="`+file+`".*:unlabeled_t:`, all)
	}
}
