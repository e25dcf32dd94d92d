package partition

import (
	"errors"
	"fmt"
	"io"
	"reflect"
	"slices"
	"strings"

	"github.com/glowplug-os/glowplug/internal/block"
	"github.com/glowplug-os/glowplug/internal/diag"
	"github.com/glowplug-os/glowplug/internal/order"
	"github.com/glowplug-os/glowplug/internal/plan"
	"github.com/glowplug-os/glowplug/internal/scene"
	"github.com/glowplug-os/glowplug/stages/disks/kind"
)

// ends is how much of either end of a device is made blank where no content is to be found any more: enough for the
// signatures of all that fills devices.
const ends = 1 << 20

// A decider fills a change in.
type decider struct {
	*change
	view    scene.Scene
	random  io.Reader
	members map[string]bool // the devices that the config makes parts of RAID arrays
	names   []string        // of the disk
}

// all decides what the entry makes of the disk.
func (c decider) all() error {
	if err := c.startable(); err != nil {
		return err
	}
	if err := c.decide(); err != nil {
		return err
	}
	if err := c.findLost(); err != nil {
		return err
	}
	if err := c.refused(); err != nil {
		return err
	}
	if err := c.result(); err != nil {
		return err
	}
	c.eraseAll()
	if err := c.foresee(); err != nil {
		return err
	}
	c.findStaying()
	return c.stale()
}

// A use is how a disk is used, beside what is to be done to it.
type use struct {
	disk      bool // the disk itself is in use
	partition bool // one of its partitions is
	changed   bool // one that is in use is to be changed or deleted
	wipe      bool // the table is to be wiped
}

type verdict string

const (
	goOn   verdict = "go on"
	refuse verdict = "refuse"
)

// judge is the table "A disk in use" of docs/disks.md.
func judge(u use) verdict {
	if u.disk && !u.partition || u.partition && (u.wipe || u.changed) {
		return refuse
	}
	return goOn
}

// startable refuses disks that cannot be worked on whatever the partitions are to be.
func (c decider) startable() error {
	u := use{disk: len(c.disk.Users) > 0, partition: len(c.disk.Busy) > 0, wipe: c.wipe()}
	switch refused := judge(u) == refuse; {
	case refused && u.wipe && u.partition:
		return scene.InUse(fmt.Errorf("the partition table is not wiped: %s", c.busy()))
	case refused:
		return scene.InUse(fmt.Errorf("is in use: %s", scene.Words(c.disk.Users)))
	case c.wipe() || c.disk.Found.Err() == nil:
		return nil
	}
	return kind.UnlessLost(fmt.Errorf("%w; wipeTable would let all of it be overwritten", c.disk.Found.Err()),
		"wipeTable")
}

// busy lists the partitions in use.
func (c decider) busy() string {
	var all []string
	for number, users := range c.disk.Busy {
		all = append(all, fmt.Sprintf("partition %d is in use (%s)", number, scene.Words(users)))
	}
	slices.Sort(all)
	return strings.Join(all, "; ")
}

// decide lays the partitions out, on the disk's table or on a new one.
func (c decider) decide() error {
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
		sectors := uint64(c.disk.Size) / uint64(c.disk.SectorSize)
		if t, err = block.NewTable(sectors, c.disk.SectorSize, c.random); err != nil {
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

// findLost reads what is in partitions that go, or that are refused to.
func (c decider) findLost() error {
	goes := map[int]bool{}
	for _, d := range c.decisions {
		if d.Found != nil && (d.Gone() || d.Verdict == block.Refuse || cuts(d)) {
			goes[d.Number] = true
		}
	}
	if !c.wipe() && len(goes) == 0 {
		return nil
	}
	for _, p := range c.disk.KernelPartitions() {
		if !c.wipe() && !goes[p.Number] {
			continue
		}
		inside, err := c.inside(c.disk.Place(p).At)
		if err != nil && c.disk.Found.Table != nil { // of other tables nobody knows what can be read
			return fmt.Errorf("content of partition %d: %w", p.Number, err)
		}
		c.lost[p.Number] = inside.Content
	}
	return nil
}

func (c decider) inside(at block.Span) (scene.Filling, error) {
	return c.view.Inside(c.at(at.Offset, at.Size))
}

// findStaying finds what is not lost after all.
func (c decider) findStaying() {
	c.stays = map[int]bool{}
	if c.table == nil || len(c.lost) == 0 {
		return
	}
	made := map[int64]scene.Place{}
	for _, p := range c.table.Partitions() {
		place := c.place(p)
		made[place.At.Offset] = place
	}
	for _, p := range c.disk.KernelPartitions() {
		at := c.disk.Place(p).At
		place, is := made[at.Offset]
		if known := c.lost[p.Number]; is && place.At.Size >= at.Size && len(known.Signatures) > 0 {
			then, err := c.view.Inside(place)
			c.stays[p.Number] = err == nil && reflect.DeepEqual(then.Content, known)
		}
	}
}

// refused collects all that the config did not give up, or that is in use.
func (c decider) refused() error {
	var all []error
	for _, d := range c.decisions {
		entry := c.partition(d.Index, c.subject(d.Number))
		users := c.disk.Busy[d.Number]
		u := use{disk: len(c.disk.Users) > 0, partition: len(c.disk.Busy) > 0, changed: len(users) > 0 &&
			d.Found != nil && d.Verdict != block.Keep}
		switch err := d.Err(); {
		case d.ShouldExist && d.Number > block.LastPartition:
			all = append(all, entry.Fail(diag.WithHint(fmt.Errorf("Linux has no partitions above number %d",
				block.LastPartition), "give it a number that is free")))
		case err != nil:
			all = append(all, entry.Fail(c.unlessLost(d, &plan.UnlikeError{Err: err, Differences: unlike(d)})))
		case judge(u) == refuse:
			all = append(all,
				entry.Fail(scene.InUse(fmt.Errorf("is in use (%s), and would be changed", scene.Words(users)))))
		}
	}
	if len(all) > 0 {
		return errors.Join(all...)
	}
	return c.covered()
}

// unlike says in what a partition differs from its entry.
func unlike(d block.Decision) []string {
	if !d.ShouldExist {
		return []string{"is there"}
	}
	return d.Differences
}

// unlessLost adds to the refusal of a partition what it holds, and what can be done.
func (c decider) unlessLost(d block.Decision, err error) error {
	if content := c.lost[d.Number]; len(content.Signatures) > 0 {
		err = fmt.Errorf("%w; it holds %s", err, scene.Describe(content))
	}
	switch {
	case !d.Resizable():
		return kind.UnlessLost(err, "wipePartitionEntry")
	case d.Size < d.Found.Size:
		return diag.WithHint(err, "to change its size alone set resize to true in the config, which takes the end of "+
			"what is in it; "+kind.MayBeLost("wipePartitionEntry"))
	}
	return diag.WithHint(err, "to change its size alone, and keep what is in it, set resize to true in the config; "+
		kind.MayBeLost("wipePartitionEntry"))
}

// covered refuses to make partitions over what fills the disk without any, or with partitions of another kind.
func (c decider) covered() error {
	switch {
	case !block.Changes(c.decisions) || c.wipe() || c.disk.Found.Kind != block.KindNone:
		return nil
	case len(c.disk.Content.Signatures) > 0:
		return kind.UnlessLost(fmt.Errorf("is not partitioned, but filled with %s; wipeTable would let it be "+
			"overwritten", scene.Describe(c.disk.Content)), "wipeTable")
	case len(c.disk.Partitions) > 0: // as of a DASD, a Mac or a BSD
		return kind.UnlessLost(errors.New("has a partition table that only the kernel can read; wipeTable would let "+
			"it be overwritten"), "wipeTable")
	}
	return nil
}

// result is the table that the decisions make, with the GUIDs that it will have.
func (c decider) result() error {
	c.count()
	c.write = c.wipe()
	if block.Changes(c.decisions) {
		after, err := block.Apply(c.table, c.decisions, c.random)
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
func (c decider) distinct() error {
	for _, d := range c.decisions {
		made, there := c.made(d)
		if !there || d.GUID == "" {
			continue // a random one is no other's
		}
		for _, p := range c.table.Partitions() {
			if p.Number != made.Number && p.GUID == made.GUID {
				return c.partition(d.Index, c.subject(d.Number)).Fail(sameGUID(p.GUID.String(), c.subject(p.Number)))
			}
		}
	}
	return nil
}

// sameGUID is the error about a GUID that something else has.
func sameGUID(guid, other string) error {
	return diag.WithHint(fmt.Errorf("the GUID %s is that of %s as well", strings.ToLower(guid), other),
		"give each partition its own GUID, or none for a random one")
}

// count finds out which partitions are concerned, and how.
func (c decider) count() {
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
func (c decider) mendable() bool {
	wanted := slices.ContainsFunc(c.decisions, func(d block.Decision) bool { return d.ShouldExist })
	if c.table == nil || len(c.table.Damage) == 0 || !wanted || c.disk.ReadOnly {
		return false
	}
	_, err := c.table.Written(c.disk.Size)
	return err == nil
}

// overlaid refuses to put a partition where the kernel has another one that is in use, and that the table does not
// list: as after someone else's change of the table.
func (c decider) overlaid() error {
	per := uint64(c.disk.SectorSize / 512)
	for _, d := range c.decisions {
		if d.Verdict == block.Keep || !d.ShouldExist {
			continue
		}
		for _, p := range c.disk.Partitions {
			if users := c.disk.Busy[p.Number]; len(users) > 0 && p.Start < (d.Start+d.Size)*per &&
				d.Start*per < p.Start+p.Size && p.Number != d.Number {
				return c.partition(d.Index, c.subject(d.Number)).Fail(scene.InUse(fmt.Errorf(
					"the kernel has partition %d there, which is in use (%s)", p.Number, scene.Words(users))))
			}
		}
	}
	return nil
}

// eraseAll notes what is made blank. With the table goes what fills the disk: wiping a table alone would leave what is
// not in its place, as a btrfs. New partitions that are for RAID arrays are blank: what is found in one of an array's
// members decides whether the array is made; what is in a new partition by chance must not.
func (c decider) eraseAll() {
	whole := c.disk.Found.Kind == block.KindNone || c.disk.Found.Kind == block.KindBootSector
	if c.wipe() && whole && len(c.disk.Content.Signatures) > 0 {
		c.eraseEnds(block.Span{Size: c.disk.Size})
	}
	for _, d := range c.decisions {
		p, there := c.made(d)
		if !there {
			continue
		}
		names := partitionNames(c.names, c.disk, p.Number, p.Label, p.GUID)
		if slices.ContainsFunc(names, func(name string) bool { return c.members[name] }) {
			c.eraseEnds(c.place(p).At)
		}
	}
}

func (c decider) eraseEnds(of block.Span) {
	n := min(ends, of.Size)
	c.erase = append(c.erase, block.Span{Offset: of.Offset, Size: n})
	if of.Size > n {
		c.erase = append(c.erase, block.Span{Offset: of.Offset + of.Size - n, Size: n})
	}
}

// foresee finds out what the change leaves.
func (c decider) foresee() error {
	after := *c.disk
	c.after = &after
	if c.write {
		zeros := spans(slices.Clone(c.zeros))
		if err := c.blank(&zeros); err != nil {
			return err
		}
		c.zeros = zeros
	}
	if c.write && c.wipe() {
		var err error
		if c.after.Filling, err = c.view.Inside(c.at(0, c.disk.Size)); err != nil {
			return err
		}
	}
	if c.write && c.table != nil {
		var err error
		if c.after.Found, err = c.table.Written(c.disk.Size); err != nil {
			return err
		}
	}
	if c.disk.Name != "" {
		c.kernelAfter()
	} else if c.write {
		c.after.Partitions = nil // those of an image that had another table
	}
	return nil
}

// kernelAfter finds out whether the kernel has to be told, and what it will know then.
func (c decider) kernelAfter() {
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
	c.tell = c.write || c.unlike() != ""
}

// stale refuses what the kernel could not do: dropping a partition in use that the table does not have any more.
func (c decider) stale() error {
	should := map[int]block.KernelPartition{}
	for _, p := range c.wanted() {
		should[p.Number] = p
	}
	for _, p := range c.disk.Partitions {
		if users := c.disk.Busy[p.Number]; c.touched[p.Number] && len(users) > 0 && should[p.Number].Start != p.Start &&
			c.disk.Mapper == "" {
			return scene.InUse(fmt.Errorf("partition %d is in use (%s), but not where the table has it", p.Number,
				scene.Words(users)))
		}
	}
	return nil
}
