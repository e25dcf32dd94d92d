package partition

import (
	"fmt"
	"slices"
	"strings"

	"github.com/glowplug-os/glowplug/internal/block"
	"github.com/glowplug-os/glowplug/internal/diag"
	"github.com/glowplug-os/glowplug/internal/order"
	"github.com/glowplug-os/glowplug/internal/plan"
	"github.com/glowplug-os/glowplug/internal/scene"
	"github.com/glowplug-os/glowplug/stages/disks/kind"
)

// A telling is a change as people read it.
type telling struct{ *change }

// actions are a line for each partition, and last what does it all.
func (c telling) actions() (all kind.Lane) {
	if c.wipe() {
		all = append(all, c.wiping())
	}
	sorted := slices.Clone(c.decisions)
	order.Stably(sorted, func(a, b block.Decision) int { return a.Index - b.Index })
	for _, d := range sorted {
		all = append(all, c.partition(d))
	}
	step := kind.Disk(c.index, c.want.Device).Step()
	step.Subject, step.Detail = "partition table of "+diag.Name(c.want.Device), "as it is"
	last := &kind.Action{Step: step, Seen: []*scene.Seen{c.disk}}
	last.Before, last.After = c.disk, c.after
	if c.write || c.tell || c.disk.Mapper != "" {
		last.Look, last.Act = c.change.look, c.change.act
	}
	switch {
	case c.write || c.tell:
		last.Effect, last.Detail = plan.Change, c.writing()
	case c.disk.Mapper != "":
		last.Detail += "; device-mapper is asked whether it knows"
	}
	if len(c.blanks()) > 0 {
		last.Outcomes = kind.UnlessKnown
	}
	return append(all, last)
}

// writing says what the last action does.
func (c telling) writing() string {
	switch {
	case len(c.mends) > 0:
		return "mended (" + strings.Join(c.mends, "; ") + ")"
	case c.write:
		return "written, and the kernel told"
	case c.disk.Mapper != "":
		return "is right; device-mapper is told"
	}
	return "is right; the kernel is told (" + c.unlike() + ")"
}

func (c telling) wiping() *kind.Action {
	id := kind.Origin("disks", c.index) + ".wipeTable"
	a := &kind.Action{Seen: []*scene.Seen{c.disk}, Step: plan.Step{ID: id, Effect: plan.Destroy, Origin: id,
		Subject: "partition table of " + diag.Name(c.want.Device)}}
	found := c.disk.Found
	switch {
	case found.Table != nil && len(found.Table.Partitions()) > 0:
		var all []string
		for _, p := range found.Table.Partitions() {
			all = append(all,
				fmt.Sprintf("%d %q, %s%s", p.Number, p.Label, c.where(p.Start, p.Size), holding(c.lost[p.Number])))
		}
		a.Detail = "wiped, with partitions " + strings.Join(all, "; ")
	case found.Err() != nil:
		a.Detail = fmt.Sprintf("wiped: the disk %v%s", found.Err(), holding(c.disk.Content))
	case len(c.disk.Content.Signatures) > 0:
		a.Detail = "wiped, with " + scene.Describe(c.disk.Content) + " that fills the disk"
	default:
		a.Effect, a.Detail = plan.Change, "wiped, nothing is lost"
		return a
	}
	a.Loses = c.wiped()
	return a
}

// wiped is what goes with a table: what fills the disk, and what its partitions hold, but for what stays.
func (c telling) wiped() (all []kind.Loss) {
	if len(c.disk.Content.Signatures) > 0 && c.disk.Found.Table == nil {
		all = append(all, kind.Loss{Node: c.disk.Node, What: scene.Describe(c.disk.Content)})
	}
	for _, p := range c.disk.KernelPartitions() {
		if !c.stays[p.Number] {
			all = append(all, kind.Loss{Node: c.disk.PartitionNode(p.Number), What: scene.Describe(c.lost[p.Number])})
		}
	}
	if all == nil {
		all = []kind.Loss{{Node: c.disk.Node, What: kind.TableLost}}
	}
	return all
}

func holding(content block.Content) string {
	if len(content.Signatures) == 0 {
		return ""
	}
	return ", holding " + scene.Describe(content)
}

// loss is a partition that goes.
func (c telling) loss(number int) kind.Loss {
	what := scene.Describe(c.lost[number])
	if c.stays[number] {
		what = "its entry in the partition table; " + what + " stays"
	}
	return kind.Loss{Node: c.disk.PartitionNode(number), What: what}
}

// cuts: the end of a partition goes.
func cuts(d block.Decision) bool { return d.Verdict == block.Resize && d.Size < d.Found.Size }

var effects = map[block.Verdict]plan.Effect{
	block.Keep: plan.Keep, block.Create: plan.Create, block.Delete: plan.Destroy, block.Recreate: plan.Destroy,
	block.Resize: plan.Change,
}

func (c telling) partition(d block.Decision) *kind.Action {
	a := &kind.Action{Step: c.change.partition(d.Index, c.subject(d.Number)).Step(), Seen: []*scene.Seen{c.disk}}
	a.Effect = effects[d.Verdict]
	if d.Gone() {
		a.Loses = []kind.Loss{c.loss(d.Number)}
	}
	switch d.Verdict {
	case block.Keep:
		a.Detail = "is not there"
		if d.ShouldExist {
			a.Detail = c.described(*d.Found)
		} else if d.Found != nil || c.touchedByOther(d) {
			a.Detail = "its number is given to another entry"
		}
	case block.Create:
		a.Detail = c.planned(d)
	case block.Delete:
		a.Detail = "deleted; was " + c.described(*d.Found) + c.losing(d)
	case block.Recreate:
		a.Detail = c.planned(d) + "; was " + c.described(*d.Found) + " (" + strings.Join(d.Differences, "; ") + ")" +
			c.losing(d)
	case block.Resize:
		a.Detail = fmt.Sprintf("%s, size was %s", c.planned(d), c.sectors(d.Found.Size))
		if cuts(d) {
			cut := "the last " + c.sectors(d.Found.Size-d.Size)
			a.Effect = plan.Destroy
			a.Detail += "; loses " + cut
			if content := c.lost[d.Number]; len(content.Signatures) > 0 {
				cut += " of " + scene.Describe(content)
			}
			a.Loses = []kind.Loss{{Node: c.disk.PartitionNode(d.Number), What: cut, End: true}}
		}
	}
	return a
}

func (c telling) touchedByOther(d block.Decision) bool {
	return slices.ContainsFunc(c.decisions, func(o block.Decision) bool {
		return o.Index != d.Index && o.Number == d.Number
	})
}

// losing names the content that goes with a partition, and what else there is of it.
func (c telling) losing(d block.Decision) string {
	text := ""
	switch content := c.lost[d.Number]; {
	case c.stays[d.Number]:
		text = "; " + scene.Describe(content) + " stays"
	case len(content.Signatures) > 0:
		text = "; loses " + scene.Describe(content)
	}
	if c.disk.Found.Table.Mirrored(*d.Found) {
		text += "; its entry in the hybrid MBR goes along"
	}
	return text
}

// planned is a partition as the table will have it.
func (c telling) planned(d block.Decision) string {
	p, _ := c.table.Partition(d.Number)
	text := c.described(p)
	if d.TypeGUID != "" {
		text += ", type " + p.Type.String()
	}
	if d.GUID != "" {
		text += ", GUID " + p.GUID.String()
	}
	return text
}

func (c telling) described(p block.Partition) string {
	return fmt.Sprintf("%q, %s", p.Label, c.where(p.Start, p.Size))
}

func (c telling) where(start, size uint64) string {
	return "at " + c.point(start) + ", " + c.sectors(size)
}

// point is an offset in MiB, or the sector if it is none of these.
func (c telling) point(sector uint64) string {
	if n := c.bytes(sector); n%(1<<20) == 0 {
		return fmt.Sprintf("%d MiB", n>>20)
	}
	return fmt.Sprintf("sector %d", sector)
}

func (c telling) sectors(n uint64) string {
	if size := c.bytes(n); size%(1<<20) == 0 {
		return fmt.Sprintf("%d MiB", size>>20)
	}
	return diag.Count(n, "sector")
}
