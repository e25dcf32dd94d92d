package guest

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/glowplug-os/glowplug/internal/initramfs"
	"github.com/glowplug-os/glowplug/internal/tool"
)

// serial is what a disk says that it is: of virtio and NVMe in a file of their own, of SCSI on the page for it (SPC-4,
// 7.8.15: four bytes, and then the text).
func serial(disk string) string {
	for _, file := range []string{"serial", "device/serial"} {
		if text, err := os.ReadFile(filepath.Join(disk, file)); err == nil {
			return strings.TrimSpace(string(text))
		}
	}
	page, err := os.ReadFile(filepath.Join(disk, "device/vpd_pg80"))
	if err != nil || len(page) < 4 {
		return ""
	}
	return strings.Trim(string(page[4:]), " \x00")
}

const (
	look      = 50 * time.Millisecond
	looksMost = 1200 // a minute of them
)

// kernelNames waits until all disks are there, and gives what the kernel calls them.
func kernelNames(ctx context.Context, disks []Disk) (map[string]string, error) {
	var missing []string
	for range looksMost {
		names := map[string]string{}
		found, err := filepath.Glob("/sys/block/*")
		if err != nil {
			return nil, err
		}
		for _, disk := range found {
			names[serial(disk)] = filepath.Base(disk)
		}
		missing = nil
		for _, d := range disks {
			if names[d.Serial] == "" {
				missing = append(missing, d.Serial)
			}
		}
		if len(missing) == 0 {
			return names, scanned(names, disks)
		}
		select {
		case <-ctx.Done():
			return nil, context.Cause(ctx)
		case <-time.After(look):
		}
	}
	return nil, fmt.Errorf("disks are not there: %s", strings.Join(missing, ", "))
}

// scanned waits until the kernel has looked for partitions, which opening a disk does where it was not done yet
// (block/bdev.c, blkdev_get_whole). A partition that comes later, when somebody has locked the disk, gets no name from
// udev as long as that lasts.
func scanned(names map[string]string, disks []Disk) error {
	for _, d := range disks {
		f, err := os.Open("/dev/" + names[d.Serial])
		if err != nil {
			return err
		}
		if err := f.Close(); err != nil {
			return err
		}
	}
	return nil
}

// nameDisks starts udev, by which disks get the config's names.
func nameDisks(ctx context.Context, tools *tool.Set, disks []Disk) error {
	names, err := kernelNames(ctx, disks)
	if err != nil {
		return err
	}
	if err := writeRules(names, disks); err != nil {
		return err
	}
	if err := loadBtrfs(ctx, tools); err != nil {
		return err
	}
	return runAll(ctx, tools, append([]tool.Command{{Tool: initramfs.Udev, Args: []string{"--daemon"}}}, named...))
}

// named are the commands by which devices get the names that udev's rules have for them.
var named = []tool.Command{
	{Tool: "udevadm", Args: []string{"trigger", "--action=add", "--subsystem-match=block"}},
	{Tool: "udevadm", Args: []string{"settle"}},
}

func runAll(ctx context.Context, tools *tool.Set, all []tool.Command) error {
	for _, c := range all {
		if _, err := tools.Run(ctx, c); err != nil {
			return err
		}
	}
	return nil
}

// writeRules has udev call disks, which have names of the kernel by their serial numbers, what the config calls them.
func writeRules(kernel map[string]string, disks []Disk) error {
	var text strings.Builder
	for _, d := range disks {
		text.WriteString(rules(kernel[d.Serial], d.Names))
	}
	const folder = "/run/udev/rules.d"
	if err := os.MkdirAll(folder, 0o755); err != nil {
		return err
	}
	return os.WriteFile(folder+"/65-glowplug.rules", []byte(text.String()), 0o644)
}

// loadBtrfs loads the module if a disk has such a filesystem: without it udev takes that for one that is not ready yet
// (systemd: src/udev/udev-builtin-btrfs.c).
func loadBtrfs(ctx context.Context, tools *tool.Set) error {
	all, err := filesystems(ctx, tools)
	if err != nil || !slices.ContainsFunc(all, func(f filesystem) bool { return f.kind == "btrfs" }) {
		return err
	}
	_, err = tools.Run(ctx, tool.Command{Tool: "modprobe", Args: []string{"btrfs"}})
	if errors.Is(err, tool.ErrNotFound) {
		return err
	}
	return nil // a kernel that does not have it refuses to mount it, if that is wanted
}

// filesystems are those on the disks, on partitions and on what is made of them, by name.
func filesystems(ctx context.Context, tools *tool.Set) (all []filesystem, err error) {
	found, err := filepath.Glob("/sys/class/block/*")
	for _, each := range found {
		device := "/dev/" + strings.ReplaceAll(filepath.Base(each), "!", "/")
		out, err := tools.Run(ctx,
			tool.Command{Tool: "blkid", Args: []string{"-p", "-s", "TYPE", "-o", "value", device}})
		var failed *tool.Error
		if errors.As(err, &failed) {
			continue // there is nothing on it, or several things
		}
		if err != nil {
			return nil, err
		}
		if kind := strings.TrimSpace(string(out)); slices.Contains(bootKinds, kind) {
			all = append(all, filesystem{device: device, kind: kind})
		}
	}
	return all, err
}

// within mounts a filesystem read-only, and unmounts it behind use, which may have it mounted for writing.
func (m *machine) within(ctx context.Context, f filesystem,
	use func(folder string, writable func() error) error) error {
	const folder = "/run/look"
	if err := os.MkdirAll(folder, 0o700); err != nil {
		return err
	}
	if err := m.mount(ctx, f, folder, "ro"); err != nil {
		return err
	}
	err := use(folder, func() error {
		_, err := m.tools.Run(ctx, tool.Command{Tool: "mount", Args: []string{"-o", "remount,rw", folder}})
		return err
	})
	return errors.Join(err, m.unmount(ctx, folder))
}

func (m *machine) mount(ctx context.Context, f filesystem, folder, options string) error {
	if f.subvolume != "" {
		options += subvolumeIs + f.subvolume
	}
	_, err := m.tools.Run(ctx,
		tool.Command{Tool: "mount", Args: []string{"-o", options, "-t", f.kind, "--", f.device, folder}})
	return err
}

func (m *machine) unmount(ctx context.Context, folder string) error {
	_, err := m.tools.Run(ctx, tool.Command{Tool: "umount", Args: []string{folder}})
	return err
}
