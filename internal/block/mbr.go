package block

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"math"
)

// Kind is what kind of partition table a disk has.
type Kind uint8

// The kinds. Only a disk of the first two may be partitioned without its table being wiped first.
const (
	KindNone       Kind = iota // nothing that partitions a disk: it counts as one without partitions
	KindGPT                    // a GPT, whole or to be mended
	KindMBR                    // an MBR, also an empty one
	KindBootSector             // the boot sector of a filesystem that fills the disk
	KindProtective             // an MBR that protects a GPT of which no good copy is left
	KindBroken                 // a GPT with good checksums that contradicts itself
)

// Found is what was found of a partition table.
type Found struct {
	Kind  Kind
	Table *Table // of KindGPT
	// Why says what is wrong with a disk of the kinds that Err refuses.
	Why string
	// MBRLists: an MBR has partitions, or protects a GPT as all tools write it. (Any two bytes at the end of a sector,
	// and one before, look like a protective one.)
	MBRLists bool
}

// Lists: there are partitions, or may be in a table that cannot be read. What they hold is somebody's.
func (f Found) Lists() bool {
	switch f.Kind {
	case KindGPT:
		return len(f.Table.Partitions()) > 0
	case KindMBR, KindProtective:
		return f.MBRLists
	}
	return f.Kind == KindBroken
}

// refusals of kinds, with what was wrong behind them.
var refusals = map[Kind]string{
	KindMBR:        "has an MBR partition table",
	KindBootSector: "begins with the boot sector of a filesystem",
	KindProtective: "has no good GPT, but an MBR that protects one",
	KindBroken:     "has a GPT that contradicts itself",
}

// Err is nil for a disk that can be partitioned as it is, else why not. wipeTable cures all of these.
func (f Found) Err() error {
	text, refused := refusals[f.Kind]
	switch {
	case !refused:
		return nil
	case f.Why == "":
		return errors.New(text)
	}
	return fmt.Errorf("%s: %s", text, f.Why)
}

// Inspect reads the partition table of a disk of so many bytes. The error is one of reading; what is wrong with the
// table is Found's to tell.
//
// A good primary GPT counts even if the MBR that should protect it is gone, as it does for sgdisk: a first write that
// was cut off leaves that. A backup alone does not: mkfs on a whole disk leaves that, and it holds nothing anyone may
// want.
func Inspect(r io.ReaderAt, size int64, sectorSize int) (Found, error) {
	if sectorSize < 512 || sectorSize > 65536 || sectorSize&(sectorSize-1) != 0 {
		return Found{}, fmt.Errorf("sectors of %d bytes", sectorSize)
	}
	d := disk{r, size, sectorSize, uint64(max(size, 0)) / uint64(sectorSize)}
	if d.sectors < 4 {
		return Found{}, nil
	}
	mbr, err := readAt(r, size, 0, sectorSize)
	if err != nil {
		return Found{}, err
	}
	slot, protective := protectiveSlot(mbr)
	if !protective && signed(mbr) {
		return Found{Kind: bootKind(mbr), MBRLists: len(mirrors(mbr)) > 0}, nil
	} else if !protective {
		return d.unprotected(mbr)
	}
	t, wrong, err := d.readTable(mbr)
	switch {
	case err != nil:
		return Found{}, err
	case wrong == nil:
		return Found{Kind: KindGPT, Table: t}, nil
	case t != nil:
		return Found{Kind: KindBroken, Why: wrong.Error()}, nil
	}
	return Found{Kind: KindProtective, Why: wrong.Error() + d.otherSectors(), MBRLists: le.Uint32(slot[8:]) == 1}, nil
}

func (d disk) unprotected(mbr []byte) (Found, error) {
	t, wrong, err := d.readTable(mbr)
	if err != nil || t == nil || t.FromBackup {
		return Found{}, err
	}
	if wrong != nil {
		return Found{Kind: KindBroken, Why: wrong.Error()}, nil
	}
	t.Damage = append(t.Damage, "no protective MBR")
	t.MBR, t.MBRStale = protectiveMBR(d.sectorSize, d.sectors), true
	return Found{Kind: KindGPT, Table: t}, nil
}

// otherSectors tells of a table that was made for sectors of another size: an image copied to the wrong kind of disk.
func (d disk) otherSectors() string {
	for _, size := range []int{512, 4096} {
		if size == d.sectorSize {
			continue
		}
		if magic, err := readAt(d.r, d.size, int64(size), 8); err == nil && string(magic) == gptMagic {
			return fmt.Sprintf("; there is one for sectors of %d bytes, this disk has %d", size, d.sectorSize)
		}
	}
	return ""
}

const protectiveType = 0xEE

func signed(mbr []byte) bool { return mbr[510] == 0x55 && mbr[511] == 0xAA }

// mbrSlots are the four entries of an MBR.
func mbrSlots(mbr []byte) [4][]byte {
	return [4][]byte{mbr[446:462], mbr[462:478], mbr[478:494], mbr[494:510]}
}

// protectiveSlot is the entry that protects a GPT. Its place among the four is free, as for libblkid and the kernel.
func protectiveSlot(mbr []byte) ([]byte, bool) {
	for _, slot := range mbrSlots(mbr) {
		if signed(mbr) && slot[4] == protectiveType {
			return slot, true
		}
	}
	return nil, false
}

// mirrors are the entries of a hybrid MBR beside those that protect the GPT: they claim sectors, most often those of a
// partition.
func mirrors(mbr []byte) (slots [][]byte) {
	for _, slot := range mbrSlots(mbr) {
		if signed(mbr) && slot[4] != 0 && slot[4] != protectiveType && le.Uint32(slot[12:]) > 0 {
			slots = append(slots, slot)
		}
	}
	return slots
}

// claimed are the sectors of an MBR's entry.
func claimed(slot []byte) extent {
	start, size := uint64(le.Uint32(slot[8:])), uint64(le.Uint32(slot[12:]))
	return extent{start, start + size - 1}
}

// bootKind tells the two kinds of signed first sectors apart as libblkid does: a filesystem's own name in it, or
// entries whose first byte no MBR has.
func bootKind(mbr []byte) Kind {
	for _, name := range []string{"FAT", "NTFS    ", "EXFAT   ", "MSDOS", "MSWIN"} {
		for _, at := range []int{3, 54, 82} {
			if bytes.HasPrefix(mbr[at:], []byte(name)) {
				return KindBootSector
			}
		}
	}
	for _, slot := range mbrSlots(mbr) {
		if slot[0]&0x7F != 0 {
			return KindBootSector
		}
	}
	return KindMBR
}

// protectiveMBR makes the first sector of a disk with a GPT. Beyond what 32 bits can count it protects all that they
// can.
func protectiveMBR(sectorSize int, sectors uint64) []byte {
	mbr := make([]byte, sectorSize)
	protect(mbr, sectors)
	return mbr
}

// protect makes the entries of a first sector those that protect a GPT, and nothing else: code and the disk's number
// stay.
func protect(mbr []byte, sectors uint64) {
	clear(mbr[446:510])
	slot := mbr[446:]
	slot[2], slot[4] = 2, protectiveType // the address of sector 1 in cylinders, heads and sectors
	copy(slot[5:8], lastCHS(sectors-1))
	le.PutUint32(slot[8:], 1)
	le.PutUint32(slot[12:], protectedSectors(sectors))
	mbr[510], mbr[511] = 0x55, 0xAA
}

func protectedSectors(sectors uint64) uint32 { return uint32(min(sectors-1, math.MaxUint32)) }

// lastCHS is a sector's address for the usual 255 heads and 63 sectors, or the highest address if there is none.
func lastCHS(sector uint64) []byte {
	const heads, perTrack, cylinders = 255, 63, 1024
	cylinder, head := sector/(heads*perTrack), sector/perTrack%heads
	if cylinder >= cylinders {
		return []byte{0xFF, 0xFF, 0xFF}
	}
	return []byte{byte(head), byte(sector%perTrack+1) | byte(cylinder>>8<<6), byte(cylinder)}
}
