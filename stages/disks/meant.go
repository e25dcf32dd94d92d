package disks

import (
	"fmt"
	"log/slog"
	"slices"

	"github.com/glowplug-os/glowplug/config"
	"github.com/glowplug-os/glowplug/internal/device"
	"github.com/glowplug-os/glowplug/internal/diag"
	"github.com/glowplug-os/glowplug/stages/disks/filesystem"
)

// Meant gives a config with the devices that Run has worked on, where their names lead elsewhere by now: a label or a
// UUID that another disk has too may have gone over to it, and one that was given up leads nowhere. Later stages of the
// boot are about the same devices.
func Meant(s config.Storage, d *device.Devices, log *slog.Logger) config.Storage {
	s.Filesystems, s.Luks = slices.Clone(s.Filesystems), slices.Clone(s.Luks)
	for i := range s.Filesystems {
		if f := &s.Filesystems[i]; filesystem.HasDevice(f) {
			f.Device = meantNode(f.Device, d, log)
		}
	}
	for i, v := range s.Luks {
		node := meantNode(config.Says(v.Device), d, log)
		s.Luks[i].Device = &node
	}
	return s
}

// meantNode is a device's own name, or the node that has its alias where that is another one.
func meantNode(name string, d *device.Devices, log *slog.Logger) string {
	node, err := d.Node(d.AliasOf(name))
	if err != nil {
		return name // Run had nothing to do with it, or it is gone
	}
	if is, err := d.Node(name); err == nil && is == node {
		return name
	}
	if log != nil {
		log.Warn(fmt.Sprintf("device %s no more leads to %s, which it did when it was worked on: %s is taken",
			diag.Name(name), node, node))
	}
	return node
}
