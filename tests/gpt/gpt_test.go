// Package gpt compares internal/block with the tools that others partition disks with: what sgdisk allocates on
// thousands of random disks, and the tables that sgdisk, sfdisk and go-diskfs write. All of it is recorded in testdata,
// and made again by
//
//	go test -tags disk -run Live ./tests/gpt -record
package gpt

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"testing"

	"github.com/glowplug-os/glowplug/internal/block"
	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

const allocations = "testdata/allocations.jsonl.gz"

// A part is a partition: its number, its first and its last sector.
type part [3]uint64

// A want is one spec of a config, with its places in MiB.
type want struct {
	N     int  `json:"n,omitempty"`
	Start *int `json:"s,omitempty"`
	Size  *int `json:"l,omitempty"`
	Gone  bool `json:"gone,omitempty"`
	Wipe  bool `json:"wipe,omitempty"`
}

// An allocation is a disk, what is wanted of it, and the partitions that sgdisk makes of both.
type allocation struct {
	SectorSize int    `json:"b"`
	Sectors    uint64 `json:"size"`
	// Was is the size that the table was made for; 0 on a disk without a table.
	Was   uint64 `json:"was,omitempty"`
	Parts []part `json:"has,omitempty"`
	Wants []want `json:"wants"`
	Moved bool   `json:"moved,omitempty"` // sgdisk was told to move the backup to the end first
	Gives []part `json:"gives,omitempty"`
	Fails bool   `json:"fails,omitempty"`
}

// random gives bytes that are the same in each run.
func random(seed uint64) *rand.ChaCha8 { return rand.NewChaCha8([32]byte{byte(seed), byte(seed >> 8)}) }

// memory is a disk of which only what was written exists.
type memory struct {
	size   int64
	blocks map[int64][]byte
}

const memoryBlock = 4096

func newMemory(size int64) *memory { return &memory{size, map[int64][]byte{}} }

func (m *memory) Sync() error { return nil }

func (m *memory) each(data []byte, at int64, do func(block, part []byte)) {
	for len(data) > 0 {
		number, inside := at/memoryBlock, at%memoryBlock
		if m.blocks[number] == nil {
			m.blocks[number] = make([]byte, memoryBlock)
		}
		n := min(len(data), memoryBlock-int(inside))
		do(m.blocks[number][inside:], data[:n])
		data, at = data[n:], at+int64(n)
	}
}

func (m *memory) WriteAt(data []byte, at int64) (int, error) {
	if at < 0 || at+int64(len(data)) > m.size {
		return 0, fmt.Errorf("write of %d bytes at %d of %d", len(data), at, m.size)
	}
	m.each(data, at, func(block, part []byte) { copy(block, part) })
	return len(data), nil
}

func (m *memory) ReadAt(data []byte, at int64) (int, error) {
	if at < 0 || at+int64(len(data)) > m.size {
		return 0, fmt.Errorf("read of %d bytes at %d of %d", len(data), at, m.size)
	}
	m.each(data, at, func(block, part []byte) { copy(part, block) })
	return len(data), nil
}

// made is the table of an allocation's disk, written by us.
func (a allocation) made(t *testing.T) *block.Table {
	t.Helper()
	was := a.Was
	if was == 0 {
		was = a.Sectors
	}
	table, err := block.NewTable(was, a.SectorSize, random(was))
	require.NoError(t, err)
	var all []block.Decision
	for _, p := range a.Parts {
		all = append(all, block.Decision{Verdict: block.Create,
			Resolved: block.Resolved{Number: int(p[0]), Start: p[1], Size: p[2] - p[1] + 1}})
	}
	table, err = block.Apply(table, all, random(was))
	require.NoError(t, err)
	return table
}

// table is the disk's table as it is read from the disk.
func (a allocation) table(t *testing.T) *block.Table {
	t.Helper()
	if a.Was == 0 {
		return a.made(t)
	}
	size := int64(a.Sectors) * int64(a.SectorSize)
	m := newMemory(size)
	require.NoError(t, a.made(t).WriteTo(m))
	found, err := block.Inspect(m, size, a.SectorSize)
	require.NoError(t, err)
	require.NoError(t, found.Err())
	require.NotNil(t, found.Table)
	if a.Moved {
		return found.Table.Grow()
	}
	return found.Table
}

func (a allocation) specs() []block.Spec {
	var all []block.Spec
	for _, w := range a.Wants {
		all = append(all, block.Spec{Number: w.N, StartMiB: w.Start, SizeMiB: w.Size, ShouldExist: !w.Gone,
			WipePartitionEntry: w.Wipe})
	}
	return all
}

// ours is what we make of the disk, as Gives and Fails have it.
func (a allocation) ours(t *testing.T) (gives []part, fails bool) {
	t.Helper()
	table := a.table(t)
	resolved, err := block.Resolve(table, a.specs())
	if err != nil {
		return nil, true
	}
	all := map[uint64]part{}
	for _, p := range a.Parts {
		all[p[0]] = p
	}
	for _, w := range a.Wants {
		delete(all, uint64(w.N))
	}
	for _, r := range resolved {
		if r.ShouldExist {
			all[uint64(r.Number)] = part{uint64(r.Number), r.Start, r.Start + r.Size - 1}
		}
	}
	for n := range uint64(table.Slots() + 1) {
		if p, found := all[n]; found {
			gives = append(gives, p)
		}
	}
	return gives, false
}

// check compares one allocation, and tells the whole of it if ours is another.
func (a allocation) check(t *testing.T) {
	t.Helper()
	gives, fails := a.ours(t)
	if difference := cmp.Diff(a.Gives, gives); difference != "" || fails != a.Fails {
		text, _ := json.Marshal(a)
		assert.Fail(t, "not what sgdisk does", "%s\nfails: %v, sgdisk: %v\n%s", text, fails, a.Fails, difference)
	}
}

// lines reads a file of records.
func lines[T any](t *testing.T, name string) (all []T) {
	t.Helper()
	raw, err := os.ReadFile(name)
	require.NoError(t, err)
	plain, err := gzip.NewReader(bytes.NewReader(raw))
	require.NoError(t, err)
	for records := json.NewDecoder(plain); ; {
		var one T
		if err := records.Decode(&one); errors.Is(err, io.EOF) {
			return all
		} else {
			require.NoError(t, err)
		}
		all = append(all, one)
	}
}

func TestNumbersAndPlacesAreThoseOfSgdisk(t *testing.T) {
	all := lines[allocation](t, allocations)
	require.GreaterOrEqual(t, len(all), 2000)
	fails, grown, blank, wide := 0, 0, 0, 0
	count := func(n *int, claim bool) {
		if claim {
			*n++
		}
	}
	for _, a := range all {
		a.check(t)
		count(&fails, a.Fails)
		count(&grown, a.Was != 0 && a.Was < a.Sectors)
		count(&blank, a.Was == 0)
		count(&wide, a.SectorSize == 4096)
	}
	t.Logf("%d disks: %d refused, %d grown, %d blank, %d with sectors of 4096 bytes", len(all), fails, grown, blank,
		wide)
	for _, n := range []int{fails, grown, blank, wide} {
		assert.Greater(t, n, len(all)/20, "of each sort there are enough to tell")
	}
	assert.Less(t, fails, len(all)/2)
}
