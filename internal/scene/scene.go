// Package scene is what planners see of devices, as data: Seen is all that is to be known of one, and a Scene answers
// with it for the names that a config has. It decides nothing. This machine's Scene is internal/device's; here are
// those of image files, and of what will be there once other things are done.
//
// A Scene starts nothing and changes nothing, so whatever is planned on one can be planned anywhere. What it gives
// holds no open files and no functions: it can be kept, compared with what is there later, and written down.
package scene

import (
	"fmt"
	"io"

	"github.com/glowplug-os/glowplug/internal/block"
	"github.com/glowplug-os/glowplug/internal/diag"
)

// A Scene answers for a machine: as it is, as images of its disks have it, or as it will be.
type Scene interface {
	// Look tells all of the device that a path leads to. The error is fs.ErrNotExist if it leads to none. Nobody
	// changes what it gives.
	Look(path string) (*Seen, error)
	// Inside tells what will be on a device that is yet to be made of a part of another.
	Inside(Place) (Filling, error)
	// Find tells where a name leads: to which node, and what the kernel has there. The error is as of Look.
	Find(path string) (node string, is User, err error)
	// Links are the names of disks from which udev makes those of their partitions, by the disks' nodes.
	Links() map[string][]string
}

// A Seen is all that is to be known of a block device, or of an image file that stands for one.
type Seen struct {
	Path       string // as it was asked for
	Node       string // what that leads to: /dev/vda1
	Name       string // in /sys/class/block; "" for an image file
	Size       int64  // bytes
	SectorSize int    // bytes, logical
	ReadOnly   bool
	Partition  bool   // it is a partition of a disk
	Mapper     string // device-mapper's name of it, as of a multipath disk; "" for none
	Filling
	Partitions []block.KernelPartition // as the kernel has them; of a Mapper disk without their starts
	Busy       map[int][]User          // the users of each partition that has some, by number
	Users      []User                  // of the device itself
	// Unknown says why what is on the device cannot be known before it is there; "" where it is known.
	Unknown string
}

// A Filling is what the bytes of a device say.
type Filling struct {
	Found   block.Found // its partition table
	Content block.Content
	Extent  int64       // what the filesystem that counts takes of its device, in bytes; 0 where that is not known
	Member  *Member     // of an array; nil for none
	LUKS    *block.LUKS // header of an encrypted volume; nil for none
}

// A Member is a superblock of an md array.
type Member struct {
	block.Member
	// Filled: where the array's data begins on this member there is something known. What is there by chance in one
	// that is new is taken for it too.
	Filled bool
}

// A Place is a part of a device that is to be a device, and which of the device's bytes will be zeros by then.
type Place struct {
	Node       string // of the device
	SectorSize int
	At         block.Span
	Zeros      []block.Span
}

// Read tells what is on a device of so many bytes. Where details of what is there cannot be read it is damaged: that is
// no error, for the device may be one that is to be wiped.
func Read(r io.ReaderAt, size int64, sectorSize int) (f Filling, err error) {
	if f.Content, err = block.Probe(r, size); err != nil {
		return f, err
	}
	if f.Found, err = block.Inspect(r, size, sectorSize); err != nil {
		return f, err
	}
	if f.Extent, err = block.Extent(r, size, f.Content.First().Type); err != nil {
		return f, err
	}
	switch f.Content.First().Type {
	case "linux_raid_member":
		if m, is, err := block.ReadMember(r, size); err == nil && is {
			f.Member = &Member{m, filled(r, size, m, sectorSize)}
		}
	case "crypto_LUKS":
		if header, is, err := block.ReadLUKS(r, size); is {
			header.Broken = header.Broken || err != nil
			f.LUKS = &header
		}
	}
	return f, nil
}

// filled looks at what a member holds of its array. What cannot be read may be anything.
func filled(r io.ReaderAt, size int64, m block.Member, sectorSize int) bool {
	const behind = 128 << 10 // for a superblock at the end
	at := m.DataOffset
	if at < 0 || at > size-behind {
		return false
	}
	data := io.NewSectionReader(r, at, size-behind-at)
	content, err := block.Probe(data, data.Size())
	if err != nil || len(content.Signatures) > 0 {
		return true
	}
	found, err := block.Inspect(data, data.Size(), sectorSize)
	return err != nil || found.Lists()
}

// Read tells what is in the place, of the device that it is a part of.
func (p *Place) Read(device io.ReaderAt) (Filling, error) {
	f, err := Read(io.NewSectionReader(blanked{device, p.Zeros}, p.At.Offset, p.At.Size), p.At.Size, p.SectorSize)
	if err != nil {
		err = fmt.Errorf("device %s from byte %d on: %w", diag.Name(p.Node), p.At.Offset, err)
	}
	return f, err
}

// blanked is a device some bytes of which are zeros.
type blanked struct {
	io.ReaderAt
	zeros []block.Span
}

// ReadAt reads what is left.
func (b blanked) ReadAt(p []byte, offset int64) (int, error) {
	n, err := b.ReaderAt.ReadAt(p, offset)
	for _, z := range b.zeros {
		from, to := max(z.Offset, offset), min(z.Offset+z.Size, offset+int64(n))
		if from < to {
			clear(p[from-offset : to-offset])
		}
	}
	return n, err
}

// Partitioned: the device has a partition table that lists partitions, or of which nobody knows what it lists, or the
// kernel has partitions of it. They are somebody's.
func (s *Seen) Partitioned() bool { return s.Found.Lists() || s.Mapper == "" && len(s.Partitions) > 0 }

// CutOff: the filesystem that counts is larger than the device.
func (s *Seen) CutOff() bool { return s.Size > 0 && s.Extent > s.Size }

// Blank: there is nothing on the device that anyone could lose.
func (s *Seen) Blank() bool { return len(s.Content.Signatures) == 0 && !s.Partitioned() }

// OnlyTable: there is nothing on the device but partitions.
func (s *Seen) OnlyTable() bool { return len(s.Content.Signatures) == 0 && s.Partitioned() }

// PartitionNode is the node of one of the disk's partitions. Those of a device-mapper disk are devices of their own,
// which only udev's name for them tells apart.
func (s *Seen) PartitionNode(number int) string {
	if s.Mapper != "" {
		return fmt.Sprintf("%s%d", MapperPrefix(s.Mapper), number)
	}
	return block.PartitionNode(s.Node, number)
}

// MapperPrefix is what the links to the partitions of a device-mapper disk begin with.
func MapperPrefix(mapper string) string { return "/dev/disk/by-id/dm-name-" + mapper + "p" }
