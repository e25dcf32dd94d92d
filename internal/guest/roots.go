package guest

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/glowplug-os/glowplug/internal/block"
	"github.com/glowplug-os/glowplug/internal/diag"
)

// A filesystem is one that the disks have; of btrfs, one of its subvolumes.
type filesystem struct{ device, kind, subvolume string }

// String names it.
func (f filesystem) String() string {
	if f.subvolume == "" {
		return diag.Name(f.device)
	}
	return diag.Name(f.device + subvolumeIs + f.subvolume)
}

// subvolumeIs is between a device and its subvolume where both are named, as in rootflags=.
const subvolumeIs = ",subvol="

// rootKinds are the filesystems that a root may be on, and bootKinds those that a boot loader reads.
var (
	rootKinds = []string{"ext2", "ext3", "ext4", "xfs", "btrfs"}
	bootKinds = append([]string{"vfat"}, rootKinds...)
)

// A surveyed filesystem is what was seen of one.
type surveyed struct {
	filesystem
	byDefault   bool // it is what is mounted where no subvolume is named
	hasSystem   bool
	namesItself bool // its fstab has this subvolume as the root
	boots       []string
	entries
}

// is tells whether it is a filesystem, of which no subvolume need be named.
func (s surveyed) is(f filesystem) bool {
	return s.device == f.device && (s.subvolume == f.subvolume || f.subvolume == "" && s.byDefault)
}

// chosenRoot is the filesystem that has the system; there is none where its device is "". Device and subvolume are
// those that the user has named, or "".
func chosenRoot(all []surveyed, device, subvolume string) (filesystem, error) {
	with := only(all, func(s surveyed) bool {
		return slices.Contains(rootKinds, s.kind) && (device == "" || s.device == device) &&
			(subvolume == "" || strings.Trim(s.subvolume, "/") == subvolume)
	})
	if systems := only(with, func(s surveyed) bool { return s.hasSystem }); device == "" || len(systems) > 0 {
		with = systems
	}
	switch {
	case len(with) == 0 && device != "":
		return filesystem{}, errors.New("has no filesystem of " + strings.Join(rootKinds, ", ") +
			", or not this subvolume")
	case len(with) == 0:
		return filesystem{}, nil
	case slices.ContainsFunc(with, func(s surveyed) bool { return s.device != with[0].device }):
		return filesystem{}, severalRoots(with, "name the one that is meant: --root-device DEVICE, with a name "+
			"that it has by udev, such as /dev/disk/by-label/root")
	}
	return rootAmong(with, all)
}

func only(all []surveyed, is func(surveyed) bool) []surveyed {
	return slices.DeleteFunc(slices.Clone(all), func(s surveyed) bool { return !is(s) })
}

// rootAmong chooses among the subvolumes of one filesystem: as the kernel does, by boot entries and by the default of
// the filesystem, and else by what fstab says.
func rootAmong(with, all []surveyed) (filesystem, error) {
	wanted := map[string]bool{}
	for _, s := range all {
		for _, line := range s.lines {
			wanted[subvolumeOf(line)] = true
		}
	}
	for _, is := range []func(surveyed) bool{
		func(surveyed) bool { return len(with) == 1 },
		func(s surveyed) bool { return s.subvolume != "/" && wanted[strings.Trim(s.subvolume, "/")] },
		func(s surveyed) bool { return s.byDefault },
		func(s surveyed) bool { return s.namesItself },
	} {
		found := only(with, is)
		if len(found) == 1 {
			return found[0].filesystem, nil
		}
		if len(found) > 1 {
			break
		}
	}
	return filesystem{}, severalRoots(with, "name the one that is meant: --root-device DEVICE"+subvolumeIs+"NAME")
}

func severalRoots(with []surveyed, hint string) error {
	var names []string
	for _, s := range with {
		names = append(names, s.String())
	}
	return diag.WithHint(fmt.Errorf("%d filesystems have a system on them: %s", len(with), strings.Join(names, ", ")),
		hint)
}

// namedRoot takes apart what the user has named: a device, and perhaps a subvolume.
func namedRoot(text string) (device, subvolume string) {
	device, subvolume, _ = strings.Cut(text, subvolumeIs)
	return device, strings.Trim(subvolume, "/")
}

// A tabEntry is a line of fstab(5): where something is mounted, and how.
type tabEntry struct {
	at      string
	options []string
}

func tabEntries(tab string) (all []tabEntry) {
	const fields = 4
	for line := range strings.Lines(tab) {
		words := strings.Fields(line)
		if len(words) >= fields && words[0][0] != '#' {
			all = append(all, tabEntry{block.UnescapeField(words[1]), strings.Split(words[3], ",")})
		}
	}
	return all
}

// rootOfTab tells whether a fstab(5) has a subvolume as the root.
func rootOfTab(tab, subvolume string) bool {
	for _, e := range tabEntries(tab) {
		if e.at != "/" {
			continue
		}
		for _, option := range e.options {
			if name, is := strings.CutPrefix(option, "subvol="); is {
				return strings.Trim(name, "/") == strings.Trim(subvolume, "/")
			}
		}
	}
	return false
}

// mountedSubvolume is the subvolume that is mounted at a place; of several there the last one.
func mountedSubvolume(mounts []block.Mount, at string) string {
	found := "/"
	for _, m := range mounts {
		if m.Target == at {
			found = m.Inside
		}
	}
	return found
}
