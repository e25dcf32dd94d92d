//go:build vmhost

package boot

import (
	"encoding/json"
	"fmt"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// asDescribed is what testdata/machine.ign asks for, as it is in every boot.
var asDescribed = []check{
	{"nothing has failed", "systemctl --failed --no-legend --plain --no-pager", ""},
	{"the first disk's partitions", "lsblk -nlo PARTLABEL,SIZE /dev/disk/by-id/virtio-data0 " +
		"| sed '/^ /d; s/  */ /g' | grep -E '^(data|luks|mirror0|swap|pool) ' | sort | tr '\\n' ';'",
		"data 128M;luks 400M;mirror0 96M;pool 367M;swap 32M;"},
	{"the type of a partition", "lsblk -no PARTTYPE /dev/disk/by-partlabel/esp",
		"c12a7328-f81f-11d2-ba4b-00a0c93ec93b"},
	{"mounts", "for at in /var/lib/data /srv/mirror /var/lib/secret /srv/pool /srv/esp; do findmnt -nro FSTYPE,LABEL " +
		"$at; done | tr '\\n' ';'", "ext4 DATA;ext4 MIRROR;xfs SECRET;btrfs POOL;vfat ESP;"},
	{"swap is on", "swapon --show=NAME,SIZE --noheadings | wc -l", "1"},
	{"the array has both halves", "grep -c '\\[UU\\]' /proc/mdstat", "1"},
	{"the array's name", "ls /dev/md", "mirror"},
	{"the volume is encrypted", "cryptsetup status secret | sed -n 's/^ *type: *//p'", "LUKS2"},
	{"the volume's label", "blkid -o value -s LABEL -p /dev/disk/by-partlabel/luks", "secret-luks"},
	{"the key file", "stat -c '%a %U' /etc/luks/secret", "600 root"},
	{"crypttab", "grep -v ^# /etc/crypttab | cut -d ' ' -f 1,3", "secret /etc/luks/secret"},
	{"files on every filesystem", "cat /var/lib/data/file /srv/mirror/file /var/lib/secret/file /srv/pool/file " +
		"/srv/esp/file", "on ext4\non both disks\non encrypted\non btrfs\non vfat"},
	{"owner and mode of a file", "stat -c '%a %U %G' /etc/hello", "640 core builders"},
	{"content of a file", "cat /etc/hello", "hello"},
	{"text is appended once", "grep -c provisioned /etc/motd", "1"},
	{"a directory", "stat -c '%a %U %G' /srv/pool/shared", "2770 root builders"},
	{"a link", "readlink /etc/localtime", "../usr/share/zoneinfo/Etc/UTC"},
	{"the host's name", "hostname", "box"},
	{"a user", "id -nG core | tr ' ' '\\n' | sort | tr '\\n' ' '", "builders core sudo"},
	{"a user's shell", "getent passwd core | cut -d : -f 6,7", "/home/core:/bin/bash"},
	{"a user's password", "getent shadow core | cut -d : -f 2 | cut -c 1-6", "$y$j9T"},
	{"a user's key", "cut -d ' ' -f 3 /home/core/.ssh/authorized_keys.d/ignition", "core@test"},
	{"modes of a user's folders", "stat -c '%a %U' /home/core/.ssh /home/core/.ssh/authorized_keys.d/ignition | " +
		"tr '\\n' ' '", "700 core 600 core"},
	{"a system user", "test $(id -u service) -lt 1000 && echo yes", "yes"},
	{"an enabled unit", "systemctl is-enabled hello.service", "enabled"},
	{"a drop-in", "cat /run/greeting", "moin"},
	{"a masked unit", "systemctl is-enabled systemd-pstore.service || true", "masked"},
	{"a disabled unit", "systemctl is-enabled ssh.service || true", "disabled"},
	{"mount units", "systemctl is-enabled var-lib-data.mount srv-mirror.mount var-lib-secret.mount srv-pool.mount " +
		"srv-esp.mount | sort -u", "enabled"},
	{"there is no SELinux", "test -e /sys/fs/selinux/enforce -o -e /etc/selinux/config || echo none", "none"},
	{"nothing of the mounts is left", "findmnt -nro TARGET | grep -c sysroot || true", "0"},
}

// provisioned is what only the first boot shows.
var provisioned = []check{
	{"the stages of this boot", "journalctl -b -t ignition -o cat --no-pager | sed -n 's/ passed$//p' | tr '\\n' ' '",
		"fetch-offline kargs disks mount files umount"},
	{"the result file", "[ $(jq -r .provisioningBootID /etc/.ignition-result.json | tr -d -) = $(tr -d - " +
		"</proc/sys/kernel/random/boot_id) ] && echo this boot", "this boot"},
	{"the root was read-only first",
		"journalctl -b --no-pager -o cat -u ignition-remount-sysroot.service | grep -c Finished", "1"},
	{"the platform for the real root", "cat /run/ignition.env", "PLATFORM_ID=qemu"},
}

// untouched is what a later boot shows.
var untouched = []check{
	{"no stage ran", "journalctl -b -t ignition -o cat --no-pager | grep -c . || true", "0"},
	{"no config is there", "ls /run/ignition.json /run/ignition 2>/dev/null | wc -l", "0"},
	{"the platform for the real root", "cat /run/ignition.env", "PLATFORM_ID=qemu"},
	{"the key file is the first boot's", "test /etc/luks/secret -ot /run/ignition.env && echo older", "older"},
}

// A blank machine becomes what its config says, and is that after a second, cold boot, in which nothing of ours runs.
func TestAFirstBootAndASecond(t *testing.T) { firstAndSecond(t, "bookworm") }

func firstAndSecond(t *testing.T, suite string) {
	t.Parallel()
	b := newBox(t, suite)
	checks := append(asDescribed[:len(asDescribed):len(asDescribed)], provisioned...)
	o := b.first(withProof(t, testdata(t, "machine.ign")), checks)
	o.must(checks)
	tellTimes(t, "testdata/machine.ign", o.journal)
	assert.False(t, o.says("Ignition failed"))
	assert.False(t, o.says("yj9T"), "a password hash is on the console")

	checks = append(asDescribed[:len(asDescribed):len(asDescribed)], untouched...)
	o = b.again(checks)
	o.must(checks)
	assert.False(t, o.says("gnition"), "the second boot speaks of provisioning:\n%s", o.Tail(40))
}

// The stages of a boot that has nothing to do are over in no time. The figures of docs/performance.md come from here.
func TestABootThatHasNothingToDo(t *testing.T) {
	empty := []byte(`{"ignition": {"version": "3.4.0"}}`)
	checks := []check{
		{"nothing has failed", "systemctl --failed --no-legend --plain --no-pager", ""},
		{"the stages of this boot", "journalctl -b -t ignition -o cat --no-pager | sed -n 's/ passed$//p' | " +
			"tr '\\n' ' '", "fetch-offline kargs disks mount files umount"},
	}
	var journals []string
	for i := range 3 {
		t.Run(fmt.Sprintf("an empty config, boot %d", i+1), func(t *testing.T) {
			o := newBox(t, "bookworm").first(empty, checks, "test.proof")
			o.must(checks)
			journals = append(journals, o.journal)
		})
	}
	tellTimes(t, "an empty config", journals...)
	tellLimits(t, journals...)
	t.Run("one unit", func(t *testing.T) {
		o := newBox(t, "bookworm").first(withProof(t, empty), checks)
		o.must(checks)
		tellTimes(t, "a config with one unit", o.journal)
	})
}

// People write YAML; a boot reads it as it is.
func TestAButaneDocument(t *testing.T) {
	t.Parallel()
	unit, err := json.Marshal(proofUnit) // is a quoted scalar of YAML, too
	require.NoError(t, err)
	document := `variant: fcos
version: 1.5.0
storage:
  files:
    - path: /etc/made
      contents:
        inline: made
systemd:
  units:
    - name: proof.service
      enabled: true
      contents: ` + string(unit) + "\n"
	checks := withoutNetwork()
	newBox(t, "bookworm").first([]byte(document), checks).must(checks)
}
