package block

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"strconv"
	"strings"

	"github.com/glowplug-os/glowplug/internal/order"
)

// Sysfs is what the kernel tells of block devices: a view of /sys. Devices are called as in /sys/class/block ("vda",
// "dm-0").
type Sysfs struct{ FS fs.FS }

// A KernelPartition is a partition as the kernel has it, in units of 512 bytes whatever the disk's sectors are.
type KernelPartition struct {
	Name        string
	Number      int
	Start, Size uint64
}

// LastPartition is the highest number of a partition that Linux has on a disk: DISK_MAX_PARTS in linux/blkdev.h is one
// more, and BLKPG refuses what is above. A table may have higher ones.
const LastPartition = 255

// DeviceName is the name of a device's node, /dev/vda or /dev/cciss/c0d0, in sysfs.
func DeviceName(node string) string {
	return strings.ReplaceAll(strings.TrimPrefix(path.Clean(node), "/dev/"), "/", "!")
}

// NodeOf is the node of a device: DeviceName the other way.
func NodeOf(name string) string { return "/dev/" + strings.ReplaceAll(name, "!", "/") }

func (s Sysfs) folder(name string) string { return path.Join("class/block", name) }

// value reads one of a device's files; without the file it is "".
func (s Sysfs) value(name, file string) (string, error) {
	data, err := fs.ReadFile(s.FS, path.Join(s.folder(name), file))
	if errors.Is(err, fs.ErrNotExist) {
		return "", nil
	}
	return strings.TrimSpace(string(data)), err
}

func (s Sysfs) number(name, file string) (uint64, error) {
	text, err := s.value(name, file)
	if err != nil {
		return 0, err
	}
	n, err := strconv.ParseUint(text, 10, 64)
	if err != nil {
		return 0, fmt.Errorf("%s of %s: %q is no number", file, name, text)
	}
	return n, nil
}

// KernelPartitions are the partitions of a table as the kernel should have them, for a disk of that name in sysfs.
func (t *Table) KernelPartitions(disk string) []KernelPartition {
	var all []KernelPartition
	per := uint64(t.SectorSize / 512)
	for _, p := range t.Partitions() {
		all = append(all, KernelPartition{PartitionNode(disk, p.Number), p.Number, p.Start * per, p.Size * per})
	}
	return all
}

// Holders are the devices that use a device: volumes of device-mapper, md arrays, bcache.
func (s Sysfs) Holders(name string) ([]string, error) { return s.names(name, "holders") }

func (s Sysfs) names(name, folder string) (all []string, err error) {
	entries, err := fs.ReadDir(s.FS, path.Join(s.folder(name), folder))
	for _, entry := range entries {
		all = append(all, entry.Name())
	}
	return all, err
}

// Slaves are the devices that a device lies on, as the kernel calls them: the members of an array, what is under a
// volume.
func (s Sysfs) Slaves(name string) ([]string, error) { return s.names(name, "slaves") }

// Partitions are those that the kernel knows of a disk, by number.
func (s Sysfs) Partitions(disk string) ([]KernelPartition, error) {
	entries, err := fs.ReadDir(s.FS, s.folder(disk))
	if err != nil {
		return nil, err
	}
	var all []KernelPartition
	for _, entry := range entries {
		if !strings.HasPrefix(entry.Name(), disk) {
			continue
		}
		p, is, err := s.partition(disk, entry.Name())
		if err != nil {
			return nil, err
		}
		if is {
			all = append(all, p)
		}
	}
	order.By(all, func(a, b KernelPartition) int { return cmp.Compare(a.Number, b.Number) })
	return all, nil
}

func (s Sysfs) partition(disk, name string) (p KernelPartition, is bool, err error) {
	in := path.Join(disk, name)
	if text, err := s.value(in, "partition"); err != nil || text == "" {
		return p, false, err
	}
	number, err := s.number(in, "partition")
	if err != nil {
		return p, false, err
	}
	p = KernelPartition{Name: name, Number: int(number)}
	if p.Start, err = s.number(in, "start"); err != nil {
		return p, false, err
	}
	p.Size, err = s.number(in, "size")
	return p, true, err
}

// MapperName is the name that device-mapper has for a device, as of a multipath disk; "" if it is none of its own.
func (s Sysfs) MapperName(name string) (string, error) { return s.value(name, "dm/name") }

// IsPartition: the device is a part of a disk.
func (s Sysfs) IsPartition(name string) (bool, error) {
	text, err := s.value(name, "partition")
	return text != "", err
}

// DeviceNumber is what the kernel knows a device by.
func (s Sysfs) DeviceNumber(name string) (major, minor uint32, err error) {
	text, err := s.value(name, "dev")
	if err != nil {
		return 0, 0, err
	}
	return deviceNumber(text)
}

func deviceNumber(text string) (major, minor uint32, err error) {
	numbers := [2]uint64{}
	first, second, _ := strings.Cut(text, ":")
	for i, text := range [2]string{first, second} {
		if numbers[i], err = strconv.ParseUint(text, 10, 32); err != nil {
			return 0, 0, fmt.Errorf("device number %q", text)
		}
	}
	return uint32(numbers[0]), uint32(numbers[1]), nil
}

// Size is a device's size in bytes.
func (s Sysfs) Size(name string) (uint64, error) {
	n, err := s.number(name, "size")
	return n * 512, err
}

// SectorSize is the size of a device's logical sectors in bytes.
func (s Sysfs) SectorSize(name string) (int, error) {
	n, err := s.number(name, "queue/logical_block_size")
	if err == nil && (n == 0 || n%512 != 0 || n > 1<<20) {
		err = fmt.Errorf("%s has logical sectors of %d bytes", name, n)
	}
	return int(n), err
}

// ReadOnly: the device takes no writes.
func (s Sysfs) ReadOnly(name string) (bool, error) {
	text, err := s.value(name, "ro")
	return text == "1", err
}

// PartitionNode is the node of a disk's partition: a disk whose name ends in a digit puts a p between.
func PartitionNode(disk string, number int) string {
	if disk != "" && disk[len(disk)-1] >= '0' && disk[len(disk)-1] <= '9' {
		disk += "p"
	}
	return disk + strconv.Itoa(number)
}

// A Mount is a line of MountTable. A filesystem with devices of its own making, as btrfs, has a number that
// is no device's: its device is the source. Inside is the folder of the filesystem that is mounted, "/" for all of it;
// of btrfs that is a subvolume.
type Mount struct {
	Major, Minor                 uint32
	Inside, Target, Type, Source string
}

// MountTable is what the calling thread has mounted. Threads can have mounts of their own (unshare(2)).
const MountTable = "/proc/thread-self/mountinfo"

// ParseMounts reads such a table (proc_pid_mountinfo(5)).
func ParseMounts(text []byte) ([]Mount, error) {
	var all []Mount
	for line := range bytes.Lines(text) {
		head, tail, found := strings.Cut(strings.TrimSuffix(string(line), "\n"), " - ")
		before, after := strings.Split(head, " "), strings.Split(tail, " ")
		if !found || len(before) < 6 || len(after) < 2 {
			return nil, fmt.Errorf("mountinfo: line %d: too few fields", len(all)+1)
		}
		m := Mount{Inside: UnescapeField(before[3]), Target: UnescapeField(before[4]), Type: UnescapeField(after[0]),
			Source: UnescapeField(after[1])}
		var err error
		if m.Major, m.Minor, err = deviceNumber(before[2]); err != nil {
			return nil, fmt.Errorf("mountinfo: line %d: device %q", len(all)+1, before[2])
		}
		all = append(all, m)
	}
	return all, nil
}

// UnescapeField undoes the \040 that stands in tables of mounts, and in fstab(5), for what would end a field.
func UnescapeField(field string) string {
	if !strings.Contains(field, `\`) {
		return field
	}
	var out []byte
	for i := 0; i < len(field); i++ {
		if field[i] == '\\' && i+4 <= len(field) {
			if n, err := strconv.ParseUint(field[i+1:i+4], 8, 8); err == nil {
				out = append(out, byte(n))
				i += 3
				continue
			}
		}
		out = append(out, field[i])
	}
	return string(out)
}
