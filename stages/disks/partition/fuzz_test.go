package partition

import (
	"bytes"
	"encoding/binary"
	"hash/crc32"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/glowplug-os/glowplug/config"
	"github.com/glowplug-os/glowplug/tests/machines"
)

// Whatever is on a disk, a plan is refused, or nothing of a partition that the config does not give up is written to,
// and what is written is a table.
func FuzzDisksArePlannedOrRefused(f *testing.F) {
	whole := []byte(machines.NewDisk(f, 4, machines.Part(1, 1, 1, "one"), machines.Part(3, 2, 1, "three")))
	head := whole[:1024+3*128]
	const changed = 1024 + 128*128 // the bytes that differ between inputs
	disk := machines.Disk(bytes.Clone(whole))
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
		seen, err := on(disk).Look("/dev/vda")
		require.NoError(t, err)
		p := config.Partition{Number: number, Resize: &resize}
		if start >= 0 {
			p.StartMiB = &start
		}
		if sizeMiB >= 0 {
			p.SizeMiB = &sizeMiB
		}
		c, err := planned(on(disk), config.Disk{Partitions: []config.Partition{p}})
		if err != nil {
			return
		}
		telling{c}.actions()
		if !c.write {
			return
		}
		require.NotNil(t, c.after.Found.Table)
		require.NoError(t, c.after.Found.Err())
		after := machines.Disk(bytes.Clone(disk))
		require.NoError(t, c.perform(after))
		now, err := on(after).Look("/dev/vda")
		require.NoError(t, err)
		require.True(t, now.Found.Table.Same(c.after.Found.Table))
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
