package root

import (
	"errors"
	"io/fs"
	"os"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
)

// mountTable is proc(5)'s list of what the calling thread has mounted. Threads can have mounts of their own
// (unshare(2)).
const mountTable = "/proc/thread-self/mountinfo"

// Mounts lists the places below the root, as paths in it, where something is mounted: a filesystem, a directory, a
// file. They are sorted. The root itself is not among them. Where no /proc is mounted nothing is known, and the list is
// empty.
func (r *Reader) Mounts() ([]string, error) {
	table, err := os.ReadFile(mountTable)
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
	return mountsBelow(string(table), at), nil
}

// mountsBelow gives the mount points below a directory that a table of proc(5) has, each once, as paths in that
// directory.
func mountsBelow(table, dir string) []string {
	dir = strings.TrimSuffix(dir, "/") + "/"
	var all []string
	for line := range strings.Lines(table) {
		fields := strings.Fields(line)
		if len(fields) < 5 {
			continue
		}
		if below, ok := strings.CutPrefix(unescapeMount(fields[4]), dir); ok && below != "" {
			all = append(all, "/"+below)
		}
	}
	slices.Sort(all)
	return slices.Compact(all)
}

// unescapeMount undoes how the kernel writes bytes that would end a field: as "\040" (proc(5)).
func unescapeMount(s string) string {
	if !strings.Contains(s, `\`) {
		return s
	}
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		if s[i] == '\\' && i+3 < len(s) {
			if n, err := strconv.ParseUint(s[i+1:i+4], 8, 8); err == nil {
				b.WriteByte(byte(n))
				i += 3
				continue
			}
		}
		b.WriteByte(s[i])
	}
	return b.String()
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
	if err := unix.Statx(fd, "", unix.AT_EMPTY_PATH, unix.STATX_MNT_ID, &x); err == nil &&
		x.Mask&unix.STATX_MNT_ID != 0 {
		return x.Mnt_id, nil
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
