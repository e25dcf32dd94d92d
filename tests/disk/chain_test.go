//go:build disk

package disk

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/glowplug-os/glowplug/tests/chain"
)

// chainConfig has partitions on two disks, of which the second has a table already, four formats, and mounts inside
// each other. 1@ and 2@ are the disks.
const chainConfig = `{
  "ignition": {"version": "3.4.0"},
  "passwd": {"users": [{"name": "core", "homeDir": "/var/home/core", "passwordHash": "$6$x"}]},
  "storage": {
    "disks": [
      {"device": "1@", "partitions": [
        {"number": 1, "label": "srv", "sizeMiB": 64, "guid": "11111111-1111-4111-8111-111111111111"},
        {"number": 2, "label": "swap", "sizeMiB": 16, "guid": "22222222-2222-4222-8222-222222222222"},
        {"number": 3, "label": "var", "guid": "33333333-3333-4333-8333-333333333333"}]},
      {"device": "2@", "wipeTable": true, "partitions": [
        {"number": 1, "label": "data", "sizeMiB": 128, "guid": "44444444-4444-4444-8444-444444444444"},
        {"number": 2, "label": "log", "sizeMiB": 32, "guid": "55555555-5555-4555-8555-555555555555"}]}],
    "filesystems": [
      {"device": "1@p1", "format": "ext4", "label": "srv", "path": "/srv", "uuid": "66666666-6666-4666-8666-666666666666"},
      {"device": "1@p2", "format": "swap", "label": "swap"},
      {"device": "1@p3", "format": "xfs", "label": "var", "path": "/var"},
      {"device": "2@p1", "format": "btrfs", "label": "data", "path": "/var/lib/data"},
      {"device": "2@p2", "format": "ext4", "wipeFilesystem": true, "path": "/var/home", "mountOptions": ["noatime"]}],
    "directories": [{"path": "/var/lib/data/deep", "mode": 448}],
    "files": [
      {"path": "/srv/index.html", "contents": {"source": "data:,hello"}, "append": [{"source": "data:,%20there"}]},
      {"path": "/var/lib/data/deep/file", "user": {"name": "core"}, "contents": {"source": "data:,deep"}}],
    "links": [{"path": "/var/www", "target": "/srv"}]
  },
  "systemd": {"units": [{"name": "a.service", "enabled": true, "contents": "[Service]\nExecStart=/bin/true\n[Install]\nWantedBy=multi-user.target\n"}]}
}`

// chainDisks attaches two disks; the second has a table with something on it.
func chainDisks(t *testing.T) (first, second string) {
	first, second = loopDevice(t, "512M"), loopDevice(t, "512M")
	t.Cleanup(func() { // the kernel would show them on whatever is attached next
		for _, disk := range []string{first, second} {
			_ = exec.Command("partx", "--delete", disk).Run()
		}
	})
	must(t, "sgdisk", "--new=1:0:+100M", "--change-name=1:old", second)
	return first, second
}

// chainTree looks at everything that was made, each filesystem mounted where the booted system would have it.
func chainTree(t *testing.T, m *chain.Machine, first, second string) map[string]string {
	t.Helper()
	for device, at := range map[string]string{first + "p1": "/srv", first + "p3": "/var"} {
		must(t, "mount", device, m.Root()+at)
	}
	must(t, "mount", second+"p1", m.Root()+"/var/lib/data")
	must(t, "mount", second+"p2", m.Root()+"/var/home")
	require.NoError(t, m.Again(t.Context()))
	tree := chain.Tree(t, m.Root())
	m.Cut(t)
	tree["swap"] = must(t, "blkid", "-p", "-o", "value", "-s", "TYPE", "-s", "LABEL", first+"p2")
	for _, disk := range []string{first, second} {
		must(t, "sgdisk", "--verify", disk)
		tree["table of "+
			map[string]string{first: "1", second: "2"}[disk]] = withoutIdentity(must(t, "sfdisk", "--dump", disk), disk)
	}
	return tree
}

// withoutIdentity leaves out what a new table gets at random.
func withoutIdentity(dump, disk string) string {
	var kept []string
	for line := range strings.Lines(dump) {
		if !strings.HasPrefix(line, "label-id:") && !strings.HasPrefix(line, "device:") {
			kept = append(kept, strings.ReplaceAll(line, disk, "DISK"))
		}
	}
	return strings.Join(kept, "")
}

// Cut off anywhere, a boot that begins again ends as one that was not.
func TestABootOnDisksConvergesWhereverItIsCutOff(t *testing.T) {
	ownMounts(t)
	engine := program(t, "ignition")
	first, second := chainDisks(t)
	fill := func() string { return strings.NewReplacer("1@", first, "2@", second).Replace(chainConfig) }
	m := chain.New(t, engine, fill())
	lines, err := m.Boot(t.Context(), 0)
	require.NoError(t, err)
	want := chainTree(t, m, first, second)
	assert.Contains(t, want["/srv/index.html"], "hello there")
	assert.Contains(t, want["/var/home/core"], " 1000:")
	assert.Contains(t, want["swap"], "swap")
	require.Greater(t, len(lines), 60)

	for cut := 1; cut < len(lines); cut++ {
		t.Log(cut, lines[cut-1])
		for _, disk := range []string{first, second} {
			chainBlank(t, disk)
		}
		must(t, "sgdisk", "--new=1:0:+100M", "--change-name=1:old", second)
		m := chain.New(t, engine, fill())
		_, err := m.Boot(t.Context(), cut)
		require.ErrorIs(t, err, chain.ErrCut)
		m.Cut(t)
		_, err = m.Boot(t.Context(), 0)
		require.NoError(t, err, "after a cut at line %d: %s", cut, lines[cut-1])
		require.Empty(t, cmp.Diff(want, chainTree(t, m, first, second)), "after a cut at line %d: %s", cut,
			lines[cut-1])
	}
}

// chainBlank makes a disk as it came, for the kernel too.
func chainBlank(t *testing.T, disk string) {
	t.Helper()
	parts, err := filepath.Glob(disk + "p*")
	require.NoError(t, err)
	for i := range parts {
		_ = exec.Command("partx", "--delete", "--nr", fmt.Sprint(i+1), disk).Run()
	}
	size, err := os.OpenFile(disk, os.O_RDWR, 0)
	require.NoError(t, err)
	defer size.Close()
	must(t, "blkdiscard", "--force", disk)
}
