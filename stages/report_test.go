package stages

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/glowplug-os/glowplug/config"
	"github.com/glowplug-os/glowplug/internal/fetch"
	"github.com/glowplug-os/glowplug/internal/report"
	"github.com/glowplug-os/glowplug/internal/root"
	"github.com/glowplug-os/glowplug/internal/scene"
	"github.com/glowplug-os/glowplug/internal/target"
	"github.com/glowplug-os/glowplug/tests/machines"
	"github.com/glowplug-os/glowplug/tests/trees"
)

// told is a plan as people see it.
func told(t *testing.T, text string, devices scene.Scene, view target.Whole, texts bool) (string, *report.Plan) {
	t.Helper()
	o := circumstances()
	from := fetcher{Client: fetch.New(nil, "")}
	o.Files.Fetch = func(ctx context.Context, r config.Resource, to target.Sink) error { return from.write(ctx, r, to) }
	f, err := Plan(t.Context(), configOf(t, text), devices, view, o)
	require.NoError(t, err)
	p := f.Report(texts)
	var b strings.Builder
	require.NoError(t, p.WriteText(&b))
	return b.String(), p
}

func TestItIsToldWhatLiesOnWhat(t *testing.T) {
	devices := scene.Images{"/dev/vda": machines.NewDisk(t, 64).Image(), "/dev/vdb": machines.NewDisk(t, 64).Image()}
	_, p := told(t, raidConfig, devices.Scene(), trees.Fake{"/boot/": "", "/srv/": ""}, true)
	on, made := map[string][]report.Device{}, map[string]string{}
	for _, a := range p.Actions {
		if len(a.On) > 0 {
			on[a.Subject] = a.On
		}
		if len(a.Made) > 0 {
			made[a.Subject] = a.Made[0]
		}
		if a.After != nil {
			for _, part := range a.After.Partitions {
				assert.Equal(t, fmt.Sprintf("%s%d", a.Group, part.Number), part.Node)
			}
		}
	}
	assert.Equal(t, []report.Device{{Name: "/dev/disk/by-partlabel/md-a", Node: "/dev/vda2"},
		{Name: "/dev/disk/by-partlabel/md-b", Node: "/dev/vdb1"}}, on["array data"])
	assert.Equal(t, []report.Device{{Name: "/dev/md/data", Node: "/dev/md/data"}}, on["luks data"])
	assert.Equal(t, []report.Device{{Name: "/dev/mapper/data", Node: "/dev/mapper/data"}},
		on["filesystem on /dev/mapper/data"])
	assert.Equal(t, "/dev/md/data", made["array data"])
	assert.Equal(t, "/dev/mapper/data", made["luks data"])
}

func TestDisksAreToldByWhatTheyHold(t *testing.T) {
	old := machines.NewDisk(t, 64, machines.Part(1, 1, 10, "root"), machines.Part(2, 20, 10, "data"))
	copy(old[20<<20+1024:], machines.Ext4("old"))
	text, p := told(t, `{'storage': {'disks': [{'device': '/dev/vda', 'wipeTable': true,
		'partitions': [{'number': 1, 'label': 'var'}]}],
		'filesystems': [{'device': '/dev/vda1', 'format': 'xfs', 'path': '/var'}]}}`,
		scene.Images{"/dev/vda": old.Image()}.Scene(), trees.Fake{"/var/": ""}, true)
	first, rest, _ := strings.Cut(text, "\n")
	assert.Equal(t, "1 disk: 1 wiped, 1 partition, 1 filesystem", first)
	assert.Contains(t, rest, "Destroyed\n  - /dev/vda1: nothing known on it\n  - /dev/vda2: ext4 \"old\"\n")
	assert.Contains(t, rest, "Disk /dev/vda\n    before  |1 root")
	assert.Contains(t, rest, "  + filesystem on /dev/vda1: xfs\n")
	assert.Equal(t, report.Destroying, p.Exit())
}

func TestWhatIsNoTextIsToldBySize(t *testing.T) {
	const cfg = `{'storage': {'files': [
		{'path': '/bin', 'contents': {'source': 'data:;base64,AAECAwQ='}, 'overwrite': true},
		{'path': '/was', 'contents': {'source': 'data:,text'}, 'overwrite': true},
		{'path': '/grows', 'append': [{'source': 'data:,xy'}]},
		{'path': '/mode', 'mode': 420},
		{'path': '/secret', 'contents': {'source': 'data:;base64,AAE='}, 'overwrite': true, 'mode': 384}],
		'links': [{'path': '/hard', 'target': '/bin', 'hard': true, 'overwrite': true}]}}`
	root := trees.Fake{"/bin": "\x00ab", "/was": "\xff\xfe", "/grows": "\x00", "/mode": "\x00", "/secret": "\x00",
		"/hard": "mine"}
	text, _ := told(t, cfg, nil, root, true)
	for _, each := range []string{"        /bin: 5 bytes, was 3\n", "        /was: 4 bytes, was 2\n",
		"        /grows: 3 bytes, was 1\n"} {
		assert.Contains(t, text, each)
	}
	for _, each := range []string{"/mode: 1 byte", "/secret: 2", "hard link, was a file"} {
		assert.NotContains(t, text, each)
	}
	text, _ = told(t, cfg, nil, root, false)
	assert.NotContains(t, text, "bytes, was", "without content")
}

func TestFilesAreToldByWhatChanges(t *testing.T) {
	const cfg = `{'storage': {'files': [
		{'path': '/etc/f', 'contents': {'source': 'data:,a%0Ax%0A'}, 'overwrite': true},
		{'path': '/etc/g', 'contents': {'source': 'data:,token'}, 'overwrite': true, 'mode': 384},
		{'path': '/etc/kept'}],
		'directories': [{'path': '/full', 'overwrite': true}, {'path': '/void', 'overwrite': true}]},
		'systemd': {'units': [{'name': 'a.service', 'contents': '[Unit]'}]}}`
	root := trees.Fake{"/etc/f": "a\nb\n", "/etc/g": "old token", "/etc/kept": "", "/full/a/b": "", "/void/": "",
		"/etc/systemd/system/a.service": "[Service]"}
	text, p := told(t, cfg, nil, root, true)
	for _, each := range []string{
		"2 files, 2 replaced; 2 directories, 2 replaced; 1 unit, 1 changed; 1 unchanged\n",
		"Destroyed\n  - /full: a directory with 2 entries\n\n",
		"  - file /etc/f: inline, 0644, replaces what is there\n         a\n        -b\n        +x\n",
		"        /etc/g: mode 0600, was 0644; the content is not shown, as not everybody may read it\n",
		"        -[Service] (no line end)\n        +[Unit] (no line end)\n",
	} {
		assert.Contains(t, text, each)
	}
	assert.NotContains(t, text, "token")
	assert.Equal(t, report.Destroying, p.Exit())
	text, _ = told(t, cfg, nil, root, false)
	assert.NotContains(t, text, "+x", "without content")
}

func TestWhatIsInClosedDirectoriesIsNotTold(t *testing.T) {
	const cfg = `{'storage': {'directories': [{'path': '/srv/a', 'mode': 448}], 'files': [
		{'path': '/srv/a/b/f', 'contents': {'source': 'data:,new'}, 'overwrite': true},
		{'path': '/etc/shadow-', 'contents': {'source': 'data:,root:$6$new:'}, 'overwrite': true}]}}`
	text, p := told(t, cfg, nil, trees.Fake{"/srv/a/b/f": "old", "/etc/shadow-": "root:$6$old:1"}, true)
	var b strings.Builder
	require.NoError(t, p.WriteJSON(&b))
	for _, secret := range []string{"old", "new"} {
		assert.NotContains(t, strings.ReplaceAll(text+b.String(), "(no line end)", ""), secret)
	}
	assert.Contains(t, text, "/srv/a/b/f: the content is not shown, as not everybody may read it\n")
	assert.Contains(t, text, "-root:[redacted]:1")
}

func TestHashesOfAccountsAreNotTold(t *testing.T) {
	text, p := told(t, `{'passwd': {'users': [
		{'name': 'core', 'passwordHash': '$6$salt$hash', 'noCreateHome': true}]}}`, nil,
		trees.Fake{"/etc/passwd": "root:x:0:0:root:/root:/bin/sh\n", "/etc/shadow": "root:$6$other$hash:1::::::\n",
			"/etc/group": "root:x:0:\n", "/etc/gshadow": "root:*::\n"}, true)
	assert.Contains(t, text, "        /etc/shadow:\n")
	assert.Contains(t, text, "+core:[redacted]:")
	assert.Contains(t, text, " root:[redacted]:1::::::")
	var b strings.Builder
	require.NoError(t, p.WriteJSON(&b))
	assert.NotContains(t, text+b.String(), "$6$")
	assert.Equal(t, report.Changing, p.Exit())
}

func TestChangesOfAccountFilesThatAreNoTextAreTold(t *testing.T) {
	text, p := told(t, `{'passwd': {'users': [
		{'name': 'core', 'passwordHash': '$6$salt$new', 'homeDir': '/h', 'gecos': 'C'}]}}`, nil,
		trees.Fake{"/etc/passwd": "m:x:7:7:M\xfcller:/:/bin/sh\ncore:x:1000:1000:C:/h:/bin/sh\n",
			"/etc/shadow": "m:*:1::::::\ncore:$6$salt$old:20000::::::\n", "/etc/group": "root:x:0:\n"}, true)
	assert.Contains(t, text, "        -core:[redacted]:20000::::::\n        +core:[redacted, another]:")
	text, _ = told(t, `{'passwd': {'users': [{'name': 'new', 'noCreateHome': true, 'noUserGroup': true}]}}`, nil,
		trees.Fake{"/etc/passwd": "m:x:7:7:M\xfcller:/:/bin/sh\n", "/etc/group": "users:x:100:\n"}, true)
	assert.Contains(t, text, "         m:x:7:7:M\\xfcller:/:/bin/sh\n        +new:")
	var b strings.Builder
	require.NoError(t, p.WriteJSON(&b))
	assert.NotContains(t, text+b.String(), "$6$")
}

func TestWhatEntriesRemoveOfAccountsIsANoteOfAPlan(t *testing.T) {
	tree := func(more ...string) trees.Fake {
		f := trees.Fake{"/etc/passwd": "root:x:0:0:root:/root:/bin/sh\n", "/etc/group": "root:x:0:\n",
			"/etc/shadow": "root:*:1::::::\n", "/home/": "", "/home-a": "x"}
		for i := 0; i < len(more); i += 2 {
			f[more[i]] = more[i+1]
		}
		return f
	}
	for claim, test := range map[string]struct {
		entries string
		root    trees.Fake
		note    string
	}{
		"a link in the place of etc": {"'links': [{'path': '/etc', 'target': 'usr/etc', 'overwrite': true}]", tree(),
			"link /etc removes what is written before it: /etc/passwd, /etc/shadow"},
		"a directory that is made anew": {"'directories': [{'path': '/home', 'overwrite': true}]", tree(),
			"directory /home removes what is written before it: /home/core"},
		"a link in the place of passwd": {
			"'links': [{'path': '/etc/passwd', 'target': '/usr/passwd', 'overwrite': true}]", tree(),
			"link /etc/passwd removes what is written before it: /etc/passwd"},
		"a file in the place of shadow": {
			"'files': [{'path': '/etc/shadow', 'contents': {'source': 'data:,x'}, 'overwrite': true}]", tree(),
			"file /etc/shadow removes what is written before it: /etc/shadow"},
		"a link in the place of home": {"'links': [{'path': '/home', 'target': 'var/home', 'overwrite': true}]", tree(),
			"link /home removes what is written before it: /home/core"},
		"the folder of the keys": {"'directories': [{'path': '/home/core/.ssh', 'overwrite': true}]", tree(),
			"directory /home/core/.ssh removes what is written before it: /home/core/.ssh/authorized_keys"},
		"a folder that stays":    {"'directories': [{'path': '/home/core/.ssh'}]", tree(), ""},
		"another of such a name": {"'links': [{'path': '/home-a', 'target': 'x', 'overwrite': true}]", tree(), ""},
		"what is there is no loss": {"'directories': [{'path': '/home/core/.ssh', 'overwrite': true}]",
			tree("/home/core/", "of 1000"), ""},
	} {
		t.Run(claim, func(t *testing.T) {
			keys := "'sshAuthorizedKeys': ['k']"
			if strings.HasPrefix(claim, "what is there") {
				keys = "'uid': 1000"
			}
			_, p := told(t, `{'passwd': {'users': [{'name': 'core', 'noUserGroup': true, `+keys+`}]}, 'storage': {`+
				test.entries+`}}`, nil, test.root, true)
			if test.note == "" {
				assert.Empty(t, p.Notes)
				return
			}
			assert.Equal(t, []string{test.note}, p.Notes)
		})
	}
}

func TestAccountFilesAreShownWhereTheyAre(t *testing.T) {
	dir := t.TempDir()
	require.NoError(t, os.MkdirAll(filepath.Join(dir, "usr/etc"), 0o755))
	require.NoError(t, os.Symlink("usr/etc", filepath.Join(dir, "etc")))
	for name, line := range map[string]string{"passwd": "root:x:0:0::/root:/bin/sh\n", "group": "users:x:100:\n",
		"shadow": "root:*:1::::::\n"} {
		require.NoError(t, os.WriteFile(filepath.Join(dir, "etc", name), []byte(line), 0o600))
	}
	in, err := root.Open(dir)
	require.NoError(t, err)
	defer in.Close()
	text, p := told(t, `{'passwd': {'users': [{'name': 'core', 'passwordHash': '$6$salt$new', 'noCreateHome': true}]},
		'storage': {'files': [{'path': '/etc/shadow', 'contents': {'source': 'data:,core:$6$salt$old:1'},
			'overwrite': true}]}}`, nil, target.WholeOf(in), true)
	assert.Contains(t, text, "        /usr/etc/shadow:\n         root:*:1::::::\n        +core:[redacted]:")
	assert.Contains(t, text, "        -root:*:1::::::\n        +core:[redacted]:1 (no line end)\n")
	assert.Equal(t, []string{"file /etc/shadow removes what is written before it: /usr/etc/shadow"}, p.Notes)
}

func TestUnitsThatCannotBeEnabledAreNotesOfAPlan(t *testing.T) {
	t.Parallel()
	_, p, _ := asked(t, `{'ignition': {'version': '3.4.0'}, 'systemd': {'units': [
		{'name': 'a.service', 'enabled': true}]}}`,
		Question{Machine: Machine{Root: trees.Fake{}}})
	assert.Equal(t, []string{"unit a.service cannot be enabled: the root has no such unit"}, p.Notes)
}
