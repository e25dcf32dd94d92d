package nodes

import (
	"github.com/glowplug-os/glowplug/config"
	"github.com/glowplug-os/glowplug/internal/root"
	"github.com/glowplug-os/glowplug/internal/target"
)

// owners sets the attributes that a node gets, by docs/peer/engine.md §11.3. Where the config is silent a new node
// belongs to 0:0 and a kept one to whom it belonged.
func (p *Nodes) owners(n *node) error {
	m := p.m
	n.new, n.old = root.LeaveAttrs, root.LeaveAttrs
	if n.mode != nil {
		n.new.Mode = int64(*n.mode & 0o7777)
		n.old.Mode = n.new.Mode
	} else if n.entry == target.Directory {
		n.new.Mode = 0o755
	} else if n.entry == target.FileWithSource || n.entry == target.FileWithout {
		n.new.Mode = 0o644
	}
	if m.NoOwner || n.entry == target.HardLink {
		return nil
	}
	if m.Privileged {
		n.new.UID, n.new.GID = 0, 0
	}
	uid, gid, err := target.Owners(&config.Node{User: n.user, Group: n.group}, p.uid, p.gid)
	if err != nil {
		return err
	}
	uid, gid = p.known(n, uid, gid)
	if uid >= 0 {
		n.new.UID, n.old.UID = uid, uid
	}
	if gid >= 0 {
		n.new.GID, n.old.GID = gid, gid
	}
	return m.MaySet(uid, gid)
}

// kept gives the attributes of a node that is kept. As the peer's change of owner does even where it changes nothing,
// it takes the set-id bits of a file whose mode the config does not give.
func (n *node) kept(found root.Facts) root.Attrs {
	if n.entry != target.FileWithout || n.old.Mode >= 0 || n.new.UID < 0 || found.Mode&0o6000 == 0 {
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

// known leaves owners open that are given by name, where the accounts cannot be had.
func (p *Nodes) known(n *node, uid, gid int64) (int64, int64) {
	if name := config.Says(n.user.Name); name != "" && n.user.ID == nil && p.noUser(name) {
		uid, n.new.UID, n.unowned = -1, -1, true
	}
	if name := config.Says(n.group.Name); name != "" && n.group.ID == nil && p.noGroup(name) {
		gid, n.new.GID, n.unowned = -1, -1, true
	}
	return uid, gid
}

// noUser and noGroup tell whether an error has told that an account cannot be had, or that none can.
func (p *Nodes) noUser(name string) bool { return p.names == nil || p.names.RefusedUser(name) }

func (p *Nodes) noGroup(name string) bool { return p.names == nil || p.names.RefusedGroup(name) }

// uid and gid look a name up. Of an account that cannot be had, of which an error tells, any number is as good.
func (p *Nodes) uid(name string) (uint32, bool) {
	if p.noUser(name) {
		return 0, true
	}
	return p.names.UID(name)
}

func (p *Nodes) gid(name string) (uint32, bool) {
	if p.noGroup(name) {
		return 0, true
	}
	return p.names.GID(name)
}
