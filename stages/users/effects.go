package users

import (
	"context"
	"fmt"
	"strings"

	"github.com/glowplug-os/glowplug/internal/accounts"
	"github.com/glowplug-os/glowplug/internal/diag"
	"github.com/glowplug-os/glowplug/internal/plan"
	"github.com/glowplug-os/glowplug/internal/root"
	"github.com/glowplug-os/glowplug/internal/target"
)

// An accountWork is one thing done for an account outside the account files: what the plan says of it, and its step.
type accountWork struct {
	effect  plan.Effect
	subject string
	place   string       // what it is about, as passwd(5) has it
	leaves  *plan.Result // what is there then, without where; nil for what keeps all but its owner or its name
	// The planner asks these, of what is planned to be at the place: whether anything is to be done, whether it can be,
	// and what there will be then.
	needed func(found root.Facts) (bool, error)
	refuse func(at string, found root.Facts) error
	lay    func(at string, found root.Facts) error
	// The step does these, in the root as it is.
	check func() (plan.State, error)
	do    func() error
}

// effect makes a step of an effect. What can be told to fail fails now, before anything is touched.
func (p *planner) effect(i int, e accounts.Effect) (plan.Step, error) {
	s := plan.Step{ID: effectID(i), Subject: e.String(), Origin: entryOf("users", e.Entry())}
	w, err := p.work(e)
	if err != nil {
		return s, err
	}
	at, found, err := p.planned(w.place)
	if err == nil && w.refuse != nil {
		err = w.refuse(at, found)
	}
	if err != nil {
		return s, err
	}
	s.Effect, s.Subject, s.Detail = w.effect, w.subject, beside(w.subject, p.words(e))
	needed, err := p.take(w, at, found)
	if !needed {
		s.Effect = plan.Keep
	}
	if w.check != nil {
		s.Check = func(context.Context) (plan.State, error) { return w.check() }
	}
	s.Do = func(context.Context) error { return w.do() }
	return s, err
}

// words say what an effect does: nothing of owners where these stay as they come.
func (p *planner) words(e accounts.Effect) string {
	if p.owners {
		return e.String()
	}
	switch e := e.(type) {
	case *accounts.MakeHome:
		return fmt.Sprintf("make home %s, mode %04o", e.Path, e.Mode)
	case *accounts.MakeMail:
		return fmt.Sprintf("make mail file %s, mode %04o", e.Path, e.Mode)
	case *accounts.MoveHome:
		return fmt.Sprintf("move home %s to %s", e.From, e.To)
	case *accounts.OwnHome, *accounts.OwnMail:
		return "the owner stays"
	}
	return e.String()
}

// done are the verbs of effects.
var done = map[string]string{"make": "made", "move": "moved", "give": "given", "remove": "removed"}

// beside is what is told of an effect beside its subject.
func beside(subject, text string) string {
	verb, rest, _ := strings.Cut(text, " ")
	if rest, is := strings.CutPrefix(rest, subject); is && done[verb] != "" {
		return done[verb] + rest
	}
	return text
}

// lay takes in what an effect does. It does not judge whether it can.
func (p *planner) lay(e accounts.Effect) error {
	w, err := p.work(e)
	if err != nil {
		return err
	}
	at, found, err := p.planned(w.place)
	if err == nil {
		_, err = p.take(w, at, found)
	}
	return err
}

// take takes in what is done, and tells whether anything is.
func (p *planner) take(w accountWork, at string, found root.Facts) (needed bool, err error) {
	if needed, err = w.needed(found); needed && err == nil {
		err = w.lay(at, found)
	}
	return needed, err
}

func isThere(found root.Facts) (bool, error) { return found.Kind != root.Absent, nil }

func isNotThere(found root.Facts) (bool, error) { return found.Kind == root.Absent, nil }

// work is the table of effects: all that is said of one.
func (p *planner) work(e accounts.Effect) (accountWork, error) {
	w := p.m
	own := func(what, name string, o accounts.Owners) accountWork {
		return accountWork{effect: plan.Change, subject: what + diag.Name(name), place: name,
			needed: func(found root.Facts) (bool, error) { return p.gives(found, o), nil },
			lay:    func(at string, _ root.Facts) error { p.t.Give(at, o); return nil },
			do:     func() error { return w.ownTree(name, o) }}
	}
	remove := func(what, name string, uid uint32) accountWork {
		return accountWork{effect: plan.Destroy, subject: what + diag.Name(name), place: name, needed: isThere,
			leaves: &plan.Result{Made: plan.Nothing, Mode: -1, UID: -1, GID: -1},
			refuse: func(at string, found root.Facts) error { return p.refuseRemoval(at, found, uid) },
			lay:    func(at string, _ root.Facts) error { p.t.Remove(at); return nil },
			check:  func() (plan.State, error) { return w.checkRemoval(name, uid) },
			do:     func() error { return w.remove(name, uid) }}
	}
	switch e := e.(type) {
	case *accounts.MakeHome:
		uid, gid := w.IDs(e.UID, e.GID)
		return accountWork{effect: plan.Create, subject: "home " + diag.Name(e.Path), place: e.Path, needed: isNotThere,
			leaves: &plan.Result{Made: plan.ADirectory, Mode: int64(e.Mode), UID: uid, GID: gid},
			refuse: func(at string, found root.Facts) error { return w.homeFits(at, found, e) },
			lay:    func(at string, _ root.Facts) error { return p.layHome(at, e) },
			check:  func() (plan.State, error) { return w.checkHome(e) },
			do:     func() error { return w.makeHome(e) }}, nil
	case *accounts.MakeMail:
		uid, gid := w.IDs(e.UID, e.GID)
		return accountWork{effect: plan.Create, subject: "mail file " + diag.Name(e.Path), place: e.Path,
			leaves: &plan.Result{Made: plan.AFile, Mode: int64(e.Mode), UID: uid, GID: gid},
			needed: func(root.Facts) (bool, error) { return wantsMail(p.t, e) },
			lay:    func(at string, _ root.Facts) error { return p.layMail(at, e) },
			check:  func() (plan.State, error) { return w.checkMail(e) },
			do:     func() error { return w.makeMail(e) }}, nil
	case *accounts.MoveHome:
		return accountWork{effect: plan.Change, subject: "home " + diag.Name(e.From), place: e.From,
			needed: func(found root.Facts) (bool, error) { return p.moves(found, e) },
			refuse: func(at string, found root.Facts) error { return p.refuseMove(at, found, e) },
			lay:    func(at string, found root.Facts) error { return p.layMove(at, found, e) },
			do:     func() error { return w.moveHome(e) }}, nil
	case *accounts.OwnHome:
		return own("home ", e.Path, e.Owners), nil
	case *accounts.OwnMail:
		return own("mail file ", e.Path, accounts.Owners{OldUID: e.OldUID, NewUID: e.NewUID}), nil
	case *accounts.RemoveHome:
		return remove("home ", e.Path, e.UID), nil
	case *accounts.RemoveMail:
		return remove("mail file ", e.Path, e.UID), nil
	}
	return accountWork{}, fmt.Errorf("no step is known for %T", e)
}

// planned is accountPath as the planner sees it.
func (p *planner) planned(name string) (at string, found root.Facts, err error) {
	return accountPath(p.t, name)
}

// gives tells whether a tree changes hands.
func (p *planner) gives(found root.Facts, o accounts.Owners) bool {
	return p.owners && changes(o) && found.Kind != root.Absent && theirs(found, o)
}

// moves: where the old home is not there, an earlier run may have moved it, and its owners may have yet to change.
func (p *planner) moves(old root.Facts, e *accounts.MoveHome) (bool, error) {
	_, now, err := p.planned(e.To)
	return err == nil && movable(e, old, now) == nil && (old.Kind != root.Absent || p.gives(now, e.Owners)), err
}

// refuseMove refuses a home that cannot be moved.
func (p *planner) refuseMove(from string, old root.Facts, e *accounts.MoveHome) error {
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

// refuseRemoval refuses to remove what is somebody else's.
func (p *planner) refuseRemoval(at string, found root.Facts, uid uint32) error {
	if err := p.m.removable(at, found, uid); err != nil || found.Kind == root.Absent {
		return err
	}
	return p.t.MayGo(at, found.Kind)
}
