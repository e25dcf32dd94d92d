package users

import (
	"path"

	"github.com/glowplug-os/glowplug/internal/accounts"
	"github.com/glowplug-os/glowplug/internal/root"
	"github.com/glowplug-os/glowplug/internal/target"
)

// lay takes in what an effect does, where it does anything. It does not judge whether it can.
func (p *planner) lay(e accounts.Effect) error {
	switch e := e.(type) {
	case *accounts.MakeHome:
		return p.layHome(e)
	case *accounts.MakeMail:
		return p.layMail(e)
	case *accounts.MoveHome:
		return p.layMove(e)
	case *accounts.OwnHome:
		return p.give(e.Path, e.Owners)
	case *accounts.OwnMail:
		return p.give(e.Path, accounts.Owners{OldUID: e.OldUID, NewUID: e.NewUID})
	case *accounts.RemoveHome:
		return p.layRemoval(e.Path)
	case *accounts.RemoveMail:
		return p.layRemoval(e.Path)
	}
	return nil
}

func (p *planner) layHome(e *accounts.MakeHome) error {
	at, found, err := p.planned(e.Path)
	if err != nil || found.Kind != root.Absent {
		return err
	}
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

func (p *planner) layMail(e *accounts.MakeMail) error {
	at, found, err := p.planned(e.Path)
	if err != nil || found.Kind != root.Absent {
		return err
	}
	if _, dir, err := p.planned(target.Up(e.Path)); err != nil || dir.Kind != root.Directory {
		return err
	}
	p.t.PutFile(at, root.Facts{UID: e.UID, GID: e.GID, Mode: e.Mode}, "")
	return nil
}

func (p *planner) layMove(e *accounts.MoveHome) error {
	from, old, err := p.planned(e.From)
	if err != nil {
		return err
	}
	to, now, err := p.planned(e.To)
	if err != nil || movable(e, old, now) != nil {
		return err
	}
	if old.Kind != root.Absent {
		p.t.Move(from, to)
	}
	return p.give(e.To, e.Owners)
}

// give has a tree change hands, as maker.ownTree does.
func (p *planner) give(name string, o accounts.Owners) error {
	at, found, err := p.planned(name)
	if err != nil || !p.owners || found.Kind == root.Absent || found.UID != o.OldUID && found.UID != o.NewUID {
		return err
	}
	p.t.Give(at, o)
	return nil
}

func (p *planner) layRemoval(name string) error {
	at, found, err := p.planned(name)
	if err == nil && found.Kind != root.Absent {
		p.t.Remove(at)
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
