package partition

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/glowplug-os/glowplug/internal/block"
	"github.com/glowplug-os/glowplug/internal/device"
	"github.com/glowplug-os/glowplug/internal/plan"
	"github.com/glowplug-os/glowplug/internal/scene"
	"github.com/glowplug-os/glowplug/stages/disks/kind"
)

// look: the table is there already, and the kernel has its partitions.
func (c *change) look(ctx context.Context, w *kind.Work) (plan.State, error) {
	if c.wipe() {
		return plan.Pending, nil
	}
	now, err := w.Devices.Scene().Look(c.disk.Node)
	if err != nil {
		return plan.Pending, err
	}
	if c.write && !c.done(now) {
		return plan.Pending, nil
	}
	if now.Mapper != "" {
		if now.Partitions, err = w.Devices.MapperPartitions(ctx, now); err != nil {
			return plan.Pending, nil // it may well not have them yet
		}
	}
	if now.Name != "" && device.Difference(now.Partitions, c.wanted(), c.touched) != "" {
		return plan.Pending, nil
	}
	return plan.Done, nil
}

// done: the disk has the table already, whole.
func (c *change) done(now *scene.Seen) bool {
	t := now.Found.Table
	return t != nil && len(t.Damage) == 0 && t.Same(c.after.Found.Table)
}

// act makes the change with the disk to itself, and has everybody know.
func (c *change) act(ctx context.Context, w *kind.Work) error {
	if err := c.locked(ctx, w.Devices); err != nil {
		return err
	}
	return w.Devices.Announce(ctx, c.disk, c.wanted(), c.touched, c.links())
}

// links are those that have to lead to what the table now says.
func (c *change) links() (all []device.Link) {
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
func (c *change) locked(ctx context.Context, devices *device.Devices) error {
	// The partitions of a device-mapper disk hold it themselves.
	alone := c.write && len(c.disk.Busy) == 0 && c.disk.Mapper == ""
	claim, err := devices.Claim(ctx, c.disk.Node, c.write, alone)
	if err != nil {
		return err
	}
	defer claim.Close()
	if err := c.unchanged(claim.Seen); err != nil {
		return err
	}
	if c.write && (c.wipe() || !c.done(claim.Seen)) {
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
func (c *change) restore(ctx context.Context, claim *device.Claim) error {
	found, err := claim.Found()
	if err != nil || found.Table == nil {
		return nil // of a disk that cannot be read the first error has told
	}
	return claim.Tell(ctx, found.Table.KernelPartitions(c.disk.Name), c.forget)
}

// unchanged refuses to go on with a disk that is not the one that was planned for.
func (c *change) unchanged(now *scene.Seen) error {
	before, users := c.disk, users(now)
	var what string
	switch {
	case now.Size != before.Size || now.SectorSize != before.SectorSize:
		what = fmt.Sprintf("has %d bytes in sectors of %d, had %d in sectors of %d", now.Size, now.SectorSize,
			before.Size, before.SectorSize)
	case now.ReadOnly != before.ReadOnly:
		what = "is read-only or was"
	case len(users) > 0 && len(before.Users) == 0:
		what = "is in use now: " + scene.Words(users)
	case !c.done(now) && (now.Found.Kind != before.Found.Kind || now.Found.Why != before.Found.Why ||
		!now.Found.Table.Same(before.Found.Table)):
		what = "has another partition table"
	case before.Found.Kind != block.KindGPT && !slices.Equal(now.Content.Signatures, before.Content.Signatures):
		what = "is filled with something else: " + scene.Describe(now.Content)
	}
	for number, users := range now.Busy {
		if len(before.Busy[number]) == 0 && (c.wipe() || c.changed[number]) {
			what = fmt.Sprintf("has partition %d in use now: %s", number, scene.Words(users))
		}
	}
	if what != "" {
		return fmt.Errorf("%s: it was planned for as it was, and nothing was written", what)
	}
	return nil
}
