package device

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"

	"golang.org/x/sys/unix"

	"github.com/glowplug-os/glowplug/internal/block"
	"github.com/glowplug-os/glowplug/internal/scene"
)

// holders are the devices that lie on a device, with all that uses them in turn. Mounts are those of this process's
// namespace: opening a device exclusively finds the others as well.
func (s Scene) holders(name string, use usage) (all []scene.User, err error) {
	names, err := s.d.Sys().Holders(name)
	if err != nil {
		return nil, err
	}
	for _, holder := range names {
		u, err := s.holder(holder, use)
		switch {
		case err == nil:
			all = append(all, u)
		case s.gone(holder):
		case errors.Is(err, fs.ErrNotExist): // it is about to go
			all = append(all, scene.User{Use: u.Use, Name: u.Name, Volume: u.Volume, Runs: u.Runs})
		default:
			return nil, err
		}
	}
	return all, nil
}

func (s Scene) holder(name string, use usage) (u scene.User, err error) {
	if u, err = s.kind(name); err != nil {
		return u, err
	}
	if u.Under, err = s.d.Sys().Slaves(name); err == nil {
		u.Users, err = s.deviceUsers(name, u.Node(), use)
	}
	if err != nil {
		return u, err
	}
	partitions, err := s.d.Sys().Partitions(name)
	for _, p := range partitions { // who uses one uses the device
		users, failed := s.partitionUsers(name, p, use)
		u.Users, err = append(u.Users, users...), cmp.Or(err, failed)
	}
	return u, err
}

func (s Scene) partitionUsers(disk string, p block.KernelPartition, use usage) ([]scene.User, error) {
	return s.deviceUsers(disk+"/"+p.Name, block.NodeOf(p.Name), use)
}

// gone: the kernel has no such device any more. One may go while it is looked at, which no single file tells.
func (s Scene) gone(name string) bool {
	_, err := os.Lstat(s.d.at("/sys/class/block/" + name))
	return errors.Is(err, fs.ErrNotExist)
}

// leaves: the kernel says so of an array whose state it was asked for while it takes the array down (drivers/md/md.c,
// md_attr_show; fs/kernfs/file.c).
func leaves(err error) bool { return errors.Is(err, unix.EBUSY) || errors.Is(err, unix.ENODEV) }

// kind tells what the kernel has as a device of some name. An array that leaves is not known to be idle, so it is like
// a device of any other kind.
func (s Scene) kind(name string) (scene.User, error) {
	u := scene.User{Use: scene.Device, Name: name}
	runs, err := s.d.Sys().ArrayRuns(name)
	if err == nil {
		u.Use, u.Runs = scene.Array, runs
		return u, nil
	}
	if leaves(err) {
		return u, nil
	}
	if !errors.Is(err, fs.ErrNotExist) {
		return u, err
	}
	if u.Volume, err = s.d.Sys().VolumeName(name); u.Volume != "" {
		u.Use = scene.Volume
	}
	return u, err
}

// deviceUsers goes by device number: the node of what is in sysfs may not be there yet.
func (s Scene) deviceUsers(name, node string, use usage) ([]scene.User, error) {
	all, err := s.holders(name, use)
	if err != nil {
		return nil, err
	}
	major, minor, err := s.d.Sys().DeviceNumber(name)
	return append(all, use.of(node, major, minor)...), err
}

// usage is what mounts and swap use, read once for all devices that are asked about.
type usage struct {
	mounts []block.Mount // each Source is the node that it leads to, or ""
	swaps  []string      // nodes
}

// nodeUsers are the mounts and the swap of a node.
func (s Scene) nodeUsers(node string, use usage) ([]scene.User, error) {
	var stat unix.Stat_t
	if err := unix.Stat(node, &stat); err != nil {
		return nil, fmt.Errorf("device %s: %w", node, err)
	}
	return use.of(node, unix.Major(stat.Rdev), unix.Minor(stat.Rdev)), nil
}

func (u usage) of(node string, major, minor uint32) (users []scene.User) {
	for _, m := range u.mounts {
		if m.Major == major && m.Minor == minor || m.Source == node {
			users = append(users, scene.User{Use: scene.Mount, Name: m.Target})
		}
	}
	for _, swap := range u.swaps {
		if swap == node {
			users = append(users, scene.User{Use: scene.Swap})
		}
	}
	return users
}

func (s Scene) usage() (u usage, err error) {
	text, err := os.ReadFile(s.d.at(block.MountTable))
	if err != nil {
		return u, err
	}
	if u.mounts, err = block.ParseMounts(text); err != nil {
		return u, err
	}
	for i := range u.mounts {
		u.mounts[i].Source = s.leadsTo(u.mounts[i].Source)
	}
	swaps, err := s.swaps()
	for _, swap := range swaps {
		u.swaps = append(u.swaps, s.leadsTo(swap))
	}
	return u, err
}

// leadsTo is the node behind a path. Sources such as /dev/root or tmpfs lead nowhere, which is no error.
func (s Scene) leadsTo(path string) string {
	if !strings.HasPrefix(path, "/") {
		return ""
	}
	node, _ := s.d.Node(path)
	return node
}

// swaps are the devices and files in use as swap (proc(5), /proc/swaps: a heading, then a path first in each line).
func (s Scene) swaps() ([]string, error) {
	text, err := os.ReadFile(s.d.at("/proc/swaps"))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil // a kernel without swap
	}
	var paths []string
	for i, line := range strings.Split(string(text), "\n") {
		if fields := strings.Fields(line); i > 0 && len(fields) > 0 {
			paths = append(paths, fields[0])
		}
	}
	return paths, err
}
