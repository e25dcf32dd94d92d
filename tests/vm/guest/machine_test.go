//go:build vm

package guest

import (
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/glowplug-os/glowplug/tests/vm/tang"
)

// These tests show that the machine has what the others need.

func TestDisksHaveLinksFromUdev(t *testing.T) {
	for _, link := range Disks(t, DiskCount) {
		device, err := filepath.EvalSymlinks(link)
		require.NoError(t, err)
		assert.Equal(t, "2097152", Run(t, "blockdev", "--getsz", device))
		assert.Empty(t, Run(t, "wipefs", "--noheadings", device), "a disk starts blank")
	}
}

func TestUdevLinksPartitions(t *testing.T) {
	disk := Disks(t, 1)[0]
	RunWith(t, "label: gpt\nsize=100MiB, name=boxes\n", "sfdisk", "-q", disk)
	Run(t, "udevadm", "settle")
	device, err := filepath.EvalSymlinks("/dev/disk/by-partlabel/boxes")
	require.NoError(t, err)
	whole, err := filepath.EvalSymlinks(disk)
	require.NoError(t, err)
	assert.Equal(t, whole+"1", device)
}

func TestMirrorOfTwoDisks(t *testing.T) {
	disks := Disks(t, 2)
	Run(t, "mdadm", append([]string{"--create", "/dev/md/mirror", "--run", "--homehost=any", "--level=raid1",
		"--raid-devices=2"}, disks...)...)
	t.Cleanup(func() { Run(t, "mdadm", "--stop", "/dev/md/mirror") })
	Run(t, "udevadm", "settle")
	assert.Contains(t, Run(t, "mdadm", "--detail", "/dev/md/mirror"), "Raid Level : raid1")
	Run(t, "mkfs.ext4", "-q", "/dev/md/mirror")
	require.NoError(t, os.WriteFile(filepath.Join(Mount(t, "/dev/md/mirror", "ext4"), "a"), []byte("twice"), 0o600))
}

func TestVolumeWithAKeyFile(t *testing.T) {
	disk, key := Disks(t, 1)[0], filepath.Join(t.TempDir(), "key")
	require.NoError(t, os.WriteFile(key, []byte("a key"), 0o600))
	formatVolume(t, disk, key)
	Run(t, "cryptsetup", "open", "--key-file", key, disk, "vault")
	t.Cleanup(func() { Run(t, "cryptsetup", "close", "vault") })
	Run(t, "mkfs.xfs", "-q", "/dev/mapper/vault")
	Run(t, "udevadm", "settle")
	assert.FileExists(t, "/dev/disk/by-id/dm-name-vault")
	require.NoError(t, os.WriteFile(filepath.Join(Mount(t, "/dev/mapper/vault", "xfs"), "a"), []byte("hidden"), 0o600))
}

// formatVolume makes a LUKS volume whose key takes no time to derive.
func formatVolume(t *testing.T, disk, key string) {
	t.Helper()
	Run(t, "cryptsetup", "luksFormat", "-q", "--type", "luks2", "--pbkdf", "pbkdf2", "--pbkdf-force-iterations", "1000",
		"--key-file", key, disk)
}

func TestTangKnowsItsKey(t *testing.T) {
	server := tang.Start(t)
	response, err := http.Get(server.URL + "/adv/" + server.Thumbprint)
	require.NoError(t, err)
	defer response.Body.Close()
	assert.Equal(t, http.StatusOK, response.StatusCode)
}

func TestFilesystemsOfTheKernel(t *testing.T) {
	for format, maker := range map[string][]string{
		"vfat":  {"mkfs.fat"},
		"btrfs": {"mkfs.btrfs", "-q"},
	} {
		t.Run(format, func(t *testing.T) {
			disk := Disks(t, 1)[0]
			Run(t, maker[0], append(maker[1:], disk)...)
			require.NoError(t, os.WriteFile(filepath.Join(Mount(t, disk, format), "a"), []byte("here"), 0o600))
		})
	}
}

func TestTPMIsTwo(t *testing.T) {
	version, err := os.ReadFile("/sys/class/tpm/tpm0/tpm_version_major")
	require.NoError(t, err)
	assert.Equal(t, "2", strings.TrimSpace(string(version)))
	assert.FileExists(t, "/dev/tpmrm0")
}

func TestOurProgramsAreOnPath(t *testing.T) {
	for _, name := range []string{"glowplug", "glowplug-validate", "ignition", "ignition-apply"} {
		assert.Equal(t, "/vm/bin/"+name, Program(t, name))
	}
	assert.NotEmpty(t, Run(t, "glowplug", "--version"))
}
