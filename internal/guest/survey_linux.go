package guest

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"golang.org/x/sys/unix"

	"github.com/glowplug-os/glowplug/internal/block"
	"github.com/glowplug-os/glowplug/internal/diag"
	"github.com/glowplug-os/glowplug/internal/target"
)

// subvolumeInode is the inode of a folder that is a subvolume of btrfs (linux/btrfs_tree.h, BTRFS_FIRST_FREE_OBJECTID).
const subvolumeInode = 256

// views are the filesystems on the disks, of btrfs the subvolume that is its default, the top one, and those in that.
func (m *machine) views(ctx context.Context) (views []surveyed, err error) {
	all, err := filesystems(ctx, m.tools)
	for _, f := range all {
		if f.kind != "btrfs" {
			views = append(views, surveyed{filesystem: f, byDefault: true})
			continue
		}
		usual, names, err := m.subvolumes(ctx, f)
		if err != nil {
			m.notSeen(err)
			continue
		}
		for _, name := range names {
			views = append(views, surveyed{filesystem: filesystem{f.device, f.kind, name}, byDefault: name == usual})
		}
	}
	return views, err
}

// subvolumes are those of a filesystem by their paths, and which of them is the default.
func (m *machine) subvolumes(ctx context.Context, f filesystem) (usual string, names []string, err error) {
	err = m.within(ctx, f, func(folder string, _ func() error) error {
		table, err := os.ReadFile(block.MountTable)
		if err != nil {
			return err
		}
		mounts, err := block.ParseMounts(table)
		usual = mountedSubvolume(mounts, folder)
		return err
	})
	if err != nil {
		return "", nil, err
	}
	names = []string{usual}
	add := func(name string) {
		if name != usual {
			names = append(names, name)
		}
	}
	f.subvolume = "/"
	return usual, names, m.within(ctx, f, func(folder string, _ func() error) error {
		add("/")
		entries, err := os.ReadDir(folder)
		for _, e := range entries {
			var stat unix.Stat_t
			if e.IsDir() && unix.Lstat(filepath.Join(folder, e.Name()), &stat) == nil && stat.Ino == subvolumeInode {
				add("/" + e.Name())
			}
		}
		return err
	})
}

// survey looks into every filesystem.
func (m *machine) survey(ctx context.Context) ([]surveyed, error) {
	all, err := m.views(ctx)
	for i := range all {
		s := &all[i]
		if err := m.within(ctx, s.filesystem, func(folder string, _ func() error) error {
			s.look(folder)
			return nil
		}); err != nil {
			m.notSeen(err)
		}
	}
	return all, err
}

// look fills in what a filesystem has that is mounted.
func (s *surveyed) look(folder string) {
	s.hasSystem = exists(folder, "usr/lib/os-release") || exists(folder, "etc/os-release") // os-release(5)
	if tab, err := textOf(filepath.Join(folder, "etc/fstab")); err == nil {
		s.namesItself = rootOfTab(tab, s.subvolume)
	}
	for _, below := range append([]string{"."}, bootFolders...) {
		e := entriesIn(filepath.Join(folder, below))
		if len(e.lines) > 0 {
			s.boots = append(s.boots, below)
		}
		s.lines, s.unified = append(s.lines, e.lines...), append(s.unified, e.unified...)
	}
}

func (m *machine) notSeen(err error) {
	m.say(Saying{Warning: diag.OneLine("not looked into: " + err.Error())})
}

// findRoot finds the filesystem that has a system; there is none where its device is "".
func (m *machine) findRoot(ctx context.Context) (filesystem, error) {
	all, err := m.survey(ctx)
	if err != nil {
		return filesystem{}, err
	}
	named, subvolume := namedRoot(m.order.Root)
	device := ""
	if named != "" {
		if device, err = filepath.EvalSymlinks(named); err != nil {
			return filesystem{}, fmt.Errorf("the root: %s is on no disk", diag.Name(named))
		}
	}
	root, err := chosenRoot(all, device, subvolume)
	if err != nil && named != "" {
		err = fmt.Errorf("the root: %s: %w", diag.Name(m.order.Root), err)
	}
	return root, err
}

// bootPlaces are the filesystems with boot entries that kernel arguments belong into: those of the root, and those that
// are of no system.
func (m *machine) bootPlaces(ctx context.Context) (places []surveyed, err error) {
	all, err := m.survey(ctx)
	if err != nil {
		return nil, err
	}
	places = slices.DeleteFunc(all, func(s surveyed) bool { return s.hasSystem && !s.is(m.found) })
	for _, s := range places {
		if len(s.unified) > 0 {
			return nil, diag.WithHint(errors.New("an image of a kernel has its arguments inside, where they may be "+
				"signed: "+diag.Name(filepath.Base(s.unified[0]))+" on "+s.String()), "make the image of the kernel "+
				"with them, or an add-on beside it; and leave kernelArguments out of the config")
		}
	}
	places = slices.DeleteFunc(places, func(s surveyed) bool { return len(s.boots) == 0 && !s.is(m.found) })
	if !slices.ContainsFunc(places, func(s surveyed) bool { return len(s.boots) > 0 }) {
		return nil, diag.WithHint(errors.New("no filesystem of the images has boot entries: loader/entries/*.conf, or "+
			"lines that start a kernel in grub/grub.cfg or grub2/grub.cfg"),
			"put the arguments into what starts the kernel; and leave kernelArguments out of the config")
	}
	return places, nil
}

// arguments puts the kernel arguments of the config into boot entries, and into the files of the root that entries of
// kernels to come are made of.
func (m *machine) arguments(ctx context.Context) error {
	places, err := m.bootPlaces(ctx)
	if err != nil {
		return at("kargs", err)
	}
	var lines strings.Builder
	var folders []string
	for i, s := range places {
		folder := fmt.Sprintf("/run/boot/%d", i)
		if err := os.MkdirAll(folder, 0o700); err != nil {
			return err
		}
		if err := m.mount(ctx, s.filesystem, folder, "rw"); err != nil {
			return at("kargs", err)
		}
		folders = append(folders, folder)
		for _, below := range s.boots {
			fmt.Fprintf(&lines, "IGNITION_BOOT=%s\n", filepath.Join(folder, below))
		}
		if s.is(m.found) {
			fmt.Fprintf(&lines, "IGNITION_ROOT=%s\n", folder)
		}
	}
	if err := os.WriteFile(argumentFolders, []byte(lines.String()), 0o600); err != nil {
		return err
	}
	if err := m.stage(ctx, "kargs", target.DefaultImage(), nil); err != nil {
		return err
	}
	for _, folder := range folders {
		if err := m.unmount(ctx, folder); err != nil {
			return at("kargs", err)
		}
	}
	return nil
}
