package partition

import (
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/glowplug-os/glowplug/config"
	"github.com/glowplug-os/glowplug/internal/block"
	"github.com/glowplug-os/glowplug/internal/diag"
	"github.com/glowplug-os/glowplug/internal/scene"
	"github.com/glowplug-os/glowplug/stages/disks/kind"
)

// Row is the kind.
func Row() kind.Row { return kind.Row{Name: "createPartitions", Wants: kind.Disks, Plan: planAll} }

// Impossible refuses a GUID that an entry gives to two partitions.
func Impossible(s config.Storage) error {
	var all []error
	for i := range s.Disks {
		d := &s.Disks[i]
		all = append(all, guidTwice(i, d))
	}
	return errors.Join(all...)
}

func guidTwice(index int, d *config.Disk) error {
	first := map[string]int{}
	for i, p := range d.Partitions {
		guid := strings.ToLower(config.Says(p.GUID))
		if guid == "" || p.ShouldExist != nil && !*p.ShouldExist {
			continue
		}
		if other, twice := first[guid]; twice {
			at := (&change{index: index, want: d}).partition(i, kind.Disk(index, d.Device).Subject)
			return at.Fail(sameGUID(guid, fmt.Sprintf("partition entry %d", other)))
		}
		first[guid] = i
	}
	return nil
}

// planAll plans all disks, each in a lane of its own. All that is refused is told at once.
func planAll(s config.Storage, view scene.Scene, random io.Reader) (*kind.Planned, error) {
	p := planner{view: view, random: random, members: members(s), links: view.Links()}
	var failed []error
	for i := range s.Disks {
		d := &s.Disks[i]
		if err := p.add(i, d); err != nil {
			failed = append(failed, kind.Disk(i, d.Device).Fail(err))
		}
	}
	for _, d := range p.disks {
		if d.last != nil {
			p.planned.Lanes = append(p.planned.Lanes, d.lane)
			p.planned.After = append(p.planned.After, d.last.predictions(d.names)...)
			p.planned.Gone = append(p.planned.Gone, d.gone()...)
		}
	}
	p.planned.After = unambiguous(p.planned.After)
	return &p.planned, errors.Join(failed...)
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

// A planner plans disk by disk.
type planner struct {
	view    scene.Scene
	random  io.Reader
	members map[string]bool
	links   map[string][]string // a disk's node to its names
	disks   []*disk
	planned kind.Planned
}

// A disk is what all entries about one make of it.
type disk struct {
	node  string
	first *scene.Seen // as it is
	names []string    // its links, and those in the config
	lane  kind.Lane
	last  *change
	wiped bool // by any of the entries
	loses bool // a partition, by any of the entries
}

// disk is the one that was seen.
func (p *planner) disk(seen *scene.Seen) *disk {
	if i := slices.IndexFunc(p.disks, func(d *disk) bool { return d.node == seen.Node }); i >= 0 {
		return p.disks[i]
	}
	d := &disk{node: seen.Node, first: seen, names: p.links[seen.Node]}
	p.disks = append(p.disks, d)
	return d
}

// add plans one entry. If an earlier one is about the same disk, by whatever name, it goes on from what that one
// leaves.
func (p *planner) add(index int, want *config.Disk) error {
	seen, err := p.view.Look(want.Device)
	if err != nil {
		return err
	}
	if seen.Unknown != "" {
		return nil // NotKnown plans it
	}
	if seen.Partition {
		return fmt.Errorf("device %s: is a partition, not a disk", diag.Name(want.Device))
	}
	d := p.disk(seen)
	c := &change{index: index, want: want, lost: map[int]block.Content{}}
	was := *seen
	was.Users = users(seen)
	if d.last != nil {
		was, c.zeros = *d.last.after, d.last.zeros
		was.Path = seen.Path
	}
	c.disk = &was
	if !slices.Contains(d.names, want.Device) {
		d.names = append(slices.Clip(d.names), want.Device)
	}
	if err := (decider{c, p.view, p.random, p.members, d.names}).all(); err != nil {
		return err
	}
	d.lane, d.last = append(d.lane, telling{c}.actions()...), c
	d.wiped, d.loses = d.wiped || c.wipe(), d.loses || len(c.lost) > 0
	p.planned.Means = append(p.planned.Means, c.meanings(d.names)...)
	p.planned.Blanks = append(p.planned.Blanks, c.blanks()...)
	if seen.Mapper != "" {
		p.planned.Needs = append(p.planned.Needs, kind.Need{Tool: "dmsetup", Entry: kind.Disk(index, want.Device)})
	}
	return nil
}

// gone are partitions that will not be there.
func (d *disk) gone() (all []scene.Departure) {
	if !d.wiped && !d.loses {
		return nil
	}
	left := d.last.after.PartitionNames()
	for number, name := range d.first.PartitionNames() {
		if left[number] != "" {
			continue
		}
		why := d.last.subject(number) + " is deleted"
		if d.wiped {
			why = "the partition table of " + diag.Name(d.last.want.Device) + " is wiped"
		}
		all = append(all, scene.Departure{Name: name, Why: why})
	}
	return all
}

// users are those of a disk itself. The partitions of a device-mapper disk lie on it, and what lies on them in turn is
// no sign of use either.
func users(disk *scene.Seen) (all []scene.User) {
	for _, u := range disk.Users {
		if disk.Mapper == "" || !u.IsDevice() {
			all = append(all, u)
		}
	}
	return all
}

// unambiguous keeps one prediction of each name. Of a name that two disks give to their partitions nobody knows where
// it will lead.
func unambiguous(all []scene.Prediction) []scene.Prediction {
	nodes := map[string]string{}
	twice := map[string]bool{}
	for _, p := range all {
		for _, name := range p.Names {
			twice[name] = twice[name] || nodes[name] != "" && nodes[name] != p.Seen.Node
			nodes[name] = p.Seen.Node
		}
	}
	var unknown []scene.Prediction
	for i, p := range all {
		all[i].Names = slices.DeleteFunc(slices.Clone(p.Names), func(name string) bool {
			if twice[name] {
				unknown = append(unknown, scene.Prediction{Names: []string{name},
					Seen: &scene.Seen{Unknown: "several partitions have this name"}})
			}
			return twice[name]
		})
	}
	return append(all, unknown...)
}

// partitionNames are the names of a partition that are known before it is there. The disk has these paths.
func partitionNames(paths []string, disk *scene.Seen, number int, label string, id block.GUID) []string {
	names := append([]string{disk.PartitionNode(number)}, block.PartLinks(paths, number)...)
	guid := ""
	if id != (block.GUID{}) {
		guid = id.String()
	}
	return append(names, block.PartitionLinks(label, guid)...)
}

func byGUID(id block.GUID) string { return block.PartitionLinks("", id.String())[0] }

// specs is the entry in the words of internal/block.
func specs(parts []config.Partition) (all []block.Spec) {
	for _, p := range parts {
		all = append(all, block.Spec{
			Number: p.Number, Label: p.Label, StartMiB: p.StartMiB, SizeMiB: p.SizeMiB,
			TypeGUID: config.Says(p.TypeGUID), GUID: config.Says(p.GUID),
			ShouldExist: p.ShouldExist == nil || *p.ShouldExist, WipePartitionEntry: config.Says(p.WipePartitionEntry),
			Resize: config.Says(p.Resize),
		})
	}
	return all
}
