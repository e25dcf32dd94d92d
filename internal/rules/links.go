package rules

import (
	"github.com/glowplug-os/glowplug/config"
	"github.com/glowplug-os/glowplug/internal/block"
	"github.com/glowplug-os/glowplug/internal/codes"
	"github.com/glowplug-os/glowplug/internal/cursor"
)

// A named is a partition of the config, or rather where it gets a name.
type named struct {
	disk  int
	place *cursor.At
}

// sharedNames looks for names that the partitions of two disks get: a link by such a name leads to either. A label is a
// problem only where the config goes by it; a GUID is meant to tell partitions apart.
func (c disks) sharedNames(a *cursor.At, s *config.Storage) {
	users := linkUsers(a, s)
	owners := map[string]named{}
	for i, d := range s.Disks {
		parts := a.Key("disks").Item(i).Key("partitions")
		for k, p := range d.Partitions {
			if isAbsent(p) {
				continue
			}
			c.shared(owners, users, block.PartitionLinks(text(p.Label), ""), named{i, parts.Item(k).Key("label")},
				false)
			c.shared(owners, users, block.PartitionLinks("", text(p.GUID)), named{i, parts.Item(k).Key("guid")}, true)
		}
	}
}

// shared notes one name of a partition, and reports it if a partition of another disk has it.
func (c disks) shared(owners map[string]named, users map[string][]*cursor.At, links []string, by named, isGUID bool) {
	for _, link := range links {
		first, taken := owners[link]
		if !taken {
			owners[link] = by
		}
		if !taken || first.disk == by.disk {
			continue
		}
		for _, user := range users[link] {
			user.Errorf(codes.DeviceAmbiguous, "partitions of two disks of the config are called %s", quote(link)).
				Advise("give one of the two another name, or name the partition by its disk: by-id/…-part1").
				See(first.place, "one of them").Strictly()
		}
		if isGUID && len(users[link]) == 0 {
			by.place.Warnf(codes.PartitionGUIDShared,
				"partitions of two disks get the same GUID, so a link by it leads to either").
				Advise("give each its own, or none for a random one").See(first.place, "the other one").Strictly()
		}
		delete(users, link) // told once
	}
}

// linkUsers are the places where the config goes by a name of a device.
func linkUsers(a *cursor.At, s *config.Storage) map[string][]*cursor.At {
	users := map[string][]*cursor.At{}
	for i, f := range s.Filesystems {
		users[f.Device] = append(users[f.Device], a.Key("filesystems").Item(i).Key("device"))
	}
	for i, l := range s.Luks {
		users[text(l.Device)] = append(users[text(l.Device)], a.Key("luks").Item(i).Key("device"))
	}
	for i, r := range s.Raid {
		for k, device := range r.Devices {
			users[device] = append(users[device], a.Key("raid").Item(i).Key("devices").Item(k))
		}
	}
	return users
}
