package page

import (
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/glowplug-os/glowplug/internal/plan"
	"github.com/glowplug-os/glowplug/internal/report"
	"github.com/glowplug-os/glowplug/internal/scene"
)

const (
	// shares is the width of a disk, in the units of what is drawn to scale.
	shares = 100
	// fewMost is how many parts of a disk are drawn side by side; more are drawn one below the other.
	fewMost = 6
)

// share is the class by which a part gets its share of a disk.
func share(size, of int64) class {
	if of <= 0 {
		return "g1"
	}
	n := int(math.Round(shares * float64(size) / float64(of)))
	return class("g" + strconv.Itoa(max(1, min(shares, n))))
}

// disk shows a disk as it is and as it will be, and what is done to it.
func (d *draft) disk(of *report.Section) {
	disk, inside := of.Disk, []node{}
	if disk.After != nil {
		anew := wiped(of.Actions)
		inside = append(inside, sized("Before ", disk.Before), d.before(disk, anew),
			sized("After ", disk.After), d.after(disk, anew))
	}
	d.add(of.Title, len(of.Actions), calm, append(inside, heading3.say("What is done"), points(of.Actions))...)
}

func sized(words string, l *report.Layout) node {
	return heading3.of(say(words), small.say(scene.Bytes(l.Bytes)))
}

// wiped: the table of a disk goes, so that none of its partitions is the same afterwards.
func wiped(all []*report.Action) bool {
	return slices.ContainsFunc(all, func(a *report.Action) bool {
		return a.Noun == report.Disk && a.Effect == plan.Destroy
	})
}

// picture draws the parts of a disk by their shares.
func picture(of *report.Layout, title string, part func(*report.Stretch) node) node {
	all := of.Stretches()
	if len(all) == 0 {
		all = []report.Stretch{{Size: of.Bytes, Free: true}}
	}
	n := ordered.of().in(bar).with(label, title)
	if len(all) > fewMost {
		n = n.in(many)
	}
	for i := range all {
		p := &all[i]
		one := item.of(strong.say("free"), say(" "), small.say(scene.Bytes(p.Size))).in(free)
		if !p.Free {
			one = part(p)
		}
		n.inside = append(n.inside, one.in(share(p.Size, of.Bytes)))
	}
	return n
}

// part is one that is not free, with what becomes of it and what it holds.
func part(p *report.Stretch, becomes string, c class, holds string) node {
	n := item.of(strong.say(p.Text), say(" "), small.say(scene.Bytes(p.Size)), say(" "), span.say(becomes)).in(c)
	if holds != "" {
		n.inside = append(n.inside, say(" "), span.say(holds))
	}
	return n
}

func (d *draft) before(disk *report.DiskChange, anew bool) node {
	left := spots(disk.After)
	return picture(disk.Before, "Before: "+disk.Name, func(p *report.Stretch) node {
		if p.Partition == nil {
			return part(p, "goes", danger, "")
		}
		now, met := left[spotOf(p.Partition)]
		what, lost := d.lost[p.Partition.Node]
		switch {
		case anew || !met:
			return part(p, "goes", danger, what)
		case lost:
			return part(p, "stays, what it holds goes", danger, what)
		case now != p.Size:
			return part(p, "gets another size", changes, "")
		}
		return part(p, "stays", calm, "")
	})
}

func (d *draft) after(disk *report.DiskChange, anew bool) node {
	was := spots(disk.Before)
	return picture(disk.After, "After: "+disk.Name, func(p *report.Stretch) node {
		if p.Partition == nil {
			return part(p, "fills the disk", plain, d.layers.above(disk.Name))
		}
		holds := d.layers.above(p.Partition.Node)
		switch old, met := was[spotOf(p.Partition)]; {
		case anew || !met:
			return part(p, "new", plain, holds)
		case old != p.Size:
			return part(p, "was "+scene.Bytes(old), changes, holds)
		}
		return part(p, "at its place", calm, holds)
	})
}

// A spot is by what a partition is known again: its number, and where it begins.
type spot struct {
	number int
	start  int64
}

func spotOf(p *report.Partition) spot { return spot{p.Number, p.Start} }

// spots are the sizes of partitions.
func spots(l *report.Layout) map[spot]int64 {
	all := map[spot]int64{}
	for i := range l.Partitions {
		all[spotOf(&l.Partitions[i])] = l.Partitions[i].Size
	}
	return all
}

// aside is how a partition is called where it is a part of something else.
func aside(p *report.Partition) string {
	return strings.TrimRight("partition "+strconv.Itoa(p.Number)+" "+p.Label, " ") + ", " + scene.Bytes(p.Size)
}
