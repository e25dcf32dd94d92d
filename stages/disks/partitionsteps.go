package disks

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/glowplug-os/glowplug/internal/block"
	"github.com/glowplug-os/glowplug/internal/device"
	"github.com/glowplug-os/glowplug/internal/diag"
	"github.com/glowplug-os/glowplug/internal/order"
	"github.com/glowplug-os/glowplug/internal/plan"
)

// subject is a partition as people call it.
func (c *tableChange) subject(number int) string {
	return fmt.Sprintf("partition %d of %s", number, diag.Name(c.want.Device))
}

// steps are a line for each partition, and last what does it all.
func (c *tableChange) steps(devices *device.Devices) plan.Plan {
	var steps plan.Plan
	if c.wipe() {
		steps = append(steps, c.wipeStep())
	}
	sorted := slices.Clone(c.decisions)
	order.Stably(sorted, func(a, b block.Decision) int {
		return a.Index - b.Index
	})
	for _, d := range sorted {
		steps = append(steps, c.partitionStep(d))
	}
	id := origin("disks", c.index)
	last := plan.Step{ID: id, Subject: "partition table of " + diag.Name(c.want.Device), Detail: "as it is", Origin: id}
	if c.write || c.tell {
		last.Effect, last.Detail = plan.Change, c.writing()
		last.Check = func(ctx context.Context) (plan.State, error) { return c.check(ctx, devices) }
		last.Do = func(ctx context.Context) error { return c.do(ctx, devices) }
	}
	return append(steps, last)
}

// writing says what the last step does.
func (c *tableChange) writing() string {
	switch {
	case len(c.mends) > 0:
		return "mended (" + strings.Join(c.mends, "; ") + ")"
	case c.write:
		return "written, and the kernel told"
	case c.disk.Mapper != "":
		return "is right; device-mapper is asked whether it knows"
	}
	return "is right; the kernel is told (" + device.Difference(c.disk.Partitions, c.wanted(), c.touched) + ")"
}

func (c *tableChange) wipeStep() plan.Step {
	id := origin("disks", c.index) + ".wipeTable"
	s := plan.Step{ID: id, Effect: plan.Destroy, Subject: "partition table of " + diag.Name(c.want.Device), Origin: id}
	found := c.disk.Found
	switch {
	case found.Table != nil && len(found.Table.Partitions()) > 0:
		var all []string
		for _, p := range found.Table.Partitions() {
			all = append(all,
				fmt.Sprintf("%d %q, %s%s", p.Number, p.Label, c.place(p.Start, p.Size), holding(c.lost[p.Number])))
		}
		s.Detail = "wiped, with partitions " + strings.Join(all, "; ")
	case found.Err() != nil:
		s.Detail = fmt.Sprintf("wiped: the disk %v%s", found.Err(), holding(c.disk.Content))
	case len(c.disk.Content.Signatures) > 0:
		s.Detail = "wiped, with " + device.Describe(c.disk.Content) + " that fills the disk"
	default:
		s.Effect, s.Detail = plan.Change, "wiped, nothing is lost"
	}
	return s
}

func holding(content block.Content) string {
	if len(content.Signatures) == 0 {
		return ""
	}
	return ", holding " + device.Describe(content)
}

var effects = map[block.Verdict]plan.Effect{
	block.Keep: plan.Keep, block.Create: plan.Create, block.Delete: plan.Destroy, block.Recreate: plan.Destroy,
	block.Resize: plan.Change,
}

func (c *tableChange) partitionStep(d block.Decision) plan.Step {
	s := c.step(d.Index, c.subject(d.Number))
	s.Effect = effects[d.Verdict]
	switch d.Verdict {
	case block.Keep:
		s.Detail = "is not there"
		if d.ShouldExist {
			s.Detail = c.described(*d.Found)
		} else if d.Found != nil || c.touchedByOther(d) {
			s.Detail = "its number is given to another entry"
		}
	case block.Create:
		s.Detail = c.planned(d)
	case block.Delete:
		s.Detail = "deleted; was " + c.described(*d.Found) + c.losing(d)
	case block.Recreate:
		s.Detail = c.planned(d) + "; was " + c.described(*d.Found) + " (" + strings.Join(d.Differences, "; ") + ")" +
			c.losing(d)
	case block.Resize:
		s.Detail = fmt.Sprintf("%s, size was %s", c.planned(d), c.sectors(d.Found.Size))
		if d.Size < d.Found.Size {
			s.Effect = plan.Destroy
			s.Detail += fmt.Sprintf("; loses the last %s", c.sectors(d.Found.Size-d.Size))
		}
	}
	return s
}

func (c *tableChange) touchedByOther(d block.Decision) bool {
	return slices.ContainsFunc(c.decisions, func(o block.Decision) bool {
		return o.Index != d.Index && o.Number == d.Number
	})
}

// losing names the content that goes with a partition, and what else there is of it.
func (c *tableChange) losing(d block.Decision) string {
	text := ""
	if content := c.lost[d.Number]; len(content.Signatures) > 0 {
		text = "; loses " + device.Describe(content)
	}
	if c.disk.Found.Table.Mirrored(*d.Found) {
		text += "; its entry in the hybrid MBR goes along"
	}
	return text
}

// planned is a partition as the table will have it.
func (c *tableChange) planned(d block.Decision) string {
	p, _ := c.table.Partition(d.Number)
	text := fmt.Sprintf("%q, %s", p.Label, c.place(p.Start, p.Size))
	if d.TypeGUID != "" {
		text += ", type " + p.Type.String()
	}
	if d.GUID != "" {
		text += ", GUID " + p.GUID.String()
	}
	return text
}

func (c *tableChange) described(p block.Partition) string {
	return fmt.Sprintf("%q, %s", p.Label, c.place(p.Start, p.Size))
}

func (c *tableChange) place(start, size uint64) string {
	return "at " + c.point(start) + ", " + c.sectors(size)
}

// point is an offset in MiB, or the sector if it is none of these.
func (c *tableChange) point(sector uint64) string {
	if n := c.bytes(sector); n%(1<<20) == 0 {
		return fmt.Sprintf("%d MiB", n>>20)
	}
	return fmt.Sprintf("sector %d", sector)
}

func (c *tableChange) sectors(n uint64) string {
	if size := c.bytes(n); size%(1<<20) == 0 {
		return fmt.Sprintf("%d MiB", size>>20)
	}
	return fmt.Sprintf("%d sectors", n)
}

// check: the table is there already, and the kernel has its partitions.
func (c *tableChange) check(ctx context.Context, devices *device.Devices) (plan.State, error) {
	if c.wipe() {
		return plan.Pending, nil
	}
	now, err := devices.LookDisk(c.disk.Node)
	if err != nil {
		return plan.Pending, err
	}
	if c.write && !c.done(now) {
		return plan.Pending, nil
	}
	if now.Mapper != "" {
		if now.Partitions, err = devices.MapperPartitions(ctx, now); err != nil {
			return plan.Pending, nil // it may well not have them yet
		}
	}
	if now.Name != "" && device.Difference(now.Partitions, c.wanted(), c.touched) != "" {
		return plan.Pending, nil
	}
	return plan.Done, nil
}

// done: the disk has the table already, whole.
func (c *tableChange) done(now device.Disk) bool {
	t := now.Found.Table
	return t != nil && len(t.Damage) == 0 && t.Same(c.after.Found.Table)
}

// do makes the change with the disk to itself, and has everybody know.
func (c *tableChange) do(ctx context.Context, devices *device.Devices) error {
	if err := c.locked(ctx, devices); err != nil {
		return err
	}
	return devices.Announce(ctx, c.disk, c.wanted(), c.touched, c.links())
}

// links are those that have to lead to what the table now says.
func (c *tableChange) links() []device.Link {
	var all []device.Link
	if c.table == nil || c.disk.Mapper != "" {
		return nil // device-mapper's partitions are verified by their tables
	}
	for _, p := range c.table.Partitions() {
		if c.touched[p.Number] {
			all = append(all, device.Link{Name: byGUID(p.GUID), Node: c.disk.PartitionNode(p.Number)})
		}
	}
	return all
}

// locked is what is done while nobody else may look at the disk.
func (c *tableChange) locked(ctx context.Context, devices *device.Devices) error {
	// The partitions of a device-mapper disk hold it themselves.
	alone := c.write && len(c.disk.Busy) == 0 && c.disk.Mapper == ""
	claim, err := devices.Claim(ctx, c.disk.Node, c.write, alone)
	if err != nil {
		return err
	}
	defer claim.Close()
	if err := c.unchanged(claim.Disk); err != nil {
		return err
	}
	if c.write && (c.wipe() || !c.done(claim.Disk)) {
		// What is to go leaves the kernel first: it is the last to know whether something is in use, and as yet nothing
		// is written.
		if err := claim.Forget(ctx, c.forget); err != nil {
			return errors.Join(fmt.Errorf("nothing was written: %w", err), c.restore(ctx, claim))
		}
		if err := c.perform(claim); err != nil {
			return errors.Join(err, c.restore(ctx, claim))
		}
	}
	return claim.Tell(ctx, c.wanted(), c.touched)
}

// restore has the kernel know the partitions of the table that is there after a failure.
func (c *tableChange) restore(ctx context.Context, claim *device.Claim) error {
	found, err := claim.Found()
	if err != nil || found.Table == nil {
		return nil // of a disk that cannot be read the first error has told
	}
	return claim.Tell(ctx, found.Table.KernelPartitions(c.disk.Name), c.forget)
}

// unchanged refuses to go on with a disk that is not the one that was planned for.
func (c *tableChange) unchanged(now device.Disk) error {
	before := c.disk
	var what string
	switch {
	case now.Size != before.Size || now.SectorSize != before.SectorSize:
		what = fmt.Sprintf("has %d bytes in sectors of %d, had %d in sectors of %d", now.Size, now.SectorSize,
			before.Size, before.SectorSize)
	case now.ReadOnly != before.ReadOnly:
		what = "is read-only or was"
	case len(now.Users) > 0 && len(before.Users) == 0:
		what = "is in use now: " + strings.Join(now.Users, ", ")
	case !c.done(now) && (now.Found.Kind != before.Found.Kind || now.Found.Why != before.Found.Why ||
		!now.Found.Table.Same(before.Found.Table)):
		what = "has another partition table"
	case before.Found.Kind != block.KindGPT && !slices.Equal(now.Content.Signatures, before.Content.Signatures):
		what = "is filled with something else: " + device.Describe(now.Content)
	}
	for number, users := range now.Busy {
		if len(before.Busy[number]) == 0 && (c.wipe() || c.changed[number]) {
			what = fmt.Sprintf("has partition %d in use now: %s", number, strings.Join(users, ", "))
		}
	}
	if what != "" {
		return fmt.Errorf("%s: it was planned for as it was, and nothing was written", what)
	}
	return nil
}
