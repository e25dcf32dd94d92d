package against_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/glowplug-os/glowplug/internal/diag"
	"github.com/glowplug-os/glowplug/internal/load"
	"github.com/glowplug-os/glowplug/internal/tree"
	"github.com/glowplug-os/glowplug/stages/against"
	"github.com/glowplug-os/glowplug/tests/trees"
)

// debian is a small image.
func debian() trees.Fake {
	return trees.Fake{
		"/etc/passwd": "root:x:0:0:root:/root:/bin/sh\n", "/etc/group": "root:x:0:\nwheel:x:10:\n",
		"/etc/nsswitch.conf": "passwd: files altfiles\ngroup: files altfiles\n", "/usr/lib/group": "docker:x:990:\n",
		"/usr/lib/sysusers.d/late.conf": "#Type Name\nu late 980 -\ng! later -\nm core late\n",
		"/bin":                          "-> usr/bin", "/usr/bin/sh": "", "/usr/bin/bash": "",
		"/usr/sbin/wipefs": "", "/usr/sbin/mkfs.ext4": "",
		"/usr/lib/systemd/system/ssh.service":        "[Install]\nWantedBy=multi-user.target\n",
		"/usr/lib/systemd/system/bare.service":       "[Service]\nExecStart=/x\n",
		"/usr/lib/systemd/system/off.service":        "-> /dev/null",
		"/usr/lib/systemd/system/many@.service":      "[Install]\nWantedBy=multi-user.target\n",
		"/usr/lib/systemd/system-preset/10-x.preset": "disable ssh.service\n",
		"/usr/lib/systemd/system/vendor.service":     "[Install]\nAlias=other.service\n",
		"/etc/motd":                                  "hello\n", "/etc/shadow": "",
	}
}

func TestWhatAnImageCannotHaveIsToldAtItsPlace(t *testing.T) {
	hold(t, map[string]held{
		"nothing":             {`'storage': {'files': [{'path': '/etc/x'}]}`, ""},
		"a group of /etc":     {`'passwd': {'users': [{'name': 'core', 'groups': ['wheel']}]}`, ""},
		"a group of /usr/lib": {`'passwd': {'users': [{'name': 'core', 'groups': ['docker']}]}`, ""},
		"a group that nobody has": {`'passwd': {'users': [{'name': 'core', 'groups': ['sudo']}]}`,
			"error image-conflict $.passwd.users.0: on this image, user core: the group \"sudo\" does not exist; add " +
				"it to the groups of the config"},
		"a group of the boot": {`'passwd': {'users': [{'name': 'core', 'groups': ['later']}]}`,
			"error image-conflict $.passwd.users.0: on this image, user core: the group \"later\" does not exist; " +
				"add it to the groups of the config [/usr/lib/sysusers.d/late.conf has the image make it when it " +
				"boots, which is after this: write its number, or have the config make it]"},
		"an owner of the boot": {`'storage': {'files': [{'path': '/etc/x', 'user': {'name': 'late'}}]}`,
			"error image-conflict $.storage.files.0: on this image, file /etc/x: user \"late\" does not exist in the " +
				"root [/usr/lib/sysusers.d/late.conf has the image make it when it boots, which is after this: write " +
				"its number, or have the config make it]"},
		"a member is no account": {`'storage': {'files': [{'path': '/etc/x', 'user': {'name': 'core'}}]}`,
			"error image-conflict $.storage.files.0: on this image, file /etc/x: user \"core\" does not exist in the " +
				"root"},
		"a file that is there": {`'storage': {'files': [{'path': '/etc/motd', 'contents': {'source': 'data:,x'}}]}`,
			"error image-conflict $.storage.files.0: "},
		"a directory in the way": {`'storage': {'files': [{'path': '/usr/bin', 'overwrite': false}]}`,
			"error image-conflict $.storage.files.0: "},
		"a file on what will be mounted": {`'storage': {'filesystems': [{'device': '/dev/vdb', 'format': 'ext4',
			'path': '/etc', 'wipeFilesystem': true}], 'files': [{'path': '/etc/motd',
			'contents': {'source': 'data:,x'}}]}`,
			""},
		"a mount through a file": {`'storage': {'filesystems': [{'device': '/dev/vdb', 'format': 'ext4',
			'path': '/etc/motd/x', 'wipeFilesystem': true}]}`, "error image-conflict $.storage.filesystems.0: "},

		"a unit that is there": {`'systemd': {'units': [{'name': 'vendor.service', 'enabled': true}]}`, ""},
		"a unit that is made": {`'systemd': {'units': [{'name': 'a.service', 'enabled': true,
			'contents': '[Service]\nExecStart=/x\n[Install]\nWantedBy=a.target'}]}`, ""},
		"a file is a unit too": {`'storage': {'files': [{'path': '/etc/systemd/system/a.service', 'contents':
			{'source': 'data:,%5BInstall%5D%0AWantedBy=x.target'}}]}, 'systemd': {'units': [{'name': 'a.service',
			'enabled': true}]}`, ""},
		"a unit that is nowhere": {`'systemd': {'units': [{'name': 'sshd.service', 'enabled': true}]}`,
			"error image-unit $.systemd.units.0: on this image, unit sshd.service cannot be enabled: the root has no " +
				"such unit"},
		"and is not wanted": {`'systemd': {'units': [{'name': 'sshd.service', 'enabled': false}]}`, ""},
		"on what will be mounted": {`'storage': {'filesystems': [{'device': '/dev/vdb', 'format': 'ext4',
			'path': '/usr/local', 'wipeFilesystem': true}]}, 'systemd': {'units': [{'name': 'sshd.service',
			'enabled': true}]}`, "warning image-unit $.systemd.units.0: "},
		"a unit without [Install]": {`'systemd': {'units': [{'name': 'bare.service', 'enabled': true}]}`,
			"error image-unit $.systemd.units.0: on this image, unit bare.service cannot be enabled: " +
				"/usr/lib/systemd/system/bare.service has nothing in [Install] that enables it"},
		"a masked unit": {`'systemd': {'units': [{'name': 'off.service', 'enabled': true}]}`,
			"error image-unit $.systemd.units.0: on this image, unit off.service cannot be enabled: it is masked by " +
				"/usr/lib/systemd/system/off.service"},
		"a template": {`'systemd': {'units': [{'name': 'many@.service', 'enabled': true}]}`,
			"error image-unit $.systemd.units.0: on this image, unit many@.service cannot be enabled: it is a " +
				"template without a default instance"},
		"an instance of it": {`'systemd': {'units': [{'name': 'many@a.service', 'enabled': true}]}`, ""},
		"a preset of the image": {`'systemd': {'units': [{'name': 'ssh.service', 'enabled': true}]}`,
			"warning image-unit $.systemd.units.0: on this image, unit ssh.service may not stay enabled in a first " +
				"boot: /usr/lib/systemd/system-preset/10-x.preset comes before 20-ignition.preset and has " +
				"\"disable ssh.service\""},
	})
}

func TestShellsToolsAndPoliciesAreLookedForInTheImage(t *testing.T) {
	hold(t, map[string]held{
		"a shell through a link": {`'passwd': {'users': [{'name': 'core', 'shell': '/bin/bash'}]}`, ""},
		"a shell that is not there": {`'passwd': {'users': [{'name': 'core', 'shell': '/bin/zsh'}]}`,
			"error image-shell $.passwd.users.0.shell: this image has no /bin/zsh, so core cannot log in " +
				"[write one that it has, such as /bin/sh, or have the config make it]"},
		"of somebody who goes": {`'passwd': {'users': [{'name': 'core', 'shell': '/bin/zsh', 'shouldExist': false}]}`,
			""},
		"a shell that is made": {`'passwd': {'users': [{'name': 'core', 'shell': '/usr/bin/zsh'}]},
			'storage': {'links': [{'path': '/bin/zsh', 'target': 'bash'}]}`, ""},
		"a shell that may be mounted": {`'passwd': {'users': [{'name': 'core', 'shell': '/opt/x/zsh'}]},
			'storage': {'filesystems': [{'device': '/dev/vdb', 'format': 'ext4', 'path': '/opt',
			'wipeFilesystem': true}]}`, ""},

		"tools that are there": {`'storage': {'filesystems': [{'device': '/dev/vdb', 'format': 'ext4',
			'wipeFilesystem': true}]}`, ""},
		"tools that are not": {`'storage': {'raid': [{'name': 'data', 'level': 'raid1', 'devices': ['/dev/vdb',
			'/dev/vdc']}], 'luks': [{'name': 'a', 'device': '/dev/md/data', 'clevis': {'tpm2': true}}],
			'filesystems': [{'device': '/dev/mapper/a', 'format': 'xfs', 'wipeFilesystem': true},
			{'device': '/dev/vdd', 'format': 'vfat'}, {'device': '/dev/vde', 'format': 'vfat'}]}`,
			"error image-tool $.storage.raid.0: array data takes mdadm, and this image has none for its initramfs " +
				"[add mdadm to the image and its initramfs, or leave out of the config what needs it]\n" +
				"error image-tool $.storage.luks.0: luks a takes cryptsetup, \n" +
				"error image-tool $.storage.luks.0: luks a takes clevis, \n" +
				"error image-tool $.storage.filesystems.0: filesystem on /dev/mapper/a takes mkfs.xfs, \n" +
				"warning image-tool $.storage.filesystems.1: filesystem on /dev/vdd takes mkfs.fat, unless it is " +
				"there already, "},

		"no policy": {`'storage': {'files': [{'path': '/etc/selinux/config', 'contents':
			{'source': 'data:,SELINUX=enforcing%0ASELINUXTYPE=mls'}}]}`,
			"error image-selinux $.storage.files.0: SELinux is to be enforced, and this image has no policy in " +
				"/etc/selinux/mls/policy, without which it does not boot"},
		"not enforced": {`'storage': {'files': [{'path': '/etc/selinux/config', 'contents':
			{'source': 'data:,SELINUX=permissive%0A%23SELINUX=enforcing'}}]}`, ""},
		"its own policy": {`'storage': {'files': [{'path': '/etc/selinux/config', 'contents':
			{'source': 'data:,SELINUX=enforcing'}}, {'path': '/etc/selinux/targeted/policy/policy.33'}]}`, ""},
		"others to come": {`'ignition': {'version': '3.6.0', 'config': {'merge': [{'source': 'https://x/'}]}}, 'passwd':
			{'users': [{'name': 'core', 'groups': ['sudo']}]}`,
			"warning image-unjudged $.ignition.config: the config refers to others, "},
	})
}

// A held config has problems, a line each of which the beginning is given; "" for none.
type held struct{ config, want string }

func hold(t *testing.T, all map[string]held) {
	t.Helper()
	for claim, c := range all {
		t.Run(claim, func(t *testing.T) {
			got := judged(t, debian(), c.config)
			want := strings.Split(c.want, "\n")
			require.Len(t, got, len(want), got)
			for i := range want {
				if c.want == "" {
					assert.Equal(t, "", got[i])
					continue
				}
				assert.True(t, strings.HasPrefix(got[i], want[i]), "%q\nbegins not like\n%q", got[i], want[i])
			}
		})
	}
}

// judged gives a line for each problem, one that is empty for none; ' stands for ".
func judged(t *testing.T, image trees.Fake, members string) (lines []string) {
	t.Helper()
	if !strings.Contains(members, "'ignition'") {
		members = `'ignition': {'version': '3.6.0'}, ` + members
	}
	text := "{" + strings.NewReplacer("'", `"`, "\n", " ").Replace(members) + "}"
	r := load.Read(tree.NewArena(), "x", text)
	require.True(t, r.Valid(diag.Workstation), "%v", r.Problems)
	for _, p := range (&against.Image{Root: image}).Judge(t.Context(), r.Config) {
		require.NotNil(t, p.Place.Doc)
		line := fmt.Sprintf("%s %s %s: %s", p.Severity, p.Code, p.Path, p.Message)
		if p.Hint != "" {
			line += " [" + p.Hint + "]"
		}
		lines = append(lines, line)
	}
	if lines == nil {
		lines = []string{""}
	}
	return lines
}

func TestProgramsAreLookedForAsTheImageCallsThem(t *testing.T) {
	r := load.Read(tree.NewArena(), "x", `{"ignition": {"version": "3.6.0"}, "storage": {"filesystems": [
		{"device": "/dev/vdb", "format": "xfs", "wipeFilesystem": true}]}}`)
	image := against.Image{Root: debian(), Tools: map[string]string{"mkfs.xfs": "/usr/bin/bash"}}
	assert.Empty(t, image.Judge(t.Context(), r.Config))
	image.Tools["mkfs.xfs"] = "mkfs.ext4"
	assert.Empty(t, image.Judge(t.Context(), r.Config))
	image.Tools["mkfs.xfs"] = "/opt/mkfs"
	assert.Len(t, image.Judge(t.Context(), r.Config), 1)
}
