//go:build vmhost

package boot

import (
	"encoding/json"
	"fmt"
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/glowplug-os/glowplug/tests/foretold"
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
	{"the report in the root", "stat -c %a /etc/.glowplug-report.json; jq -r '.outcome, .stages[].name' " +
		"/etc/.glowplug-report.json | tr '\\n' ' '", "600\ndone fetch-offline kargs disks mount files"},
	{"the report of this boot", "/run/glowplug-test report --format json | " +
		"jq -r --arg boot \"$(cat /proc/sys/kernel/random/boot_id)\" '.bootID == $boot, .outcome, .stages[-1].name'",
		"true\ndone\numount"},
	{"the journal has an entry for each stage", "journalctl -b -o json MESSAGE_ID=8d0cf5bb2a6c4f5c9d1e2f60c3d7a41b | " +
		"jq -r 'select(.GLOWPLUG_OUTCOME == \"done\").GLOWPLUG_STAGE' | tr '\\n' ' '",
		"fetch-offline kargs disks mount files umount"},
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

// A blank machine becomes what its config says, and is that after a second, cold boot, in which nothing of ours runs. A
// plan has nothing to do in either.
func TestAFirstBootAndASecond(t *testing.T) {
	firstAndSecond(t, "bookworm", lasting(t, testdata(t, "machine.ign")), nothingToDo)
}

func nothingToDo(t *testing.T, p foretold.Plan) {
	t.Helper()
	assert.Empty(t, p.Conflicts)
	assert.Zero(t, p.Exit, p.Summary)
}

// firstAndSecond boots with a config, and then without one. Again gets a plan of the same config from each.
func firstAndSecond(t *testing.T, suite string, config []byte, again func(*testing.T, foretold.Plan)) {
	t.Parallel()
	b := newBox(t, suite)
	b.later = withProof(t, config)
	checks := append(asDescribed[:len(asDescribed):len(asDescribed)], provisioned...)
	checks = append(append(checks, ofRecord), confined(t)...)
	o := b.first(b.later, append(checks, ofLater, ofItself))
	o.must(checks)
	tellTimes(t, "testdata/machine.ign", o.journal)
	assert.False(t, o.says("Ignition failed"))
	assert.False(t, o.says("yj9T"), "a password hash is on the console")
	toldBeforeTheDisksStage(t, o)
	toldBeforeTheFilesStage(t, o)
	again(t, o.plan(ofLater))
	again(t, o.plan(ofItself))

	checks = append(asDescribed[:len(asDescribed):len(asDescribed)], untouched...)
	o = b.again(append(checks, ofLater))
	o.must(checks)
	assert.False(t, o.says("gnition"), "the second boot speaks of provisioning:\n%s", o.Tail(40))
	again(t, o.plan(ofLater))
}

// lasting is a config without what each run makes anew, or cannot have again: it wipes no table, and its volumes have
// keys of its own (docs/rerun.md).
func lasting(t *testing.T, text []byte) []byte {
	t.Helper()
	var c object
	require.NoError(t, json.Unmarshal(text, &c))
	storage := c["storage"].(object)
	for _, disk := range storage["disks"].([]any) {
		delete(disk.(object), "wipeTable")
	}
	for _, volume := range storage["luks"].([]any) {
		volume.(object)["keyFile"] = object{"source": "data:,a-key"}
	}
	return encode(t, c)
}

// planned is glowplug plan in the booted system, which keeps /run. It may end with any status.
const planned = "/run/glowplug-test plan --format json 2>/dev/null "

// ofRecord is that the booted system is what a record says that is made in it.
var ofRecord = check{"it is what a record of it says", "umask 022; /run/glowplug-test record -o /run/record " + later +
	" && stat -c %a /run/record && /run/glowplug-test verify --format json --record /run/record 2>/dev/null | " +
	"jq '[.items[] | select(.state == \"differs\")] | length'", "600\n0"}

// later is where qemu has the config of box.later.
const later = "/sys/firmware/qemu_fw_cfg/by_name/opt/glowplug/later/raw"

// ofLater and ofItself are plans of box.later and of what the stages have left.
var (
	ofLater  = check{what: "a plan", command: planned + later}
	ofItself = check{what: "a plan of what is left", command: planned + "/run/ignition.json"}
)

// plan is one of them, which only holds what is not as it should be.
func (o outcome) plan(c check) foretold.Plan {
	o.t.Helper()
	p, err := foretold.Parse([]byte(o.proof[c.what].Output))
	require.NoError(o.t, err, o.proof[c.what].Output)
	assert.Equal(o.t, p.Exit, o.proof[c.what].Status)
	p.Actions = slices.DeleteFunc(p.Actions, func(a foretold.Action) bool { return a.Effect == "keep" })
	assert.Empty(o.t, p.Actions)
	return p
}

// toldBeforeTheDisksStage: there was a plan from then, of disks alone, by a process that could not have written. What
// it says of the disks is held against the stage in every boot.
func toldBeforeTheDisksStage(t *testing.T, o outcome) {
	t.Helper()
	p := o.disks.parse(t)
	assert.Equal(t, "exit status 3\n", o.disks.beside.String())
	assert.Len(t, p.Of("disks"), len(p.Actions))
	assert.True(t, slices.ContainsFunc(p.Actions, func(a foretold.Action) bool { return a.Effect == "deferred" }),
		"what the array holds is not known before it is there")
	require.Len(t, p.Notes, 1)
	assert.Contains(t, p.Notes[0], "the root is not mounted at /sysroot yet")
}

// toldBeforeTheFilesStage: there was a plan from when all was mounted, by which the stage went.
func toldBeforeTheFilesStage(t *testing.T, o outcome) {
	t.Helper()
	p := o.files.parse(t)
	assert.NotEmpty(t, p.Of("files"), "%s", &o.files.beside)
	deeds := slices.DeleteFunc(foretold.Logged(o.journal, "files: "), func(d foretold.Deed) bool {
		return d.Name == "keep journal entries" // only a stage makes them
	})
	assert.Empty(t, foretold.Deeds(p.Of("files"), deeds))
	for _, a := range p.Of("mount") {
		assert.Equal(t, "keep", a.Effect, a.String())
	}
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
	o := newBox(t, "bookworm").first([]byte(document), append(checks, ofItself))
	o.must(checks)
	nothingToDo(t, o.plan(ofItself))
}
