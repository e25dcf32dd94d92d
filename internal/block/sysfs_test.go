package block

import (
	"io/fs"
	"testing"
	"testing/fstest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestWhatSysfsTells(t *testing.T) {
	file := func(text string) *fstest.MapFile { return &fstest.MapFile{Data: []byte(text + "\n")} }
	folder := &fstest.MapFile{Mode: fs.ModeDir}
	const disk = "class/block/nvme0n1/"
	s := Sysfs{fstest.MapFS{
		disk + "size":                              file("2097152"),
		disk + "queue/logical_block_size":          file("4096"),
		disk + "ro":                                file("1"),
		disk + "holders":                           folder,
		disk + "nvme0n1p10/partition":              file("10"),
		disk + "nvme0n1p10/start":                  file("4096"),
		disk + "nvme0n1p10/size":                   file("8"),
		disk + "nvme0n1p2/partition":               file("2"),
		disk + "nvme0n1p2/start":                   file("2048"),
		disk + "nvme0n1p2/size":                    file("2048"),
		disk + "nvme0n1odd/size":                   file("1"),
		disk + "queue/rotational":                  file("0"),
		"class/block/dm-0/dm/name":                 file("mpatha"),
		"class/block/sdb/queue/logical_block_size": file("520"),
		"class/block/dm-0/size":                    file("many"),
		"class/block/sda1/holders/dm-0":            folder,
		"class/block/sda1/holders/md0":             folder,
	}}
	partitions, err := s.Partitions("nvme0n1")
	require.NoError(t, err)
	assert.Equal(t, []KernelPartition{{"nvme0n1p2", 2, 2048, 2048}, {"nvme0n1p10", 10, 4096, 8}}, partitions)
	size, err := s.Size("nvme0n1")
	require.NoError(t, err)
	assert.Equal(t, uint64(1<<30), size)
	sector, err := s.SectorSize("nvme0n1")
	require.NoError(t, err)
	assert.Equal(t, 4096, sector)
	readOnly, err := s.ReadOnly("nvme0n1")
	require.NoError(t, err)
	assert.True(t, readOnly)
	for device, want := range map[string][]string{"nvme0n1": nil, "sda1": {"dm-0", "md0"}} {
		holders, err := s.Holders(device)
		require.NoError(t, err)
		assert.Equal(t, want, holders)
	}
	for device, want := range map[string]string{"nvme0n1": "", "dm-0": "mpatha"} {
		name, err := s.MapperName(device)
		require.NoError(t, err)
		assert.Equal(t, want, name)
	}
	_, err = s.Size("dm-0")
	assert.EqualError(t, err, `size of dm-0: "many" is no number`)
	_, err = s.SectorSize("sdb")
	assert.EqualError(t, err, "sdb has logical sectors of 520 bytes")
	_, err = s.Holders("gone")
	assert.ErrorIs(t, err, fs.ErrNotExist, "what cannot be looked at is not free")
	_, err = s.Partitions("gone")
	assert.ErrorIs(t, err, fs.ErrNotExist)
}

func TestNamesOfDevices(t *testing.T) {
	assert.Equal(t, "vda", DeviceName("/dev/vda"))
	assert.Equal(t, "cciss!c0d0", DeviceName("/dev/cciss//c0d0"))
	assert.Equal(t, "/dev/vda3", PartitionNode("/dev/vda", 3))
	assert.Equal(t, "/dev/nvme0n1p12", PartitionNode("/dev/nvme0n1", 12))
}

func TestMountsAreRead(t *testing.T) {
	mounts, err := ParseMounts([]byte(`22 1 8:8 / / rw,relatime shared:1 - ext4 /dev/root rw
36 22 0:31 /@ /mnt/a\040b\134c rw shared:7 master:1 - btrfs /dev/disk/by-label/a\040b rw,ssd
40 22 0:5 / /proc rw - proc proc rw
`))
	require.NoError(t, err)
	assert.Equal(t, []Mount{
		{8, 8, "/", "/", "ext4", "/dev/root"},
		{0, 31, "/@", `/mnt/a b\c`, "btrfs", "/dev/disk/by-label/a b"},
		{0, 5, "/", "/proc", "proc", "proc"},
	}, mounts)
	for _, bad := range []string{"\n", "1 2 3\n", "22 1 8 / / rw - ext4 x\n", "22 1 8:x / / rw - ext4 x\n",
		"22 1 8:1 / / rw - ext4\n"} {
		_, err := ParseMounts([]byte(bad))
		assert.ErrorContains(t, err, "mountinfo: line 1:")
	}
}
