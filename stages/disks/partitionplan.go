package disks

import (
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/glowplug-os/glowplug/config"
	"github.com/glowplug-os/glowplug/internal/block"
	"github.com/glowplug-os/glowplug/internal/device"
	"github.com/glowplug-os/glowplug/internal/diag"
	"github.com/glowplug-os/glowplug/internal/order"
	"github.com/glowplug-os/glowplug/internal/plan"
)

// ends is how much of either end of a device is made blank where no content is to be found any more: enough for the
// signatures of all that fills devices.
const ends = 1 << 20

// A span is a run of bytes.
type span struct{ offset, n int64 }

// A tableChange is what is to be done to one disk.
type tableChange struct {
	index     int
	want      config.Disk
	disk      device.Disk // as it was when this was planned
	decisions []block.Decision
	lost      map[int]block.Content // what is in partitions that go, by number
	table     *block.Table          // afterwards; nil for none
	mends     []string              // damage that is mended without any other change
	write     bool                  // the disk is written to
	erase     []span                // to be zeroed
	touched   map[int]bool          // numbers that the kernel is to have right
	forget    map[int]bool          // numbers that the kernel drops first
	changed   map[int]bool          // numbers of partitions that are there and are changed, or go
	tell      bool                  // the kernel has to be told, or asked
	sketch    *sketch
	after     device.Disk
}

// planDisk decides what one entry makes of a disk that was seen. Content reads the disk, or what it will then be.
// Members are the devices that the config makes parts of RAID arrays.
func planDisk(
	index int, want config.Disk, disk device.Disk, content io.ReaderAt, members memberOf, random io.Reader,
) (*tableChange, error) {
	c := &tableChange{index: index, want: want, disk: disk, lost: map[int]block.Content{},
		sketch: &sketch{under: content}}
	if err := c.startable(); err != nil {
		return nil, err
	}
	if err := c.decide(random); err != nil {
		return nil, err
	}
	if err := c.findLost(); err != nil {
		return nil, err
	}
	if err := c.refused(); err != nil {
		return nil, err
	}
	if err := c.result(random); err != nil {
		return nil, err
	}
	c.eraseWhole()
	if err := c.eraseMembers(members); err != nil {
		return nil, err
	}
	if err := c.onlySketch(); err != nil {
		return nil, err
	}
	return c, c.stale()
}

func (c *tableChange) wipe() bool { return isTrue(c.want.WipeTable) }

// startable refuses disks that cannot be worked on whatever the partitions are to be.
func (c *tableChange) startable() error {
	u := use{disk: len(c.disk.Users) > 0, partition: len(c.disk.Busy) > 0, wipe: c.wipe()}
	switch {
	case u.refuse() && u.wipe && u.partition:
		return device.InUse(fmt.Errorf("the partition table is not wiped: %s", c.busy()))
	case u.refuse():
		return device.InUse(fmt.Errorf("is in use: %s", strings.Join(c.disk.Users, ", ")))
	case c.wipe() || c.disk.Found.Err() == nil:
		return nil
	}
	return unlessLost(fmt.Errorf("%w; wipeTable would let all of it be overwritten", c.disk.Found.Err()), "wipeTable")
}

// A use is how a disk is used, beside what is to be done to it.
type use struct {
	disk      bool // the disk itself is in use
	partition bool // one of its partitions is
	changed   bool // one that is in use is to be changed or deleted
	wipe      bool // the table is to be wiped
}

// refuse is the table "A disk in use" of docs/disks.md.
func (u use) refuse() bool {
	return u.disk && !u.partition || u.partition && (u.wipe || u.changed)
}

// busy lists the partitions in use.
func (c *tableChange) busy() string {
	var all []string
	for number, users := range c.disk.Busy {
		all = append(all, fmt.Sprintf("partition %d is in use (%s)", number, strings.Join(users, ", ")))
	}
	slices.Sort(all)
	return strings.Join(all, "; ")
}

// specs is the entry in the words of internal/block.
func specs(parts []config.Partition) []block.Spec {
	var all []block.Spec
	for _, p := range parts {
		all = append(all, block.Spec{
			Number: p.Number, Label: p.Label, StartMiB: p.StartMiB, SizeMiB: p.SizeMiB, TypeGUID: value(p.TypeGUID),
			GUID:        value(p.GUID),
			ShouldExist: p.ShouldExist == nil || *p.ShouldExist, WipePartitionEntry: isTrue(p.WipePartitionEntry),
			Resize: isTrue(p.Resize),
		})
	}
	return all
}

// decide lays the partitions out, on the disk's table or on a new one.
func (c *tableChange) decide(random io.Reader) error {
	c.table = c.disk.Found.Table
	if c.wipe() {
		c.table = nil
	}
	if len(c.want.Partitions) == 0 {
		return nil
	}
	t := c.table
	if t == nil {
		var err error
		if t, err = block.NewTable(uint64(c.disk.Size)/uint64(c.disk.SectorSize), c.disk.SectorSize,
			random); err != nil {
			return err
		}
	}
	base, decisions, err := block.Layout(t, specs(c.want.Partitions))
	if err != nil {
		return c.blame(err)
	}
	c.decisions = decisions
	if block.Changes(decisions) {
		c.table = base
	}
	return nil
}

// failed is an error about the disk.
func (c *tableChange) failed(err error) error {
	id := origin("disks", c.index)
	return plan.Step{ID: id, Subject: "disk " + diag.Name(c.want.Device), Origin: id}.Fail(err)
}

// step is the frame of a step about one partition of the entry.
func (c *tableChange) step(index int, subject string) plan.Step {
	id := fmt.Sprintf("%s.partitions.%d", origin("disks", c.index), index)
	return plan.Step{ID: id, Subject: subject, Origin: id}
}

// blame puts an error at the partition that it is about.
func (c *tableChange) blame(err error) error {
	var spec *block.SpecError
	if errors.As(err, &spec) {
		return c.step(spec.Index, "disk "+diag.Name(c.want.Device)).Fail(err)
	}
	return err
}

// findLost reads what is in partitions that go, or that are refused to.
func (c *tableChange) findLost() error {
	read := func(p block.Partition) (err error) {
		c.lost[p.Number], err = c.contentOf(c.sketch.under, p)
		return err
	}
	if t := c.disk.Found.Table; c.wipe() && t != nil {
		for _, p := range t.Partitions() {
			if err := read(p); err != nil {
				return err
			}
		}
	}
	for _, d := range c.decisions {
		if d.Found != nil && (d.Gone() || d.Verdict == block.Refuse) {
			if err := read(*d.Found); err != nil {
				return err
			}
		}
	}
	return nil
}

func (c *tableChange) bytes(sectors uint64) int64 { return int64(sectors) * int64(c.disk.SectorSize) }

func (c *tableChange) contentOf(r io.ReaderAt, p block.Partition) (block.Content, error) {
	size := c.bytes(p.Size)
	content, err := block.Probe(io.NewSectionReader(r, c.bytes(p.Start), size), size)
	if err != nil {
		err = fmt.Errorf("content of partition %d: %w", p.Number, err)
	}
	return content, err
}

// refused collects all that the config did not give up, or that is in use.
func (c *tableChange) refused() error {
	var all []error
	for _, d := range c.decisions {
		step := c.step(d.Index, c.subject(d.Number))
		users := c.disk.Busy[d.Number]
		u := use{disk: len(c.disk.Users) > 0, partition: len(c.disk.Busy) > 0, changed: len(users) > 0 &&
			d.Found != nil && d.Verdict != block.Keep}
		switch err := d.Err(); {
		case err != nil && len(c.lost[d.Number].Signatures) > 0:
			all = append(all, step.Fail(unlessLost(fmt.Errorf("%w; it holds %s", err,
				device.Describe(c.lost[d.Number])), "wipePartitionEntry")))
		case err != nil:
			all = append(all, step.Fail(unlessLost(err, "wipePartitionEntry")))
		case u.refuse():
			all = append(all,
				step.Fail(device.InUse(fmt.Errorf("is in use (%s), and would be changed", strings.Join(users, ", ")))))
		}
	}
	if len(all) > 0 {
		return errors.Join(all...)
	}
	return c.covered()
}

// covered refuses to make partitions over what fills the disk without any, or with partitions of another kind.
func (c *tableChange) covered() error {
	switch {
	case !block.Changes(c.decisions) || c.wipe() || c.disk.Found.Kind != block.KindNone:
		return nil
	case len(c.disk.Content.Signatures) > 0:
		return unlessLost(fmt.Errorf("is not partitioned, but filled with %s; wipeTable would let it be overwritten",
			device.Describe(c.disk.Content)), "wipeTable")
	case len(c.disk.Partitions) > 0: // as of a DASD, a Mac or a BSD
		return unlessLost(errors.New("has a partition table that only the kernel can read; wipeTable would let it be "+
			"overwritten"), "wipeTable")
	}
	return nil
}

// result is the table that the decisions make, with the GUIDs that it will have.
func (c *tableChange) result(random io.Reader) error {
	c.count()
	c.write = c.wipe()
	if block.Changes(c.decisions) {
		after, err := block.Apply(c.table, c.decisions, random)
		if err != nil {
			return c.blame(err)
		}
		c.table, c.write = after, true
	} else if c.mendable() {
		c.mends, c.write = c.table.Damage, true
	}
	if c.write && c.disk.ReadOnly {
		return errors.New("is read-only, and its partition table would have to be written")
	}
	if err := c.distinct(); err != nil {
		return err
	}
	return c.overlaid()
}

// distinct refuses to give a partition the GUID of another one on the disk.
func (c *tableChange) distinct() error {
	for _, d := range c.decisions {
		made, there := c.made(d)
		if !there || d.GUID == "" {
			continue // a random one is no other's
		}
		for _, p := range c.table.Partitions() {
			if p.Number != made.Number && p.GUID == made.GUID {
				return c.step(d.Index, c.subject(d.Number)).Fail(sameGUID(p.GUID.String(), c.subject(p.Number)))
			}
		}
	}
	return nil
}

// made is the partition that a decision makes.
func (c *tableChange) made(d block.Decision) (block.Partition, bool) {
	if c.table == nil || d.Verdict != block.Create && d.Verdict != block.Recreate {
		return block.Partition{}, false
	}
	return c.table.Partition(d.Number)
}

// count finds out which partitions are concerned, and how.
func (c *tableChange) count() {
	c.touched, c.forget, c.changed = map[int]bool{}, map[int]bool{}, map[int]bool{}
	for _, d := range c.decisions {
		c.touched[d.Number] = true
		c.forget[d.Number] = c.forget[d.Number] || d.Gone()
		c.changed[d.Number] = c.changed[d.Number] || d.Found != nil && d.Verdict != block.Keep
	}
	if c.wipe() {
		for _, p := range c.disk.Partitions {
			c.touched[p.Number], c.forget[p.Number], c.changed[p.Number] = true, true, true
		}
	}
}

// mendable: the table is damaged, lists a partition that the config wants, and can be mended. The kernel reads neither
// a backup nor a GPT that nothing protects, so a machine cut off while its table is written would next find no
// partitions.
func (c *tableChange) mendable() bool {
	wanted := slices.ContainsFunc(c.decisions, func(d block.Decision) bool { return d.ShouldExist })
	return c.table != nil && len(c.table.Damage) > 0 && wanted && !c.disk.ReadOnly && c.table.WriteTo(&sketch{}) == nil
}

// overlaid refuses to put a partition where the kernel has another one that is in use, and that the table does not
// list: as after someone else's change of the table.
func (c *tableChange) overlaid() error {
	per := uint64(c.disk.SectorSize / 512)
	for _, d := range c.decisions {
		if d.Verdict == block.Keep || !d.ShouldExist {
			continue
		}
		for _, p := range c.disk.Partitions {
			if users := c.disk.Busy[p.Number]; len(users) > 0 && p.Start < (d.Start+d.Size)*per &&
				d.Start*per < p.Start+p.Size && p.Number != d.Number {
				return c.step(d.Index, c.subject(d.Number)).Fail(device.InUse(fmt.Errorf("the kernel has partition "+
					"%d there, which is in use (%s)", p.Number, strings.Join(users, ", "))))
			}
		}
	}
	return nil
}

// eraseWhole: with the table goes what fills the disk. Wiping a table alone would leave what is not in its place, as a
// btrfs.
func (c *tableChange) eraseWhole() {
	whole := c.disk.Found.Kind == block.KindNone || c.disk.Found.Kind == block.KindBootSector
	if c.wipe() && whole && len(c.disk.Content.Signatures) > 0 {
		c.eraseEnds(0, c.disk.Size)
	}
}

func (c *tableChange) eraseEnds(offset, size int64) {
	n := min(ends, size)
	c.erase = append(c.erase, span{offset, n})
	if size > n {
		c.erase = append(c.erase, span{offset + size - n, n})
	}
}

// eraseMembers makes new partitions blank that are for RAID arrays. What is found in one of an array's members decides
// whether the array is made; what is in a new partition by chance must not.
func (c *tableChange) eraseMembers(m memberOf) error {
	for _, d := range c.decisions {
		p, there := c.made(d)
		if !there {
			continue
		}
		if slices.ContainsFunc(c.names(m.paths, p), func(name string) bool { return m.members[name] }) {
			c.eraseEnds(c.bytes(p.Start), c.bytes(p.Size))
		}
	}
	return nil
}

func (c *tableChange) names(paths []string, p block.Partition) []string {
	return partitionNames(paths, c.disk, p.Number, p.Label, p.GUID)
}

// perform makes the change: on the disk, or on a sketch of it.
func (c *tableChange) perform(to eraser) error {
	if c.wipe() {
		if err := block.WipeTable(to, c.disk.Found, c.disk.Size, c.disk.SectorSize); err != nil {
			return err
		}
	}
	for _, s := range c.erase {
		if err := to.Zero(s.offset, s.n); err != nil {
			return fmt.Errorf("bytes %d to %d, to be made blank: %w", s.offset, s.offset+s.n-1, err)
		}
	}
	if c.table == nil {
		return nil
	}
	return c.table.WriteTo(to)
}

// onlySketch finds out what the change leaves.
func (c *tableChange) onlySketch() error {
	c.after = c.disk
	if c.write {
		if err := c.perform(c.sketch); err != nil {
			return err
		}
		var err error
		if c.after.Found, err = block.Inspect(c.sketch, c.disk.Size, c.disk.SectorSize); err != nil {
			return err
		}
		if c.after.Found.Table == nil && c.table != nil {
			return fmt.Errorf("the partition table would not be one: %w", c.after.Found.Err())
		}
		if c.wipe() {
			if c.after.Content, err = block.Probe(c.sketch, c.disk.Size); err != nil {
				return err
			}
		}
		c.after.Partitioned = c.after.Found.Lists()
	}
	if c.disk.Name != "" {
		c.kernelAfter()
	}
	return nil
}

// wanted are the kernel's partitions as the table has them.
func (c *tableChange) wanted() []block.KernelPartition {
	if c.table == nil {
		return nil
	}
	return c.table.KernelPartitions(c.disk.Name)
}

// kernelAfter finds out whether the kernel has to be told, and what it will know then.
func (c *tableChange) kernelAfter() {
	wanted := c.wanted()
	var after []block.KernelPartition
	for _, p := range c.disk.Partitions {
		if !c.touched[p.Number] {
			after = append(after, p)
		}
	}
	for _, p := range wanted {
		if c.touched[p.Number] {
			after = append(after, p)
		}
	}
	c.after.Partitions = after
	order.By(c.after.Partitions, func(p, q block.KernelPartition) int { return p.Number - q.Number })
	c.tell = c.write || c.disk.Mapper != "" || device.Difference(c.disk.Partitions, wanted, c.touched) != ""
}

// stale refuses what the kernel could not do: dropping a partition in use that the table does not have any more.
func (c *tableChange) stale() error {
	should := map[int]block.KernelPartition{}
	for _, p := range c.wanted() {
		should[p.Number] = p
	}
	for _, p := range c.disk.Partitions {
		if users := c.disk.Busy[p.Number]; c.touched[p.Number] && len(users) > 0 && should[p.Number].Start != p.Start &&
			c.disk.Mapper == "" {
			return device.InUse(fmt.Errorf("partition %d is in use (%s), but not where the table has it", p.Number,
				strings.Join(users, ", ")))
		}
	}
	return nil
}

// predictions are a disk that has these names, and its partitions, as they will be.
func (c *tableChange) predictions(disk io.ReaderAt, paths []string) ([]prediction, error) {
	names := slices.Compact(slices.Sorted(slices.Values(append([]string{c.disk.Node}, paths...))))
	all := []prediction{{names, Seen{Device: c.after.Device}}}
	if c.table == nil {
		return all, nil
	}
	for _, p := range c.table.Partitions() {
		content, err := c.contentOf(disk, p)
		if err != nil {
			return nil, err
		}
		node := c.disk.PartitionNode(p.Number)
		seen := device.Device{
			Path: node, Node: node, Name: block.DeviceName(node), Size: c.bytes(p.Size), SectorSize: c.disk.SectorSize,
			ReadOnly: c.disk.ReadOnly, Content: content, Users: c.disk.Busy[p.Number],
		}
		all = append(all, prediction{c.names(paths, p), Seen{Device: seen}})
	}
	return all, nil
}
