package applies

import (
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/glowplug-os/glowplug/config"
)

// A Disk is one that a machine has to have for a config.
type Disk struct {
	Path string
	MiB  int64
}

// usualMiB is how large a disk is; a config that wants more gets more.
const usualMiB = 768

// Disks are the devices that a config names and does not make itself.
func Disks(cfg *config.Config) (all []Disk) {
	s, seen := &cfg.Storage, map[string]bool{}
	add := func(path string, mib int64) {
		if path == "" || seen[path] {
			return
		}
		seen[path] = true
		all = append(all, Disk{path, mib})
	}
	for _, d := range s.Disks {
		add(d.Device, room(d.Partitions))
	}
	built := map[string]bool{}
	for _, r := range s.Raid {
		built["/dev/md/"+r.Name], built["/dev/disk/by-id/md-name-"+r.Name] = true, true
	}
	for _, l := range s.Luks {
		built["/dev/mapper/"+l.Name], built["/dev/disk/by-id/dm-name-"+l.Name] = true, true
	}
	made := func(path string) bool {
		disk, number, is := partitionOf(path)
		_, named := named(cfg, path)
		return is && seen[disk] && mayHave(s, disk, number) || named != "" || built[path]
	}
	other := func(path string) {
		if !made(path) {
			add(path, usualMiB)
		}
	}
	for _, r := range s.Raid {
		for _, path := range r.Devices {
			other(path)
		}
	}
	for _, l := range s.Luks {
		other(config.Says(l.Device))
	}
	for _, f := range s.Filesystems {
		if config.Says(f.Format) != "virtiofs" {
			other(f.Device)
		}
	}
	return all
}

// mayHave tells whether a disk can have a partition of a number: the config makes it, or keeps what is there. Else a
// path that looks as if it named one is that of another device.
func mayHave(s *config.Storage, disk, number string) bool {
	for _, d := range s.Disks {
		if d.Device != disk {
			continue
		}
		return !config.Says(d.WipeTable) || slices.ContainsFunc(d.Partitions, func(p config.Partition) bool {
			return p.Number == 0 || strconv.Itoa(p.Number) == number
		})
	}
	return false
}

// room is how large a disk has to be for its partitions.
func room(partitions []config.Partition) int64 {
	const most = 1 << 40
	sum, end := int64(0), int64(0)
	for _, p := range partitions {
		start, size := int64(config.Says(p.StartMiB)), int64(config.Says(p.SizeMiB))
		if start > most || size > most {
			continue
		}
		sum += size
		end = max(end, start+size)
	}
	return max(usualMiB, sum+end+64)
}

var partitionName = regexp.MustCompile(`^(.*?)(?:p|-part|)(\d+)$`)

// partitionOf gives the disk of a partition that is named by it, and its number.
func partitionOf(path string) (disk, number string, is bool) {
	found := partitionName.FindStringSubmatch(path)
	if found == nil {
		return "", "", false
	}
	return found[1], found[2], true
}

// named gives the partition of a label or GUID of the config, by its disk and number.
func named(cfg *config.Config, path string) (number int, disk string) {
	label, byLabel := strings.CutPrefix(path, "/dev/disk/by-partlabel/")
	guid, byGUID := strings.CutPrefix(path, "/dev/disk/by-partuuid/")
	for _, d := range cfg.Storage.Disks {
		for i, p := range d.Partitions {
			if byLabel && p.Label != nil && *p.Label == label || byGUID && strings.EqualFold(config.Says(p.GUID),
				guid) {
				if p.Number == 0 {
					p.Number = i + 1
				}
				return p.Number, d.Device
			}
		}
	}
	return 0, ""
}
