package device

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"

	"golang.org/x/sys/unix"

	"github.com/glowplug-os/glowplug/internal/block"
)

// Users tells who uses a device, in words; nobody for an empty list. Mounts are those of this process's namespace:
// opening a device exclusively finds the others as well.
func (d *Devices) Users(path string) ([]string, error) {
	node, err := d.Node(path)
	if err != nil {
		return nil, err
	}
	holders, err := d.Sys().Holders(block.DeviceName(node))
	if err != nil {
		return nil, err
	}
	use, err := d.usage()
	if err != nil {
		return nil, err
	}
	users, err := d.nodeUsers(node, use)
	return append(partOf(holders), users...), err
}

func partOf(holders []string) (users []string) {
	for _, holder := range holders {
		users = append(users, "part of "+holder)
	}
	return users
}

// usage is what mounts and swap use, read once for all devices that are asked about.
type usage struct {
	mounts []block.Mount // each Source is the node that it leads to, or ""
	swaps  []string      // nodes
}

// nodeUsers are the mounts and the swap of a node.
func (d *Devices) nodeUsers(node string, use usage) ([]string, error) {
	var stat unix.Stat_t
	if err := unix.Stat(node, &stat); err != nil {
		return nil, fmt.Errorf("device %s: %w", node, err)
	}
	return use.of(node, unix.Major(stat.Rdev), unix.Minor(stat.Rdev)), nil
}

func (u usage) of(node string, major, minor uint32) (users []string) {
	for _, m := range u.mounts {
		if m.Major == major && m.Minor == minor || m.Source == node {
			users = append(users, "mounted at "+m.Target)
		}
	}
	for _, swap := range u.swaps {
		if swap == node {
			users = append(users, "swap")
		}
	}
	return users
}

func (d *Devices) usage() (u usage, err error) {
	text, err := os.ReadFile(d.at(block.MountTable))
	if err != nil {
		return u, err
	}
	if u.mounts, err = block.ParseMounts(text); err != nil {
		return u, err
	}
	for i := range u.mounts {
		u.mounts[i].Source = d.leadsTo(u.mounts[i].Source)
	}
	swaps, err := d.swaps()
	for _, swap := range swaps {
		u.swaps = append(u.swaps, d.leadsTo(swap))
	}
	return u, err
}

// leadsTo is the node behind a path. Sources such as /dev/root or tmpfs lead nowhere, which is no error.
func (d *Devices) leadsTo(path string) string {
	if !strings.HasPrefix(path, "/") {
		return ""
	}
	node, _ := d.Node(path)
	return node
}

// swaps are the devices and files in use as swap (proc(5), /proc/swaps: a heading, then a path first in each line).
func (d *Devices) swaps() ([]string, error) {
	text, err := os.ReadFile(d.at("/proc/swaps"))
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
