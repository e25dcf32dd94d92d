package root

import (
	"errors"
	"io/fs"
	"os"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"

	"github.com/glowplug-os/glowplug/internal/block"
)

// Mounts lists the places below the root, as paths in it, where something is mounted: a filesystem, a directory, a
// file. They are sorted. The root itself is not among them. Where no /proc is mounted nothing is known, and the list is
// empty.
func (r *Reader) Mounts() ([]string, error) {
	table, err := os.ReadFile(block.MountTable)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	at, err := os.Readlink("/proc/self/fd/" + strconv.Itoa(r.fd)) // where the mounts are that lie below this descriptor
	if err != nil {
		return nil, err
	}
	return mountsBelow(table, at)
}

// mountsBelow gives the mount points below a directory that a table has, each once, as paths in that directory.
func mountsBelow(table []byte, dir string) (all []string, err error) {
	mounts, err := block.ParseMounts(table)
	if err != nil {
		return nil, err
	}
	dir = strings.TrimSuffix(dir, "/") + "/"
	for _, m := range mounts {
		if below, ok := strings.CutPrefix(m.Target, dir); ok && below != "" {
			all = append(all, "/"+below)
		}
	}
	slices.Sort(all)
	return slices.Compact(all), nil
}

// FirstMount gives the first place of a sorted list of mounts that is at a path or below it, "" for none.
func FirstMount(sorted []string, at string) string {
	if _, there := slices.BinarySearch(sorted, at); there {
		return at
	}
	below := strings.TrimSuffix(at, "/") + "/"
	if i, _ := slices.BinarySearch(sorted, below); i < len(sorted) && strings.HasPrefix(sorted[i], below) {
		return sorted[i]
	}
	return ""
}

// mountOf gives what tells the mount that an open directory is on from others: its id, or on kernels before 5.8, which
// do not tell, the device.
func mountOf(fd int) (uint64, error) {
	var x unix.Statx_t
	switch err := unix.Statx(fd, "", unix.AT_EMPTY_PATH, unix.STATX_MNT_ID, &x); {
	case err == nil && x.Mask&unix.STATX_MNT_ID != 0:
		return x.Mnt_id, nil
	case err != nil && err != unix.ENOSYS && err != unix.EPERM: // filters of containers refuse what they do not know
		return 0, err
	}
	var st unix.Stat_t
	err := unix.Fstat(fd, &st)
	return uint64(st.Dev), err
}

// sameMount tells whether two open directories are on one mount.
func sameMount(a, b int) (bool, error) {
	on, err := mountOf(a)
	if err != nil {
		return false, err
	}
	other, err := mountOf(b)
	return on == other, err
}
