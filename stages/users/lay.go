package users

import (
	"path"

	"github.com/glowplug-os/glowplug/internal/accounts"
	"github.com/glowplug-os/glowplug/internal/root"
	"github.com/glowplug-os/glowplug/internal/target"
)

// layHome takes in a home that is made.
func (p *planner) layHome(at string, e *accounts.MakeHome) error {
	nodes, err := p.skeletonNodes(e.Skeletons)
	if err == nil {
		err = p.t.MakeWay(at, root.Facts{Kind: root.Directory, Mode: 0o755})
	}
	if err != nil {
		return err
	}
	p.t.Put(at, root.Facts{Kind: root.Directory, UID: e.UID, GID: e.GID, Mode: e.Mode})
	for _, n := range nodes {
		n.facts.UID, n.facts.GID = e.UID, e.GID
		p.t.Copy(n.from, path.Join(at, n.at), n.facts)
	}
	return nil
}

func (p *planner) layMail(at string, e *accounts.MakeMail) error {
	p.t.PutFile(at, root.Facts{UID: e.UID, GID: e.GID, Mode: e.Mode}, "")
	return nil
}

// layMove takes in a home that moves, unless it has moved, and changes hands.
func (p *planner) layMove(from string, old root.Facts, e *accounts.MoveHome) error {
	to, _, err := p.planned(e.To)
	if err != nil {
		return err
	}
	if old.Kind != root.Absent {
		p.t.Move(from, to)
	}
	_, now, err := p.planned(e.To)
	if err == nil && p.gives(now, e.Owners) {
		p.t.Give(to, e.Owners)
	}
	return err
}

// layFiles takes in the account files that are written.
func (p *planner) layFiles(files accounts.Files) error {
	for _, name := range accounts.Editable() {
		text, changes := files[name]
		if !changes {
			continue
		}
		want := p.m.fileAttrs(name)
		f := root.Facts{UID: uint32(max(want.UID, 0)), GID: uint32(max(want.GID, 0)), Mode: uint32(want.Mode)}
		if err := p.t.Lay(name, text.Reveal(), f, root.Facts{Mode: target.DirMode}); err != nil {
			return err
		}
	}
	return nil
}

// layKeys takes in what is written for a user.
func (p *planner) layKeys(u *UserKeys) error {
	mine := root.Facts{UID: u.UID, GID: u.GID, Mode: 0o600}
	return p.t.Lay(path.Join(u.Home, p.m.keyFile()), u.text(), mine, root.Facts{UID: u.UID, GID: u.GID, Mode: keyDirs})
}

// layNotated takes in that the directories which were made to mount something at a home, or below it, become the
// user's.
func (p *planner) layNotated(u *UserKeys, mounted []string) {
	for _, dir := range u.notated(p.t, u.Account, mounted) {
		p.t.Become(dir, root.Facts{Kind: root.Directory, UID: u.UID, GID: u.GID, Mode: keyDirs})
	}
}
