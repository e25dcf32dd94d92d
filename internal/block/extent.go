package block

import (
	"io"
	"math"
	"math/bits"
)

// Extent is how many bytes of its device a filesystem, or a swap area, takes by its own superblock; 0 where that is not
// known. One of a larger number than the device has was cut off.
func Extent(r io.ReaderAt, size int64, kind string) (int64, error) {
	d := &device{r: r, size: size}
	n := d.extent(kind)
	return n, d.err
}

// extent reads the places that the kernel reads before it mounts (Linux, Documentation/filesystems/ext4/super.rst; XFS
// Algorithms and Data Structures, "Superblocks"; Btrfs documentation, "On-disk format"; include/linux/swap.h, union
// swap_header).
func (d *device) extent(kind string) int64 {
	switch kind {
	case "ext2", "ext3", "ext4":
		const is64Bit = 0x80
		sb := d.at(1024, 1024)
		blocks := uint64(le.Uint32(sb[4:]))
		if le.Uint32(sb[96:])&is64Bit != 0 {
			blocks |= uint64(le.Uint32(sb[336:])) << 32
		}
		return product(blocks, 1024<<(le.Uint32(sb[24:])&31))
	case "xfs":
		sb := d.at(0, 16)
		return product(be.Uint64(sb[8:]), uint64(be.Uint32(sb[4:])))
	case "btrfs": // of this device, which may be one of several
		return product(le.Uint64(d.at(64<<10+209, 8)), 1)
	case "vfat":
		shape := readShape(d.at(0, 512))
		return product(shape.all, shape.sector)
	case "swap":
		return d.swapExtent()
	}
	return 0
}

// swapExtent: the magic ends the first page, and so tells how large pages are.
func (d *device) swapExtent() int64 {
	for page := int64(4096); page <= 65536; page *= 2 {
		if header := d.at(1024, 8); d.is(page-10, "SWAPSPACE2") && le.Uint32(header) == 1 {
			return product(uint64(le.Uint32(header[4:]))+1, uint64(page))
		}
	}
	return 0
}

// product is a number of bytes; 0 if it is larger than any device.
func product(n, of uint64) int64 {
	if over, all := bits.Mul64(n, of); over == 0 && all <= math.MaxInt64 {
		return int64(all)
	}
	return 0
}
