package stages

import (
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/glowplug-os/glowplug/config"
	"github.com/glowplug-os/glowplug/internal/block"
	"github.com/glowplug-os/glowplug/internal/scene"
	"github.com/glowplug-os/glowplug/internal/target"
	"github.com/glowplug-os/glowplug/stages/disks/kind"
)

// expected is a config as planners are asked in what a machine differs from it: what they would make again whatever is
// there, or leave to the network, they compare. Its lists are copies.
type expected struct {
	config  config.Config
	storage config.Storage    // as the planners of disks are asked
	origins map[string]string // of entries of disks and partitions in storage, where they are others in the config
	unsure  map[string]string // why it cannot be known of an entry whether it is as described
	unseen  map[string]bool   // filesystems that may be another of their family, and could not be looked at
	refused map[string]bool   // partitions that are left out, as it is known that they differ
}

// expect makes one. Fetched tells which contents of servers are at hand.
func expect(cfg config.Config, devices scene.Scene, fetched func(*config.Resource) bool) *expected {
	e := &expected{config: cfg, origins: map[string]string{}, unsure: map[string]string{}, unseen: map[string]bool{},
		refused: map[string]bool{}}
	s, always := &e.config.Storage, true
	s.Directories, s.Files = slices.Clone(s.Directories), slices.Clone(s.Files)
	for i := range s.Directories {
		s.Directories[i].Overwrite = nil // what is in it now is nobody's
	}
	for i := range s.Files {
		e.file(&s.Files[i], kind.Origin("files", i), fetched)
	}
	s.Links = slices.Clone(s.Links)
	for i := range s.Links {
		if config.Says(s.Links[i].Hard) {
			s.Links[i].Overwrite = &always // be it that its target is not as described
		}
	}
	e.storage = *s
	if devices == nil {
		return e
	}
	e.disks(cfg.Storage.Disks, devices)
	e.storage.Luks, e.storage.Filesystems = slices.Clone(s.Luks), slices.Clone(s.Filesystems)
	for i := range e.storage.Luks {
		openable(&e.storage.Luks[i])
	}
	parted := withPartitions(cfg.Storage.Disks)
	for i := range e.storage.Filesystems {
		f, origin := &e.storage.Filesystems[i], kind.Origin("filesystems", i)
		if config.Says(f.Format) == "none" && parted[path.Clean(f.Device)] {
			// The device is emptied once it has partitions: what the kernel knows of it then is not what is on it.
			f.Format, e.unsure[origin] = nil, "the config makes partitions on the same device"
		}
		e.unseen[origin] = made(f, devices)
	}
	return e
}

// withPartitions are the disks on which a config has partitions.
func withPartitions(disks []config.Disk) map[string]bool {
	all := map[string]bool{}
	for _, d := range disks {
		if len(d.Partitions) > 0 {
			all[path.Clean(d.Device)] = true
		}
	}
	return all
}

// file has a file compared with its whole content where that is at hand, whatever the config lets happen to another
// one; and without it where it is not.
func (e *expected) file(f *config.File, origin string, fetched func(*config.Resource) bool) {
	all := append([]config.Resource{f.Contents}, f.Append...)
	far := slices.ContainsFunc(all, func(r config.Resource) bool { return !target.Local(&r) && !fetched(&r) })
	sources := 0
	for _, r := range all {
		if r.Source != nil {
			sources++
		}
	}
	digest := sources == 1 && config.Says(f.Contents.Verification.Hash) != ""
	switch {
	case far && !digest:
		e.unsure[origin] = "a server has what is in it, and the config no digest of that; --fetch compares it"
		if f.Contents.Source != nil {
			f.Mode = orElse(f.Mode, 0o644)
			f.User.ID, f.Group.ID = root0(f.User), root0(f.Group)
		}
		f.Contents, f.Append, f.Overwrite = config.Resource{}, nil, nil
	case f.Contents.Source != nil:
		always := true
		f.Overwrite = &always
	}
}

func orElse(n *int, otherwise int) *int {
	if n != nil {
		return n
	}
	return &otherwise
}

// root0 is the owner of a file that is made, by number, unless a name is given.
func root0(o config.NodeOwner) *int {
	if config.Says(o.Name) != "" {
		return o.ID
	}
	return orElse(o.ID, 0)
}

// openable has a volume compared with one that a key of the config opens, as no key is tried: any volume may be it.
func openable(v *config.Luks) {
	key := "data:,key"
	v.WipeVolume, v.Clevis, v.Cex = nil, config.Clevis{}, config.Cex{}
	v.KeyFile = config.Resource{Source: &key}
}

// made has a filesystem compared, and not made, with what its maker has made of the words of the config: a UUID that it
// draws, a label whose blanks at the end nobody reads, and by its options another of its family. The last cannot be
// told of one that is not where it was.
func made(f *config.Filesystem, devices scene.Scene) (unseen bool) {
	f.WipeFilesystem = nil
	if config.Says(f.Format) == "none" {
		f.Label, f.UUID = nil, nil // which nothing can have
	}
	if is := config.Says(f.UUID); is == "" || slices.Contains(drawnUUIDs, is) {
		f.UUID = nil
	}
	seen, err := devices.Look(f.Device)
	family := len(f.Options) > 0 && extended(config.Says(f.Format))
	if err != nil {
		return family
	}
	is := seen.Content.First()
	if family && extended(is.Type) {
		f.Format = &is.Type
	}
	if strings.TrimRight(config.Says(f.Label), " ") == is.Label && config.Says(f.Label) != "" {
		f.Label = &is.Label
	}
	return false
}

// drawnUUIDs are words that makers take in the place of a UUID (mke2fs(8)).
var drawnUUIDs = []string{"clear", "random", "time"}

// extended are those whose features make one of them another (mke2fs(8)).
func extended(format string) bool { return slices.Contains([]string{"ext2", "ext3", "ext4"}, format) }

// disks has partitions compared with those that are there. A disk of which the config lists none is left out: it may be
// filled with anything by now.
func (e *expected) disks(all []config.Disk, devices scene.Scene) {
	e.storage.Disks, e.origins = nil, map[string]string{}
	over := e.filled()
	for i, d := range all {
		at := kind.Origin("disks", len(e.storage.Disks))
		d.WipeTable, d.Partitions = nil, e.partitions(i, &d, at, devices, over[path.Clean(d.Device)])
		if len(d.Partitions) == 0 {
			continue
		}
		e.origins[at] = kind.Origin("disks", i)
		e.storage.Disks = append(e.storage.Disks, d)
	}
}

// partitions are those that are compared. Filled: the config makes something of the whole disk.
func (e *expected) partitions(index int, d *config.Disk, at string, devices scene.Scene,
	filled bool) (left []config.Partition) {
	table := tableOf(d.Device, devices)
	taken := numbersOf(d, table)
	for i, p := range d.Partitions {
		origin := kind.Origin("disks", index) + fmt.Sprintf(".partitions.%d", i)
		if e.refused[origin] {
			continue
		}
		if filled {
			e.unsure[origin] = "another entry is made over the whole disk"
			continue
		}
		p.WipePartitionEntry, p.Resize = nil, nil
		if config.Says(p.StartMiB) == 0 {
			p.StartMiB = nil // it may be anywhere
		}
		if p.Number == 0 && config.Says(p.GUID) == "" {
			if config.Says(p.Label) == "" {
				e.unsure[origin] = "it has no number, label or GUID by which it could be known"
				continue
			}
			p.Number = numberOf(&p, table, taken)
		}
		e.origins[fmt.Sprintf("%s.partitions.%d", at, len(left))] = origin
		left = append(left, p)
	}
	return left
}

// filled are devices that the config makes something on.
func (e *expected) filled() map[string]bool {
	s, all := &e.config.Storage, map[string]bool{}
	for _, r := range s.Raid {
		for _, d := range r.Devices {
			all[path.Clean(d)] = true
		}
	}
	for _, v := range s.Luks {
		all[path.Clean(config.Says(v.Device))] = true
	}
	for _, f := range s.Filesystems {
		if format := config.Says(f.Format); format != "" && (format != "none" || config.Says(f.WipeFilesystem)) {
			all[path.Clean(f.Device)] = true
		}
	}
	return all
}

func tableOf(device string, devices scene.Scene) *block.Table {
	seen, err := devices.Look(device)
	if err != nil {
		return nil
	}
	return seen.Found.Table
}

// numbersOf are the partitions of a table that entries name by number or GUID.
func numbersOf(d *config.Disk, table *block.Table) map[int]bool {
	all := map[int]bool{}
	for _, p := range d.Partitions {
		if p.Number != 0 {
			all[p.Number] = true
			continue
		}
		for _, there := range partitionsOf(table) {
			if guid := config.Says(p.GUID); guid != "" && strings.EqualFold(guid, there.GUID.String()) {
				all[there.Number] = true
			}
		}
	}
	return all
}

func partitionsOf(table *block.Table) []block.Partition {
	if table == nil {
		return nil
	}
	return table.Partitions()
}

// numberOf finds a partition by its label; 0 for none.
func numberOf(p *config.Partition, table *block.Table, taken map[int]bool) int {
	for _, there := range partitionsOf(table) {
		if !taken[there.Number] && there.Label == config.Says(p.Label) {
			taken[there.Number] = true
			return there.Number
		}
	}
	return 0
}

// origin is where the config has what storage has at a path.
func (e *expected) origin(at string) string {
	for cut := at; strings.Contains(cut, ".disks."); cut = cut[:strings.LastIndexByte(cut, '.')] {
		if is, moved := e.origins[cut]; moved {
			return is + at[len(cut):]
		}
	}
	return at
}
