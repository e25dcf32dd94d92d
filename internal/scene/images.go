package scene

import (
	"fmt"
	"io"
	"io/fs"
	"maps"
	"path"
	"slices"
	"strings"

	"github.com/glowplug-os/glowplug/internal/block"
	"github.com/glowplug-os/glowplug/internal/diag"
)

// An Image stands for a disk.
type Image struct {
	io.ReaderAt
	Size       int64
	SectorSize int // bytes; 0 for 512
	// Names are what the disk is called beside its device.
	Names []string
}

// Images stand for the disks of a machine that is not this one, by their devices.
type Images map[string]Image

// Scene is that machine. Partitions are there by the names that udev would give them. Nobody uses any of them.
func (all Images) Scene() Scene {
	return &imaged{images: all, seen: map[string]*Seen{}, asked: map[string]bool{}}
}

// Unasked are the images of a Scene of which nothing was asked, by their devices; none of another Scene.
func Unasked(s Scene) (devices []string) {
	m, is := s.(*imaged)
	if !is {
		return nil
	}
	for _, device := range slices.Sorted(maps.Keys(m.images)) {
		if !m.asked[device] {
			devices = append(devices, device)
		}
	}
	return devices
}

// imaged is the machine of some images. Each is read once.
type imaged struct {
	images Images
	seen   map[string]*Seen // disks that were looked at
	asked  map[string]bool  // disks by whose names, or those of what is on them, something was asked
	// names lead to what images have: those of disks and partitions, and those by what devices hold. Each is found out
	// when it is first needed.
	names, contents map[string]spot
}

// A spot is a disk, or one of its partitions.
type spot struct {
	disk   string
	number int // 0 for the disk
}

// Look finds a disk or a partition.
func (m *imaged) Look(name string) (*Seen, error) {
	at, err := m.find(name)
	if err != nil {
		return nil, err
	}
	disk, err := m.disk(at.disk)
	if err != nil {
		return nil, err
	}
	seen := *disk
	for _, p := range m.parts(disk) {
		if p.Number == at.number {
			place := disk.Place(p.KernelPartition)
			seen = Seen{Node: disk.PartitionNode(p.Number), Size: place.At.Size, SectorSize: disk.SectorSize,
				Partition: true}
			seen.Filling, err = m.Inside(place)
		}
	}
	seen.Path = name
	return &seen, err
}

// Inside reads the image.
func (m *imaged) Inside(p Place) (Filling, error) {
	image, is := m.images[p.Node]
	if !is {
		return Filling{}, imageless(p.Node)
	}
	return p.Read(image)
}

// Find tells the node, and the name that the kernel would have for it.
func (m *imaged) Find(name string) (string, User, error) {
	at, err := m.find(name)
	node := at.disk
	if at.number > 0 {
		node = block.PartitionNode(at.disk, at.number)
	}
	return node, User{Use: Device, Name: block.DeviceName(node)}, err
}

// Links are the disks' other names.
func (m *imaged) Links() map[string][]string {
	all := map[string][]string{}
	for disk, image := range m.images {
		all[disk] = image.Names
	}
	return all
}

func (m *imaged) disk(name string) (*Seen, error) {
	if seen, is := m.seen[name]; is {
		return seen, nil
	}
	image := m.images[name]
	seen := &Seen{Path: name, Node: name, Size: image.Size, SectorSize: image.sector()}
	var err error
	if seen.Filling, err = Read(image, seen.Size, seen.SectorSize); err != nil {
		return nil, fmt.Errorf("device %s: %w", diag.Name(name), err)
	}
	if seen.Found.Kind == block.KindMBR { // one that cannot be read to its end has what could be read
		seen.Partitions, _ = block.MBRPartitions(image, seen.Size, seen.SectorSize)
	}
	m.seen[name] = seen
	return seen, nil
}

func (i Image) sector() int {
	if i.SectorSize == 0 {
		return 512
	}
	return i.SectorSize
}

// find tells where a name leads. A disk that cannot be read has no partitions here.
func (m *imaged) find(name string) (spot, error) {
	at, err := m.lead(name)
	m.asked[at.disk] = true
	return at, err
}

func (m *imaged) lead(name string) (spot, error) {
	name = path.Clean(name)
	if _, is := m.images[name]; is {
		return spot{disk: name}, nil
	}
	if m.names == nil {
		m.name()
	}
	if at, is := m.names[name]; is {
		return at.only(name)
	}
	if m.contents == nil && (strings.HasPrefix(name, "/dev/disk/by-label/") ||
		strings.HasPrefix(name, "/dev/disk/by-uuid/")) {
		m.nameContents()
	}
	if at, is := m.contents[name]; is {
		return at.only(name)
	}
	return spot{}, m.nowhere(name)
}

// only is the spot, unless several have the name: udev gives it to the one that it sees last.
func (s spot) only(name string) (spot, error) {
	if s == (spot{}) {
		return s, fmt.Errorf("device %s: several images have it", diag.Name(name))
	}
	return s, nil
}

// name finds the names of disks and partitions.
func (m *imaged) name() {
	m.names = map[string]spot{}
	m.each(func(disk *Seen, p part) {
		at := spot{disk.Node, p.Number}
		links := m.images[disk.Node].Names
		if p.Number == 0 {
			add(m.names, at, links...)
			return
		}
		add(m.names, at, disk.PartitionNode(p.Number))
		add(m.names, at, block.PartLinks(append([]string{disk.Node}, links...), p.Number)...)
		add(m.names, at, block.PartitionLinks(p.label, p.guid)...)
	})
}

// nameContents finds the names by what devices hold. What cannot be read has none.
func (m *imaged) nameContents() {
	m.contents = map[string]spot{}
	m.each(func(disk *Seen, p part) {
		content := disk.Content
		if p.Number > 0 {
			inside, _ := m.Inside(disk.Place(p.KernelPartition))
			content = inside.Content
		}
		first := content.First()
		add(m.contents, spot{disk.Node, p.Number}, block.ContentLinks(first.Label, first.UUID)...)
	})
}

// each goes through disks and their partitions. A disk comes as one without a number.
func (m *imaged) each(do func(disk *Seen, p part)) {
	for _, name := range slices.Sorted(maps.Keys(m.images)) {
		disk, err := m.disk(name)
		if err != nil {
			do(&Seen{Node: name}, part{})
			continue
		}
		do(disk, part{})
		for _, p := range m.parts(disk) {
			do(disk, p)
		}
	}
}

func add(to map[string]spot, at spot, names ...string) {
	for _, name := range names {
		if other, twice := to[name]; twice && other != at {
			to[name] = spot{}
		} else {
			to[name] = at
		}
	}
}

// imageless is the error about a device that no image has.
func imageless(name string) error {
	return &absentError{"device " + diag.Name(name) + ": no image has it",
		"--disk DEVICE=FILE names the image of each disk"}
}

// An absentError is an fs.ErrNotExist in other words.
type absentError struct{ text, hint string }

func (e *absentError) Error() string { return e.text }

// Hint says how there can be one.
func (e *absentError) Hint() string { return e.hint }

func (e *absentError) Unwrap() error { return fs.ErrNotExist }
