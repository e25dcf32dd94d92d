package mounts

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"

	"github.com/glowplug-os/glowplug/internal/block"
	"github.com/glowplug-os/glowplug/internal/device"
	"github.com/glowplug-os/glowplug/internal/diag"
)

// A mounted is a line of the kernel's table of mounts.
type mounted struct {
	block.Mount
	id, parent int
	root       string // the part of the filesystem that is mounted: "/", or that of a bind mount or btrfs subvolume
}

func (m mounted) String() string { return m.Type + " of " + diag.Name(m.Source) }

// table reads the mounts that this thread sees.
func table() ([]mounted, error) {
	text, err := os.ReadFile(block.MountTable)
	if err != nil {
		return nil, err
	}
	return parseTable(text)
}

// parseTable adds to block.ParseMounts what tells mounts at one place apart (proc_pid_mountinfo(5)).
func parseTable(text []byte) ([]mounted, error) {
	mounts, err := block.ParseMounts(text)
	if err != nil {
		return nil, err
	}
	all := make([]mounted, 0, len(mounts))
	for line := range bytes.Lines(text) {
		m := mounted{Mount: mounts[len(all)]}
		fields := strings.SplitN(string(line), " ", 5)
		var errID, errParent error
		m.id, errID = strconv.Atoi(fields[0])
		m.parent, errParent = strconv.Atoi(fields[1])
		if err := errors.Join(errID, errParent); err != nil {
			return nil, fmt.Errorf("mountinfo: line %d: %w", len(all)+1, err)
		}
		m.root = fields[3]
		all = append(all, m)
	}
	return all, nil
}

// mountsAt gives what is mounted at a directory, the mount that is seen first, those under it after it; and the
// directory's path as the table has it. A directory that is not there has none. Equal paths alone do not tell: mounts
// stay in the table when what they were in is mounted over.
func mountsAt(dir string) (real string, on []mounted, err error) {
	real, id, err := whereIs(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return "", nil, nil
	}
	if err != nil {
		return "", nil, err
	}
	all, err := table()
	if err != nil {
		return "", nil, err
	}
	return real, stack(all, real, id), nil
}

// stack follows the mounts at a path down, from the one with an id.
func stack(all []mounted, at string, id int) (on []mounted) {
	byID := make(map[int]mounted, len(all))
	for _, m := range all {
		byID[m.id] = m
	}
	for {
		m, ok := byID[id]
		if !ok || m.Target != at {
			return on
		}
		delete(byID, id) // the first mount of all is its own parent
		on = append(on, m)
		id = m.parent
	}
}

// whereIs gives the path of a directory without links, and the id of the mount that it is in. The device's number would
// not tell: each subvolume of a btrfs has another than the table says.
func whereIs(dir string) (real string, id int, err error) {
	f, err := os.OpenFile(dir, unix.O_PATH|unix.O_DIRECTORY, 0)
	if err != nil {
		return "", 0, err
	}
	defer f.Close()
	number := strconv.Itoa(int(f.Fd()))
	if real, err = os.Readlink("/proc/self/fd/" + number); err != nil {
		return "", 0, err
	}
	info, err := os.ReadFile("/proc/self/fdinfo/" + number)
	if err != nil {
		return "", 0, err
	}
	_, after, _ := strings.Cut(string(info), "mnt_id:")
	line, _, _ := strings.Cut(after, "\n")
	id, err = strconv.Atoi(strings.TrimSpace(line))
	return real, id, err
}

// is tells whether a mount is of the entry's device, and the whole of it; a btrfs has subvolumes.
func (e entry) is(m mounted) bool {
	same, _ := e.shares(m)
	return same && (m.root == "/" || m.Type == "btrfs")
}

// isOther: a mount is certainly not of the entry's device. A device that is gone could have been the one.
func (e entry) isOther(m mounted) bool {
	same, known := e.shares(m)
	return known && !same
}

// shares tells whether a mount is of the entry's device, if that can be known.
func (e entry) shares(m mounted) (same, known bool) {
	if e.format == "virtiofs" {
		return m.Type == e.format && m.Source == e.device, true
	}
	number, known := device.Number(e.device)
	if !known || number == unix.Mkdev(m.Major, m.Minor) {
		return known, known
	}
	// A btrfs has a number that is no device's.
	source, ok := device.Number(m.Source)
	return ok && (source == number || m.Type == "btrfs" && sameUUID(e.device, m.Source)), true
}

// sameUUID: two devices hold parts of one btrfs, of which the kernel names only one.
func sameUUID(a, b string) bool {
	var devices device.Devices
	first, errA := devices.Scene().Look(a)
	second, errB := devices.Scene().Look(b)
	if errA != nil || errB != nil {
		return false
	}
	of := first.Content.First()
	return of.Type == "btrfs" && of.UUID == second.Content.First().UUID
}
