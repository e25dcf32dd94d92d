package rules

import (
	"fmt"
	"path"
	"strconv"
	"strings"

	"github.com/glowplug-os/glowplug/config"
	"github.com/glowplug-os/glowplug/internal/block"
	"github.com/glowplug-os/glowplug/internal/codes"
	"github.com/glowplug-os/glowplug/internal/cursor"
	"github.com/glowplug-os/glowplug/internal/diag"
	"github.com/glowplug-os/glowplug/internal/tree"
)

// A Clash is a use of a device that cannot be had beside what else the config says of the device, on any machine.
type Clash struct {
	Path    string // of the name of the device
	Other   string // of what it cannot be had beside
	Entry   string // that the use belongs to
	Subject string // of that
	*diag.Fault
}

// Clashes finds the devices that a config has two uses of, one of which would destroy the other's, those that would be
// made of themselves, and partitions of a wiped disk that it does not make. What stands there under a name of which the
// config says nothing may be anything.
func Clashes(s *config.Storage) []Clash {
	c := &clashes{made: numbers(s.Disks), names: map[string]string{}, uses: map[string]*use{},
		tables: map[string]int{}, wiped: map[string]int{}, of: map[string][]*use{}, done: map[string]progress{}}
	c.name(s)
	for i := range s.Disks {
		d := &s.Disks[i]
		if makesPartitions(d) {
			c.tables[c.one(d.Device)] = i
		}
		if isSet(d.WipeTable) {
			c.wiped[path.Clean(d.Device)] = i
		}
	}
	arrays := map[string]int{}
	for i := range s.Raid {
		r := &s.Raid[i]
		node := ArrayNode(r)
		if first, twice := arrays[numbered(node)]; !twice {
			arrays[numbered(node)] = i
		} else if s.Raid[first].Name != r.Name { // what has one name is told of as such
			c.add(&use{entry: at("raid", i), subject: "array " + diag.Name(r.Name), path: at("raid", i) + ".name"},
				at("raid", first)+".name", codes.DeviceTwice, "two arrays would be "+quote(node),
				"give one of the two another name")
		}
		c.array(i, r, node)
	}
	for i := range s.Luks {
		l := &s.Luks[i]
		u := &use{entry: at("luks", i), subject: "luks " + diag.Name(l.Name), what: "an encrypted volume",
			device: text(l.Device), takes: isSet(l.WipeVolume), setting: "wipeVolume"}
		u.path = u.entry + ".device"
		c.madeOf(block.MapperPath(l.Name), u)
	}
	for i := range s.Filesystems {
		c.filesystem(i, &s.Filesystems[i])
	}
	for _, name := range c.order {
		if c.done[name] == unseen {
			c.follow(name)
		}
	}
	return c.found
}

// numbered gives all that stand for one number of the kernel's the same name: md/0 appears as /dev/md0 too (mdadm(8),
// DEVICE NAMES; what is called /dev/md0 has the name 0).
func numbered(node string) string {
	number, is := strings.CutPrefix(node, "/dev/md/")
	if is && number != "" && strings.Trim(number, "0123456789") == "" {
		return "/dev/md" + number
	}
	return node
}

func (c *clashes) array(i int, r *config.Raid, node string) {
	for k, device := range r.Devices {
		u := &use{entry: at("raid", i), subject: "array " + diag.Name(r.Name), what: "an array", device: device,
			takes: true}
		u.path = u.entry + ".devices." + strconv.Itoa(k)
		c.madeOf(node, u)
	}
}

func (c *clashes) filesystem(i int, f *config.Filesystem) {
	u := &use{entry: at("filesystems", i), subject: "filesystem on " + diag.Name(f.Device), what: "a filesystem",
		device: f.Device, takes: isSet(f.WipeFilesystem), setting: "wipeFilesystem", filesystem: f, leaves: Leaves(f)}
	u.path = u.entry + ".device"
	kind, _ := config.FieldAt(formatField).Find(text(f.Format))
	if text(f.Format) == "" || kind.DeviceMax != 0 { // nothing is made, or of no device
		return
	}
	if text(f.Format) == "none" {
		u.what = "an empty device"
	}
	c.note(u)
}

func at(list string, i int) string { return "$.storage." + list + "." + strconv.Itoa(i) }

func makesPartitions(d *config.Disk) bool {
	for _, p := range d.Partitions {
		if !isAbsent(p) {
			return true
		}
	}
	return false
}

// A use is what an entry makes of a device.
type use struct {
	entry, subject string
	device         string
	path           string // of the name of the device
	what           string
	takes          bool   // it takes a disk from its partitions
	setting        string // that would let it
	filesystem     *config.Filesystem
	leaves         *Left // of filesystems; nil of anything else
}

// Left is what filesystems of a config leave on a device; nil for a label or a UUID that may be any.
type Left struct {
	format      string
	label, uuid *string
}

// Leaves is what one leaves.
func Leaves(f *config.Filesystem) *Left {
	l := &Left{format: text(f.Format), label: f.Label}
	if f.UUID != nil {
		l.uuid = new(block.SeenUUID(l.format, *f.UUID))
	}
	if isSet(f.WipeFilesystem) { // it has no other than it is given
		l.label, l.uuid = new(text(l.label)), new(text(l.uuid))
	}
	return l
}

// Serves tells whether another filesystem takes what is left for itself, on any disk, and notes what it says of that.
func (l *Left) Serves(f *config.Filesystem) bool {
	is := Leaves(f)
	return l.format == is.format && !isSet(f.WipeFilesystem) && agree(&l.label, is.label) && agree(&l.uuid, is.uuid)
}

func agree(known **string, wanted *string) bool {
	if *known == nil {
		*known = wanted
	}
	return wanted == nil || **known == *wanted
}

type clashes struct {
	names  map[string]string // of what the config makes: what all names of one have in common
	made   map[int]bool      // numbers of partitions that the config makes, 0 for any
	tables map[string]int    // disks that get partitions
	wiped  map[string]int    // disks that get a new table
	uses   map[string]*use
	found  []Clash

	of    map[string][]*use // what arrays and volumes are made of, by their nodes
	order []string          // of those
	done  map[string]progress
}

type progress uint8

const (
	unseen progress = iota
	begun
	ended
)

// named notes the names of one device, the first of which stands for all of them.
func (c *clashes) named(names []string) {
	for _, name := range names {
		if other, twice := c.names[name]; twice && other != names[0] {
			c.names[name] = name // who goes by it is told so
		} else {
			c.names[name] = names[0]
		}
	}
}

// madeOf notes what a device is made of.
func (c *clashes) madeOf(node string, u *use) {
	if len(c.of[node]) == 0 {
		c.order = append(c.order, node)
	}
	c.of[node] = append(c.of[node], u)
	c.note(u)
}

// follow goes through what a device is made of, and what that is made of in turn. It keeps its way itself: a config may
// have devices on devices by the hundred thousand, for which a stack of calls takes more than linear time.
func (c *clashes) follow(node string) {
	type part struct {
		node string
		left []*use // of what it is made of, those that are still to be looked at
	}
	c.done[node] = begun
	for way := []part{{node, c.of[node]}}; len(way) > 0; {
		at := &way[len(way)-1]
		if len(at.left) == 0 {
			c.done[at.node] = ended
			way = way[:len(way)-1]
			continue
		}
		u := at.left[0]
		at.left = at.left[1:]
		on := c.one(u.device)
		switch parts := c.of[on]; {
		case len(parts) == 0:
		case c.done[on] == begun:
			c.add(u, parts[0].entry+".name", codes.DeviceTwice, "the device "+quote(u.device)+
				" would be made of itself", "name another device")
		case c.done[on] == unseen:
			c.done[on] = begun
			way = append(way, part{on, parts})
		}
	}
}

// one is the name that stands for all of a device.
func (c *clashes) one(device string) string {
	name := path.Clean(device)
	if mapper, is := strings.CutPrefix(name, "/dev/disk/by-id/dm-name-"); is {
		name = block.MapperPath(mapper)
	}
	if one, is := c.names[name]; is {
		return one
	}
	return name
}

func (c *clashes) note(u *use) {
	if !strings.HasPrefix(u.device, "/") {
		return
	}
	name := c.one(u.device)
	if disk, is := c.lost(name); is && c.names[name] == "" {
		c.add(u, at("disks", disk)+".wipeTable", codes.DeviceMissing, "the device "+quote(u.device)+
			" will not be there: the partition table is wiped, and no partition of this number is made",
			"add the partition to the disk, or name one that is made")
		return
	}
	if i, is := c.tables[name]; is && !u.takes {
		c.add(u, at("disks", i), codes.DeviceTwice, "the disk "+quote(u.device)+" is partitioned, and "+u.what+
			" would take all of it", "name one of the partitions; to give these up set "+u.setting)
		return
	}
	first := c.uses[name]
	switch {
	case first == nil:
		c.uses[name] = u
	case first.entry == u.entry:
		if first.device != u.device { // a device that a list has twice is told of as such
			c.add(u, first.path, codes.DeviceTwice, "the device "+quote(u.device)+" is in this array by another name",
				"name another device")
		}
	case u.leaves == nil || first.leaves == nil || !first.leaves.Serves(u.filesystem):
		what := u.what
		if what == first.what {
			what = "another one"
		}
		c.add(u, first.path, codes.DeviceTwice, "the device "+quote(u.device)+" is to be "+first.what+" and "+what+
			", and one would be lost", "give one of the two another device")
	}
}

func (c *clashes) add(u *use, other string, code codes.Code, message, hint string) {
	c.found = append(c.found, Clash{u.path, other, u.entry, u.subject,
		&diag.Fault{Code: code, Message: message, Hint: hint, At: -1}})
}

// lost finds the disk whose partition a name is, where the disk is wiped and gets none of that number.
func (c *clashes) lost(name string) (disk int, is bool) {
	base := strings.TrimRight(name, "0123456789")
	number, err := strconv.Atoi(name[len(base):])
	if err != nil || len(c.wiped) == 0 {
		return 0, false
	}
	for _, device := range []string{base, strings.TrimSuffix(base, "p"), strings.TrimSuffix(base, "-part")} {
		i, wiped := c.wiped[device]
		isPart := strings.HasSuffix(base, "-part") ||
			isKernelName(device) && block.PartitionNode(device, number) == name
		if wiped && isPart && !c.made[number] && !c.made[0] {
			return i, true
		}
	}
	return 0, false
}

// numbers are those of the partitions that the config makes; 0 may become any. Whatever disk they are on: it may be one
// that has another name too.
func numbers(disks []config.Disk) map[int]bool {
	all := map[int]bool{}
	for i := range disks {
		for _, p := range disks[i].Partitions {
			if !isAbsent(p) {
				all[p.Number] = true
			}
		}
	}
	return all
}

// isKernelName: partitions of a disk that goes by a link of udev are called after it with "-part".
func isKernelName(device string) bool { return path.Dir(device) == "/dev" }

// name notes the names of what the config makes.
func (c *clashes) name(s *config.Storage) {
	for i := range s.Disks {
		for k, p := range s.Disks[i].Partitions {
			if isAbsent(p) {
				continue
			}
			all := []string{fmt.Sprintf("partition %d of disk %d", k, i)}
			all = append(all, block.PartitionLinks(text(p.Label), text(p.GUID))...)
			if p.Number > 0 {
				device := path.Clean(s.Disks[i].Device)
				if isKernelName(device) {
					all = append(all, block.PartitionNode(device, p.Number))
				}
				all = append(all, block.PartLinks([]string{device}, p.Number)...)
			}
			c.named(all)
		}
	}
	for i := range s.Raid {
		c.named(ArrayNames(&s.Raid[i], "", ArrayOption(&s.Raid[i], "--uuid", "-u")))
	}
	for i := range s.Luks {
		c.named(block.VolumeNames(s.Luks[i].Name, text(s.Luks[i].UUID)))
	}
}

// clashes tells of them.
func (c disks) clashes(s *config.Storage) {
	index := tree.Index{}
	for _, clash := range Clashes(s) {
		if c.doc.Unread(func() string { return clash.Path }) {
			continue
		}
		p, kept := c.log.Next(diag.Problem{Severity: diag.Error, Code: clash.Code, Stricter: true,
			Mends: diag.Merging})
		if !kept {
			continue
		}
		p.Place, p.Path = c.doc.At(clash.Path, index).Place(), clash.Path
		p.Message, p.Hint = clash.Message, clash.Hint
		p.Related = []diag.Related{{Place: c.doc.At(clash.Other, index).Place(), Path: clash.Other,
			Message: "the other use"}}
	}
}

// newEntries is how many partitions a new table has room for.
const newEntries = 128

// fits finds partitions that no disk has room for. On a disk that keeps its table those may be there already that a new
// one has no room for.
func (c disks) fits(list *cursor.At, d *config.Disk) {
	most, has := block.LastPartition, "Linux has no more than %d partitions on a disk"
	if isSet(d.WipeTable) {
		most, has = newEntries, "a new partition table has room for %d partitions"
	}
	count := 0
	for i, p := range d.Partitions {
		if isAbsent(p) {
			continue
		}
		if count++; p.Number > most || count > most {
			list.Item(i).Errorf(codes.PartitionFit, has, most).Advise("number them from 1 to %d", most).Strictly()
			return
		}
	}
	if isSet(d.WipeTable) {
		c.fitsNew(list, d.Partitions)
	}
}

// fitsNew finds partitions that a new table cannot have. Once one has a start there are several places that are free,
// and only a plan knows what fits.
func (c disks) fitsNew(list *cursor.At, parts []config.Partition) {
	greedy, gap := -1, false
	for i, p := range parts {
		if !isAbsent(p) && strings.Trim(text(p.TypeGUID), "0-") == "" && isGUID(text(p.TypeGUID)) {
			list.Item(i).Key("typeGuid").Errorf(codes.PartitionFit, "this type is that of an unused entry").
				Advise("leave it out for a filesystem of Linux").Strictly()
		}
	}
	for _, i := range made(parts) {
		p := &parts[i]
		switch {
		case greedy >= 0 && !gap && number(p.SizeMiB)+number(p.StartMiB) == 0:
			gap = true // it gets the sectors before the first whole MiB
		case greedy >= 0:
			list.Item(i).Errorf(codes.PartitionFit, "nothing is left for this partition").
				Advise("give the other one a size, or write it behind this one").
				See(list.Item(greedy), "it has no size, and takes all that is free").Strictly()
			return
		case number(p.StartMiB) != 0:
			return
		case number(p.SizeMiB) == 0:
			greedy = i
		}
	}
}

// made are the partitions that should exist in the order in which they are made: those with a number first.
func made(parts []config.Partition) (order []int) {
	for _, numbered := range []bool{true, false} {
		for i, p := range parts {
			if !isAbsent(p) && (p.Number > 0) == numbered {
				order = append(order, i)
			}
		}
	}
	return order
}
