package disks

import (
	"bytes"
	"encoding/binary"
	"hash/crc32"
	"os"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/glowplug-os/glowplug/config"
	"github.com/glowplug-os/glowplug/internal/block"
	"github.com/glowplug-os/glowplug/internal/device"
)

// Whatever is on a disk, a plan is refused, or nothing of a partition that the config does not give up is written to,
// and what is written is a table.
func FuzzDisksArePlannedOrRefused(f *testing.F) {
	const size = 4 << 20
	image := imageDisk(f, 4, part(1, 1, 1, "one"), part(3, 2, 1, "three"))
	whole, err := os.ReadFile(image)
	require.NoError(f, err)
	head := whole[:1024+3*128]
	const changed = 1024 + 128*128 // the bytes that differ between inputs
	disk, after := bytes.Clone(whole), make([]byte, size)
	f.Add(head, true, 0, 1, 1, false)
	f.Add(head, true, 1, 1, 2, true)
	f.Add(head, false, 2, 0, 0, false)
	f.Add(head[:600], false, 3, -1, -1, true)
	f.Add([]byte{}, true, 128, 1, 0, false)
	f.Fuzz(func(t *testing.T, head []byte, sealed bool, number, start, sizeMiB int, resize bool) {
		copy(disk, whole[:changed])
		copy(disk, head[:min(len(head), changed)])
		if sealed { // a table that contradicts itself, not one that was damaged
			binary.LittleEndian.PutUint32(disk[512+88:], crc32.ChecksumIEEE(disk[1024:changed]))
			clear(disk[512+16 : 512+20])
			binary.LittleEndian.PutUint32(disk[512+16:], crc32.ChecksumIEEE(disk[512:512+92]))
		}
		seen := device.Disk{Device: device.Device{Path: "/dev/vda", Node: "/dev/vda", Size: size, SectorSize: 512}}
		r := bytes.NewReader(disk)
		var err error
		seen.Found, err = block.Inspect(r, size, 512)
		require.NoError(t, err)
		seen.Content, err = block.Probe(r, size)
		require.NoError(t, err)
		p := config.Partition{Number: number, Resize: &resize}
		if start >= 0 {
			p.StartMiB = &start
		}
		if sizeMiB >= 0 {
			p.SizeMiB = &sizeMiB
		}
		c, err := planDisk(0, config.Disk{Device: "/dev/vda", Partitions: []config.Partition{p}}, seen, r, memberOf{},
			dice())
		if err != nil {
			return
		}
		c.steps(nil)
		if !c.write {
			return
		}
		require.NotNil(t, c.after.Found.Table)
		require.NoError(t, c.after.Found.Err())
		_, err = c.sketch.ReadAt(after, 0)
		require.NoError(t, err)
		if seen.Found.Table == nil {
			return
		}
		for _, p := range seen.Found.Table.Partitions() {
			require.True(t, bytes.Equal(disk[p.Start<<9:(p.Start+p.Size)<<9], after[p.Start<<9:(p.Start+p.Size)<<9]),
				"partition %d was written to", p.Number)
			if is, _ := c.after.Found.Table.Partition(p.Number); p.Number != number {
				require.Equal(t, p, is)
			}
		}
	})
}
