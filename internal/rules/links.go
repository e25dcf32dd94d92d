package rules

import (
	"github.com/glowplug-os/glowplug/config"
	"github.com/glowplug-os/glowplug/internal/block"
	"github.com/glowplug-os/glowplug/internal/codes"
	"github.com/glowplug-os/glowplug/internal/cursor"
)

// A named is a partition of the config, where it gets a name: by its GUID, or else by its label.
type named struct {
	disk, partition int
	byGUID          bool
}

// at is the place of the name.
func (n named) at(storage *cursor.At) *cursor.At {
	p := storage.Key("disks").Item(n.disk).Key("partitions").Item(n.partition)
	if n.byGUID {
		return p.Key("guid")
	}
	return p.Key("label")
}

// A sharing is a name that partitions of two disks get.
type sharing struct {
	link      string
	first, by named
}

// sharedNames looks for labels and GUIDs that partitions of two disks have in common: a link by such a name leads to
// either. A label is reported only where the config uses the link; a GUID always, as it is meant to tell partitions
// apart.
func (c disks) sharedNames(a *cursor.At, s *config.Storage) {
	all := sharings(s)
	if len(all) == 0 {
		return
	}
	users := map[string][]*cursor.At{}
	for _, each := range all {
		users[each.link] = nil
	}
	linkUsers(a, s, users)
	for _, each := range all {
		each.report(a, users[each.link])
		delete(users, each.link) // told once
	}
}

// sharings are in the order of the partitions that get a name as a second or later one.
func sharings(s *config.Storage) (all []sharing) {
	if len(s.Disks) < 2 {
		return nil
	}
	owners := map[string]named{}
	note := func(links []string, by named) {
		for _, link := range links {
			if first, taken := owners[link]; !taken {
				owners[link] = by
			} else if first.disk != by.disk {
				all = append(all, sharing{link, first, by})
			}
		}
	}
	for i, d := range s.Disks {
		for k, p := range d.Partitions {
			if !isAbsent(p) {
				note(block.PartitionLinks(text(p.Label), ""), named{i, k, false})
				note(block.PartitionLinks("", text(p.GUID)), named{i, k, true})
			}
		}
	}
	return all
}

// report tells of a name at the places where the config goes by it. By a GUID partitions are told apart even where it
// does not.
func (sh sharing) report(a *cursor.At, users []*cursor.At) {
	for _, user := range users {
		user.Errorf(codes.DeviceAmbiguous, "partitions of two disks of the config are called %s", quote(sh.link)).
			Advise("give one of the two another name, or name the partition by its disk: by-id/…-part1").
			See(sh.first.at(a), "one of them").Strictly()
	}
	if sh.by.byGUID && len(users) == 0 {
		sh.by.at(a).Warnf(codes.PartitionGUIDShared,
			"partitions of two disks get the same GUID, so a link by it leads to either").
			Advise("give each its own, or none for a random one").See(sh.first.at(a), "the other one").Strictly()
	}
}

// linkUsers adds the places where the config goes by a name of a device to those names of which they are wanted.
func linkUsers(a *cursor.At, s *config.Storage, users map[string][]*cursor.At) {
	add := func(device, list string, i int, place func(*cursor.At) *cursor.At) {
		if known, wanted := users[device]; wanted {
			users[device] = append(known, place(a.Key(list).Item(i)))
		}
	}
	its := func(item *cursor.At) *cursor.At { return item.Key("device") }
	for i, f := range s.Filesystems {
		add(f.Device, "filesystems", i, its)
	}
	for i, l := range s.Luks {
		add(text(l.Device), "luks", i, its)
	}
	for i, r := range s.Raid {
		for k, device := range r.Devices {
			add(device, "raid", i, func(item *cursor.At) *cursor.At { return item.Key("devices").Item(k) })
		}
	}
}
