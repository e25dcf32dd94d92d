package partition

import (
	"errors"
	"fmt"
	"slices"

	"github.com/glowplug-os/glowplug/config"
	"github.com/glowplug-os/glowplug/internal/block"
	"github.com/glowplug-os/glowplug/internal/device"
	"github.com/glowplug-os/glowplug/internal/diag"
	"github.com/glowplug-os/glowplug/internal/plan"
	"github.com/glowplug-os/glowplug/internal/scene"
	"github.com/glowplug-os/glowplug/stages/disks/kind"
)

// A change is what is to be done to one disk.
type change struct {
	index     int
	want      *config.Disk
	disk      *scene.Seen // as it was when this was planned
	decisions []block.Decision
	lost      map[int]block.Content // what is in partitions that go, or lose their end, by number
	stays     map[int]bool          // what is known in these is in partitions that are made at their place
	table     *block.Table          // afterwards; nil for none
	mends     []string              // damage that is mended without any other change
	write     bool                  // the disk is written to
	erase     []block.Span          // to be zeroed
	touched   map[int]bool          // numbers that the kernel is to have right
	forget    map[int]bool          // numbers that the kernel drops first
	changed   map[int]bool          // numbers of partitions that are there and are changed, or go
	tell      bool                  // the kernel has to be told, or asked
	after     *scene.Seen
	zeros     []block.Span // what is blank afterwards, by this change and those before
}

func (c *change) wipe() bool { return config.Says(c.want.WipeTable) }

// subject is a partition as people call it.
func (c *change) subject(number int) string {
	return fmt.Sprintf("partition %d of %s", number, diag.Name(c.want.Device))
}

// partition is an entry of one of the disk's partitions.
func (c *change) partition(index int, subject string) *kind.Entry {
	id := fmt.Sprintf("%s.partitions.%d", kind.Origin("disks", c.index), index)
	return &kind.Entry{ID: id, Subject: subject, Origin: id}
}

// blame puts each error at the partition that it is about.
func (c *change) blame(err error) error {
	return plan.EachError(err, func(err error) error {
		var spec *block.SpecError
		if errors.As(err, &spec) {
			return c.partition(spec.Index, "disk "+diag.Name(c.want.Device)).Fail(err)
		}
		return kind.Disk(c.index, c.want.Device).Fail(err)
	})
}

func (c *change) bytes(sectors uint64) int64 { return int64(sectors) * int64(c.disk.SectorSize) }

// place is where a partition is.
func (c *change) place(p block.Partition) scene.Place {
	return c.at(c.bytes(p.Start), c.bytes(p.Size))
}

func (c *change) at(offset, size int64) scene.Place {
	return scene.Place{Node: c.disk.Node, SectorSize: c.disk.SectorSize, At: block.Span{Offset: offset, Size: size},
		Zeros: c.zeros}
}

// wanted are the kernel's partitions as the table has them.
func (c *change) wanted() []block.KernelPartition {
	if c.table == nil {
		return nil
	}
	return c.table.KernelPartitions(c.disk.Name)
}

// unlike is in what the kernel's partitions are not those of the table, as far as is seen: of a device-mapper disk only
// numbers and sizes are, as starts are in tables that a tool is asked for. "" for nothing.
func (c *change) unlike() string {
	has, want := slices.Clone(c.disk.Partitions), c.wanted()
	if c.disk.Mapper != "" {
		for _, all := range [][]block.KernelPartition{has, want} {
			for i := range all {
				all[i].Start = 0
			}
		}
	}
	return device.Difference(has, want, c.touched)
}

// made is the partition that a decision makes.
func (c *change) made(d block.Decision) (block.Partition, bool) {
	if c.table == nil || d.Verdict != block.Create && d.Verdict != block.Recreate {
		return block.Partition{}, false
	}
	return c.table.Partition(d.Number)
}

// An eraser is a disk as a change needs it.
type eraser interface {
	block.Writer
	// Zero overwrites so many bytes with zeros.
	Zero(offset, n int64) error
}

// perform makes the change.
func (c *change) perform(to eraser) error {
	if err := c.blank(to); err != nil || c.table == nil {
		return err
	}
	return c.table.WriteTo(to)
}

// blank overwrites what is not to be found any more.
func (c *change) blank(to eraser) error {
	if c.wipe() {
		if err := block.WipeTable(to, c.disk.Found, c.disk.Size, c.disk.SectorSize); err != nil {
			return err
		}
	}
	for _, s := range c.erase {
		if err := to.Zero(s.Offset, s.Size); err != nil {
			return fmt.Errorf("bytes %d to %d, to be made blank: %w", s.Offset, s.Offset+s.Size-1, err)
		}
	}
	return nil
}

// spans notes where is written.
type spans []block.Span

// WriteAt writes nothing.
func (s *spans) WriteAt(data []byte, offset int64) (int, error) {
	return len(data), s.Zero(offset, int64(len(data)))
}

// Zero notes the span.
func (s *spans) Zero(offset, n int64) error {
	*s = append(*s, block.Span{Offset: offset, Size: n})
	return nil
}

// Sync has nothing to do.
func (s *spans) Sync() error { return nil }

// predictions are a disk that has these names, and its partitions, as they will be.
func (c *change) predictions(paths []string) []scene.Prediction {
	names := slices.Compact(slices.Sorted(slices.Values(append([]string{c.disk.Node}, paths...))))
	all := []scene.Prediction{{Names: names, Seen: c.after}}
	if c.table == nil {
		return all
	}
	for _, p := range c.table.Partitions() {
		node, place := c.disk.PartitionNode(p.Number), c.place(p)
		seen := &scene.Seen{
			Path: node, Node: node, Size: place.At.Size, SectorSize: c.disk.SectorSize, ReadOnly: c.disk.ReadOnly,
			Partition: c.disk.Mapper == "", Users: c.disk.Busy[p.Number],
		}
		if c.disk.Name != "" {
			seen.Name, seen.Busy = block.DeviceName(node), map[int][]scene.User{}
		}
		all = append(all, scene.Prediction{Names: partitionNames(paths, c.disk, p.Number, p.Label, p.GUID), Seen: seen,
			Place: &place})
	}
	return all
}

// meanings are the names of the partitions that an entry lists. The disk has these paths.
func (c *change) meanings(paths []string) (all []*kind.Meaning) {
	for _, d := range c.decisions {
		if !d.ShouldExist {
			continue
		}
		m := &kind.Meaning{What: c.subject(d.Number), Origin: c.partition(d.Index, "").Origin,
			Node: c.disk.PartitionNode(d.Number)}
		m.Names = append(block.PartLinks(paths, d.Number), block.PartitionLinks(config.Says(d.Label), d.GUID)...)
		// paths of a multipath disk are copies of it
		if p, there := c.table.Partition(d.Number); there && c.disk.Mapper == "" {
			m.GUID = byGUID(p.GUID)
		}
		all = append(all, m)
	}
	return all
}

// blanks is the disk, if it is to get a table and has none.
func (c *change) blanks() []kind.Blank {
	if c.wipe() || c.disk.Found.Kind != block.KindNone || !block.Changes(c.decisions) {
		return nil
	}
	return []kind.Blank{
		{Entry: kind.Disk(c.index, c.want.Device), Path: c.want.Device, Seen: c.disk, Setting: "wipeTable"},
	}
}
