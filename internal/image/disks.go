package image

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"regexp"
	"slices"
	"strings"

	"github.com/glowplug-os/glowplug/internal/device"
	"github.com/glowplug-os/glowplug/internal/diag"
	"github.com/glowplug-os/glowplug/internal/scene"
)

// Disks opens what stands for disks, by the names of their devices. A file that stands for several names is one disk,
// whatever it is called itself; but the kernel has one name for a disk, so two such names are two disks. The files are
// to be closed, also where there is an error.
func Disks(named map[string]string, devices *device.Devices) (all scene.Images, files []*File, err error) {
	var failed []error
	all, by := scene.Images{}, map[string]*File{}
	for _, name := range slices.SortedFunc(maps.Keys(named), byKind) {
		f, err := Open(named[name], devices)
		if err != nil {
			failed = append(failed, advised(err))
			continue
		}
		files = append(files, f)
		disk := name
		for other, known := range by {
			if f.Same(known) {
				disk = other
			}
		}
		i := all[disk]
		if disk == name {
			by[name], i = f, f.Image
		}
		if k := slices.IndexFunc(i.Names, ofKernel); k >= 0 && ofKernel(name) {
			failed = append(failed, diag.WithHint(fmt.Errorf("image %s: stands for %s and for %s, which are two disks",
				diag.Name(named[name]), diag.Name(i.Names[k]), diag.Name(name)),
				"name an image for each; what one disk is called beside its kernel's name is below /dev/disk"))
			continue
		}
		i.Names = append(i.Names, name)
		all[disk] = i
	}
	return all, files, errors.Join(failed...)
}

// advised adds what can be done, where the error does not say so itself.
func advised(err error) error {
	switch {
	case len(diag.Hints(err)) > 0:
		return err
	case errors.Is(err, fs.ErrPermission):
		return diag.WithHint(err, "run it as root, or as a user who may read the image")
	case errors.Is(err, fs.ErrNotExist), errors.Is(err, errEmpty):
		return diag.WithHint(err, "name the raw image of a disk; `truncate -s 10G FILE` makes a blank one")
	}
	return err
}

// byKind puts the names that udev makes behind those of the kernel.
func byKind(a, b string) int {
	link := func(name string) int { return strings.Count(name, "/") }
	return cmp.Or(cmp.Compare(link(a), link(b)), strings.Compare(a, b))
}

// ofKernel: the kernel calls a disk so (Documentation/admin-guide/devices.txt; nvme, dm and md number theirs).
func ofKernel(name string) bool {
	return regexp.MustCompile(`^/dev/((sd|hd|vd|xvd|dasd)[a-z]+|` +
		`(nvme\d+n|mmcblk|loop|dm-|md|nbd|pmem|ram|zram|sr|rbd)\d+)$`).MatchString(name)
}
