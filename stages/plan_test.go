package stages

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/glowplug-os/glowplug/config"
	"github.com/glowplug-os/glowplug/internal/plan"
	"github.com/glowplug-os/glowplug/internal/scene"
	"github.com/glowplug-os/glowplug/internal/target"
	"github.com/glowplug-os/glowplug/stages/files"
	"github.com/glowplug-os/glowplug/tests/machines"
	"github.com/glowplug-os/glowplug/tests/trees"
)

// circumstances are those of a first boot by root, of a machine that is made up.
func circumstances() Circumstances {
	return Circumstances{Random: machines.Dice(), Files: files.Options{Accounts: files.MakeAccounts,
		Means: target.Means{Identity: target.Identity{Privileged: true}}}}
}

// configOf reads a config, with ' for ".
func configOf(t *testing.T, text string) (cfg config.Config) {
	t.Helper()
	require.NoError(t, json.Unmarshal([]byte(strings.ReplaceAll(text, "'", `"`)), &cfg))
	return cfg
}

// printed are all steps of a forecast.
func printed(f *Forecast) string {
	var steps plan.Plan
	for _, a := range f.Actions() {
		steps = append(steps, a.Step)
	}
	return "\n" + steps.String()
}

func TestDisksMountsAndFilesArePlannedTogether(t *testing.T) {
	kept := machines.NewDisk(t, 64)
	copy(kept[1024:], machines.Ext4("data"))
	devices := scene.Images{"/dev/vda": machines.NewDisk(t, 64).Image(), "/dev/vdb": kept.Image()}.Scene()
	root := trees.Fake{"/var/": "", "/var/old": "text", "/srv/": "", "/srv/f": "text", "/etc/f": "text"}
	f, err := Plan(t.Context(), configOf(t, `{'storage': {
		'disks': [{'device': '/dev/vda', 'partitions': [{'number': 1, 'label': 'var'}]}],
		'filesystems': [{'device': '/dev/vda1', 'format': 'xfs', 'path': '/var'},
			{'device': '/dev/vdb', 'format': 'ext4', 'label': 'data', 'path': '/srv'}],
		'files': [{'path': '/var/old', 'contents': {'source': ''}}, {'path': '/srv/f', 'contents': {'source': ''}},
			{'path': '/etc/f'}]}}`), devices, root, circumstances())
	require.NoError(t, err)
	assert.Equal(t, `
+ partition 1 of /dev/vda      "var", at 1 MiB, 128991 sectors
~ partition table of /dev/vda  written, and the kernel told
+ filesystem on /dev/vda1      xfs
= filesystem on /dev/vdb       ext4 "data"
= mount /var                   xfs of /dev/vda1
= mount /srv                   ext4 of /dev/vdb
+ file /var/old                empty, 0644
? file /srv/f                  empty, 0644, made unless what is mounted at /srv has it
= file /etc/f                  content kept
`, printed(f))
}

func TestConflictsOfAllStagesAreToldAtOnce(t *testing.T) {
	full := machines.NewDisk(t, 64)
	copy(full[1024:], machines.Ext4("box"))
	f, err := Plan(t.Context(), configOf(t, `{'storage': {
		'filesystems': [{'device': '/dev/vda', 'format': 'xfs', 'path': '/link/x'}],
		'files': [{'path': '/etc', 'contents': {'source': ''}}, {'path': '/etc/f', 'contents': {'source': ''}},
			{'path': '/ok', 'contents': {'source': ''}}]}}`),
		scene.Images{"/dev/vda": full.Image()}.Scene(), trees.Fake{"/link": "-> /srv", "/d/": "", "/etc": "x"},
		circumstances())
	for _, each := range []string{"filesystem on /dev/vda ($.storage.filesystems.0): ",
		"mount /link/x ($.storage.filesystems.0): ", "file /etc ($.storage.files.0): ",
		"file /etc/f ($.storage.files.1): "} {
		require.ErrorContains(t, err, each)
	}
	assert.Contains(t, printed(f), "+ file /ok")
}

func TestWithoutDevicesOnlyFilesArePlannedAndWithoutARootOnlyDisks(t *testing.T) {
	cfg := configOf(t, `{'storage': {'filesystems': [{'device': '/dev/vda', 'format': 'xfs', 'path': '/var'}],
		'files': [{'path': '/var/f', 'contents': {'source': ''}}]}}`)
	f, err := Plan(t.Context(), cfg, nil, trees.Fake{}, circumstances())
	require.NoError(t, err)
	assert.Equal(t, "\n+ file /var/f  empty, 0644, makes /var\n", printed(f))
	blank := scene.Images{"/dev/vda": machines.NewDisk(t, 64).Image()}.Scene()
	f, err = Plan(t.Context(), cfg, blank, nil, circumstances())
	require.NoError(t, err)
	assert.Equal(t, "\n+ filesystem on /dev/vda  xfs\n", printed(f))
}

// What a filesystem holds that is kept is not known, so whatever an entry needs may be there.
func TestWhatIsNeededMayBeOnAFilesystemThatIsKept(t *testing.T) {
	kept := machines.NewDisk(t, 64)
	copy(kept[1024:], machines.Ext4("data"))
	devices := scene.Images{"/dev/vda": kept.Image()}.Scene()
	for _, c := range []struct{ claim, at, rest, want, refused string }{
		{"the target of a hard link", "/srv", `'storage': {%s, 'links': [
			{'path': '/srv/h', 'target': '/srv/f', 'hard': true}]}`,
			"? hard link /srv/h        to /srv/f, if that is there by then, made unless what is mounted at /srv has " +
				"it\n", ""},
		{"one in a directory that an entry makes anew", "/srv", `'storage': {%s,
			'directories': [{'path': '/srv/d', 'overwrite': true}], 'links': [
			{'path': '/srv/h', 'target': '/srv/d/f', 'hard': true}]}`, "", "the target does not exist: /srv/d/f"},
		{"one in the root", "/srv", `'storage': {%s, 'links': [{'path': '/h', 'target': '/f', 'hard': true}]}`, "",
			"the target does not exist: /f"},
		{"one on another filesystem", "/srv", `'storage': {%s, 'links': [
			{'path': '/h', 'target': '/srv/f', 'hard': true}]}`, "", "hard links do not go from one to another"},
		{"the home of a user", "/home", `'storage': {%s}, 'passwd': {'users': [{'name': 'u', 'uid': 1000,
			'noCreateHome': true, 'sshAuthorizedKeys': ['ssh-ed25519 AAAA']}]}`,
			"? ssh keys of u", ""},
		{"the account of an owner", "/etc", `'storage': {%s, 'files': [{'path': '/a', 'user': {'name': 'z'}}]}`,
			"+ file /a", ""},
	} {
		t.Run(c.claim, func(t *testing.T) {
			filesystems := `'filesystems': [{'device': '/dev/vda', 'format': 'ext4', 'label': 'data', 'path': '` +
				c.at + `'}]`
			root := trees.Fake{"/srv/": "", "/home/": "", "/etc/": "", "/etc/passwd": "root:x:0:0::/root:/bin/sh\n",
				"/etc/group": "root:x:0:\n", "/etc/login.defs": "", "/etc/shadow": "", "/etc/gshadow": ""}
			f, err := Plan(t.Context(), configOf(t, "{"+strings.Replace(c.rest, "%s", filesystems, 1)+"}"), devices,
				root, circumstances())
			if c.refused != "" {
				require.ErrorContains(t, err, c.refused)
				return
			}
			require.NoError(t, err)
			assert.Contains(t, printed(f), c.want)
		})
	}
}
