package block

import (
	"bytes"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// entry puts one into the table that begins in a sector of 512 bytes.
func entry(disk []byte, sector, slot int, kind byte, start, size uint32) {
	table := disk[sector*512:]
	table[510], table[511] = 0x55, 0xAA
	at := table[446+16*slot:]
	at[4] = kind
	le.PutUint32(at[8:], start)
	le.PutUint32(at[12:], size)
}

func TestPartitionsOfAnMBRAreNumberedAsTheKernelDoes(t *testing.T) {
	disk := make([]byte, 1000*512)
	entry(disk, 0, 0, 0x83, 1, 99)
	entry(disk, 0, 2, 0x0F, 100, 800)
	entry(disk, 100, 0, 0x83, 10, 50)
	entry(disk, 100, 1, 0x05, 200, 100)
	entry(disk, 300, 0, 0x82, 10, 60)
	entry(disk, 0, 3, 0x0C, 900, 5000)
	all, err := MBRPartitions(bytes.NewReader(disk), int64(len(disk)), 512)
	require.NoError(t, err)
	assert.Equal(t, []KernelPartition{{Number: 1, Start: 1, Size: 99}, {Number: 3, Start: 100, Size: 2},
		{Number: 4, Start: 900, Size: 100}, {Number: 5, Start: 110, Size: 50}, {Number: 6, Start: 310, Size: 60}}, all)
}

func TestLogicalPartitionsThatLeadInACircleEnd(t *testing.T) {
	disk := make([]byte, 1000*512)
	entry(disk, 0, 0, 0x85, 100, 800)
	entry(disk, 100, 0, 0x83, 10, 50)
	entry(disk, 100, 1, 0x05, 0, 100)
	all, err := MBRPartitions(bytes.NewReader(disk), int64(len(disk)), 512)
	require.NoError(t, err)
	assert.Len(t, all, 1+mostLogical)
}

func TestOtherFirstSectorsHaveNoPartitionsOfAnMBR(t *testing.T) {
	for _, disk := range [][]byte{nil, make([]byte, 511), make([]byte, 4096)} {
		all, err := MBRPartitions(bytes.NewReader(disk), int64(len(disk)), 512)
		require.NoError(t, err)
		assert.Empty(t, all)
	}
}
