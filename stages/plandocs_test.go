package stages

import (
	"flag"
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/glowplug-os/glowplug/internal/scene"
	"github.com/glowplug-os/glowplug/tests/machines"
	"github.com/glowplug-os/glowplug/tests/trees"
)

var update = flag.Bool("update", false, "write the screens of docs/plan.md")

const (
	raidConfig = `{'storage': {
		'disks': [{'device': '/dev/vda', 'partitions': [{'number': 1, 'label': 'boot', 'sizeMiB': 16},
				{'number': 2, 'label': 'md-a'}]},
			{'device': '/dev/vdb', 'wipeTable': true, 'partitions': [{'number': 1, 'label': 'md-b'}]}],
		'raid': [{'name': 'data', 'level': 'raid1',
			'devices': ['/dev/disk/by-partlabel/md-a', '/dev/disk/by-partlabel/md-b']}],
		'luks': [{'name': 'data', 'device': '/dev/md/data', 'wipeVolume': true}],
		'filesystems': [{'device': '/dev/vda1', 'format': 'vfat', 'path': '/boot'},
			{'device': '/dev/mapper/data', 'format': 'xfs', 'wipeFilesystem': true, 'path': '/srv'}],
		'files': [{'path': '/srv/motd', 'contents': {'source': 'data:,hello'}}]}}`
	rerunConfig = `{'storage': {'directories': [{'path': '/srv/www'}],
		'files': [{'path': '/etc/hostname', 'contents': {'source': 'data:,web%0A'}, 'overwrite': true},
			{'path': '/etc/motd', 'overwrite': true, 'contents': {'source': 'data:,Welcome.%0AIt%20is%20a%20web%20server.%0A'}}]},
		'systemd': {'units': [{'name': 'web.service', 'contents': '[Service]\nExecStart=/usr/bin/web\n'}]}}`
)

func TestDocumentedScreensOfPlanAreThoseOfTheProgram(t *testing.T) {
	old := machines.NewDisk(t, 64, machines.Part(1, 1, 40, "photos"))
	copy(old[1<<20+1024:], machines.Ext4("photos"))
	devices := scene.Images{"/dev/vda": machines.NewDisk(t, 64).Image(), "/dev/vdb": old.Image()}.Scene()
	raid, _ := told(t, raidConfig, devices, trees.Fake{"/boot/": "", "/srv/": ""}, true)
	rerun, _ := told(t, rerunConfig, nil, trees.Fake{"/srv/www/": "", "/etc/hostname": "web\n",
		"/etc/motd":                       "Welcome.\nIt is a mail server.\n",
		"/etc/systemd/system/web.service": "[Service]\nExecStart=/usr/bin/web\n"}, true)
	const page = "../docs/plan.md"
	text, err := os.ReadFile(page)
	require.NoError(t, err)
	want := withScreen(t, withScreen(t, string(text), "raid", raid), "rerun", rerun)
	if *update {
		require.NoError(t, os.WriteFile(page, []byte(want), 0o644))
		return
	}
	assert.Equal(t, want, string(text), "`make docs` writes it anew")
}

// withScreen puts a screen between its marks.
func withScreen(t *testing.T, page, name, screen string) string {
	t.Helper()
	begin, end := "<!-- screen: "+name+" -->\n", "<!-- end of screen -->"
	before, rest, found := strings.Cut(page, begin)
	require.True(t, found, name)
	_, after, found := strings.Cut(rest, end)
	require.True(t, found, name)
	return before + begin + "```\n" + screen + "```\n" + end + after
}
