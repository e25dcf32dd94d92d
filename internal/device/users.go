package device

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"golang.org/x/sys/unix"

	"github.com/glowplug-os/glowplug/internal/block"
)

// Users tells who uses a device, in words; nobody for an empty list. Mounts are those of this process's namespace: opening
// a device exclusively finds the others as well.
func (d *Devices) Users(node string) ([]string, error) {
	holders, err := d.Sys().Holders(block.DeviceName(node))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	var users []string
	for _, holder := range holders {
		users = append(users, "part of "+holder)
	}
	mounts, err := d.mounts()
	if err != nil {
		return nil, err
	}
	var stat unix.Stat_t
	if err := unix.Stat(node, &stat); err != nil {
		return nil, fmt.Errorf("device %s: %w", node, err)
	}
	for _, m := range mounts {
		if m.Major == unix.Major(stat.Rdev) && m.Minor == unix.Minor(stat.Rdev) || leadsTo(m.Source, node) {
			users = append(users, "mounted at "+m.Target)
		}
	}
	swaps, err := d.swaps()
	if err != nil {
		return nil, err
	}
	for _, swap := range swaps {
		if leadsTo(swap, node) {
			users = append(users, "swap")
		}
	}
	return users, nil
}

// leadsTo: a path is the node, or a link to it. Sources such as /dev/root or tmpfs lead nowhere, which is no error.
func leadsTo(path, node string) bool {
	if !strings.HasPrefix(path, "/") {
		return false
	}
	resolved, err := filepath.EvalSymlinks(path)
	return err == nil && resolved == node
}

func (d *Devices) mounts() ([]block.Mount, error) {
	text, err := os.ReadFile(d.at("/proc/self/mountinfo"))
	if err != nil {
		return nil, err
	}
	return block.ParseMounts(text)
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
