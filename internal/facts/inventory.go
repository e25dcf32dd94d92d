package facts

import (
	"path"

	"github.com/glowplug-os/glowplug/internal/block"
	"github.com/glowplug-os/glowplug/internal/root"
	"github.com/glowplug-os/glowplug/internal/scene"
	"github.com/glowplug-os/glowplug/internal/target"
)

// Usual is a config that has a little of all that a root can be asked for. Whoever plans it looks at what plans of most
// configs look at: account files and their defaults, presets, labels. Its names are none that a machine has.
const Usual = `{"ignition": {"version": "3.0.0"},
	"passwd": {"users": [{"name": "glowplug-facts-user", "passwordHash": "*", "sshAuthorizedKeys": ["none"]}],
		"groups": [{"name": "glowplug-facts-group"}, {"name": "glowplug-facts-system", "system": true}]},
	"storage": {"files": [{"path": "/glowplug-facts", "mode": 420}]},
	"systemd": {"units": [{"name": "glowplug-facts.service", "enabled": true,
		"contents": "[Service]\nExecStart=/bin/true\n[Install]\nWantedBy=multi-user.target\n"}]}}`

// listed are directories in which configs put files and units, and those above them. What is not among the names of
// one is not there, so that configs which come later can be planned too.
var listed = []string{"/", "/boot", "/etc", "/etc/containers", "/etc/containers/systemd", "/etc/cron.d", "/etc/default",
	"/etc/modprobe.d", "/etc/modules-load.d", "/etc/profile.d", "/etc/ssh", "/etc/ssh/sshd_config.d", "/etc/sysctl.d",
	"/etc/systemd", "/etc/systemd/network", "/etc/systemd/system", "/etc/systemd/system-preset", "/etc/sysusers.d",
	"/etc/tmpfiles.d", "/etc/udev", "/etc/udev/rules.d", "/home", "/mnt", "/opt", "/opt/bin", "/srv", "/usr",
	"/usr/lib", "/usr/lib/systemd", "/usr/lib/systemd/system", "/usr/local", "/usr/local/bin", "/usr/local/etc",
	"/usr/local/lib", "/usr/local/sbin", "/usr/local/share", "/var", "/var/home", "/var/lib", "/var/log"}

// List looks at what is in directories that everybody may read, without what is below that.
func List(view target.View, protection func(at string) (root.Protection, error)) {
	const readAndEnter = 0o005
	for _, dir := range listed {
		at, err := target.Follow(view, dir)
		if err != nil {
			continue
		}
		is, err := view.Lstat(at)
		if err != nil || is.Kind != root.Directory || is.Mode&readAndEnter != readAndEnter {
			continue
		}
		names, err := view.Names(at)
		if err != nil {
			continue
		}
		for _, name := range names {
			// an error is an answer too, which is noted
			_, _ = view.Lstat(path.Join(at, name))
		}
		_, _ = protection(at)
	}
}

// disks are names by which configs have disks: it is noted, too, if a machine has none of the name.
var disks = []string{"/dev/vda", "/dev/vdb", "/dev/vdc", "/dev/vdd", "/dev/sda", "/dev/sdb", "/dev/sdc", "/dev/sdd",
	"/dev/xvda", "/dev/xvdb", "/dev/xvdf", "/dev/nvme0n1", "/dev/nvme1n1", "/dev/mmcblk0",
	"/dev/disk/by-id/coreos-boot-disk"}

// Inspect looks at devices, by the paths of their nodes, and at what is in the partitions of each.
func Inspect(devices scene.Scene, nodes []string) {
	for _, name := range disks {
		_, _, _ = devices.Find(name)
		_, _ = devices.Look(name)
	}
	links := devices.Links()
	for _, node := range nodes {
		seen, err := devices.Look(node)
		if err != nil {
			continue
		}
		_, _, _ = devices.Find(node)
		for _, name := range links[node] {
			_, _ = devices.Look(name)
			_, _, _ = devices.Find(name)
		}
		for _, at := range partitions(seen) {
			_, _ = devices.Inside(scene.Place{Node: seen.Node, SectorSize: seen.SectorSize, At: at})
		}
	}
}

// partitions are where those of a disk are, in bytes.
func partitions(seen *scene.Seen) (all []block.Span) {
	if seen.Found.Table == nil {
		return nil
	}
	sector := int64(seen.SectorSize)
	for _, p := range seen.Found.Table.Partitions() {
		all = append(all, block.Span{Offset: int64(p.Start) * sector, Size: int64(p.Size) * sector})
	}
	return all
}
