package scene

import (
	"slices"
	"strconv"
	"strings"

	"github.com/glowplug-os/glowplug/internal/block"
	"github.com/glowplug-os/glowplug/internal/diag"
)

// Partitions are those of a disk as the kernel has them, or would have them of an image; none where that is not known.
func Partitions(of Scene, disk *Seen) []block.KernelPartition {
	if disk.Found.Table != nil {
		return disk.Found.Table.KernelPartitions(disk.Node)
	}
	if m, is := of.(*imaged); is && disk.Found.Kind == block.KindMBR {
		return m.ofMBR(disk)
	}
	if disk.Mapper != "" {
		return nil
	}
	return disk.Partitions
}

// ofMBR reads those that an image's MBR has; none if that cannot be read.
func (m *imaged) ofMBR(disk *Seen) []block.KernelPartition {
	all, err := block.MBRPartitions(m.images[disk.Node], disk.Size, disk.SectorSize)
	if err != nil {
		return nil
	}
	return all
}

// nowhere is the error about a name that no image has: perhaps that of a partition of a disk that one has.
func (m *imaged) nowhere(name string) error {
	for disk, image := range m.images {
		number, is := numbered(name, disk, image.Names)
		seen, err := m.disk(disk)
		if !is || err != nil {
			continue
		}
		if !slices.ContainsFunc(Partitions(m, seen), func(p block.KernelPartition) bool { return p.Number == number }) {
			return &absentError{"device " + diag.Name(name) + ": " + diag.Name(disk) + " has no partition " +
				strconv.Itoa(number), "name a partition that is there, or have the config make it"}
		}
	}
	return imageless(name)
}

// numbered is the number in the name of a partition of a disk.
func numbered(name, disk string, links []string) (int, bool) {
	number, err := strconv.Atoi(name[len(strings.TrimRight(name, "0123456789")):])
	if err != nil || number == 0 {
		return 0, false
	}
	names := append(block.PartLinks(append([]string{disk}, links...), number), block.PartitionNode(disk, number))
	return number, slices.Contains(names, name)
}
