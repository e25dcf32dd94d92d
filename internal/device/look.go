package device

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"

	"github.com/glowplug-os/glowplug/internal/block"
	"github.com/glowplug-os/glowplug/internal/diag"
	"github.com/glowplug-os/glowplug/internal/scene"
)

// A Scene is this machine as planners see it. It reads, and starts nothing.
type Scene struct {
	d       *Devices
	aliases bool
}

// Scene is the machine by the names that devices have now.
func (d *Devices) Scene() Scene { return Scene{d, false} }

// Reached is the machine by way of aliases, as tools get it: a name may lead elsewhere, or nowhere, while its device is
// worked on. Find goes by names all the same.
func (d *Devices) Reached() Scene { return Scene{d, true} }

// Look observes a device.
func (s Scene) Look(path string) (*scene.Seen, error) {
	way := path
	if s.aliases {
		way = s.d.AliasOf(path)
	}
	node, err := s.d.node(way, path)
	if err != nil {
		return nil, err
	}
	f, err := s.d.Open(node, os.O_RDONLY)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	seen := &scene.Seen{Path: path, Node: node, SectorSize: 512}
	return seen, s.observe(seen, f)
}

// Inside reads a part of a device.
func (s Scene) Inside(p scene.Place) (scene.Filling, error) {
	f, err := s.d.Open(p.Node, os.O_RDONLY)
	if err != nil {
		return scene.Filling{}, err
	}
	defer f.Close()
	return p.Read(f)
}

// Find tells where a name leads.
func (s Scene) Find(path string) (node string, is scene.User, err error) {
	if node, err = s.d.Node(path); err != nil {
		return "", is, err
	}
	is, err = s.kind(block.DeviceName(node))
	return node, is, err
}

// Nodes are those of all block devices that have a size, in the order of their names: without memory's own (brd), and
// without floppy disks, which take seconds to say that there is none.
func (s Scene) Nodes() (all []string) {
	entries, err := os.ReadDir(s.d.at("/sys/class/block"))
	if err != nil {
		return nil // a kernel without block devices has no such folder
	}
	for _, entry := range entries {
		name := entry.Name()
		size, err := os.ReadFile(s.d.at("/sys/class/block/" + name + "/size"))
		digit := strings.TrimLeft(name, "abcdefghijklmnopqrstuvwxyz")
		if kind := strings.TrimSuffix(name, digit); err != nil || kind == "ram" || kind == "fd" ||
			strings.TrimSpace(string(size)) == "0" {
			continue
		}
		all = append(all, "/dev/"+strings.ReplaceAll(name, "!", "/"))
	}
	return all
}

// Links are the names of disks from which udev makes those of their partitions, by node: with -part1 behind them they
// are the first partition's (60-persistent-storage.rules).
func (s Scene) Links() map[string][]string {
	all := map[string][]string{}
	for _, kind := range []string{"by-id", "by-path", "by-diskseq"} {
		folder := s.d.at("/dev/disk/" + kind)
		entries, err := os.ReadDir(folder)
		if err != nil {
			continue // udev makes none
		}
		for _, entry := range entries {
			if node, err := s.d.Node(filepath.Join(folder, entry.Name())); err == nil {
				all[node] = append(all[node], "/dev/disk/"+kind+"/"+entry.Name())
			}
		}
	}
	return all
}

// observe finds out all of an open device whose path and node are known.
func (s Scene) observe(seen *scene.Seen, f *os.File) error {
	err := s.describe(seen, f)
	if err == nil {
		seen.Filling, err = scene.Read(f, seen.Size, seen.SectorSize)
	}
	if err != nil {
		return fmt.Errorf("device %s: %w", diag.Name(seen.Path), err)
	}
	return nil
}

// describe finds out all but what is on a device.
func (s Scene) describe(seen *scene.Seen, f *os.File) error {
	info, err := f.Stat()
	if err != nil {
		return err
	}
	if seen.Size, err = f.Seek(0, io.SeekEnd); err != nil {
		return err
	}
	if info.Mode().IsRegular() {
		return nil
	}
	seen.Name = block.DeviceName(seen.Node)
	if seen.SectorSize, err = unix.IoctlGetInt(int(f.Fd()), unix.BLKSSZGET); err != nil {
		return fmt.Errorf("sector size: %w", err)
	}
	if seen.ReadOnly, err = s.d.Sys().ReadOnly(seen.Name); err != nil {
		return err
	}
	return s.kernelView(seen)
}

// kernelView adds the kernel's partitions, and who uses them and the device.
func (s Scene) kernelView(seen *scene.Seen) (err error) {
	use, err := s.usage()
	if err != nil {
		return err
	}
	if seen.Partition, err = s.d.Sys().IsPartition(seen.Name); err != nil {
		return err
	}
	if seen.Mapper, err = s.d.Sys().MapperName(seen.Name); err != nil {
		return err
	}
	if seen.Users, err = s.holders(seen.Name, use); err != nil {
		return err
	}
	users, err := s.nodeUsers(seen.Node, use)
	if err != nil {
		return err
	}
	seen.Users, seen.Busy = append(seen.Users, users...), map[int][]scene.User{}
	if seen.Mapper != "" {
		return s.mapperView(seen, use)
	}
	if seen.Partitions, err = s.d.Sys().Partitions(seen.Name); err != nil {
		return err
	}
	for _, p := range seen.Partitions {
		if users, err = s.partitionUsers(seen.Name, p, use); err != nil {
			return err
		}
		if len(users) > 0 {
			seen.Busy[p.Number] = users
		}
	}
	return nil
}

// mapperView finds the partitions of a device-mapper disk. They are its holders, and what holds them in turn is no sign
// of use (docs/peer/engine.md §9.1 step 1): only mounts and swap count.
func (s Scene) mapperView(seen *scene.Seen, use usage) error {
	prefix := s.d.at(scene.MapperPrefix(seen.Mapper))
	found, err := os.ReadDir(filepath.Dir(prefix))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	for _, entry := range found {
		digits, ours := strings.CutPrefix(entry.Name(), filepath.Base(prefix))
		number, err := strconv.ParseUint(digits, 10, 31)
		if !ours || err != nil {
			continue // of another disk, be it that its name begins like this one's
		}
		node, err := s.d.Node(filepath.Join(filepath.Dir(prefix), entry.Name()))
		if errors.Is(err, fs.ErrNotExist) {
			continue // udev is about to remove the link
		} else if err != nil {
			return err
		}
		p := block.KernelPartition{Name: block.DeviceName(node), Number: int(number)}
		users, err := s.nodeUsers(node, use)
		if err == nil {
			p.Size, err = s.d.Sys().Size(p.Name)
		}
		if err != nil && s.gone(p.Name) {
			continue
		} else if err != nil {
			return err
		}
		p.Size /= 512
		seen.Partitions = append(seen.Partitions, p)
		if len(users) > 0 {
			seen.Busy[int(number)] = users
		}
	}
	return nil
}
