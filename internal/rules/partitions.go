package rules

import (
	"cmp"
	"slices"
	"strings"

	"github.com/glowplug-os/glowplug/config"
	"github.com/glowplug-os/glowplug/internal/codes"
	"github.com/glowplug-os/glowplug/internal/cursor"
	"github.com/glowplug-os/glowplug/internal/order"
)

func (c disks) disk(a *cursor.At, d *config.Disk) {
	absolute(a, "device", d.Device)
	list := a.Key("partitions")
	if d.Device != "" {
		c.partitionNumbers(list, d.Partitions)
		c.partitionOverlap(list, d.Partitions)
		c.partitionLabels(list, d.Partitions)
		c.partitionGUIDs(list, d.Partitions)
	}
	for i := range d.Partitions {
		c.partition(list.Item(i), &d.Partitions[i])
	}
}

// partitionNumbers reports partitions of a disk that have the same number. The peer reports one pair a disk, and so
// does partitionLabels; the others are ours.
func (c disks) partitionNumbers(list *cursor.At, parts []config.Partition) {
	seen := map[int]int{}
	reported := false
	for i, p := range parts {
		if p.Number == 0 {
			continue
		}
		first, twice := seen[p.Number]
		if !twice {
			seen[p.Number] = i
			continue
		}
		f := list.Item(i).Errorf(codes.PartitionNumber, "two partitions have the number %d", p.Number)
		f.Advise("give each its own number, or 0 for the next free one").See(list.Item(first),
			"the first one").Stricter = reported
		reported = true
	}
}

func (c disks) partitionLabels(list *cursor.At, parts []config.Partition) {
	seen := map[string]int{}
	reported := false
	for i, p := range parts {
		if p.Label == nil {
			continue
		}
		first, twice := seen[*p.Label]
		if !twice {
			seen[*p.Label] = i
			continue
		}
		f := list.Item(i).Errorf(codes.PartitionLabelTwice, "two partitions have the label %s", quote(*p.Label))
		f.Advise("labels must differ").See(list.Item(first), "the first one").Stricter = reported
		reported = true
	}
}

// partitionGUIDs reports partitions of a disk that have the same GUID, which is to be unique in the world.
func (c disks) partitionGUIDs(list *cursor.At, parts []config.Partition) {
	seen := map[string]int{}
	for i, p := range parts {
		guid := strings.ToLower(text(p.GUID))
		if guid == "" || isAbsent(p) {
			continue
		}
		if first, twice := seen[guid]; twice {
			list.Item(i).Key("guid").Errorf(codes.PartitionGUIDTwice, "two partitions have the GUID %s",
				quote(*p.GUID)).
				Advise("give each its own, or none for a random one").See(list.Item(first),
				"the first one").Stricter = true
			continue
		}
		seen[guid] = i
	}
}

func isAbsent(p config.Partition) bool { return p.ShouldExist != nil && !*p.ShouldExist }

// partitionOverlap reports the first partition that overlaps another one. Only partitions with a fixed start and size
// are compared.
func (c disks) partitionOverlap(list *cursor.At, parts []config.Partition) {
	type extent struct{ i, start, end int }
	var fixed []extent
	for i, p := range parts {
		if p.StartMiB != nil && p.SizeMiB != nil && *p.StartMiB != 0 {
			end := *p.StartMiB + *p.SizeMiB - 1
			if *p.SizeMiB == 0 {
				end = *p.StartMiB
			}
			fixed = append(fixed, extent{i, *p.StartMiB, end})
		}
	}
	sorted := slices.Clone(fixed)
	order.By(sorted, func(a, b extent) int { return cmp.Compare(a.start, b.start) })
	// In order of their starts, an extent meets another one exactly if it starts before all earlier ones have ended, or
	// the next one starts before it has.
	first := len(parts)
	reach := 0
	for k, e := range sorted {
		if k > 0 && e.start <= reach || k+1 < len(sorted) && sorted[k+1].start <= e.end {
			first = min(first, e.i)
		}
		reach = max(reach, e.end)
	}
	at := slices.IndexFunc(fixed, func(e extent) bool { return e.i == first })
	if at < 0 {
		return
	}
	p := fixed[at]
	for _, o := range fixed {
		if o.i != p.i && p.start <= o.end && o.start <= p.end {
			list.Item(o.i).Errorf(codes.PartitionOverlap, "the partition overlaps with another one: MiB %d to %d, "+
				"and MiB %d to %d", o.start, o.end, p.start, p.end).
				Advise("move one of the two; a size of 0 takes what is free").See(list.Item(p.i), "the other one")
			return
		}
	}
}

func (c disks) partition(a *cursor.At, p *config.Partition) {
	if p.ShouldExist != nil && !*p.ShouldExist && (p.Label != nil || text(p.TypeGUID) != "" || text(p.GUID) != "" ||
		p.StartMiB != nil || p.SizeMiB != nil) {
		a.Errorf(codes.PartitionAbsent, "a partition that should not exist has other properties").
			Advise("keep number, shouldExist and wipePartitionEntry only")
	}
	if p.Number == 0 && p.Label == nil {
		a.Errorf(codes.PartitionUnnamed, "a partition needs a number or a label").Advise(`add "number" or "label"`)
	}
	if p.Label != nil {
		label := a.Key("label")
		if most := config.FieldAt("storage.disks.*.partitions.*.label").MaxBytes; len(*p.Label) > most {
			label.Errorf(codes.PartitionLabelLong, "partition labels are at most %d bytes, this one is %d", most,
				len(*p.Label))
		} else if strings.Contains(*p.Label, ":") {
			label.Errorf(codes.PartitionLabelColon, "a partition label cannot hold a colon")
		}
	}
	c.guid(a.Key("guid"), p.GUID)
	c.guid(a.Key("typeGuid"), p.TypeGUID)
	notNegative(a, "number", "a partition number", &p.Number)
	notNegative(a, "sizeMiB", "a size", p.SizeMiB)
	notNegative(a, "startMiB", "a start", p.StartMiB)
}

func (c disks) guid(a *cursor.At, guid *string) {
	if text(guid) != "" && !isGUID(*guid) {
		a.Errorf(codes.GUID, "%s is not a GUID",
			quote(*guid)).Advise("GUIDs look like 0FC63DAF-8483-4772-8E79-3D69D8477DE4")
	}
}

func isGUID(s string) bool {
	if len(s) != 36 {
		return false
	}
	for i := range len(s) {
		dash := i == 8 || i == 13 || i == 18 || i == 23
		hex := '0' <= s[i] && s[i] <= '9' || 'a' <= s[i]|0x20 && s[i]|0x20 <= 'f'
		if dash != (s[i] == '-') || !dash && !hex {
			return false
		}
	}
	return true
}
