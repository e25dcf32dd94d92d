package block

import (
	"fmt"
	"io"
	"slices"
)

// mostLogical is how many sectors of logical partitions are read of a disk. The kernel stops after 100 that lead on
// (block/partitions/msdos.c).
const mostLogical = 100

const firstLogical = 5

// MBRPartitions are the partitions of an MBR as the kernel numbers them: four of its own, and logical ones from 5 on.
// Of the one that those lie in the kernel has no more than two sectors.
func MBRPartitions(r io.ReaderAt, size int64, sectorSize int) (all []KernelPartition, err error) {
	d := disk{r, size, sectorSize, uint64(max(size, 0)) / uint64(sectorSize)}
	mbr, err := readAt(r, size, 0, sectorSize)
	if err != nil || mbr == nil || !signed(mbr) {
		return nil, err
	}
	per := uint64(sectorSize / 512)
	var logical []KernelPartition
	for i, slot := range mbrSlots(mbr) {
		start, n := slotSectors(slot)
		if n == 0 {
			continue
		}
		if extended(slot) {
			more, err := d.logical(start)
			if err != nil {
				return nil, err
			}
			logical, n = append(logical, more...), min(n, max(1, 2/per))
		}
		all = append(all, KernelPartition{Number: i + 1, Start: start * per, Size: n * per})
	}
	for i, p := range logical {
		p.Number = firstLogical + i
		all = append(all, p)
	}
	return within(all, d.sectors*per), nil
}

// MBRPartitionGUID is what udev has in the place of the GUID of an MBR's partition: the number of the disk, then that
// of the partition (libblkid, partitions/dos.c); "" if the disk has no number.
func MBRPartitionGUID(disk io.ReaderAt, number int) string {
	var id [4]byte
	if _, err := disk.ReadAt(id[:], 440); err != nil || le.Uint32(id[:]) == 0 {
		return ""
	}
	return fmt.Sprintf("%08x-%02x", le.Uint32(id[:]), number)
}

// within cuts off what lies behind the end of a disk, as the kernel does (block/partitions/core.c).
func within(all []KernelPartition, end uint64) []KernelPartition {
	all = slices.DeleteFunc(all, func(p KernelPartition) bool { return p.Start >= end })
	for i := range all {
		all[i].Size = min(all[i].Size, end-all[i].Start)
	}
	return all
}

// logical are the partitions in an extended one, without numbers. Each stands in a sector of its own, with the way to
// the next one.
func (d disk) logical(first uint64) (all []KernelPartition, err error) {
	per := uint64(d.sectorSize / 512)
	for at, n := first, 0; n < mostLogical; n++ {
		sector, err := readAt(d.r, d.size, int64(at)*int64(d.sectorSize), d.sectorSize)
		if err != nil || sector == nil || !signed(sector) {
			return all, err
		}
		next := uint64(0)
		for _, slot := range mbrSlots(sector) {
			switch start, size := slotSectors(slot); {
			case size == 0:
			case !extended(slot):
				all = append(all, KernelPartition{Start: (at + start) * per, Size: size * per})
			case next == 0:
				next = first + start
			}
		}
		if next == 0 {
			break
		}
		at = next
	}
	return all, nil
}

func slotSectors(slot []byte) (start, size uint64) {
	return uint64(le.Uint32(slot[8:])), uint64(le.Uint32(slot[12:]))
}

// extended: logical partitions lie in it, by one of the types of DOS, Windows and Linux.
func extended(slot []byte) bool { return slot[4] == 0x05 || slot[4] == 0x0F || slot[4] == 0x85 }
