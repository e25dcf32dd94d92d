package block

import (
	"bytes"
	"fmt"
	"hash/crc32"
	"io"
	"slices"
)

// A Writer is a disk to write to. Sync returns when what was written is on the disk.
type Writer interface {
	io.WriterAt
	Sync() error
}

// NewTable makes an empty table for a disk, with 128 entries where everyone puts them. Random gives the disk's GUID.
func NewTable(sectors uint64, sectorSize int, random io.Reader) (*Table, error) {
	t := &Table{SectorSize: sectorSize, Sectors: sectors, Entries: make([]byte, entryCount*entrySize), MBRStale: true}
	first := 2 + uint64(len(t.Entries)+sectorSize-1)/uint64(sectorSize)
	if sectors < 2*first || sectors > 1<<63/uint64(sectorSize) {
		return nil, fmt.Errorf("a disk of %d sectors of %d bytes: no size for a GPT", sectors, sectorSize)
	}
	id, err := newGUID(random)
	if err != nil {
		return nil, err
	}
	t.MBR = protectiveMBR(sectorSize, sectors)
	t.Primary = make([]byte, sectorSize)
	copy(t.Primary, gptMagic)
	le.PutUint32(t.Primary[8:], gptRevision)
	le.PutUint32(t.Primary[12:], headerSize)
	le.PutUint64(t.Primary[24:], 1)
	le.PutUint64(t.Primary[32:], sectors-1)
	le.PutUint64(t.Primary[40:], first)
	le.PutUint64(t.Primary[48:], sectors-first)
	copy(t.Primary[56:], id[:])
	le.PutUint64(t.Primary[72:], 2)
	le.PutUint32(t.Primary[80:], entryCount)
	le.PutUint32(t.Primary[84:], entrySize)
	t.seal()
	return t, nil
}

// Grown: the disk is larger than the one that the table was made for, and the backup is not at its end.
func (t *Table) Grown() bool { return t.backupAt() < t.Sectors-1 }

// backupAt is where the backup's header is, or belongs.
func (t *Table) backupAt() uint64 {
	if h := t.header(); h.own != 1 {
		return h.own
	} else if h.other > h.lastUsable && h.other < t.Sectors {
		return h.other
	}
	return t.Sectors - 1
}

// clone copies what an edit changes.
func (t *Table) clone() *Table {
	c := *t
	c.MBR, c.Entries = bytes.Clone(t.MBR), bytes.Clone(t.Entries)
	c.Primary, c.Backup = bytes.Clone(t.Primary), bytes.Clone(t.Backup)
	return &c
}

// Grow gives the table with all of its disk: the backup goes to the end, and so does the last usable sector.
func (t *Table) Grow() *Table {
	if !t.Grown() {
		return t
	}
	c := t.clone()
	wasAt, end := t.backupAt(), t.Sectors-1
	c.complete()
	le.PutUint64(c.Primary[32:], end)
	le.PutUint64(c.Primary[48:], end-c.header().entrySectors(t.SectorSize)-1)
	c.Backup = nil
	if slot, found := protectiveSlot(c.MBR); found && le.Uint32(slot[8:]) == 1 &&
		uint64(le.Uint32(slot[12:])) == wasAt {
		le.PutUint32(slot[12:], protectedSectors(t.Sectors))
		copy(slot[5:8], lastCHS(t.Sectors-1))
		c.MBRStale = true
	}
	c.seal()
	return c
}

// complete makes the header that is missing from the one that is there.
func (t *Table) complete() {
	switch at := t.backupAt(); {
	case t.Primary == nil:
		t.Primary = bytes.Clone(t.Backup)
		le.PutUint64(t.Primary[24:], 1)
		le.PutUint64(t.Primary[32:], at)
		le.PutUint64(t.Primary[72:], 2)
		le.PutUint64(t.Backup[32:], 1)
	case t.Backup == nil:
		t.Backup = bytes.Clone(t.Primary)
		le.PutUint64(t.Primary[32:], at)
		le.PutUint64(t.Backup[24:], at)
		le.PutUint64(t.Backup[32:], 1)
		le.PutUint64(t.Backup[72:], at-t.header().entrySectors(t.SectorSize))
	}
}

// seal makes headers and checksums fit the entries.
func (t *Table) seal() {
	t.complete()
	for _, sector := range [][]byte{t.Primary, t.Backup} {
		le.PutUint32(sector[88:], crc32.ChecksumIEEE(t.Entries))
		le.PutUint32(sector[16:], headerSum(sector, le.Uint32(sector[12:])))
	}
}

// A write is some bytes and where they go.
type write struct {
	what   string
	offset uint64
	data   []byte
}

// WriteTo writes the table so that a cut at any point leaves the old or the new one: the copy that is not needed to
// read the old one comes first, entries come before the header that vouches for them, and each is on the disk before
// the next. The protective MBR is last: without a GPT it makes a disk that nobody can use. But one that loses what it
// lists of a partition is first, or a cut would leave that to a next run which no longer sees the partition. A table as
// it was read writes the same bytes.
func (t *Table) WriteTo(w Writer) error {
	writes, err := t.writes()
	if err != nil {
		return err
	}
	for _, step := range writes {
		if _, err := w.WriteAt(step.data, int64(step.offset)); err != nil {
			return fmt.Errorf("%s: %w", step.what, err)
		}
		if err := w.Sync(); err != nil {
			return fmt.Errorf("%s: %w", step.what, err)
		}
	}
	return nil
}

func (t *Table) writes() ([]write, error) {
	c := t.clone()
	if c.Primary == nil || c.Backup == nil {
		c.seal()
	}
	size := uint64(c.SectorSize)
	copies := [2][2]write{}
	for i, sector := range [][]byte{c.Backup, c.Primary} {
		h := parseHeader(sector)
		if err := h.check(sector, h.own, c.Sectors); err != nil {
			return nil, fmt.Errorf("no room for both copies of the GPT: %w", err)
		}
		name := [2]string{"backup GPT", "primary GPT"}[i]
		copies[i] = [2]write{{name + "'s entries", h.entriesAt * size, c.Entries},
			{name + "'s header", h.own * size, sector}}
	}
	if c.FromBackup {
		copies[0], copies[1] = copies[1], copies[0]
	}
	steps := []write{copies[0][0], copies[0][1], copies[1][0], copies[1][1]}
	switch mbr := (write{"protective MBR", 0, c.MBR}); {
	case c.MBRFirst:
		steps = slices.Insert(steps, 0, mbr)
	case c.MBRStale:
		steps = append(steps, mbr)
	}
	return steps, nil
}

// Written is what is found on a disk of so many bytes once the table is written to it: what can be written can be read
// again. It is an error if there is no room for both copies.
func (t *Table) Written(size int64) (Found, error) {
	writes, err := t.writes()
	if err != nil {
		return Found{}, err
	}
	found, err := Inspect(memory(slices.Insert(writes, 0, write{"first sector", 0, t.MBR})), size, t.SectorSize)
	if err == nil && found.Table == nil {
		err = fmt.Errorf("the partition table would not be one: %w", found.Err())
	}
	return found, err
}

// A memory is a disk that holds some writes, the last of them on top, and zeros.
type memory []write

// ReadAt never ends: whoever reads knows the size of the disk.
func (m memory) ReadAt(p []byte, offset int64) (int, error) {
	clear(p)
	for _, each := range m {
		from, to := max(int64(each.offset), offset), min(int64(each.offset)+int64(len(each.data)), offset+int64(len(p)))
		if from < to {
			copy(p[from-offset:to-offset], each.data[from-int64(each.offset):])
		}
	}
	return len(p), nil
}

// WipeTable removes any partition table from a disk, as `sgdisk --zap-all` does: the first sector, and 16 KiB of
// entries with their header at either end and where a backup was left when the disk grew.
func WipeTable(w Writer, found Found, size int64, sectorSize int) error {
	length := int64(sectorSize) + entryCount*entrySize
	if size < 2*length {
		length = size / 2
	}
	places := []int64{0, size/int64(sectorSize)*int64(sectorSize) - length}
	if found.Table != nil && found.Table.Grown() {
		places = append(places, int64(found.Table.backupAt())*int64(sectorSize))
	}
	for i, at := range places {
		n := [3]int64{length + int64(sectorSize), length, int64(sectorSize)}[i]
		if _, err := w.WriteAt(make([]byte, min(n, size-at)), at); err != nil {
			return fmt.Errorf("wiping the partition table: %w", err)
		}
	}
	if err := w.Sync(); err != nil {
		return fmt.Errorf("wiping the partition table: %w", err)
	}
	return nil
}
