package device

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/glowplug-os/glowplug/internal/block"
	"github.com/glowplug-os/glowplug/internal/diag"
)

// A Disk is what was seen of a device that is, or is to be, partitioned.
type Disk struct {
	Device
	Found      block.Found
	Partitions []block.KernelPartition // as the kernel has them; of a Mapper disk without their starts
	Busy       map[int][]string        // the users of each partition that has some, by number
	Mapper     string                  // device-mapper's name of the disk, as of a multipath one; "" for none
}

// PartitionNode is the node of one of the disk's partitions. Those of a device-mapper disk are devices of their own,
// which only udev's name for them tells apart.
func (d Disk) PartitionNode(number int) string {
	if d.Mapper != "" {
		return mapperPrefix(d.Mapper) + strconv.Itoa(number)
	}
	return block.PartitionNode(d.Node, number)
}

func mapperPrefix(mapper string) string { return "/dev/disk/by-id/dm-name-" + mapper + "p" }

// LookDisk observes a disk with its partition table and partitions. It reads, and starts nothing.
func (d *Devices) LookDisk(path string) (Disk, error) {
	seen, f, err := d.look(path, path)
	if err != nil {
		return Disk{Device: seen}, err
	}
	defer f.Close()
	return d.lookDisk(seen, f)
}

// lookDisk completes what is known of a device.
func (d *Devices) lookDisk(seen Device, r io.ReaderAt) (Disk, error) {
	disk := Disk{Device: seen}
	err := d.readDisk(&disk, r)
	if err == nil && seen.Name != "" {
		err = d.kernelView(&disk)
	}
	if err != nil {
		return disk, fmt.Errorf("device %s: %w", diag.Name(seen.Path), err)
	}
	disk.Partitioned = disk.Found.Lists() || len(disk.Partitions) > 0
	return disk, nil
}

func (d *Devices) readDisk(disk *Disk, r io.ReaderAt) (err error) {
	if disk.Content, err = block.Probe(r, disk.Size); err != nil {
		return err
	}
	disk.Found, err = block.Inspect(r, disk.Size, disk.SectorSize)
	return err
}

// kernelView adds the kernel's partitions and who uses them.
func (d *Devices) kernelView(disk *Disk) error {
	part, err := d.Sys().IsPartition(disk.Name)
	if err == nil && part {
		err = errors.New("is a partition, not a disk")
	}
	if err != nil {
		return err
	}
	if disk.Mapper, err = d.Sys().MapperName(disk.Name); err != nil {
		return err
	}
	use, err := d.usage()
	if err != nil {
		return err
	}
	disk.Busy = map[int][]string{}
	if disk.Mapper != "" {
		return d.mapperView(disk, use)
	}
	if disk.Partitions, err = d.Sys().Partitions(disk.Name); err != nil {
		return err
	}
	for _, p := range disk.Partitions {
		users, err := d.partitionUsers(disk.Name, p, use)
		if err != nil {
			return err
		}
		if len(users) > 0 {
			disk.Busy[p.Number] = users
		}
	}
	return nil
}

// partitionUsers goes by device number: the partition's node may not be there yet.
func (d *Devices) partitionUsers(disk string, p block.KernelPartition, use usage) ([]string, error) {
	in := disk + "/" + p.Name
	holders, err := d.Sys().Holders(in)
	if err != nil {
		return nil, err
	}
	major, minor, err := d.Sys().DeviceNumber(in)
	if err != nil {
		return nil, err
	}
	return append(partOf(holders), use.of(block.NodeOf(p.Name), major, minor)...), nil
}

// mapperView finds the partitions of a device-mapper disk. They are its holders, and what holds them in turn is no sign
// of use either (docs/peer/engine.md §9.1 step 1): only mounts and swap count.
func (d *Devices) mapperView(disk *Disk, use usage) error {
	var err error
	disk.Users, err = d.nodeUsers(disk.Node, use)
	if err != nil {
		return err
	}
	prefix := d.at(mapperPrefix(disk.Mapper))
	found, err := os.ReadDir(filepath.Dir(prefix))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	for _, entry := range found {
		digits, ours := strings.CutPrefix(entry.Name(), filepath.Base(prefix))
		number, err := strconv.ParseUint(digits, 10, 31)
		if !ours || err != nil {
			continue // of another disk, be it that its name begins like this one's
		}
		node, err := d.Node(filepath.Join(filepath.Dir(prefix), entry.Name()))
		if errors.Is(err, fs.ErrNotExist) {
			continue // udev is about to remove the link
		} else if err != nil {
			return err
		}
		p := block.KernelPartition{Name: block.DeviceName(node), Number: int(number)}
		size, err := d.Sys().Size(p.Name)
		if err != nil {
			return err
		}
		p.Size = size / 512
		disk.Partitions = append(disk.Partitions, p)
		users, err := d.nodeUsers(node, use)
		if err != nil {
			return err
		}
		if len(users) > 0 {
			disk.Busy[int(number)] = users
		}
	}
	return nil
}

// DiskLinks are the names of disks from which udev makes those of their partitions, by node: with -part1 behind them
// they are the first partition's (60-persistent-storage.rules).
func (d *Devices) DiskLinks() map[string][]string {
	all := map[string][]string{}
	for _, kind := range []string{"by-id", "by-path", "by-diskseq"} {
		folder := d.at("/dev/disk/" + kind)
		entries, err := os.ReadDir(folder)
		if err != nil {
			continue // udev makes none
		}
		for _, entry := range entries {
			if node, err := d.Node(filepath.Join(folder, entry.Name())); err == nil {
				all[node] = append(all[node], "/dev/disk/"+kind+"/"+entry.Name())
			}
		}
	}
	return all
}
