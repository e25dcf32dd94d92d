package scene

import (
	"io"
	"maps"
	"path"
	"slices"

	"github.com/glowplug-os/glowplug/internal/block"
)

// An Image stands for a disk.
type Image struct {
	io.ReaderAt
	Size       int64
	SectorSize int // bytes; 0 for 512
}

// Images are the disks of a machine that is not this one, by their devices. Their partitions are there by the names
// that udev would give them. Nobody uses any of them.
type Images map[string]Image

// Look finds a disk or a partition.
func (all Images) Look(name string) (*Seen, error) {
	disk, number, err := all.find(name)
	if err != nil {
		return nil, err
	}
	seen, err := all.disk(disk)
	if err != nil || number == 0 {
		seen.Path = name
		return seen, err
	}
	p, _ := seen.Found.Table.Partition(number)
	part := &Seen{Path: name, Node: seen.PartitionNode(number), Size: int64(p.Size) * int64(seen.SectorSize),
		SectorSize: seen.SectorSize, Partition: true}
	part.Filling, err = all.Inside(all.place(seen, p))
	return part, err
}

func (all Images) disk(name string) (*Seen, error) {
	image := all[name]
	seen := &Seen{Path: name, Node: name, Size: image.Size, SectorSize: image.sector()}
	var err error
	seen.Filling, err = Read(image, seen.Size, seen.SectorSize)
	return seen, err
}

func (i Image) sector() int {
	if i.SectorSize == 0 {
		return 512
	}
	return i.SectorSize
}

func (all Images) place(disk *Seen, p block.Partition) Place {
	sector := int64(disk.SectorSize)
	return Place{Node: disk.Node, SectorSize: disk.SectorSize,
		At: block.Span{Offset: int64(p.Start) * sector, Size: int64(p.Size) * sector}}
}

// find gives the disk that a name leads to, and the number of the partition on it; 0 for the disk itself.
func (all Images) find(name string) (disk string, number int, err error) {
	name = path.Clean(name)
	if _, is := all[name]; is {
		return name, 0, nil
	}
	for _, disk := range slices.Sorted(maps.Keys(all)) {
		seen, err := all.disk(disk)
		if err != nil {
			return "", 0, err
		}
		if slices.Contains(block.ContentLinks(seen.Content.First().Label, seen.Content.First().UUID), name) {
			return disk, 0, nil
		}
		if seen.Found.Table == nil {
			continue
		}
		for _, p := range seen.Found.Table.Partitions() {
			inside, err := all.Inside(all.place(seen, p))
			if err != nil {
				return "", 0, err
			}
			first := inside.Content.First()
			names := append(block.PartitionLinks(p.Label, p.GUID.String()), seen.PartitionNode(p.Number))
			if slices.Contains(append(names, block.ContentLinks(first.Label, first.UUID)...), name) {
				return disk, p.Number, nil
			}
		}
	}
	return "", 0, missing(name)
}

// Inside reads the image.
func (all Images) Inside(p Place) (Filling, error) {
	image, is := all[p.Node]
	if !is {
		return Filling{}, missing(p.Node)
	}
	return p.Read(image)
}

// Find tells the node.
func (all Images) Find(name string) (string, User, error) {
	disk, number, err := all.find(name)
	if err != nil || number == 0 {
		return disk, User{Use: Device}, err
	}
	return block.PartitionNode(disk, number), User{Use: Device}, nil
}

// Links are none: what a disk is called by its model is not in its image.
func (all Images) Links() map[string][]string { return nil }
