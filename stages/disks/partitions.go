package disks

import (
	"errors"
	"io"
	"os"
	"slices"

	"github.com/glowplug-os/glowplug/config"
	"github.com/glowplug-os/glowplug/internal/block"
	"github.com/glowplug-os/glowplug/internal/device"
	"github.com/glowplug-os/glowplug/internal/diag"
	"github.com/glowplug-os/glowplug/internal/plan"
)

func partitionRound() round {
	return round{name: "createPartitions", wants: wantDisks, plan: planPartitions}
}

func wantDisks(s config.Storage) []want {
	var all []want
	for i, d := range s.Disks {
		all = append(all, want{d.Device, "disk " + diag.Name(d.Device), origin("disks", i)})
	}
	return all
}

// planPartitions plans all disks, each in a lane of its own. All that is refused is told at once.
func planPartitions(s config.Storage, view View, w *work) (planned, error) {
	p := partitioner{devices: w.Devices, random: w.Random, members: members(s), lanes: map[string]int{},
		links: w.Devices.DiskLinks()}
	var failed []error
	for i, d := range s.Disks {
		step := plan.Step{ID: origin("disks", i), Subject: "disk " + diag.Name(d.Device), Origin: origin("disks", i)}
		failed = append(failed, step.Fail(p.add(i, d, view)))
	}
	if err := errors.Join(failed...); err != nil {
		return planned{}, err
	}
	// Predictions take reading, and nobody else asks for them.
	if _, preview := view.(*expected); preview || slices.ContainsFunc(s.Filesystems, isUnfit) {
		if err := p.predict(); err != nil {
			return planned{}, err
		}
	}
	return planned{lanes: p.plans, after: unambiguous(p.after), needs: p.needs, blanks: p.blanks, means: p.means},
		distinct(s, p.means)
}

// members are the devices that are to be part of RAID arrays.
func members(s config.Storage) map[string]bool {
	all := map[string]bool{}
	for _, r := range s.Raid {
		for _, d := range r.Devices {
			all[d] = true
		}
	}
	return all
}

// memberOf tells members among the partitions of a disk with these names.
type memberOf struct {
	members map[string]bool
	paths   []string
}

// A partitioner plans disk by disk.
type partitioner struct {
	devices *device.Devices
	random  io.Reader
	members map[string]bool
	plans   []plan.Plan
	links   map[string][]string // a disk's node to its names
	lanes   map[string]int      // a disk's node to its lane
	last    []*tableChange      // the last one of each lane
	paths   [][]string          // the names of each lane's disk, and those in the config
	after   []prediction
	needs   []need
	blanks  []blank
	means   []meaning
}

// add plans one entry. If an earlier one is about the same disk, by whatever name, it goes on from what that one
// leaves.
func (p *partitioner) add(index int, want config.Disk, view View) error {
	disk, err := view.Disk(want.Device)
	if err != nil {
		return err
	}
	f, err := p.devices.Open(disk.Node, os.O_RDONLY)
	if err != nil {
		return err
	}
	defer f.Close()
	under := io.ReaderAt(f)
	lane, again := p.lanes[disk.Node]
	if again && p.last[lane] != nil {
		path := disk.Path
		disk, under = p.last[lane].after, p.last[lane].sketch.over(f)
		disk.Path = path
	}
	if !again {
		lane = len(p.plans)
		p.lanes[disk.Node], p.plans, p.last, p.paths = lane, append(p.plans, nil), append(p.last, nil),
			append(p.paths, p.links[disk.Node])
	}
	if !slices.Contains(p.paths[lane], want.Device) {
		p.paths[lane] = append(slices.Clip(p.paths[lane]), want.Device)
	}
	c, err := planDisk(index, want, disk, under, memberOf{p.members, p.paths[lane]}, p.random)
	if err != nil {
		return err
	}
	p.means = append(p.means, c.meanings(p.paths[lane])...)
	steps := c.steps(p.devices)
	p.plans[lane], p.last[lane] = append(p.plans[lane], steps...), c
	p.blanks = append(p.blanks, c.blanks()...)
	if disk.Mapper != "" {
		p.needs = append(p.needs, need{"dmsetup", steps[len(steps)-1]})
	}
	return nil
}

// predict says what will be in all partitions, once all entries are done.
func (p *partitioner) predict() error {
	for lane, c := range p.last {
		f, err := p.devices.Open(c.disk.Node, os.O_RDONLY)
		if err != nil {
			return err
		}
		after, err := c.predictions(c.sketch.over(f), p.paths[lane])
		_ = f.Close()
		if err != nil {
			return c.failed(err)
		}
		p.after = append(p.after, after...)
	}
	return nil
}

// unambiguous keeps one prediction of each name. Of a name that two disks give to their partitions nobody knows where
// it will lead.
func unambiguous(all []prediction) []prediction {
	nodes := map[string]string{}
	twice := map[string]bool{}
	for _, p := range all {
		for _, name := range p.names {
			twice[name] = twice[name] || nodes[name] != "" && nodes[name] != p.seen.Node
			nodes[name] = p.seen.Node
		}
	}
	var unknown []prediction
	for i, p := range all {
		all[i].names = slices.DeleteFunc(slices.Clone(p.names), func(name string) bool {
			if twice[name] {
				unknown = append(unknown,
					prediction{[]string{name}, Seen{Unknown: "several partitions have this name"}})
			}
			return twice[name]
		})
	}
	return append(all, unknown...)
}

// partitionNames are the names of a partition that are known before it is there.
// The disk has these paths in the config.
func partitionNames(paths []string, disk device.Disk, number int, label string, id block.GUID) []string {
	names := append([]string{disk.PartitionNode(number)}, diskParts(paths, number)...)
	guid := ""
	if id != (block.GUID{}) {
		guid = id.String()
	}
	return append(names, block.PartitionLinks(label, guid)...)
}

func byGUID(id block.GUID) string { return block.PartitionLinks("", id.String())[0] }
