package gpt

import (
	"bytes"
	"io"
	"maps"
	"testing"

	"github.com/glowplug-os/glowplug/internal/block"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

const tables = "testdata/tables.jsonl.gz"

// A partitioned disk is one that somebody's tool wrote a table on, and what sfdisk reads there.
type partitioned struct {
	Name       string      `json:"name"`
	SectorSize int         `json:"b"`
	Size       int64       `json:"size"`
	Pieces     []piece     `json:"pieces"`
	Partitions []partition `json:"partitions"`
}

// A partition is one as sfdisk shows it.
type partition struct {
	Number      int    `json:"number"`
	Start, Size uint64 `json:",omitempty"`
	Type        string `json:"type"`
	GUID        string `json:"guid"`
	Label       string `json:"label,omitempty"`
}

func partitions(table *block.Table) []partition {
	all := []partition{}
	for _, p := range table.Partitions() {
		all = append(all, partition{p.Number, p.Start, p.Size, p.Type.String(), p.GUID.String(), p.Label})
	}
	return all
}

func (p partitioned) memory(t *testing.T) *memory {
	t.Helper()
	return content{Size: p.Size, Pieces: p.Pieces}.device(t)
}

func inspected(t *testing.T, m io.ReaderAt, size int64, sectorSize int) *block.Table {
	t.Helper()
	found, err := block.Inspect(m, size, sectorSize)
	require.NoError(t, err)
	require.NoError(t, found.Err())
	require.NotNil(t, found.Table)
	return found.Table
}

func same(t *testing.T, want, got *memory) {
	t.Helper()
	for _, at := range [2]*memory{want, got} {
		for number := range maps.Keys(at.blocks) {
			assert.True(t, bytes.Equal(want.block(number), got.block(number)), "bytes from %d on", number*memoryBlock)
		}
	}
}

func (m *memory) block(number int64) []byte {
	if m.blocks[number] == nil {
		return make([]byte, memoryBlock)
	}
	return m.blocks[number]
}

func TestTablesOfOthersAreReadAndWrittenByteByByte(t *testing.T) {
	all := lines[partitioned](t, tables)
	require.NotEmpty(t, all)
	for _, p := range all {
		t.Run(p.Name, func(t *testing.T) {
			m := p.memory(t)
			table := inspected(t, m, p.Size, p.SectorSize)
			assert.Empty(t, table.Damage)
			assert.Equal(t, p.Partitions, partitions(table))
			require.NoError(t, table.WriteTo(m))
			same(t, p.memory(t), m)
		})
	}
}

// An edit that is undone leaves the bytes that it found: what it did not touch stayed.
func TestTablesOfOthersAreEditedInPlace(t *testing.T) {
	for _, p := range lines[partitioned](t, tables) {
		t.Run(p.Name, func(t *testing.T) {
			m := p.memory(t)
			number := 0
			for _, spec := range []block.Spec{{ShouldExist: true}, {WipePartitionEntry: true}} {
				if !spec.ShouldExist {
					spec.Number = number
				}
				base, decisions, err := block.Layout(inspected(t, m, p.Size, p.SectorSize), []block.Spec{spec})
				require.NoError(t, err)
				number = decisions[0].Number
				after, err := block.Apply(base, decisions, random(1))
				require.NoError(t, err)
				require.NoError(t, after.WriteTo(m))
				assert.Equal(t, partitions(after), partitions(inspected(t, m, p.Size, p.SectorSize)))
			}
			same(t, p.memory(t), m)
		})
	}
}
