package chain

import (
	_ "embed"
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// onFourDisks is a mirror of partitions of two disks with a volume on it; btrfs, xfs and swap are on the others. The
// volume's key is made at random.
//
//go:embed fourdisks.ign
var onFourDisks string

// OnFourDisks is a config with all that disks can have, for four blank ones of at least 512 MiB.
func OnFourDisks(links []string) string {
	return strings.NewReplacer("%0", links[0], "%1", links[1], "%2", links[2], "%3", links[3]).Replace(onFourDisks)
}

// TreeOnFourDisks looks at all that was made, as a second boot does: the key that is in the root opens the volume.
func TreeOnFourDisks(t *testing.T, m *Machine) map[string]string {
	t.Helper()
	if _, err := os.Stat("/dev/md/mirror"); err != nil { // udev assembles what it sees; a boot does it in any case
		must(t, "mdadm", "--assemble", "--scan")
		must(t, "udevadm", "settle")
	}
	must(t, "cryptsetup", "open", "--key-file", m.Root()+"/etc/luks/vault", "/dev/md/mirror", "vault")
	for _, each := range [][2]string{{"/dev/mapper/vault", "/var"}, {"/dev/disk/by-label/data", "/var/lib/data"},
		{"/dev/disk/by-label/srv", "/srv"}} {
		must(t, "mount", each[0], m.Root()+each[1])
	}
	require.NoError(t, m.Again(t.Context()))
	tree := Tree(t, m.Root())
	tree["swap"] = must(t, "blkid", "-p", "-o", "value", "-s", "TYPE", "-s", "LABEL", "/dev/disk/by-partlabel/swap")
	header := must(t, "cryptsetup", "luksDump", "/dev/md/mirror")
	assert.NotContains(t, header, "glowplug", "the first boot is over")
	m.Cut(t)
	assert.Contains(t, tree["/etc/luks/vault"], "-rw------- 0:0 ")
	tree["/etc/luks/vault"] = "some key"
	return tree
}
