//go:build vm

package guest

import (
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/glowplug-os/glowplug/tests/chain"
	"github.com/glowplug-os/glowplug/tests/faults"
)

func TestMain(m *testing.M) {
	faults.Launched()
	os.Exit(m.Run())
}

// chainConfig is four disks: a mirror of partitions of two with a volume on it, btrfs, xfs and swap on the others. The
// volume's key is made at random.
const chainConfig = `{
  "ignition": {"version": "3.4.0"},
  "passwd": {"users": [{"name": "core", "homeDir": "/var/home/core", "passwordHash": "$6$x"}]},
  "storage": {
    "disks": [
      {"device": "%0", "wipeTable": true, "partitions": [{"number": 1, "label": "m1", "sizeMiB": 256}, {"number": 2, "label": "swap", "sizeMiB": 32}]},
      {"device": "%1", "wipeTable": true, "partitions": [{"number": 1, "label": "m2", "sizeMiB": 256}]},
      {"device": "%2", "partitions": [{"number": 1, "label": "data"}]},
      {"device": "%3", "partitions": [{"number": 1, "label": "srv", "startMiB": 8}]}],
    "raid": [{"name": "mirror", "level": "raid1", "devices": ["/dev/disk/by-partlabel/m1", "/dev/disk/by-partlabel/m2"]}],
    "luks": [{"name": "vault", "device": "/dev/md/mirror", "label": "vault", "uuid": "0a1b2c3d-1111-4111-8111-0123456789ab",
      "options": ["--pbkdf", "pbkdf2", "--pbkdf-force-iterations", "1000"]}],
    "filesystems": [
      {"device": "/dev/mapper/vault", "format": "ext4", "label": "var", "path": "/var"},
      {"device": "/dev/disk/by-partlabel/data", "format": "btrfs", "label": "data", "path": "/var/lib/data"},
      {"device": "/dev/disk/by-partlabel/srv", "format": "xfs", "label": "srv", "path": "/srv"},
      {"device": "/dev/disk/by-partlabel/swap", "format": "swap", "label": "swap"}],
    "files": [
      {"path": "/srv/index.html", "contents": {"source": "data:,hello"}, "append": [{"source": "data:,-there"}]},
      {"path": "/var/lib/data/file", "user": {"name": "core"}, "contents": {"source": "data:,deep"}}]
  },
  "systemd": {"units": [{"name": "a.service", "enabled": true, "contents": "[Service]\nExecStart=/bin/true\n[Install]\nWantedBy=multi-user.target\n"}]}
}`

// chainTree looks at all that was made, as a second boot does: the key that is in the root opens the volume.
func chainTree(t *testing.T, m *chain.Machine) map[string]string {
	t.Helper()
	if _, err := os.Stat("/dev/md/mirror"); err != nil { // udev assembles what it sees; a boot does it in any case
		Run(t, "mdadm", "--assemble", "--scan")
		Run(t, "udevadm", "settle")
	}
	Run(t, "cryptsetup", "open", "--key-file", m.Root()+"/etc/luks/vault", "/dev/md/mirror", "vault")
	for _, each := range [][2]string{{"/dev/mapper/vault", "/var"}, {"/dev/disk/by-label/data", "/var/lib/data"},
		{"/dev/disk/by-label/srv", "/srv"}} {
		Run(t, "mount", each[0], m.Root()+each[1])
	}
	require.NoError(t, m.Again(t.Context()))
	tree := chain.Tree(t, m.Root())
	tree["swap"] = Run(t, "blkid", "-p", "-o", "value", "-s", "TYPE", "-s", "LABEL", "/dev/disk/by-partlabel/swap")
	header := Run(t, "cryptsetup", "luksDump", "/dev/md/mirror")
	assert.NotContains(t, header, "glowplug", "the first boot is over")
	m.Cut(t)
	assert.Contains(t, tree["/etc/luks/vault"], "-rw------- 0:0 ")
	tree["/etc/luks/vault"] = "some key"
	return tree
}

// blank makes disks as they came.
func blank(t *testing.T, links []string) {
	t.Helper()
	for _, link := range links {
		device, err := filepath.EvalSymlinks(link)
		require.NoError(t, err)
		Run(t, "blkdiscard", "-f", device)
		Run(t, "blockdev", "--rereadpt", device)
	}
	Run(t, "udevadm", "settle")
}

// onFourDisks is a boot on them.
func onFourDisks(t *testing.T) *chain.Trial {
	links := Disks(t, 4)
	config := strings.NewReplacer("%0", links[0], "%1", links[1], "%2", links[2], "%3", links[3]).Replace(chainConfig)
	return &chain.Trial{
		Fresh: func(t *testing.T) *chain.Machine {
			m := chain.New(t, Program(t, "ignition"), config)
			m.TakeDown(t)
			blank(t, links)
			return m
		},
		Result: chainTree,
		Names:  func(m *chain.Machine) *strings.Replacer { return strings.NewReplacer(m.Dir, "") },
	}
}

// Killed right before any call that changes something, a boot that begins again ends as one that was not disturbed. The
// moments are drawn once and for all.
func TestABootOnFourDisksConvergesWhereverItIsCutOff(t *testing.T) {
	c := onFourDisks(t)
	points, want := c.Undisturbed(t)
	assert.Contains(t, want["/srv/index.html"], "hello-there")
	assert.Contains(t, want["/etc/crypttab"],
		"vault UUID=0a1b2c3d-1111-4111-8111-0123456789ab /etc/luks/vault luks,x-initrd.attach\n")
	assert.Contains(t, want["swap"], "swap")

	points = slices.DeleteFunc(points, func(p faults.Point) bool { return !p.Changes() })
	count := 10
	if testing.Short() {
		count = 0 // a boot whose calls are watched takes two minutes in an emulated machine
	}
	// The key is in the root, and the volume of which it was, with /var on it, is made anew.
	written := slices.IndexFunc(points, func(p faults.Point) bool { return p.Part == "umount" })
	moments := append(rand.New(rand.NewPCG(4, 2)).Perm(len(points))[:count], written)
	for _, moment := range moments {
		t.Log(points[moment])
		c.Killed(t, points[moment], false)
	}
}
