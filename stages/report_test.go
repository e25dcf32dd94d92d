package stages

import (
	"context"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/glowplug-os/glowplug/config"
	"github.com/glowplug-os/glowplug/internal/fetch"
	"github.com/glowplug-os/glowplug/internal/report"
	"github.com/glowplug-os/glowplug/internal/scene"
	"github.com/glowplug-os/glowplug/internal/target"
	"github.com/glowplug-os/glowplug/tests/machines"
	"github.com/glowplug-os/glowplug/tests/trees"
)

// told is a plan as people see it.
func told(t *testing.T, text string, devices scene.Scene, view target.View, texts bool) (string, *report.Plan) {
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

func TestUnitsThatCannotBeEnabledAreNotesOfAPlan(t *testing.T) {
	t.Parallel()
	_, p, _ := asked(t, `{'ignition': {'version': '3.4.0'}, 'systemd': {'units': [
		{'name': 'a.service', 'enabled': true}]}}`,
		Question{Root: trees.Fake{}})
	assert.Equal(t, []string{"unit a.service cannot be enabled: the root has no such unit"}, p.Notes)
}
