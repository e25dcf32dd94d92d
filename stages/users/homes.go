package users

import (
	"fmt"
	"path"

	"github.com/glowplug-os/glowplug/internal/accounts"
	"github.com/glowplug-os/glowplug/internal/diag"
	"github.com/glowplug-os/glowplug/internal/plan"
	"github.com/glowplug-os/glowplug/internal/root"
	"github.com/glowplug-os/glowplug/internal/target"
)

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
func (w maker) homeFits(at string, found root.Facts, e *accounts.MakeHome) error {
	switch {
	case found.Kind == root.Absent:
		return nil
	case found.Kind == root.Symlink:
		return fmt.Errorf("home %s is a link to nowhere in the root", diag.Name(e.Path))
	case found.Kind != root.Directory:
		return fmt.Errorf("home %s is there and is no directory", diag.Name(at))
	case found.UID != e.UID && found.UID != 0 && !w.NoOwner:
		return diag.WithHint(fmt.Errorf("home %s is there and belongs to user id %d, not %d", diag.Name(at), found.UID,
			e.UID), fmt.Sprintf("if it is this user's, set uid to %d, otherwise set another homeDir", found.UID))
	}
	return nil
}

func (w maker) checkHome(e *accounts.MakeHome) (plan.State, error) {
	at, found, err := w.there(e.Path)
	if err != nil || found.Kind == root.Absent {
		return plan.Pending, err
	}
	if err := w.homeFits(at, found, e); err != nil {
		return plan.Conflict, err
	}
	return plan.Done, nil
}

// makeHome makes a home beside its place and moves it there when it is complete, skeleton and owners included: a home
// that is there is one that needs nothing any more.
func (w maker) makeHome(e *accounts.MakeHome) error {
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
	uid, gid := w.IDs(e.UID, e.GID)
	if err := plain.MakeTree(building, skeletons, root.Attrs{UID: uid, GID: gid, Mode: int64(e.Mode)}); err != nil {
		return err
	}
	return plain.Move(building, at)
}

// buildingName is what a home is called while it is made. It may be no longer than a name can be, which homes of users
// with long names are; one home is made after the other, so two may share it.
func buildingName(home string) string {
	const longest = 200
	return ".glowplug-home-" + home[:min(len(home), longest)]
}

func (w maker) checkMail(e *accounts.MakeMail) (plan.State, error) {
	needed, err := wantsMail(target.Of(w.Root), e)
	if err != nil || !needed {
		return plan.Done, err
	}
	return plan.Pending, nil
}

// wantsMail: a mail file is made where nothing is, in a directory that has to be there.
func wantsMail(v target.View, e *accounts.MakeMail) (bool, error) {
	_, found, err := accountPath(v, e.Path)
	if err != nil || found.Kind != root.Absent {
		return false, err
	}
	_, dir, err := accountPath(v, target.Up(e.Path))
	return dir.Kind == root.Directory, err
}

func (w maker) makeMail(e *accounts.MakeMail) error {
	at, _, err := w.there(e.Path)
	if err != nil {
		return err
	}
	uid, gid := w.IDs(e.UID, e.GID)
	t, err := w.Plain().Create(at, root.Attrs{UID: uid, GID: gid, Mode: int64(e.Mode)})
	if err != nil {
		return err
	}
	defer t.Discard()
	return t.Place(false)
}

// moveHome renames a home. One that is gone while the new one is there has been moved before.
func (w maker) moveHome(e *accounts.MoveHome) error {
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
	if w.NoOwner || !changes(o) {
		return nil
	}
	at, _, err := w.there(name)
	if err != nil {
		return err
	}
	return w.Plain().Own(at, func(top root.Facts) bool { return theirs(top, o) }, func(f root.Facts) root.Attrs {
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

// changes tells whether anything changes hands.
func changes(o accounts.Owners) bool { return o.OldUID != o.NewUID || o.OldGID != o.NewGID }

// theirs tells whether a tree is of who gives it, or of who has got it.
func theirs(top root.Facts, o accounts.Owners) bool {
	return top.UID == o.OldUID || top.UID == o.NewUID
}

func (w maker) removable(at string, found root.Facts, uid uint32) error {
	if found.Kind != root.Absent && found.UID != uid && !w.NoOwner {
		return fmt.Errorf("%s belongs to user id %d, not %d; remove it, or give it back, first", diag.Name(at),
			found.UID, uid)
	}
	return nil
}

func (w maker) checkRemoval(name string, uid uint32) (plan.State, error) {
	at, found, err := w.there(name)
	switch {
	case err != nil:
		return plan.Pending, err
	case found.Kind == root.Absent:
		return plan.Done, nil
	}
	return plan.Pending, w.removable(at, found, uid)
}

// remove removes what belonged to a user who goes.
func (w maker) remove(name string, uid uint32) error {
	at, found, err := w.there(name)
	if err == nil {
		err = w.removable(at, found, uid)
	}
	if err != nil {
		return err
	}
	return w.Plain().RemoveAll(at)
}
