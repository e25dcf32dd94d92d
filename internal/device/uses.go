package device

import (
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/glowplug-os/glowplug/internal/block"
	"github.com/glowplug-os/glowplug/internal/scene"
)

// Uses are who uses a device or a partition of it, by what the kernel lists. The device is not opened.
func (d *Devices) Uses(node string) ([]scene.User, error) {
	seen := &scene.Seen{Path: node, Node: node, Name: block.DeviceName(node)}
	if err := d.Scene().kernelView(seen); err != nil {
		return nil, err
	}
	users := seen.Users
	for _, p := range seen.Partitions {
		users = append(users, seen.Busy[p.Number]...)
	}
	return users, nil
}

// Loops are the nodes of the loop devices that a file is behind (loop(4), sysfs: loop/backing_file).
func (d *Devices) Loops(file os.FileInfo) (nodes []string) {
	entries, _ := filepath.Glob(d.at("/sys/class/block") + "/*/loop/backing_file") // no pattern that could be wrong
	for _, entry := range entries {
		text, err := os.ReadFile(entry)
		if err != nil {
			continue // it is about to go
		}
		behind, err := os.Stat(strings.TrimSuffix(string(text), "\n"))
		if err == nil && os.SameFile(behind, file) {
			nodes = append(nodes, block.NodeOf(filepath.Base(filepath.Dir(filepath.Dir(entry)))))
		}
	}
	slices.Sort(nodes)
	return nodes
}
