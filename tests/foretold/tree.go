package foretold

import (
	"crypto/sha256"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"
)

// A Node is what is at a path. Of a Plan, nil is what is not known, or stays.
type Node struct {
	Kind           string // file, directory, link, hard link, and other words
	Mode, UID, GID *int64
	Link           string
	// Of a Tree only:
	size, links uint64
	inode       [2]uint64        // with its device
	changed     syscall.Timespec // its content, last; of a directory, when it was made
}

// A Tree is what is in a directory, by paths that begin with a slash.
type Tree struct {
	dir string
	all map[string]*Node
}

// Look reads a tree. A directory that is not there is an empty one.
func Look(dir string) (Tree, error) {
	t := Tree{dir, map[string]*Node{}}
	err := filepath.WalkDir(dir, func(name string, d fs.DirEntry, err error) error {
		if err != nil || name == dir {
			return err
		}
		n, err := look(name)
		t.all[strings.TrimPrefix(name, dir)] = n
		return err
	})
	return t, err
}

// Has tells whether something is at a path.
func (t Tree) Has(at string) bool { return t.all[at] != nil }

func look(name string) (*Node, error) {
	info, err := os.Lstat(name)
	if err != nil {
		return nil, err
	}
	st := info.Sys().(*syscall.Stat_t)
	mode, uid, gid := int64(st.Mode)&0o7777, int64(st.Uid), int64(st.Gid)
	n := &Node{Mode: &mode, UID: &uid, GID: &gid, size: uint64(info.Size()), links: uint64(st.Nlink),
		inode: [2]uint64{st.Dev, st.Ino}, changed: st.Mtim}
	switch info.Mode().Type() {
	case 0:
		n.Kind = "file"
	case fs.ModeDir:
		n.Kind = "directory"
		n.size, n.links, n.changed = 0, 0, born(name) // what is in it is looked at itself
	case fs.ModeSymlink:
		n.Kind, n.Mode = "link", nil
		n.Link, err = os.Readlink(name)
	default:
		n.Kind = "device, fifo or socket"
	}
	return n, err
}

// born is when a node was made, where the filesystem tells: another directory may get the number of one that has gone.
func born(name string) syscall.Timespec {
	var x unix.Statx_t
	if unix.Statx(unix.AT_FDCWD, name, unix.AT_SYMLINK_NOFOLLOW, unix.STATX_BTIME, &x) != nil {
		return syscall.Timespec{}
	}
	return syscall.Timespec{Sec: x.Btime.Sec, Nsec: int64(x.Btime.Nsec)}
}

// same tells whether nothing was done to a node.
func same(a, b *Node) bool {
	return a == nil && b == nil || a != nil && b != nil && a.Kind == b.Kind && equal(a.Mode, b.Mode) &&
		equal(a.UID, b.UID) && equal(a.GID, b.GID) && a.Link == b.Link && a.size == b.size && a.inode == b.inode &&
		a.changed == b.changed
}

func equal(a, b *int64) bool { return a == nil || b == nil || *a == *b }

// is holds what a plan says of a node against what is there.
func (n *Node) is(there *Node) bool {
	if n == nil || there == nil {
		return n == nil && there == nil
	}
	kind := n.Kind == there.Kind || n.Kind == "hard link" && there.Kind == "file" && there.links > 1
	return kind && equal(n.Mode, there.Mode) && equal(n.UID, there.UID) && equal(n.GID, there.GID) &&
		(n.Link == "" || n.Kind == "hard link" || n.Link == there.Link)
}

func (n *Node) String() string {
	if n == nil {
		return "nothing"
	}
	text := n.Kind
	for _, each := range []struct {
		format string
		value  *int64
	}{{" %04o", n.Mode}, {" %d", n.UID}, {":%d", n.GID}} {
		if each.value != nil {
			text += fmt.Sprintf(each.format, *each.value)
		}
	}
	if n.Link != "" {
		text += " to " + n.Link
	}
	return text
}

// beside are the places that steps change without that a plan names them, by the IDs of the steps: a home is filled
// from /etc/skel, account files are written under a lock and with backups, systemctl makes and removes links.
var beside = []struct {
	ids []string
	at  func(p string) bool
}{
	{[]string{"account-files", "account-effect:", "user:", "group:", "home:"}, func(p string) bool {
		return slices.Contains([]string{"/etc/.pwd.lock", "/etc/subuid", "/etc/subgid"}, p) ||
			path.Dir(p) == "/etc" && strings.HasSuffix(p, "-")
	}},
	{[]string{"enable:", "disable:"}, func(p string) bool { return strings.HasPrefix(p, "/etc/systemd/system/") }},
}

// records are those that glowplug keeps for itself (docs/rerun.md).
const records = "/etc/.glowplug"

// Trees holds a plan against what became of a directory: each place is before and after as told, what is told to change
// has changed, and what is not told has not.
func (p *Plan) Trees(before, after Tree) (faults []string) {
	fault := func(format string, args ...any) { faults = append(faults, fmt.Sprintf(format, args...)) }
	told := p.changes()
	for _, a := range p.Actions {
		did := len(a.Changes) == 0 || a.Effect == deferred || a.Effect == keep
		for _, c := range a.Changes {
			did = did || !same(before.all[c.Path], after.all[c.Path])
			if !c.Was.is(before.all[c.Path]) {
				fault("%v: %s was %v, not %v", &a, c.Path, before.all[c.Path], c.Was)
			}
			if last := told[c.Path]; a.Effect != deferred && !last.Now.is(after.all[c.Path]) {
				fault("%v: %s is %v, not %v", &a, c.Path, after.all[c.Path], last.Now)
			}
			faults = append(faults, c.lines(after)...)
		}
		if !did {
			fault("%v: nothing has changed", &a)
		}
	}
	for _, at := range slices.Sorted(maps.Keys(union(before.all, after.all))) {
		if !same(before.all[at], after.all[at]) && !p.explains(told, before, after, at) {
			fault("%s was %v and is %v, of which nothing was told", at, before.all[at], after.all[at])
		}
	}
	return faults
}

func union(a, b map[string]*Node) map[string]*Node {
	all := maps.Clone(a)
	maps.Copy(all, b)
	return all
}

// loose are the actions that tell of a place by their words alone, and of all below it: homes and keys.
var loose = []string{"account-effect:", "ssh-keys:", "home:"}

// named tells whether the words of an action that is loose are about a place, or about one above or below it.
func (p *Plan) named(at string) bool {
	for _, a := range p.Actions {
		is := func(id string) bool { return strings.HasPrefix(a.ID, id) }
		if a.Effect == keep || !slices.ContainsFunc(loose, is) {
			continue
		}
		for _, word := range strings.Fields(strings.ReplaceAll(a.Subject+" "+a.Detail, ",", " ")) {
			if path.IsAbs(word) && (strings.HasPrefix(at+"/", word+"/") || strings.HasPrefix(word, at+"/")) {
				return true
			}
		}
	}
	return false
}

// explains tells whether a plan tells of a change: of the place, of another name of the same, of what is below it and
// needs it, of what is above it and goes, or as what comes beside.
func (p *Plan) explains(told map[string]Change, before, after Tree, at string) bool {
	if _, is := told[at]; is || strings.HasPrefix(at, records) || p.named(at) ||
		p.stage && leaves(at) {
		return true
	}
	isNew := before.all[at] == nil && after.all[at].Kind == "directory"
	for place, c := range told {
		if there := after.all[place]; there != nil && after.all[at] != nil && there.inode == after.all[at].inode {
			return true // another name of it
		}
		if isNew && strings.HasPrefix(place, at+"/") && p.makes(before, at) {
			return true
		}
		if after.all[at] == nil && c.Was != nil && c.Was.Kind == "directory" && strings.HasPrefix(at, place+"/") {
			return true
		}
	}
	return slices.ContainsFunc(beside, func(b struct {
		ids []string
		at  func(p string) bool
	}) bool {
		return b.at(at) && p.has(b.ids...)
	})
}

// makes tells whether an action says that it makes a directory, or one above it that is not there either. Of those that
// are on the way to units none says so.
func (p *Plan) makes(before Tree, at string) bool {
	if at == "/etc" || strings.HasPrefix(at, "/etc/systemd") {
		return true
	}
	for d := at; d != "/" && before.all[d] == nil; d = path.Dir(d) {
		if slices.ContainsFunc(p.Actions, func(a Action) bool { return a.says("makes " + d) }) {
			return true
		}
	}
	return false
}

// says tells whether words are in the details of an action, whole.
func (a *Action) says(words string) bool {
	return strings.Contains(strings.ReplaceAll(a.Detail+" ", ",", " "), words+" ")
}

// lines holds those that a difference adds against the text that is there.
func (c *Change) lines(after Tree) (faults []string) {
	if len(c.Difference) == 0 || after.all[c.Path] == nil {
		return nil
	}
	text, err := os.ReadFile(after.dir + c.Path)
	if err != nil {
		return []string{err.Error()}
	}
	for _, line := range c.Difference {
		added, is := strings.CutPrefix(line, "+")
		added = strings.TrimSuffix(added, " (no line end)")
		if is && !strings.Contains(added, "[redacted]") && !strings.Contains("\n"+string(text), "\n"+added) {
			faults = append(faults, fmt.Sprintf("%s has no line %q", c.Path, added))
		}
	}
	return faults
}

// Sum is a digest of all that there is to a tree: names, kinds, modes, owners, times, links, content, attributes.
func Sum(dir string) (string, error) {
	sum := sha256.New()
	err := filepath.WalkDir(dir, func(name string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		n, err := look(name)
		if err != nil {
			return err
		}
		info, err := os.Lstat(name)
		if err != nil {
			return err
		}
		fmt.Fprintln(sum, name, n, info.ModTime().UnixNano(), info.Size(), n.inode, n.links, attributes(name))
		if !info.Mode().IsRegular() {
			return nil
		}
		f, err := os.Open(name)
		if err != nil {
			return err
		}
		defer f.Close()
		_, err = io.Copy(sum, f)
		return err
	})
	return fmt.Sprintf("%x", sum.Sum(nil)), err
}

// attributes are the extended ones of a node, with their values.
func attributes(name string) map[string]string {
	names := make([]byte, 1<<16)
	n, err := syscall.Listxattr(name, names)
	if err != nil {
		return nil
	}
	all := map[string]string{}
	for each := range strings.SplitSeq(strings.TrimSuffix(string(names[:n]), "\x00"), "\x00") {
		value := make([]byte, 1<<16)
		if k, err := syscall.Getxattr(name, each, value); err == nil {
			all[each] = string(value[:k])
		}
	}
	return all
}
