package butane_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/glowplug-os/glowplug/internal/butane"
	"github.com/glowplug-os/glowplug/internal/diag"
)

func TestWhatOnlyButaneSaysIsSaidUnderItsNameOnly(t *testing.T) {
	for name, c := range map[string]struct {
		dialect, text string
		ours, peers   []string
	}{
		"an alias in the place of a mapping": {"fcos 1.6.0", "storage: {files: [{path: /a, user: &u {name: b}}, " +
			"{path: /b, user: *u}]}", []string{}, []string{"3:68 warning context-mismatch $.storage.files.1.user"}},
		"a merge key": {"fcos 1.6.0", "storage: {files: [&a {path: /a}, {<<: *a, path: /b}]}",
			[]string{}, []string{"3:35 warning key-merge $.storage.files.1.<<"}},
		"an item with nothing in it moves the places of those after it": {"fcos 1.6.0",
			"storage: {files: [~, {path: a}]}", []string{"3:19 warning null-item $.storage.files",
				"3:29 error path-relative $.storage.files.0.path"}, []string{"3:19 warning context-mismatch " +
				"$.storage.files.0", "3:19 error path-relative $.storage.files.0.path"}},
		"a mirror of one disk": {"fcos 1.6.0", "boot_device: {layout: x86_64, mirror: {devices: [/dev/a]}}",
			[]string{"3:49 error mirror-one $.boot_device.mirror.devices"},
			[]string{"3:49 error mirror-one $.boot_device.mirror.devices",
				"3:49 error mirror-one $.boot_device.mirror.devices"}},
		"nothing that says how to encrypt": {"fcos 1.7.0", "boot_device: {luks: {device: /dev/a}}",
			[]string{"3:21 error luks-no-method $.boot_device.luks"},
			[]string{"3:21 error luks-no-method $.boot_device.luks.luks"}},
		"a partition before the root": {"fcos 1.6.0", "storage: {disks: [{device: /dev/a, wipe_table: true, " +
			"partitions: [{number: 1, label: a, size_mib: 9}, {number: 4, label: root}]}]}", []string{},
			[]string{"3:122 warning root-constrained $.storage.disks.0.partitions.1.label"}},
		"a partition after the root": {"fcos 1.6.0", "storage: {disks: [{device: /dev/a, " +
			"wipe_table: true, partitions: [{number: 4, label: root}, {number: 5, label: a, size_mib: 9}]}]}",
			[]string{"3:86 warning root-constrained $.storage.disks.0.partitions.0.label"},
			[]string{"3:86 warning root-constrained $.storage.disks.0.partitions.0.label"}},
		"a partition to be absent after the root": {"fcos 1.7.0",
			"storage: {disks: [{device: /dev/disk/by-id/coreos-boot-disk, partitions: [{number: 4, label: root, " +
				"resize: true}, {number: 9, should_exist: false, wipe_partition_entry: true}]}]}", []string{},
			[]string{"3:94 warning root-constrained $.storage.disks.0.partitions.0.label"}},
		"one to be absent and one to be there": {"fcos 1.7.0",
			"storage: {disks: [{device: /dev/disk/by-id/coreos-boot-disk, partitions: " +
				"[{number: 4, label: root, resize: true}, {number: 9, should_exist: false}, {number: 5, label: a}]}]}",
			[]string{"3:94 warning root-constrained $.storage.disks.0.partitions.0.label"},
			[]string{"3:94 warning root-constrained $.storage.disks.0.partitions.0.label"}},
		"an empty source": {"openshift 4.18.0", "storage: {files: [{path: /a, contents: {source: \"\"}}]}",
			[]string{"4:49 error unsupported $.storage.files.0.contents.source"}, []string{}},
		"an empty source where files are fetched": {"fcos 1.7.0",
			"storage: {files: [{path: /a, contents: {source: \"\"}}]}", []string{}, []string{}},
		"a field that what is generated does not have": {"fcos 1.6.0", "boot_device: {luks: " +
			"{tang: [{url: https://a}]}}", []string{"3:29 error tang-thumbprint $.boot_device.luks.tang.0.thumbprint"},
			[]string{"1:1 error tang-thumbprint $.storage.luks.0.clevis.tang.0.thumbprint"}},
		"a level that hides that of the mirror": {"fcos 1.3.0", "boot_device: {layout: x86_64, " +
			"mirror: {devices: [/dev/a, /dev/b]}}\nstorage: {raid: [{name: c, level: raid1, devices: [/dev/c]}, " +
			"{name: md-boot, devices: [/dev/d]}]}", []string{"4:62 error raid-level $.storage.raid.1.level"},
			[]string{"4:35 error raid-level $.storage.raid.0.level"}},
		"one partition to be absent, and one to come": {"fcos 1.6.0", "storage: {disks: " +
			"[{device: /dev/a, wipe_table: true, partitions: [{number: 3, should_exist: false}, {label: z}]}]}",
			[]string{}, []string{"3:66 error partition-mixed $.storage.disks.0.partitions"}},
	} {
		t.Run(name, func(t *testing.T) {
			text := head(dialect(t, c.dialect)) + c.text + "\n"
			assert.Equal(t, c.ours, told(diag.Workstation, translate(t, text, butane.Options{}).Problems))
			assert.Equal(t, c.peers, told(diag.Peer, translate(t, text, butane.Options{Peer: true}).Problems))
		})
	}
}

func TestVariantsRefuseWhatTheirMachinesCannotDo(t *testing.T) {
	for name, c := range map[string]struct{ dialect, text, want string }{
		"flatcar had no Clevis": {"flatcar 1.1.0", "storage: {luks: [{name: a, device: /dev/b, clevis: {tpm2: true}}]}",
			"3:52 error unsupported $.storage.luks.0.clevis"},
		"flatcar has it by now": {"flatcar 1.2.0-experimental",
			"storage: {luks: [{name: a, device: /dev/b, clevis: {tpm2: true}}]}", ""},
		"fiot has no disks": {"fiot 1.0.0", "storage: {disks: [{device: /dev/a}]}",
			"3:18 error unsupported $.storage.disks"},
		"r4e has no kernel arguments": {"r4e 1.1.0", "kernel_arguments: {should_exist: [a]}",
			"3:19 error unsupported $.kernel_arguments"},
		"OpenShift knows core alone": {"openshift 4.20.0", "passwd: {users: [{name: a}]}",
			"4:25 error unsupported $.passwd.users.0.name"},
		"OpenShift does not set shells": {"openshift 4.20.0", "passwd: {users: [{name: core, shell: a}]}",
			"4:38 error unsupported $.passwd.users.0.shell"},
		"OpenShift does not fetch files": {"openshift 4.20.0", "storage: {files: " +
			"[{path: /a, contents: {source: http://a}}]}", "4:49 error unsupported $.storage.files.0.contents.source"},
		"OpenShift appends nothing": {"openshift 4.20.0", "grub: {users: [{name: a, password_hash: b}]}",
			"4:15 error unsupported $.grub.users"},
		"OpenShift 4.23 writes the whole file": {"openshift 4.23.0-experimental",
			"grub: {users: [{name: a, password_hash: b}]}", ""},
		"OpenShift has no filesystems of others": {"openshift 4.8.0", "storage: {filesystems: " +
			"[{device: /dev/a, format: none}]}", "4:50 error unsupported $.storage.filesystems.0.format"},
		"OpenShift knows no links": {"openshift 4.20.0", "storage: {links: [{path: /a, target: b}]}",
			"4:18 error unsupported $.storage.links"},
		"fcos mounts below /etc and /var alone": {"fcos 1.6.0", "storage: {filesystems: [{device: /dev/a, format: " +
			"xfs, path: /srv, with_mount_unit: true}]}", "3:61 error mount-path-volatile $.storage.filesystems.0.path"},
	} {
		t.Run(name, func(t *testing.T) {
			want := []string{}
			if c.want != "" {
				want = append(want, c.want)
			}
			assert.Equal(t, want, told(diag.Workstation,
				translate(t, head(dialect(t, c.dialect))+c.text+"\n", butane.Options{}).Problems))
		})
	}
}

func TestAllThatIsWrongIsShownAtOnce(t *testing.T) {
	text := "variant: fcos\nversion: 1.7.0\n" + `storage:
  files:
    - {path: /a, contents: {inline: b, source: "data:,c"}, mode: -1}
    - {path: /b, overwrite: true, contents: {local: b}}
    - {path: c}
  filesystems: [{device: /dev/a, format: xfs, path: /srv, with_mount_unit: true}]
systemd: {units: [{name: d}]}
`
	all := []string{"5:48 error source-twice $.storage.files.0.contents.source", "8:53 error mount-path-volatile " +
		"$.storage.filesystems.0.path", "6:53 error no-files-dir $.storage.files.1.contents.local",
		"7:14 error path-relative $.storage.files.2.path", "9:26 error unit-name-extension $.systemd.units.0.name"}
	assert.ElementsMatch(t, all, told(diag.Workstation, translate(t, text, butane.Options{}).Problems),
		"but for what an error may have brought about")
	assert.ElementsMatch(t, all[:2], told(diag.Peer, translate(t, text, butane.Options{Peer: true}).Problems),
		"Butane stops at the first step")
}

// What is left out because of one error is not missed, and hides nothing else.
func TestOneErrorDoesNotHideOthers(t *testing.T) {
	const unit = "systemd: {units: [{name: d}]}\n"
	for claim, c := range map[string]struct {
		text string
		want []string
	}{
		"a list where text belongs": {"storage: {files: [{path: [/a], mode: 9999}, {path: /b, mode: 9999}]}\n",
			[]string{"3:26 error wrong-type $.storage.files.0.path", "3:62 error mode-range $.storage.files.1.mode"}},
		"text where a mapping belongs": {"storage: {files: [x, {path: b}]}\n",
			[]string{"3:19 error wrong-type $.storage.files.0", "3:29 error path-relative $.storage.files.1.path"}},
		"a list where an item's text belongs": {"storage: {raid: [{name: a, level: raid1, devices: [[], b]}]}\n",
			[]string{"3:52 error wrong-type $.storage.raid.0.devices.0"}},
		"text where a list belongs": {"storage: {files: x, links: [{path: a, target: /b}]}\n",
			[]string{"3:18 error wrong-type $.storage.files", "3:36 error path-relative $.storage.links.0.path"}},
		"text where a section belongs": {"storage: x\npasswd: {users: [{name: a, shell: b}]}\n",
			[]string{"3:10 error wrong-type $.storage", "4:35 error account-field $.passwd.users.0.shell"}},
		"text where a number belongs, behind aliases": {"storage: {files: [{path: /a, user: &u {id: x}}, " +
			"{path: /b, user: *u}, {path: c}]}\n", []string{"3:44 error wrong-type $.storage.files.0.user.id",
			"3:66 error wrong-type $.storage.files.1.user.id", "3:78 error path-relative $.storage.files.2.path"}},
		"one of several configs to merge": {"ignition: {config: {merge: [{source: []}, {source: 'x:/y'}]}}\n",
			[]string{"3:38 error wrong-type $.ignition.config.merge.0.source",
				"3:52 error url-scheme $.ignition.config.merge.1.source"}},
		"a source that is left out": {"ignition: {config: {replace: {source: [], verification: " +
			"{hash: sha512-ab}}}}\n", []string{"3:39 error wrong-type $.ignition.config.replace.source"}},
		"a key twice": {"storage: {files: [{path: /a, path: b}, {path: c}]}\n",
			[]string{"3:30 error key-duplicate $.storage.files.0.path",
				"3:47 error path-relative $.storage.files.1.path"}},
		"a section twice": {"passwd: {users: [{name: a}]}\npasswd: {users: [{name: a, shell: b}]}\n",
			[]string{"4:1 error key-duplicate $.passwd"}},
		"a key that is not known": {"storage: {fils: [], files: [{path: a}]}\n",
			[]string{"3:11 warning key-unknown $.storage.fils", "3:36 error path-relative $.storage.files.0.path"}},
		"local files that are not there": {"storage: {trees: [{local: a}], files: [{path: /a, overwrite: true}, " +
			"{path: b}, {path: /c, contents: {local: c}}]}\n",
			[]string{"3:27 error no-files-dir $.storage.trees.0.local",
				"3:76 error path-relative $.storage.files.1.path",
				"3:109 error no-files-dir $.storage.files.2.contents.local"}},
		"a tree without a folder": {"storage: {trees: [{path: /a}, {local: a}], files: [{path: b}]}\n",
			[]string{"3:19 error local-missing $.storage.trees.0", "3:39 error no-files-dir $.storage.trees.1.local",
				"3:59 error path-relative $.storage.files.0.path"}},
		"a layout that nobody knows": {"boot_device: {layout: b, mirror: {devices: [/dev/a, /dev/b]}}\nstorage: " +
			"{raid: [{name: md-boot, options: [x]}], files: [{path: b}]}\n",
			[]string{"3:23 error layout-unknown $.boot_device.layout",
				"4:65 error path-relative $.storage.files.0.path"}},
		"a boot disk that is none": {"boot_device: x\nstorage: {luks: [{name: root, discard: true}], files: " +
			"[{path: b}]}\n", []string{"3:14 error wrong-type $.boot_device",
			"4:63 error path-relative $.storage.files.0.path"}},
	} {
		t.Run(claim, func(t *testing.T) {
			text := "variant: fcos\nversion: 1.7.0\n" + c.text
			r := translate(t, text, butane.Options{})
			assert.ElementsMatch(t, c.want, told(diag.Workstation, r.Problems))
			assert.Equal(t, strings.Contains(strings.Join(c.want, ""), "error"), r.Config == nil)
			if !strings.Contains(c.text, "systemd") {
				assert.Contains(t, told(diag.Workstation, translate(t, text+unit, butane.Options{}).Problems),
					fmt.Sprintf("%d:26 error unit-name-extension $.systemd.units.0.name", strings.Count(text, "\n")+1))
			}
		})
	}
	text := head(dialect(t, "openshift 4.20.0"))
	r := translate(t, strings.Replace(text, "role: worker", "role: []", 1)+unit, butane.Options{})
	assert.ElementsMatch(t, []string{"3:70 error wrong-type $.metadata.labels.machineconfiguration.openshift.io/role",
		"4:26 error unit-name-extension $.systemd.units.0.name"}, told(diag.Workstation, r.Problems))
	r = translate(t, "variant: openshift\nversion: 4.20.0\nmetadata: x\n"+unit, butane.Options{})
	assert.ElementsMatch(t, []string{"3:11 error wrong-type $.metadata",
		"4:26 error unit-name-extension $.systemd.units.0.name"}, told(diag.Workstation, r.Problems))
}

func TestAVirtiofsMountIsNotChecked(t *testing.T) {
	assert.Equal(t, `{"storage":{"filesystems":[{"device":"tag","format":"virtiofs","path":"/var/x"}]},`+
		`"systemd":{"units":[{"contents":"# Generated `+
		`by Butane\n[Mount]\nWhere=/var/x\nWhat=tag\nType=virtiofs\n\n[Install]\nRequiredBy=local-fs.target",`+
		`"enabled":true,"name":"var-x.mount"}]}}`, converted(t, "fcos 1.8.0-experimental",
		"storage: {filesystems: [{device: tag, format: virtiofs, path: /var/x, with_mount_unit: true}]}", nil))
}

func TestFIPSChoosesACipherWhereNobodyHas(t *testing.T) {
	text := "openshift: {fips: true}\nstorage: {luks: [{name: a, device: /dev/a}, " +
		"{name: b, device: /dev/b, options: [-c, x]}, {name: c, device: /dev/c, options: [--cipher=x]}]}\n"
	r := translate(t, head(dialect(t, "openshift 4.19.0"))+text, butane.Options{})
	require.Empty(t, r.Problems)
	assert.Contains(t, string(r.JSON(false)),
		`{"device":"/dev/a","name":"a","options":["--cipher","aes-cbc-essiv:sha256"]},{"device":"/dev/b","name":"b",`+
			`"options":["-c","x"]},{"device":"/dev/c","name":"c","options":["--cipher=x"]}`)
	r = translate(t, head(dialect(t, "openshift 4.20.0"))+text, butane.Options{})
	assert.NotContains(t, string(r.JSON(false)), "aes-cbc", "machines choose a good one themselves")
}

// The names become paths, and what generates units from quadlets takes the names for those of units.
func TestNamesOfQuadletsAreThoseOfUnits(t *testing.T) {
	for name, want := range map[string]string{
		"a.container": "", "a@b.container": "", "../../x.container": "unit-name-slash", `a\nb.pod`: "unit-name-byte",
		"a b.volume": "unit-name-byte", ".pod": "unit-name-empty",
	} {
		r := translate(t, "variant: fcos\nversion: 1.8.0-experimental\nsystemd: {quadlets: [{name: \""+name+"\"}]}\n",
			butane.Options{})
		codes := ""
		for _, p := range diag.For(diag.Workstation, r.Problems) {
			if p.Severity == diag.Error {
				codes += string(p.Code)
			}
		}
		assert.Equal(t, want, codes, name)
		assert.False(t, diag.Fatal(diag.For(diag.Peer, r.Problems)), name)
	}
	r := translate(t, "variant: fcos\nversion: 1.8.0-experimental\n"+
		"systemd: {quadlets: [{name: a.pod, dropins: [{name: ../b.conf, contents: c}]}]}\n", butane.Options{})
	assert.Contains(t, told(diag.Workstation, r.Problems),
		"3:53 error unit-name-slash $.systemd.quadlets.0.dropins.0.name")
}

// The users become words of a script, so that more than a name or a hash would be a command of the boot loader.
func TestUsersOfTheBootLoaderAreWords(t *testing.T) {
	for _, c := range []struct{ name, hash, want string }{
		{"root", "grub.pbkdf2.sha512.10000.87", ""},
		{`root\nreboot`, "x", "error field-character $.grub.users.0.name"},
		{"a b", "x", "error field-character $.grub.users.0.name"},
		{`a\"`, "x", "error field-character $.grub.users.0.name"},
		{"$a", "x", "error field-character $.grub.users.0.name"},
		{"a", `x\nreboot`, "field-character $.grub.users.0.password_hash"},
		{"a", "x;reboot", "field-character $.grub.users.0.password_hash"},
	} {
		r := translate(t, "variant: fcos\nversion: 1.7.0\ngrub: {users: [{name: \""+c.name+"\", password_hash: \""+
			c.hash+"\"}]}\n", butane.Options{})
		found := strings.Join(told(diag.Workstation, r.Problems), "\n")
		if c.want == "" {
			assert.Empty(t, found, c.name)
		} else {
			assert.Contains(t, found, c.want, "%s %s", c.name, c.hash)
		}
		assert.Empty(t, told(diag.Peer, r.Problems), "%s %s", c.name, c.hash)
		assert.False(t, diag.Fatal(diag.For(diag.Boot, r.Problems)), "%s %s", c.name, c.hash)
	}
}
