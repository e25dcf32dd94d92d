package feasible

import (
	"errors"
	"io"
	"io/fs"
	"math/rand/v2"
	"path"
	"slices"
	"strings"

	"github.com/glowplug-os/glowplug/config"
	"github.com/glowplug-os/glowplug/internal/block"
	"github.com/glowplug-os/glowplug/internal/scene"
)

const (
	sectorSize = 512
	// largest is more than any disk has, in bytes, and half of what offsets in files go to.
	largest = 1 << 62
	// mostDisks are planned: each keeps a partition table of 34 KB as it is and one as it will be, and no machine has
	// that many.
	mostDisks = 2000
)

// dice gives GUIDs. Nobody sees them, so they may be the same each time.
func dice() io.Reader { return rand.NewChaCha8([32]byte{}) }

// machine is one in which whatever is asked for is a disk of its own, but for what the config makes.
type machine struct {
	made map[string]bool // names of arrays and volumes which the config makes
	kept map[string]bool // devices that may have already what the config has on them
	bare bool            // and so may not their partitions
}

func newMachine(s *config.Storage, suits suitable) machine {
	m := machine{map[string]bool{}, map[string]bool{}, suits == bare}
	for _, r := range s.Raid {
		m.made[path.Join("/dev/md", r.Name)] = true
		m.made[path.Clean(r.Name)] = strings.HasPrefix(r.Name, "/dev")
	}
	for _, l := range s.Luks {
		m.made[path.Join("/dev/mapper", l.Name)] = true
	}
	if !m.bare {
		m.keep(s)
	}
	return m
}

const mayHave = "it may have what the config has"

// keep finds the devices that may be as the config has them. Of a disk that it partitions the table counts.
func (m machine) keep(s *config.Storage) {
	for _, l := range s.Luks {
		m.kept[path.Clean(config.Says(l.Device))] = !config.Says(l.WipeVolume)
	}
	for _, f := range s.Filesystems {
		m.kept[path.Clean(f.Device)] = !config.Says(f.WipeFilesystem)
	}
	for _, d := range s.Disks {
		m.kept[path.Clean(d.Device)] = !config.Says(d.WipeTable) && !takesAll(d.Partitions) && !meet(d.Partitions)
	}
}

// takesAll: one of several partitions is to have all that is free, wherever it begins. Others that have no place of
// their own find none then, also where they are already.
func takesAll(partitions []config.Partition) bool {
	return len(partitions) > 1 && slices.ContainsFunc(partitions, func(p config.Partition) bool {
		return p.SizeMiB != nil && *p.SizeMiB == 0 && p.StartMiB != nil && *p.StartMiB == 0
	})
}

// meet: two of them begin at one place, or one is larger than any disk.
func meet(partitions []config.Partition) bool {
	starts := map[int]bool{0: true}
	for _, p := range partitions {
		start := config.Says(p.StartMiB)
		if config.Says(p.SizeMiB) > largest>>20 {
			return true
		}
		if exists := p.ShouldExist == nil || *p.ShouldExist; exists && start > 0 && starts[start] {
			return true
		}
		starts[start] = true
	}
	return false
}

// Look finds a blank disk, or one that is as the config needs it.
func (m machine) Look(name string) (*scene.Seen, error) {
	node, is, err := m.Find(name)
	seen := &scene.Seen{Path: name, Node: node, Name: is.Name, Size: largest, SectorSize: sectorSize}
	if m.kept[node] {
		seen.Unknown = mayHave
	}
	return seen, err
}

// Inside finds nothing on a disk. Where partitions begin, also those of a new table, may be what was there before.
func (m machine) Inside(p scene.Place) (scene.Filling, error) {
	if m.bare || p.At.Size == largest {
		return scene.Filling{}, nil
	}
	return scene.Filling{}, errors.New(mayHave)
}

// Find has every name lead to itself.
func (m machine) Find(name string) (string, scene.User, error) {
	node := path.Clean(name)
	if m.made[node] {
		return "", scene.User{}, &fs.PathError{Op: "look", Path: name, Err: fs.ErrNotExist}
	}
	return node, scene.User{Use: scene.Device, Name: block.DeviceName(node)}, nil
}

// Links are none.
func (machine) Links() map[string][]string { return nil }
