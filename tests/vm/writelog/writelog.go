// Package writelog reads the log of the writes to a disk that qemu's blklogwrites keeps, and tells what a power cut can
// leave of them. The format is that of the kernel's dm-log-writes:
// https://docs.kernel.org/admin-guide/device-mapper/log-writes.html
package writelog

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
)

// What an entry does beside its write, as a set.
const (
	Flush   = 1 << iota // all entries before it are on the disk when it is done
	FUA                 // it is itself
	Discard             // it throws blocks away, and has no data
	Mark                // it is a note and no write
)

// An Entry is a write to the disk, or what else it was asked for.
type Entry struct {
	At, Size int64 // in bytes
	Flags    uint64
	data     int64 // where in the log they are
}

// A Log is the entries of a log, in their order.
type Log struct {
	Entries []Entry
	from    io.ReaderAt
}

const (
	magic   = 0x6a736677736872
	version = 1
)

var errFormat = errors.New("no log of writes of version 1")

// Read reads the entries of a log, whose data it leaves where they are.
func Read(from io.ReaderAt) (*Log, error) {
	var head struct {
		Magic, Version, Entries uint64
		SectorSize              uint32
	}
	if err := read(from, 0, &head); err != nil {
		return nil, err
	}
	if head.Magic != magic || head.Version != version || head.SectorSize < 512 {
		return nil, errFormat
	}
	l, size := &Log{from: from}, int64(head.SectorSize)
	at := size
	for range head.Entries {
		var e struct{ Sector, Sectors, Flags, MarkBytes uint64 }
		if err := read(from, at, &e); err != nil {
			return nil, fmt.Errorf("entry %d: %w", len(l.Entries), err)
		}
		at += size
		l.Entries = append(l.Entries, Entry{int64(e.Sector) * size, int64(e.Sectors) * size, e.Flags, at})
		if e.Flags&Discard == 0 {
			at += int64(e.Sectors) * size
		}
	}
	return l, nil
}

func read[T any](from io.ReaderAt, at int64, to *T) error {
	err := binary.Read(io.NewSectionReader(from, at, int64(binary.Size(to))), binary.LittleEndian, to)
	if err != nil {
		return fmt.Errorf("log of writes, byte %d: %w", at, err)
	}
	return nil
}

// Flushed is how many entries are certainly on the disk when the power is cut right before an entry is done.
func (l *Log) Flushed(before int) int {
	for i := before; i > 0; i-- {
		if l.Entries[i-1].Flags&Flush != 0 {
			return i
		}
	}
	return 0
}

// Left draws which entries are on the disk when the power is cut right before one is done: all that were flushed, and
// some of those since, whose order is the disk's own affair. What has FUA is there.
func (l *Log) Left(before int, random *rand.Rand) (entries []int) {
	flushed := l.Flushed(before)
	for i := range before {
		if i < flushed || l.Entries[i].Flags&FUA != 0 || random.IntN(2) == 0 {
			entries = append(entries, i)
		}
	}
	return entries
}

// A Disk takes entries.
type Disk interface {
	io.WriterAt
	// Discard throws blocks away, which are zeros then.
	Discard(at, size int64) error
}

// Do has a disk take these entries.
func (l *Log) Do(entries []int, disk Disk) error {
	buffer := make([]byte, 1<<20)
	for _, i := range entries {
		e, err := l.Entries[i], error(nil)
		switch {
		case e.Flags&Mark != 0:
		case e.Flags&Discard != 0:
			err = disk.Discard(e.At, e.Size)
		default:
			_, err = io.CopyBuffer(io.NewOffsetWriter(disk, e.At), io.NewSectionReader(l.from, e.data, e.Size), buffer)
		}
		if err != nil {
			return fmt.Errorf("entry %d, %d bytes at %d: %w", i, e.Size, e.At, err)
		}
	}
	return nil
}
