package block

import (
	"errors"
	"fmt"
)

// Sound refuses a table that was written down, and could not have been read from a disk: nothing of it may be asked.
func (t *Table) Sound() error {
	switch {
	case t.SectorSize < 512 || t.SectorSize > 65536 || t.SectorSize&(t.SectorSize-1) != 0:
		return fmt.Errorf("sectors of %d bytes", t.SectorSize)
	case len(t.MBR) != t.SectorSize:
		return fmt.Errorf("first sector of %d bytes", len(t.MBR))
	case t.Primary == nil && t.Backup == nil:
		return errors.New("no GPT header")
	}
	for _, sector := range [][]byte{t.Primary, t.Backup} {
		if sector == nil {
			continue
		}
		if len(sector) != t.SectorSize {
			return fmt.Errorf("header sector of %d bytes", len(sector))
		}
		h := parseHeader(sector)
		if err := h.check(sector, h.own, t.Sectors); err != nil {
			return err
		}
		if len(t.Entries) != int(h.count)*entrySize {
			return fmt.Errorf("%d bytes of entries, and the header has %d entries", len(t.Entries), h.count)
		}
	}
	return t.checkPartitions()
}

// What who writes tables down has to know of them.
const (
	EntryBytes  = entrySize  // of one entry
	MostEntries = maxEntries // of a table
)
