package files

import (
	"errors"
	"fmt"
	"slices"

	"github.com/glowplug-os/glowplug/config"
	"github.com/glowplug-os/glowplug/internal/diag"
	"github.com/glowplug-os/glowplug/internal/root"
)

// owners sets the attributes that a node gets, by docs/peer/engine.md §11.3. Where the config is silent a new node
// belongs to 0:0 and a kept one to whom it belonged.
func (p *planner) owners(n *node) error {
	o := &p.worker.Options
	n.new, n.old = root.LeaveAttrs, root.LeaveAttrs
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
	uid, err := owner(n.user, "user", p.accounts.UID)
	if err != nil {
		return err
	}
	gid, err := owner(n.group, "group", p.accounts.GID)
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

// kept gives the attributes of a node that is kept. As the peer's change of owner does even where it changes nothing,
// it takes the set-id bits of a file whose mode the config does not give.
func (n *node) kept(found root.Facts) attributes {
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

// owner gives an id, -1 for an owner that the config does not give. Names are those of the root once the accounts of
// the config are made.
func owner(c config.NodeOwner, what string, lookup func(string) (uint32, bool)) (int64, error) {
	switch {
	case c.ID != nil:
		if *c.ID < 0 || int64(*c.ID) >= 1<<32-1 {
			return 0, fmt.Errorf("%s id %d is none that Linux has", what, *c.ID)
		}
		return int64(*c.ID), nil
	case text(c.Name) == "":
		return -1, nil
	}
	if id, ok := lookup(*c.Name); ok {
		return int64(id), nil
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
		return onlyRoot(fmt.Sprintf("set the owner %d", uid))
	case gid >= 0 && !slices.Contains(o.Groups, uint32(gid)):
		return onlyRoot(fmt.Sprintf("set the group %d", gid))
	}
	return nil
}

// onlyRoot is the error of what takes root's privileges, which a directory can be made without.
func onlyRoot(what string) error {
	return diag.WithHint(errors.New("only root can "+what),
		"run it as root, or leave owners as they come with --no-owner")
}
