package device

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"

	"github.com/glowplug-os/glowplug/internal/block"
	"github.com/glowplug-os/glowplug/internal/diag"
	"github.com/glowplug-os/glowplug/internal/order"
	"github.com/glowplug-os/glowplug/internal/scene"
	"github.com/glowplug-os/glowplug/internal/tool"
)

// busyPatience is how long a partition may be open somewhere, as by a probe, before that counts as use.
const busyPatience = 5 * time.Second

// Difference is the kernel's partitions beside those that it should have, of some numbers; "" if it has them. Names do
// not count.
func Difference(has, want []block.KernelPartition, numbers map[int]bool) string {
	is, should := byNumber(has), byNumber(want)
	for _, number := range sorted(numbers) {
		p, found := is[number]
		w, wanted := should[number]
		switch {
		case found && !wanted:
			return fmt.Sprintf("partition %d is still there for the kernel", number)
		case !found && wanted:
			return fmt.Sprintf("partition %d is not there for the kernel", number)
		case p.Start != w.Start || p.Size != w.Size:
			return fmt.Sprintf("partition %d: for the kernel it has %d units of 512 bytes from %d on, "+
				"want %d from %d on", number, p.Size, p.Start, w.Size, w.Start)
		}
	}
	return ""
}

func sorted(numbers map[int]bool) []int {
	var all []int
	for number, in := range numbers {
		if in {
			all = append(all, number)
		}
	}
	slices.Sort(all)
	return all
}

func byNumber(all []block.KernelPartition) map[int]block.KernelPartition {
	m := map[int]block.KernelPartition{}
	for _, p := range all {
		m[p.Number] = p
	}
	return m
}

// Forget makes the kernel drop partitions; those that it does not have are none the worse for it. It cannot drop one
// that is in use. A device-mapper disk's partitions are udev's to drop.
func (c *Claim) Forget(ctx context.Context, numbers map[int]bool) error {
	if c.Seen.Name == "" || c.Seen.Mapper != "" {
		return nil
	}
	for _, number := range sorted(numbers) {
		if err := c.drop(ctx, number); err != nil {
			return err
		}
	}
	return nil
}

func (c *Claim) drop(ctx context.Context, number int) error {
	err := c.devices.poll(ctx, min(busyPatience, c.devices.patience()), c.Seen.PartitionNode(number),
		func() (bool, error) {
			err := c.partition(unix.BLKPG_DEL_PARTITION, block.KernelPartition{Number: number})
			return !errors.Is(err, unix.EBUSY), err
		})
	if errors.Is(err, unix.ENXIO) {
		return nil
	}
	if err != nil {
		err = fmt.Errorf("partition %d: the kernel does not drop it: %w", number, err)
	}
	if errors.Is(err, unix.EBUSY) {
		err = scene.InUse(fmt.Errorf("%w; something has %s open", err, c.Seen.PartitionNode(number)))
	}
	return err
}

// Tell makes the kernel's partitions of some numbers those that they should be, touching no others and none that is
// right already. What gets smaller comes before what gets larger, which may take its place.
func (c *Claim) Tell(ctx context.Context, want []block.KernelPartition, numbers map[int]bool) error {
	if c.Seen.Name == "" || c.Seen.Mapper != "" {
		return nil
	}
	has, err := c.devices.Sys().Partitions(c.Seen.Name)
	if err != nil {
		return err
	}
	is, should := byNumber(has), byNumber(want)
	moved, resized, added := map[int]bool{}, []block.KernelPartition{}, []block.KernelPartition{}
	for _, number := range sorted(numbers) {
		p, found := is[number]
		w, wanted := should[number]
		moved[number] = found && (!wanted || p.Start != w.Start)
		switch {
		case wanted && (!found || moved[number]):
			added = append(added, w)
		case wanted && p.Size != w.Size:
			resized = append(resized, w)
		}
	}
	if err := c.Forget(ctx, moved); err != nil {
		return err
	}
	order.By(resized, func(p, q block.KernelPartition) int {
		return cmp.Compare(int64(p.Size-is[p.Number].Size), int64(q.Size-is[q.Number].Size))
	})
	for _, p := range resized {
		if err := c.partition(unix.BLKPG_RESIZE_PARTITION, p); err != nil {
			return fmt.Errorf("partition %d: the kernel does not resize it: %w", p.Number, err)
		}
	}
	for _, p := range added {
		if err := c.add(p); err != nil {
			return err
		}
	}
	return c.verify(want, numbers)
}

func (c *Claim) add(p block.KernelPartition) error {
	err := c.partition(unix.BLKPG_ADD_PARTITION, p)
	switch {
	case err == nil:
		return nil
	case errors.Is(err, unix.EBUSY):
		err = fmt.Errorf("%w; it has another one there", err)
	case errors.Is(err, unix.EINVAL):
		err = fmt.Errorf("%w; it has no partitions on a device of this kind, or not of this number", err)
	}
	return fmt.Errorf("partition %d: the kernel does not add it: %w", p.Number, err)
}

// partition is the ioctl BLKPG (linux/blkpg.h): offsets and lengths in bytes.
func (c *Claim) partition(op int32, p block.KernelPartition) error {
	part := unix.BlkpgPartition{Start: int64(p.Start) * 512, Length: int64(p.Size) * 512, Pno: int32(p.Number)}
	arg := unix.BlkpgIoctlArg{Op: op, Datalen: int32(unsafe.Sizeof(part)), Data: (*byte)(unsafe.Pointer(&part))}
	_, _, errno := unix.Syscall(unix.SYS_IOCTL, c.f.Fd(), unix.BLKPG, uintptr(unsafe.Pointer(&arg)))
	runtime.KeepAlive(&part)
	if errno != 0 {
		return errno
	}
	return nil
}

func (c *Claim) verify(want []block.KernelPartition, numbers map[int]bool) error {
	has, err := c.devices.Sys().Partitions(c.Seen.Name)
	if err != nil {
		return err
	}
	if text := Difference(has, want, numbers); text != "" {
		return errors.New(text)
	}
	return nil
}

// An announcing has everybody know what a disk has become.
type announcing struct {
	*Devices
	disk    *scene.Seen
	want    []block.KernelPartition
	numbers map[int]bool // of the partitions that have changed
}

// Announce has udev look at a disk and at partitions of it that have changed, and waits until all agree: nodes are
// there, those of deleted partitions are gone, udev knows the others by their new names. It is called without the
// disk's lock, which udev respects.
func (d *Devices) Announce(
	ctx context.Context, disk *scene.Seen, want []block.KernelPartition, numbers map[int]bool, links []Link,
) error {
	if disk.Name == "" {
		return nil
	}
	a := announcing{d, disk, want, numbers}
	if d.udev() {
		// When a disk that was written to is closed udev has the kernel read its table again, which takes partitions
		// away and brings them back. What takes too long here is found out below.
		_, _ = d.Tools.Run(ctx, tool.Command{Tool: "udevadm", Args: []string{"settle"}})
	}
	if disk.Mapper != "" {
		return a.mapped(ctx)
	}
	there, err := a.nodes(ctx)
	if err != nil {
		return err
	}
	if err := d.Settle(ctx, append([]string{disk.Node}, there...)...); err != nil {
		return err
	}
	return d.known(ctx, links)
}

// nodes waits for devtmpfs, or for whoever makes nodes in its place, and gives the nodes that should be there.
func (a announcing) nodes(ctx context.Context) (there []string, err error) {
	var gone []string
	should := byNumber(a.want)
	for _, number := range sorted(a.numbers) {
		if _, wanted := should[number]; wanted {
			there = append(there, a.disk.PartitionNode(number))
		} else {
			gone = append(gone, a.disk.PartitionNode(number))
		}
	}
	return there, a.poll(ctx, a.patience(), "nodes of partitions", func() (bool, error) {
		for _, node := range there {
			if _, err := os.Stat(node); err != nil {
				return false, fmt.Errorf("device %s did not appear: %w", diag.Name(node), cause(err))
			}
		}
		for _, node := range gone {
			if _, err := os.Lstat(node); err == nil {
				return false, fmt.Errorf("device %s is still there", diag.Name(node))
			}
		}
		return true, nil
	})
}

// mapped waits until device-mapper has the partitions of one of its disks as they should be. They come with the disk's
// own event.
func (a announcing) mapped(ctx context.Context) error {
	if err := a.Settle(ctx, a.disk.Node); err != nil {
		return err
	}
	return a.poll(ctx, a.patience(), "device-mapper's partitions", func() (bool, error) {
		has, err := a.MapperPartitions(ctx, a.disk)
		if err != nil {
			return errors.Is(err, tool.ErrNotFound), err
		}
		if text := Difference(has, a.want, a.numbers); text != "" {
			return false, errors.New(text)
		}
		return true, nil
	})
}

// MapperPartitions are the partitions of a device-mapper disk with their starts, as device-mapper's own tables have
// them.
func (d *Devices) MapperPartitions(ctx context.Context, disk *scene.Seen) ([]block.KernelPartition, error) {
	now, err := d.Scene().Look(disk.Path)
	if err != nil {
		return nil, err
	}
	for i := range now.Partitions {
		p := &now.Partitions[i]
		out, err := d.Tools.Run(ctx,
			tool.Command{Tool: "dmsetup", Args: []string{"table", disk.PartitionNode(p.Number)}})
		if err == nil {
			p.Start, p.Size, err = linear(string(out))
		}
		if err != nil {
			return nil, fmt.Errorf("partition %d: %w", p.Number, err)
		}
	}
	return now.Partitions, nil
}

// linear reads a table of device-mapper that is one stretch of another device, as `0 2048 linear 253:0 4096`: from, how
// many, kind, of what, from where (dmsetup(8), kernel's admin-guide/device-mapper/linear.rst).
func linear(table string) (start, size uint64, err error) {
	fields := strings.Fields(table)
	if len(fields) != 5 || fields[2] != "linear" || strings.Count(strings.TrimSpace(table), "\n") > 0 {
		return 0, 0, fmt.Errorf("device-mapper's table %.100q is not one linear stretch", table)
	}
	size, err = strconv.ParseUint(fields[1], 10, 64)
	if err == nil {
		start, err = strconv.ParseUint(fields[4], 10, 64)
	}
	return start, size, err
}
