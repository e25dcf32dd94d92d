package block

import (
	"bytes"
	"encoding/binary"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// The numbers are those that the makers of Debian 12 write.
func TestAFilesystemSaysHowMuchOfItsDeviceItTakes(t *testing.T) {
	put := func(all []byte, order binary.AppendByteOrder, at int, values ...any) {
		for _, v := range values {
			switch v := v.(type) {
			case uint64:
				at += copy(all[at:], order.AppendUint64(nil, v))
			case uint32:
				at += copy(all[at:], order.AppendUint32(nil, v))
			case uint16:
				at += copy(all[at:], order.AppendUint16(nil, v))
			case string:
				at += copy(all[at:], v)
			}
		}
	}
	type fill func(all []byte)
	ext := func(blocks, high, incompatible uint32) fill {
		return func(all []byte) {
			put(all, le, 1024+4, blocks)
			put(all, le, 1024+24, uint32(2)) // of 4 KiB
			put(all, le, 1024+96, incompatible)
			put(all, le, 1024+336, high)
		}
	}
	xfs := func(blocks uint64) fill {
		return func(all []byte) { put(all, be, 0, "XFSB", uint32(4096), blocks) }
	}
	for name, c := range map[string]struct {
		kind string
		fill fill
		want int64
	}{
		"ext4":                    {"ext4", ext(25600, 0, 0x40), 100 << 20},
		"ext2":                    {"ext2", ext(25600, 0, 0), 100 << 20},
		"ext4 of 64 bits":         {"ext4", ext(25600, 1, 0x80), 100<<20 + 1<<44},
		"the high half is unused": {"ext4", ext(25600, 1, 0x40), 100 << 20},
		"ext4 of nonsense":        {"ext4", ext(1<<31, 1<<31, 0x80), 0},
		"xfs":                     {"xfs", xfs(102400), 400 << 20},
		"xfs of nonsense":         {"xfs", xfs(1 << 60), 0},
		"btrfs":                   {"btrfs", func(all []byte) { put(all, le, 64<<10+209, uint64(400<<20)) }, 400 << 20},
		"vfat": {"vfat", func(all []byte) {
			put(all, le, 11, uint16(512))
			put(all, le, 32, uint32(819200))
		}, 400 << 20},
		"swap": {"swap", func(all []byte) {
			put(all, le, 1024, uint32(1), uint32(102399))
			put(all, le, 4086, "SWAPSPACE2")
		}, 400 << 20},
		"swap of larger pages": {"swap", func(all []byte) {
			put(all, le, 1024, uint32(1), uint32(6399))
			put(all, le, 65526, "SWAPSPACE2")
		}, 400 << 20},
		"swap of the other byte order": {"swap", func(all []byte) {
			put(all, be, 1024, uint32(1), uint32(102399))
			put(all, le, 4086, "SWAPSPACE2")
		}, 0},
		"nothing":       {"", func([]byte) {}, 0},
		"another kind":  {"iso9660", func([]byte) {}, 0},
		"an empty swap": {"swap", func([]byte) {}, 0},
	} {
		all := make([]byte, 128<<10)
		c.fill(all)
		got, err := Extent(bytes.NewReader(all), int64(len(all)), c.kind)
		require.NoError(t, err, name)
		assert.Equal(t, c.want, got, name)
	}
}
