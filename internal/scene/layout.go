package scene

import "github.com/glowplug-os/glowplug/internal/block"

// A Layout is what is where on a disk.
type Layout struct {
	Size  int64  // bytes
	Holds string // what fills it, if it has no partitions; "" for nothing known
	Parts []Part
}

// A Part is a partition of a Layout.
type Part struct {
	Number int
	Label  string // "" also where that is not known
	At     block.Span
}

// Layout is what is where on the disk.
func (s *Seen) Layout() *Layout {
	l := &Layout{Size: s.Size}
	if t := s.Found.Table; t != nil {
		sector := int64(t.SectorSize)
		for _, p := range t.Partitions() {
			l.Parts = append(l.Parts, Part{p.Number, p.Label,
				block.Span{Offset: int64(p.Start) * sector, Size: int64(p.Size) * sector}})
		}
	} else {
		for _, p := range s.KernelPartitions() {
			l.Parts = append(l.Parts, Part{Number: p.Number, At: inBytes(p)})
		}
	}
	if first := s.Content.First(); len(l.Parts) == 0 && first.Type != "" {
		l.Holds = Describe(block.Content{Signatures: []block.Signature{{Type: first.Type, Label: first.Label}}})
	}
	return l
}

// inBytes is where a partition is: what the kernel has is in units of 512 bytes.
func inBytes(p block.KernelPartition) block.Span {
	return block.Span{Offset: int64(p.Start) * 512, Size: int64(p.Size) * 512}
}

// Place is where a partition of the disk is.
func (s *Seen) Place(p block.KernelPartition) Place {
	return Place{Node: s.Node, SectorSize: s.SectorSize, At: inBytes(p)}
}

// IsDisk: the device is no part of another, and none that is made of others, as far as its name tells.
func (s *Seen) IsDisk() bool {
	return !s.Partition && s.Mapper == "" && s.Unknown == "" && s.Size > 0 && !isArray(block.DeviceName(s.Node))
}

// isArray goes by the names that the kernel and mdadm give (md(4)).
func isArray(name string) bool {
	return len(name) > 2 && name[:2] == "md" && (name[2] == '_' || name[2] >= '0' && name[2] <= '9')
}
