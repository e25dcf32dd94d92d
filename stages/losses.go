package stages

import (
	"reflect"
	"slices"
	"strings"

	"github.com/glowplug-os/glowplug/internal/block"
	"github.com/glowplug-os/glowplug/internal/report"
	"github.com/glowplug-os/glowplug/internal/scene"
	"github.com/glowplug-os/glowplug/stages/disks/kind"
)

// A piece is a partition as it is before anything is done.
type piece struct {
	disk, node string
	number     int
	at         block.Span
	content    block.Content
}

// losses tell of a forecast's disks what goes, by what partitions hold, each once.
type losses struct {
	f    *Forecast
	told map[report.Loss]bool
}

// tell adds to an action what goes, and layouts that no table of the planner's has.
func (l *losses) tell(a *report.Action, from *kind.Action) {
	var inside []piece
	writes := a.Noun == report.Disk && !strings.HasSuffix(a.Origin, ".wipeTable")
	if len(from.Loses) > 0 || writes && a.Before == nil {
		inside = l.f.inside(from)
	}
	for _, lost := range from.Loses {
		a.Stays = a.Stays || lost.End
		for _, each := range l.anew(a, from, lost, inside) {
			if !l.told[each] {
				l.told[each] = true
				a.Loses = append(a.Loses, each)
			}
		}
	}
	if len(from.Loses) > 0 && len(a.Loses) == 0 { // what partitions hold stays, or was told before
		a.Loses = []report.Loss{{Where: from.Seen[0].Node, What: "its partition table"}}
	}
	if a.Before == nil && writes && len(inside) > 0 {
		a.Before = drawn(from.Seen[0], inside)
	}
	if a.Before != nil && a.After == nil {
		a.After = &report.Layout{Bytes: a.Before.Bytes}
	}
}

// anew is a loss as people know it.
func (l *losses) anew(a *report.Action, from *kind.Action, lost kind.Loss, inside []piece) []report.Loss {
	of := func(p piece) bool { return p.disk == lost.Node }
	i := slices.IndexFunc(inside, func(p piece) bool { return p.node == lost.Node })
	switch {
	case lost.End && i >= 0 && len(inside[i].content.Signatures) > 0:
		lost.What += " of " + scene.Describe(inside[i].content)
	case !lost.End && i >= 0:
		return l.partition(a, inside[i])
	case slices.ContainsFunc(inside, of):
		return l.disk(a, from, lost.Node, inside)
	}
	return []report.Loss{{Where: lost.Node, What: lost.What}}
}

// disk is what goes with a disk: what its partitions hold, and what is known on the disk itself.
func (l *losses) disk(a *report.Action, from *kind.Action, node string, inside []piece) (all []report.Loss) {
	for _, disk := range from.Seen {
		if disk.Node == node && len(disk.Content.Signatures) > 0 {
			all = append(all, report.Loss{Where: node, What: scene.Describe(disk.Content)})
		}
	}
	for _, p := range inside {
		if p.disk == node {
			all = append(all, l.partition(a, p)...)
		}
	}
	return all
}

// partition is what goes with a partition: not what one that is made at the same place will hold.
func (l *losses) partition(a *report.Action, p piece) []report.Loss {
	what := scene.Describe(p.content)
	if !strings.HasPrefix(a.Origin, "$.storage.disks.") || !l.f.stays(p) {
		return []report.Loss{{Where: p.node, What: what}}
	}
	if a.Noun == report.Disk {
		return nil
	}
	a.Detail = strings.Replace(a.Detail, "; loses "+what, "; "+what+" stays", 1)
	return []report.Loss{{Where: p.node, What: "its entry in the partition table; " + what + " stays"}}
}

// drawn is the layout of a disk whose partitions have no labels.
func drawn(disk *scene.Seen, inside []piece) *report.Layout {
	l := &report.Layout{Bytes: disk.Size}
	for _, p := range inside {
		l.Partitions = append(l.Partitions, report.Partition{Number: p.number, Start: p.at.Offset, Size: p.at.Size})
	}
	return l
}

// inside are the partitions of the disks that an action is about. One of which nothing can be read holds nothing known.
func (f *Forecast) inside(a *kind.Action) (all []piece) {
	for _, disk := range a.Seen {
		if disk.Partition || disk.Unknown != "" {
			continue
		}
		// what the kernel has is in units of 512 bytes
		for _, p := range disk.KernelPartitions() {
			each := piece{disk: disk.Node, node: disk.PartitionNode(p.Number), number: p.Number,
				at: block.Span{Offset: int64(p.Start) * 512, Size: int64(p.Size) * 512}}
			filling, err := f.Devices.Inside(scene.Place{Node: disk.Node, SectorSize: disk.SectorSize, At: each.at})
			if err == nil {
				each.content = filling.Content
			}
			all = append(all, each)
		}
	}
	return all
}

// stays: what is known on a partition is on one that is made at its place.
func (f *Forecast) stays(p piece) bool {
	for _, round := range f.Disks {
		for _, after := range round.After {
			at := after.Place
			if at == nil || at.Node != p.disk || at.At.Offset != p.at.Offset || at.At.Size < p.at.Size {
				continue
			}
			filling, err := f.Devices.Inside(*at)
			return err == nil && len(p.content.Signatures) > 0 && reflect.DeepEqual(filling.Content, p.content)
		}
	}
	return false
}
