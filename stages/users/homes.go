package users

import (
	"context"
	"fmt"
	"path"
	"strings"

	"github.com/glowplug-os/glowplug/internal/accounts"
	"github.com/glowplug-os/glowplug/internal/diag"
	"github.com/glowplug-os/glowplug/internal/plan"
	"github.com/glowplug-os/glowplug/internal/root"
	"github.com/glowplug-os/glowplug/internal/target"
)

// An accountWork is one thing done for an account outside the account files. Both functions see the root as it is.
type accountWork struct {
	effect  plan.Effect
	subject string
	check   func() (plan.State, error)
	do      func() error
}

// effect makes a step of an effect. What can be told to fail fails now, before anything is touched.
func (p *planner) effect(i int, e accounts.Effect) (plan.Step, error) {
	s := plan.Step{ID: effectID(i), Subject: e.String(), Origin: entryOf("users", e.Entry())}
	var work accountWork
	w, nothing := p.m, p.hasNothing(e)
	switch e := e.(type) {
	case *accounts.MakeHome:
		work = w.makeHome(e)
		if err := p.planHome(e, &work); err != nil {
			return s, err
		}
	case *accounts.MakeMail:
		work = w.makeMail(e)
	case *accounts.MoveHome:
		work = w.moveHome(e)
		if err := p.planMove(e); err != nil {
			return s, err
		}
	case *accounts.OwnHome:
		work = accountWork{plan.Change, "home " + diag.Name(e.Path), nil,
			func() error { return w.ownTree(e.Path, e.Owners) }}
	case *accounts.OwnMail:
		work = accountWork{plan.Change, "mail file " + diag.Name(e.Path), nil, func() error {
			return w.ownTree(e.Path, accounts.Owners{OldUID: e.OldUID, NewUID: e.NewUID})
		}}
	case *accounts.RemoveHome:
		work = w.remove("home ", e.Path, e.UID)
		if err := p.planRemove(e.Path, e.UID); err != nil {
			return s, err
		}
	case *accounts.RemoveMail:
		work = w.remove("mail file ", e.Path, e.UID)
		if err := p.planRemove(e.Path, e.UID); err != nil {
			return s, err
		}
	default:
		return s, fmt.Errorf("no step is known for %T", e)
	}
	if err := p.lay(e); err != nil {
		return s, err
	}
	if nothing {
		work.effect = plan.Keep
	}
	s.Effect, s.Subject, s.Detail = work.effect, work.subject, e.String()
	if work.check != nil {
		s.Check = func(context.Context) (plan.State, error) { return work.check() }
	}
	s.Do = func(context.Context) error { return work.do() }
	return s, nil
}

// hasNothing tells of an effect on a home or a mail file that is not there: it has nothing to do.
func (p *planner) hasNothing(e accounts.Effect) bool {
	var of string
	switch e := e.(type) {
	case *accounts.MoveHome:
		of = e.From
	case *accounts.OwnHome:
		of = e.Path
	case *accounts.OwnMail:
		of = e.Path
	case *accounts.RemoveHome:
		of = e.Path
	case *accounts.RemoveMail:
		of = e.Path
	default:
		return false
	}
	_, found, err := p.planned(of)
	return err == nil && found.Kind == root.Absent
}

// planHome refuses a home that is somebody else's.
func (p *planner) planHome(e *accounts.MakeHome, work *accountWork) error {
	at, found, err := p.planned(e.Path)
	if err != nil || found.Kind == root.Absent {
		return err
	}
	if p.m.NoOwner {
		found.UID = e.UID
	}
	work.effect = plan.Keep
	return homeFits(found, at, e)
}

// planned is accountPath as the planner sees it.
func (p *planner) planned(name string) (at string, found root.Facts, err error) {
	return accountPath(p.t, name)
}

// planMove refuses a home that cannot be moved.
func (p *planner) planMove(e *accounts.MoveHome) error {
	from, old, err := p.planned(e.From)
	if err != nil {
		return err
	}
	to, now, err := p.planned(e.To)
	if err != nil {
		return err
	}
	if err := movable(e, old, now); err != nil || old.Kind == root.Absent {
		return err
	}
	above, err := p.t.Lstat(target.Up(to))
	if err == nil && above.Kind != root.Directory {
		err = fmt.Errorf("%s is not there, so the home %s cannot become %s", diag.Name(target.Up(to)),
			diag.Name(e.From), diag.Name(e.To))
	}
	if err != nil {
		return err
	}
	if strings.HasPrefix(to, from+"/") {
		return fmt.Errorf("the home %s cannot move to %s, which is in it", diag.Name(e.From), diag.Name(e.To))
	}
	return p.canRename(from, to)
}

// canRename: rename(2) moves no mount point, and nothing from one mount to another. What is mounted below moves along.
func (p *planner) canRename(from, to string) error {
	on, err := p.t.MountOf(from)
	if err != nil {
		return err
	}
	if on == from {
		return p.t.MayGo(from, root.Other)
	}
	a, err := p.t.MountOf(target.Up(from))
	if err != nil {
		return err
	}
	b, err := p.t.MountOf(target.Up(to))
	if err == nil && a != b {
		err = fmt.Errorf("%s and %s are on two filesystems, mounted at %s and %s, and a home does not move from one "+
			"to the other", diag.Name(from), diag.Name(to), diag.Name(a), diag.Name(b))
	}
	return err
}

// planRemove refuses to remove what is somebody else's.
func (p *planner) planRemove(name string, uid uint32) error {
	at, found, err := p.planned(name)
	if err != nil {
		return err
	}
	if err := p.m.removable(at, found, uid); err != nil || found.Kind == root.Absent {
		return err
	}
	return p.t.MayGo(at, found.Kind)
}

// there is accountPath in the root as it is.
func (w maker) there(name string) (at string, found root.Facts, err error) {
	return accountPath(target.Of(w.Root), name)
}

// accountPath gives the place that a path of an account names, and what is there. A link at the last component is
// followed, but not to where nothing is: whoever left it there would choose what is made.
func accountPath(v target.View, name string) (at string, found root.Facts, err error) {
	if err := target.CheckPath(name); err != nil {
		return "", root.Facts{}, err
	}
	if at, err = target.Follow(v, name); err != nil {
		return "", root.Facts{}, err
	}
	if found, err = v.Lstat(at); err != nil || found.Kind != root.Absent {
		return at, found, err
	}
	if at, err = target.Resolve(v, name); err != nil {
		return "", root.Facts{}, err
	}
	found, err = v.Lstat(at)
	return at, found, err
}

// homeFits: a directory of root's is taken as it is (a mount point that the mount stage made is one), and one of the
// user's; one of anybody else's would be handed to the wrong person.
func homeFits(found root.Facts, at string, e *accounts.MakeHome) error {
	switch {
	case found.Kind == root.Symlink:
		return fmt.Errorf("home %s is a link to nowhere in the root", diag.Name(e.Path))
	case found.Kind != root.Directory:
		return fmt.Errorf("home %s is there and is no directory", diag.Name(at))
	case found.UID != e.UID && found.UID != 0:
		return fmt.Errorf("home %s is there and belongs to user id %d, not %d; if it is this user's, set uid to %d, "+
			"otherwise set another homeDir", diag.Name(at), found.UID, e.UID, found.UID)
	}
	return nil
}

// makeHome makes a home beside its place and moves it there when it is complete, skeleton and owners included: a home
// that is there is one that needs nothing any more.
func (w maker) makeHome(e *accounts.MakeHome) accountWork {
	uid, gid := w.IDs(e.UID, e.GID)
	check := func() (plan.State, error) {
		at, found, err := w.there(e.Path)
		if err != nil || found.Kind == root.Absent {
			return plan.Pending, err
		}
		if w.NoOwner {
			found.UID = e.UID
		}
		if err := homeFits(found, at, e); err != nil {
			return plan.Conflict, err
		}
		return plan.Done, nil
	}
	do := func() error {
		at, _, err := w.there(e.Path)
		if err != nil {
			return err
		}
		var skeletons []string
		for _, skeleton := range e.Skeletons {
			from, err := target.Resolve(target.Of(w.Root), skeleton)
			if err != nil {
				return err
			}
			skeletons = append(skeletons, from)
		}
		plain := w.Plain()
		if _, err := plain.MkdirAll(target.Up(at), target.DirMode); err != nil {
			return err
		}
		building := path.Join(target.Up(at), buildingName(path.Base(at)))
		if err := plain.RemoveAll(building); err != nil {
			return err
		}
		if err := plain.MakeTree(building, skeletons, root.Attrs{UID: uid, GID: gid, Mode: int64(e.Mode)}); err != nil {
			return err
		}
		return plain.Move(building, at)
	}
	return accountWork{plan.Create, "home " + diag.Name(e.Path), check, do}
}

// buildingName is what a home is called while it is made. It may be no longer than a name can be, which homes of users
// with long names are; one home is made after the other, so two may share it.
func buildingName(home string) string {
	const longest = 200
	return ".glowplug-home-" + home[:min(len(home), longest)]
}

// makeMail makes a user's mail file, in a directory that has to be there.
func (w maker) makeMail(e *accounts.MakeMail) accountWork {
	uid, gid := w.IDs(e.UID, e.GID)
	check := func() (plan.State, error) {
		_, found, err := w.there(e.Path)
		if err != nil || found.Kind != root.Absent {
			return plan.Done, err
		}
		_, dir, err := w.there(target.Up(e.Path))
		if err != nil || dir.Kind != root.Directory {
			return plan.Done, err
		}
		return plan.Pending, nil
	}
	do := func() error {
		at, _, err := w.there(e.Path)
		if err != nil {
			return err
		}
		t, err := w.Plain().Create(at, root.Attrs{UID: uid, GID: gid, Mode: int64(e.Mode)})
		if err != nil {
			return err
		}
		defer t.Discard()
		return t.Place(false)
	}
	return accountWork{plan.Create, "mail file " + diag.Name(e.Path), check, do}
}

// moveHome renames a home. One that is gone while the new one is there has been moved before.
func (w maker) moveHome(e *accounts.MoveHome) accountWork {
	do := func() error {
		from, old, err := w.there(e.From)
		if err != nil {
			return err
		}
		to, now, err := w.there(e.To)
		if err != nil {
			return err
		}
		if err := movable(e, old, now); err != nil {
			return err
		}
		if old.Kind != root.Absent {
			if err := w.Plain().Move(from, to); err != nil {
				return err
			}
		}
		return w.ownTree(e.To, e.Owners)
	}
	return accountWork{plan.Change, "home " + diag.Name(e.From), nil, do}
}

func movable(e *accounts.MoveHome, old, now root.Facts) error {
	switch {
	case old.Kind == root.Absent:
		return nil
	case old.Kind != root.Directory:
		return fmt.Errorf("home %s is no directory", diag.Name(e.From))
	case now.Kind != root.Absent:
		return fmt.Errorf("%s is there already, so the home %s cannot become it", diag.Name(e.To), diag.Name(e.From))
	}
	return nil
}

// ownTree has a tree change hands, of which a part may have changed already.
func (w maker) ownTree(name string, o accounts.Owners) error {
	if w.NoOwner || o.OldUID == o.NewUID && o.OldGID == o.NewGID {
		return nil
	}
	at, _, err := w.there(name)
	if err != nil {
		return err
	}
	theirs := func(top root.Facts) bool { return top.UID == o.OldUID || top.UID == o.NewUID }
	return w.Plain().Own(at, theirs, func(f root.Facts) root.Attrs {
		a := root.LeaveAttrs
		if f.UID == o.OldUID {
			a.UID = int64(o.NewUID)
		}
		if f.GID == o.OldGID {
			a.GID = int64(o.NewGID)
		}
		return a
	})
}

func (w maker) removable(at string, found root.Facts, uid uint32) error {
	if found.Kind != root.Absent && found.UID != uid && !w.NoOwner {
		return fmt.Errorf("%s belongs to user id %d, not %d; remove it, or give it back, first", diag.Name(at),
			found.UID, uid)
	}
	return nil
}

// remove removes what belonged to a user who goes.
func (w maker) remove(what, name string, uid uint32) accountWork {
	check := func() (plan.State, error) {
		at, found, err := w.there(name)
		switch {
		case err != nil:
			return plan.Pending, err
		case found.Kind == root.Absent:
			return plan.Done, nil
		}
		return plan.Pending, w.removable(at, found, uid)
	}
	do := func() error {
		at, found, err := w.there(name)
		if err == nil {
			err = w.removable(at, found, uid)
		}
		if err != nil {
			return err
		}
		return w.Plain().RemoveAll(at)
	}
	return accountWork{plan.Destroy, what + diag.Name(name), check, do}
}
