package writelog

import (
	"bytes"
	"encoding/binary"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// logOf is a log of entries of one sector each, whose bytes are all the number of the entry.
func logOf(t *testing.T, flags ...uint64) []byte {
	t.Helper()
	var b bytes.Buffer
	sector := func(values ...any) {
		end := b.Len() + 512
		for _, v := range values {
			require.NoError(t, binary.Write(&b, binary.LittleEndian, v))
		}
		b.Write(make([]byte, end-b.Len()))
	}
	sector(uint64(magic), uint64(version), uint64(len(flags)), uint32(512))
	for i, f := range flags {
		if f == Flush {
			sector(uint64(0), uint64(0), f, uint64(0))
			continue
		}
		sector(uint64(i), uint64(1), f, uint64(0))
		if f&Discard == 0 {
			sector(bytes.Repeat([]byte{byte(i + 1)}, 512))
		}
	}
	return b.Bytes()
}

type memory []byte

func (m memory) WriteAt(p []byte, at int64) (int, error) { return copy(m[at:], p), nil }

func (m memory) Discard(at, size int64) error {
	clear(m[at : at+size])
	return nil
}

func TestWhatIsLeftOfWrites(t *testing.T) {
	l, err := Read(bytes.NewReader(logOf(t, 0, 0, Flush, 0, FUA, 0, Discard, Flush, 0)))
	require.NoError(t, err)
	require.Len(t, l.Entries, 9)
	assert.Zero(t, l.Flushed(2))
	assert.Equal(t, 3, l.Flushed(3))
	assert.Equal(t, 3, l.Flushed(7))
	assert.Equal(t, 8, l.Flushed(9))
	seen := map[string]bool{}
	for seed := range uint64(100) {
		left := l.Left(7, rand.New(rand.NewPCG(seed, 0)))
		assert.Equal(t, []int{0, 1, 2}, left[:3], "flushed")
		assert.Contains(t, left, 4, "on the disk when it was done")
		assert.Less(t, left[len(left)-1], 7, "not done")
		assert.True(t, slices.IsSorted(left))
		seen[string(slices.Collect(func(yield func(byte) bool) {
			for _, i := range left {
				if !yield(byte(i)) {
					return
				}
			}
		}))] = true
	}
	assert.Len(t, seen, 8, "all that can become of three writes")

	disk := memory(bytes.Repeat([]byte{0xff}, 9*512))
	require.NoError(t, l.Do([]int{0, 2, 3, 6}, disk))
	for sector, want := range []byte{1, 0xff, 0xff, 4, 0xff, 0xff, 0, 0xff, 0xff} {
		assert.Equal(t, bytes.Repeat([]byte{want}, 512), []byte(disk[sector*512:(sector+1)*512]), sector)
	}
}

func TestNoLogOfWrites(t *testing.T) {
	whole := logOf(t, 0, Flush)
	for _, text := range [][]byte{nil, make([]byte, 4096), whole[:600]} {
		_, err := Read(bytes.NewReader(text))
		assert.ErrorContains(t, err, "log of writes")
	}
}
