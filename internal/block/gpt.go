package block

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"strings"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/glowplug-os/glowplug/internal/order"
)

// The layout of a GPT is that of UEFI 2.10, §5.3.
const (
	headerSize  = 92
	entrySize   = 128
	entryCount  = 128   // of a new table
	maxEntries  = 16384 // 2 MiB of them; sgdisk itself takes fewer
	nameUnits   = 36    // UTF-16 units of a partition's name
	gptMagic    = "EFI PART"
	gptRevision = 0x00010000
)

// A Table is a GPT: a value to read, to edit as a whole (see Apply) and to write. It keeps the bytes of both headers,
// of all entries and of the first sector, so what no edit touched is written as it was read.
type Table struct {
	SectorSize int    // of the disk, in bytes
	Sectors    uint64 // of the disk, of that size
	// Damage lists what was wrong with the copies on the disk and is mended by WriteTo; empty for a sound table.
	Damage []string

	// The bytes, as they are on the disk or will be: a table can be kept, and written down, by these.
	MBR      []byte // the whole first sector
	MBRStale bool   // what is in MBR is not on the disk
	MBRFirst bool   // it is to be written before the GPT: only claims of partitions that go have left it
	Primary  []byte // the whole sector of each header
	Backup   []byte
	Entries  []byte
	// FromBackup: the backup is the only good copy, so it is the one to be overwritten last.
	FromBackup bool
}

// A Partition is an entry of a table. Start and Size are in the disk's sectors.
type Partition struct {
	Number      int // from 1
	Start, Size uint64
	Type, GUID  GUID
	Label       string
	Attributes  uint64
}

// last is the partition's last sector.
func (p Partition) last() uint64 { return p.Start + p.Size - 1 }

func (p Partition) extent() extent { return extent{p.Start, p.last()} }

// A header is what a header's sector says.
type header struct {
	size                     uint32
	own, other               uint64 // where it is, and where the other copy is
	firstUsable, lastUsable  uint64
	entriesAt                uint64
	count, width, entriesSum uint32
}

func parseHeader(sector []byte) header {
	return header{
		size: le.Uint32(sector[12:]), own: le.Uint64(sector[24:]), other: le.Uint64(sector[32:]),
		firstUsable: le.Uint64(sector[40:]), lastUsable: le.Uint64(sector[48:]), entriesAt: le.Uint64(sector[72:]),
		count: le.Uint32(sector[80:]), width: le.Uint32(sector[84:]), entriesSum: le.Uint32(sector[88:]),
	}
}

// entrySectors is how many sectors the entries take.
func (h header) entrySectors(sectorSize int) uint64 {
	return (uint64(h.count)*entrySize + uint64(sectorSize) - 1) / uint64(sectorSize)
}

func headerSum(sector []byte, size uint32) uint32 {
	data := bytes.Clone(sector[:size])
	le.PutUint32(data[16:], 0)
	return crc32.ChecksumIEEE(data)
}

// check says what is wrong with a header found at a sector of a disk. The entries are not read before it is content.
func (h header) check(sector []byte, at, sectors uint64) error {
	switch {
	case string(sector[:8]) != gptMagic:
		return errors.New("no GPT header")
	case h.size < headerSize || h.size > uint32(len(sector)):
		return fmt.Errorf("header of %d bytes", h.size)
	case headerSum(sector, h.size) != le.Uint32(sector[16:]):
		return errors.New("wrong checksum of the header")
	case le.Uint32(sector[8:]) != gptRevision:
		return fmt.Errorf("unknown revision %#x", le.Uint32(sector[8:]))
	case h.own != at:
		return fmt.Errorf("header says it is at sector %d", h.own)
	case h.width != entrySize:
		return fmt.Errorf("entries of %d bytes", h.width)
	case h.count == 0 || h.count > maxEntries:
		return fmt.Errorf("table of %d entries", h.count)
	case h.firstUsable > h.lastUsable || h.lastUsable >= sectors:
		return fmt.Errorf("usable sectors are %d to %d, the disk has %d", h.firstUsable, h.lastUsable, sectors)
	}
	return h.checkPlaces(len(sector), at, sectors)
}

// checkPlaces: header, entries and partitions have each their own sectors.
func (h header) checkPlaces(sectorSize int, at, sectors uint64) error {
	n := h.entrySectors(sectorSize)
	switch {
	case h.entriesAt >= sectors || n > sectors-h.entriesAt:
		return fmt.Errorf("entries at sector %d, behind the end", h.entriesAt)
	case at == 1 && (h.entriesAt < 2 || h.entriesAt+n > h.firstUsable):
		return fmt.Errorf("entries at sector %d, not before the first usable one", h.entriesAt)
	case at != 1 && (h.entriesAt <= h.lastUsable || h.entriesAt+n > at):
		return fmt.Errorf("entries at sector %d, not between the last usable one and the header", h.entriesAt)
	}
	return nil
}

// A copy of a table: the primary or a backup.
type tableCopy struct {
	header
	sector, entries []byte
}

// A disk is what a table is read from.
type disk struct {
	r          io.ReaderAt
	size       int64
	sectorSize int
	sectors    uint64
}

// readCopy reads and checks the copy whose header is at a sector. An error of the disk comes as failed, one of the copy
// as wrong.
func (d disk) readCopy(at uint64) (c tableCopy, wrong, failed error) {
	if at >= d.sectors {
		return c, errors.New("no such sector"), nil
	}
	sector, err := readAt(d.r, d.size, int64(at)*int64(d.sectorSize), d.sectorSize)
	if err != nil {
		return c, nil, err
	}
	c.header, c.sector = parseHeader(sector), sector
	if err := c.check(sector, at, d.sectors); err != nil {
		return c, err, nil
	}
	c.entries, err = readAt(d.r, d.size, int64(c.entriesAt)*int64(d.sectorSize), int(c.count)*entrySize)
	if err != nil {
		return c, nil, err
	}
	if crc32.ChecksumIEEE(c.entries) != c.entriesSum {
		return c, errors.New("wrong checksum of the entries"), nil
	}
	return c, nil, nil
}

// agrees: another copy tells the same table.
func (c tableCopy) agrees(other tableCopy) bool {
	return bytes.Equal(c.entries, other.entries) && bytes.Equal(c.sector[56:72], other.sector[56:72]) &&
		c.own == other.other && c.other == other.own &&
		c.firstUsable == other.firstUsable && c.lastUsable == other.lastUsable
}

// readTable reads the GPT of a disk whose first sector is given. Without a table it says why there is none.
func (d disk) readTable(mbr []byte) (t *Table, wrong, failed error) {
	t = &Table{SectorSize: d.sectorSize, Sectors: d.sectors, MBR: mbr}
	primary, wrong, failed := d.readCopy(1)
	if failed != nil {
		return nil, nil, failed
	}
	if wrong != nil {
		return d.readBackup(t, primary, wrong)
	}
	t.Primary, t.Entries = primary.sector, primary.entries
	backup, wrong, failed := d.readCopy(primary.other)
	switch {
	case failed != nil:
		return nil, nil, failed
	case wrong != nil:
		t.Damage = append(t.Damage, fmt.Sprintf("backup GPT at sector %d: %v", primary.other, wrong))
	case !primary.agrees(backup):
		t.Damage = append(t.Damage, fmt.Sprintf("backup GPT at sector %d: differs from the primary", primary.other))
	default:
		t.Backup = backup.sector
	}
	return t, t.checkPartitions(), nil
}

// readBackup looks for a good backup where it belongs, where the broken primary says it is, and where the disk ended
// when its protective MBR was written: a disk that has grown since has it there.
func (d disk) readBackup(t *Table, primary tableCopy, broken error) (_ *Table, wrong, failed error) {
	places := []uint64{d.sectors - 1}
	if string(primary.sector[:8]) == gptMagic {
		places = append(places, primary.other)
	}
	if slot, found := protectiveSlot(t.MBR); found {
		places = append(places, uint64(le.Uint32(slot[8:]))+uint64(le.Uint32(slot[12:]))-1)
	}
	for _, at := range places {
		if at < 2 {
			continue
		}
		backup, wrong, failed := d.readCopy(at)
		if failed != nil {
			return nil, nil, failed
		}
		if wrong == nil {
			t.Backup, t.Entries, t.FromBackup = backup.sector, backup.entries, true
			t.Damage = append(t.Damage, fmt.Sprintf("primary GPT: %v", broken))
			return t, t.checkPartitions(), nil
		}
	}
	return nil, fmt.Errorf("primary GPT: %w; no good backup either", broken), nil
}

// Same: both are the same bytes on a disk, whatever has to be mended to get there. What was observed, and what was
// predicted, can so be compared with what is there now.
func (t *Table) Same(other *Table) bool {
	if t == nil || other == nil {
		return t == other
	}
	t, other = t.clone(), other.clone()
	t.seal()
	other.seal()
	return t.SectorSize == other.SectorSize && t.Sectors == other.Sectors && bytes.Equal(t.MBR, other.MBR) &&
		bytes.Equal(t.Primary, other.Primary) && bytes.Equal(t.Backup, other.Backup) &&
		bytes.Equal(t.Entries, other.Entries)
}

// checkPartitions refuses a table that says two things of one sector.
func (t *Table) checkPartitions() error {
	all := t.Partitions()
	for _, p := range all {
		if p.Size == 0 || p.last() < p.Start || p.Start < t.FirstUsable() || p.last() > t.LastUsable() {
			return fmt.Errorf("partition %d: sectors %d to %d, but partitions go from %d to %d",
				p.Number, p.Start, p.last(), t.FirstUsable(), t.LastUsable())
		}
	}
	order.By(all, func(a, b Partition) int { return cmp.Compare(a.Start, b.Start) })
	for i := 1; i < len(all); i++ {
		if all[i].Start <= all[i-1].last() {
			return fmt.Errorf("partitions %d and %d overlap", all[i-1].Number, all[i].Number)
		}
	}
	return nil
}

// header is what the copy that counts says.
func (t *Table) header() header {
	if t.Primary != nil {
		return parseHeader(t.Primary)
	}
	return parseHeader(t.Backup)
}

// FirstUsable is the first sector that a partition may have.
func (t *Table) FirstUsable() uint64 { return t.header().firstUsable }

// LastUsable is the last sector that a partition may have.
func (t *Table) LastUsable() uint64 { return t.header().lastUsable }

// DiskGUID is the disk's own.
func (t *Table) DiskGUID() GUID {
	if t.Primary != nil {
		return GUID(t.Primary[56:72])
	}
	return GUID(t.Backup[56:72])
}

// Slots is how many partitions the table can have.
func (t *Table) Slots() int { return len(t.Entries) / entrySize }

// Hybrid: the first sector lists partitions beside the one that protects the GPT.
func (t *Table) Hybrid() bool { return len(mirrors(t.MBR)) > 0 }

// Partitions are the table's, by number.
func (t *Table) Partitions() []Partition {
	var all []Partition
	for number := 1; number <= t.Slots(); number++ {
		if p, used := t.Partition(number); used {
			all = append(all, p)
		}
	}
	return all
}

// Partition is the one of a number, if there is one.
func (t *Table) Partition(number int) (Partition, bool) {
	if number < 1 || number > t.Slots() {
		return Partition{}, false
	}
	entry := t.entry(number)
	p := Partition{
		Number: number, Type: GUID(entry[:16]), GUID: GUID(entry[16:32]), Start: le.Uint64(entry[32:]),
		Size: le.Uint64(entry[40:]) - le.Uint64(entry[32:]) + 1, Attributes: le.Uint64(entry[48:]),
		Label: decodeName(entry[56:]),
	}
	return p, p.Type != GUID{}
}

func (t *Table) entry(number int) []byte { return t.Entries[(number-1)*entrySize : number*entrySize] }

// decodeName reads UTF-16LE up to the first NUL.
func decodeName(raw []byte) string {
	return decodeUTF16(raw, le)
}

type byteOrder interface{ Uint16([]byte) uint16 }

func decodeUTF16(raw []byte, order byteOrder) string {
	var units []uint16
	for ; len(raw) >= 2; raw = raw[2:] {
		unit := order.Uint16(raw)
		if unit == 0 {
			break
		}
		units = append(units, unit)
	}
	return string(utf16.Decode(units))
}

// encodeName gives a label's 72 bytes.
func encodeName(label string) ([]byte, error) {
	if !utf8.ValidString(label) || strings.ContainsRune(label, 0) {
		return nil, fmt.Errorf("label %q: not the text of a name", label)
	}
	units := utf16.Encode([]rune(label))
	if len(units) > nameUnits {
		return nil,
			fmt.Errorf("label %q: %d UTF-16 units, a partition's name has room for %d", label, len(units), nameUnits)
	}
	raw := make([]byte, 0, 2*nameUnits)
	for _, unit := range units {
		raw = le.AppendUint16(raw, unit)
	}
	return raw[:2*nameUnits], nil
}
