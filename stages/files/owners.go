package files

import (
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strconv"
	"strings"

	"github.com/glowplug-os/glowplug/config"
	"github.com/glowplug-os/glowplug/internal/host"
)

// Owners finds accounts of the target root by name.
type Owners interface {
	UID(user string) (uint32, bool)
	GID(group string) (uint32, bool)
}

// owners sets the attributes that a node gets, by reference: engine §11.3. Where the config is silent a new node belongs
// to 0:0 and a kept one to whom it belonged.
func (p *planner) owners(n *node) error {
	o := &p.worker.Options
	n.new, n.old = host.LeaveAttrs, host.LeaveAttrs
	if n.mode != nil {
		n.new.Mode = int64(*n.mode & 0o7777)
		n.old.Mode = n.new.Mode
	} else if n.kind == directory {
		n.new.Mode = 0o755
	} else if n.kind == fileWithSource || n.kind == fileWithout {
		n.new.Mode = 0o644
	}
	if o.NoOwner || n.kind == hardLink {
		return nil
	}
	if o.Privileged {
		n.new.UID, n.new.GID = 0, 0
	}
	uid, err := o.owner(n.user, "user", Owners.UID)
	if err != nil {
		return err
	}
	gid, err := o.owner(n.group, "group", Owners.GID)
	if err != nil {
		return err
	}
	if uid >= 0 {
		n.new.UID, n.old.UID = uid, uid
	}
	if gid >= 0 {
		n.new.GID, n.old.GID = gid, gid
	}
	return o.maySet(uid, gid)
}

// kept gives the attributes of a node that is kept. As the peer's change of owner does even where it changes nothing, it
// takes the set-id bits of a file whose mode the config does not give.
func (n *node) kept(found host.Facts) attributes {
	if n.kind != fileWithout || n.old.Mode >= 0 || n.new.UID < 0 || found.Mode&0o6000 == 0 {
		return n.old
	}
	a := n.old
	mode := found.Mode &^ 0o4000
	if mode&0o010 != 0 {
		mode &^= 0o2000 // without group execution the bit is no set-id bit; chown(2) leaves it
	}
	a.Mode = int64(mode)
	return a
}

// owner gives an id, -1 for an owner that the config does not give.
func (o *Options) owner(c config.NodeOwner, what string, lookup func(Owners, string) (uint32, bool)) (int64, error) {
	switch {
	case c.ID != nil:
		if *c.ID < 0 || int64(*c.ID) >= 1<<32-1 {
			return 0, fmt.Errorf("%s id %d is none that Linux has", what, *c.ID)
		}
		return int64(*c.ID), nil
	case text(c.Name) == "":
		return -1, nil
	}
	if o.Owners != nil {
		if id, ok := lookup(o.Owners, *c.Name); ok {
			return int64(id), nil
		}
	}
	return 0, fmt.Errorf("%s %q does not exist in the root", what, *c.Name)
}

// maySet tells whether who runs this may give a node to these ids: chown(2) lets one give one's own files to groups one
// is in, and nothing else.
func (o *Options) maySet(uid, gid int64) error {
	switch {
	case o.Privileged:
		return nil
	case uid >= 0 && uid != int64(o.UID):
		return fmt.Errorf("only root can set the owner %d", uid)
	case gid >= 0 && !slices.Contains(o.Groups, uint32(gid)):
		return fmt.Errorf("only root can set the group %d", gid)
	}
	return nil
}

// accounts are the names in the account files of a root.
type accounts struct{ users, groups map[string]uint32 }

func (a accounts) UID(user string) (uint32, bool) { id, ok := a.users[user]; return id, ok }

func (a accounts) GID(group string) (uint32, bool) { id, ok := a.groups[group]; return id, ok }

// accountLimit bounds what is read of an account file.
const accountLimit = 64 << 20

// ReadOwners reads the account files of a root: those in /etc, and those in /usr/lib where nsswitch.conf(5) of the root
// has libc look there too (nss-altfiles, on OSTree systems). Files that are not there hold nobody.
func ReadOwners(v View) (Owners, error) {
	nsswitch, err := readIfThere(v, "/etc/nsswitch.conf")
	if err != nil {
		return nil, err
	}
	a := accounts{map[string]uint32{}, map[string]uint32{}}
	for _, db := range []struct {
		name string
		ids  map[string]uint32
	}{{"passwd", a.users}, {"group", a.groups}} {
		dirs := []string{"/etc/"}
		if hasAltfiles(nsswitch, db.name) {
			dirs = append(dirs, "/usr/lib/")
		}
		for _, dir := range dirs {
			text, err := readIfThere(v, dir+db.name)
			if err != nil {
				return nil, err
			}
			readIDs(text, db.ids)
		}
	}
	return a, nil
}

func readIfThere(v View, path string) (string, error) {
	text, err := v.ReadFile(path, accountLimit)
	if errors.Is(err, fs.ErrNotExist) {
		return "", nil
	}
	return string(text), err
}

// hasAltfiles reads the services of one database. What else libc might ask (sss, systemd) cannot be asked for a root
// that does not run.
func hasAltfiles(nsswitch, database string) bool {
	for line := range strings.Lines(nsswitch) {
		line, _, _ = strings.Cut(line, "#")
		name, services, _ := strings.Cut(line, ":")
		if strings.TrimSpace(name) == database {
			return slices.Contains(strings.Fields(services), "altfiles")
		}
	}
	return false
}

// readIDs takes the third field of each line by its first. The first line of a name counts, as in libc, and so does a
// file read before. Lines that are no accounts are passed over.
func readIDs(file string, ids map[string]uint32) {
	for line := range strings.Lines(file) {
		fields := strings.SplitN(strings.TrimRight(line, "\r\n"), ":", 4)
		if len(fields) < 4 || fields[0] == "" {
			continue
		}
		id, err := strconv.ParseUint(fields[2], 10, 32)
		if _, known := ids[fields[0]]; err == nil && !known {
			ids[fields[0]] = uint32(id)
		}
	}
}
