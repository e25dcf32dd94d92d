package device

import (
	"fmt"

	"github.com/glowplug-os/glowplug/internal/block"
	"github.com/glowplug-os/glowplug/internal/host"
)

// A Disk is what was seen of a device that is, or is to be, partitioned.
type Disk struct {
	Device
	Found      block.Found
	Partitions []block.KernelPartition // as the kernel has them
	Busy       map[int][]string        // the users of each partition that has some, by number
	Mapper     string                  // device-mapper's name of the disk, as of a multipath one; "" for none
}

// LookDisk observes a disk with its partition table and partitions.
func (d *Devices) LookDisk(path string) (Disk, error) {
	seen, err := d.Look(path)
	disk := Disk{Device: seen}
	if err != nil {
		return disk, err
	}
	f, err := d.Open(seen.Node, 0)
	if err != nil {
		return disk, err
	}
	defer f.Close()
	if disk.Found, err = block.Inspect(f, seen.Size, seen.SectorSize); err != nil {
		return disk, fmt.Errorf("device %s: %w", host.Show(path), err)
	}
	return disk, nil
}
