package scene

import (
	"slices"
	"strconv"
	"strings"

	"github.com/glowplug-os/glowplug/internal/block"
	"github.com/glowplug-os/glowplug/internal/diag"
)

// KernelPartitions are those of a disk as the kernel has them, or would have them of an image; none where that is not
// known.
func (s *Seen) KernelPartitions() []block.KernelPartition {
	switch {
	case s.Found.Table != nil:
		return s.Found.Table.KernelPartitions(s.Node)
	case s.Mapper != "":
		return nil
	}
	return s.Partitions
}

// PartitionNames are the names of a disk's partitions in /sys/class/block, by number.
func (s *Seen) PartitionNames() map[int]string {
	all := map[int]string{}
	for _, p := range s.Partitions {
		all[p.Number] = p.Name
	}
	for _, p := range s.KernelPartitions() {
		if all[p.Number] == "" {
			all[p.Number] = block.DeviceName(s.PartitionNode(p.Number))
		}
	}
	return all
}

// A part is a partition of an image, and what udev knows it by.
type part struct {
	block.KernelPartition // in units of 512 bytes
	label, guid           string
}

// parts are all of an image. What takes the place of a GUID in an MBR is the number of the disk with that of the
// partition.
func (m *imaged) parts(disk *Seen) (all []part) {
	for _, p := range disk.KernelPartitions() {
		each := part{KernelPartition: p}
		if t := disk.Found.Table; t != nil {
			is, _ := t.Partition(p.Number)
			each.label, each.guid = is.Label, is.GUID.String()
		} else {
			each.guid = block.MBRPartitionGUID(m.images[disk.Node], p.Number)
		}
		all = append(all, each)
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
		if seen.PartitionNames()[number] == "" {
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
