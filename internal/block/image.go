package block

import (
	"io"
	"math"
)

// sectorSizes are those that disks have, the most common first.
var sectorSizes = [...]int{512, 4096}

// Sectors finds out how large the sectors of a disk are of which there is an image only: such that there is a GPT; 512
// bytes where that does not tell.
func Sectors(r io.ReaderAt, size int64) (found Found, sectorSize int, err error) {
	for _, sectorSize := range sectorSizes {
		if found, err = Inspect(r, size, sectorSize); err != nil || found.Table != nil {
			return found, sectorSize, err
		}
	}
	for _, sectorSize := range sectorSizes {
		header, err := readAt(r, size, int64(sectorSize), len(gptMagic))
		if err != nil || string(header) == gptMagic {
			found, _ = Inspect(r, size, sectorSize)
			return found, sectorSize, err
		}
	}
	found, err = Inspect(r, size, sectorSizes[0])
	return found, sectorSizes[0], err
}

// MadeFor tells how many sectors a disk has at least by its partition table, be it that this is not whole: by a primary
// GPT with a good checksum, or by an MBR. 0 is for neither.
func MadeFor(r io.ReaderAt, size int64, sectorSize int) (sectors uint64, err error) {
	mbr, err := readAt(r, size, 0, sectorSize)
	if err != nil || mbr == nil {
		return 0, err
	}
	sector, err := readAt(r, size, int64(sectorSize), sectorSize)
	if err != nil {
		return 0, err
	}
	if sector != nil {
		if h := parseHeader(sector); h.check(sector, 1, math.MaxUint64) == nil {
			return max(h.other, h.lastUsable) + 1, nil
		}
	}
	if _, protective := protectiveSlot(mbr); protective || !signed(mbr) || bootKind(mbr) != KindMBR {
		return 0, nil
	}
	for _, slot := range mirrors(mbr) {
		sectors = max(sectors, claimed(slot).last+1)
	}
	return sectors, nil
}
