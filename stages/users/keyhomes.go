package users

import (
	"fmt"
	"path"
	"strings"

	"github.com/glowplug-os/glowplug/internal/diag"
	"github.com/glowplug-os/glowplug/internal/root"
	"github.com/glowplug-os/glowplug/internal/target"
)

// keyHomes are the homes that get keys.
type keyHomes struct {
	*planner
	made map[string]*UserKeys // directories that keys bring with them, each for its user alone
}

// homesForKeys refuses keys for a home that will not be there when they are written, right after the accounts are made
// and as the user: directories of the config come later. So it does for a home that will not take them.
func (p keyHomes) homesForKeys(users []UserKeys) (able []UserKeys) {
	mounted := places(p.t, p.o.Notated)
	for _, u := range users {
		if p.owners {
			u.settled = u.ownsDirectories(p.t, mounted)
			p.layNotated(&u, mounted)
		}
		var err error
		if len(u.Keys) > 0 {
			err = p.homeForKeys(&u)
		}
		if err == nil && len(u.Keys) > 0 {
			err = p.takesKeys(&u, path.Join(u.Home, p.m.keyFile()))
		}
		if err != nil {
			p.fail(u.refuse(err))
			continue
		}
		able = append(able, u)
	}
	return able
}

// refuse says whose keys cannot be written.
func (u *UserKeys) refuse(err error) error {
	return u.step().Fail(err)
}

func (p keyHomes) homeForKeys(u *UserKeys) error {
	if !strings.HasPrefix(u.Home, "/") {
		return errNoHome
	}
	if err := target.CheckPath(u.Home); err != nil {
		return err
	}
	at, err := target.Follow(p.t, u.Home)
	if err != nil {
		return err
	}
	found, err := p.t.Lstat(at)
	switch {
	case err != nil || found.Kind == root.Directory:
		return err
	case found.Kind != root.Absent:
		return fmt.Errorf("the home %s is %s", diag.Name(u.Home), found.Kind)
	}
	_, above, err := p.nearest(at)
	if err != nil || u.mayMake(above) || p.t.Unsure(at) {
		return err
	}
	return fmt.Errorf("the home %s will not be there when the keys are written; remove noCreateHome, "+
		"or have the root bring the home", diag.Name(u.Home))
}

// nearest gives what is at a resolved path or, where that is nothing, at the nearest place above it.
func (p keyHomes) nearest(at string) (string, root.Facts, error) {
	for {
		found, err := p.t.Lstat(at)
		if err != nil || found.Kind != root.Absent || at == "/" {
			return at, found, err
		}
		at = target.Up(at)
	}
}

// takesKeys refuses what a user may not write, as far as owners and modes tell. What is there already is not written.
func (p keyHomes) takesKeys(u *UserKeys, file string) error {
	at, err := target.Follow(p.t, file)
	if err != nil {
		return err
	}
	found, err := p.t.Lstat(at)
	switch {
	case err != nil || found.Kind == root.Absent && (!p.owners || p.t.Unsure(at)):
		return err
	case found.Kind != root.Absent && found.Kind != root.File:
		return fmt.Errorf("%s is %s", diag.Name(at), found.Kind)
	case !p.owners:
		return nil
	case u.attrs().Fit(found):
		if same, err := target.Holds(p.t, at, u.Origin, target.PlayText(u.text())); err == nil && same {
			return nil
		}
	}
	dir, above, err := p.nearest(target.Up(at))
	switch {
	case err != nil:
		return err
	case above.Kind != root.Directory:
		return fmt.Errorf("%s is %s", diag.Name(dir), above.Kind)
	case !u.mayMake(above):
		return fmt.Errorf("%s may not make anything in %s, which belongs to user id %d and has mode %04o; give it to "+
			"user id %d, or set another homeDir", diag.Name(u.Name), diag.Name(dir), above.UID, above.Mode, u.UID)
	}
	if err := p.reaches(u, dir); err != nil {
		return err
	}
	return p.alone(u, dir, at)
}

// alone refuses a place in a directory that the keys of another user bring with them, as those of users with one home
// do. Dir is what is there on the way to the place.
func (p keyHomes) alone(u *UserKeys, dir, at string) error {
	first, _, deeper := strings.Cut(strings.TrimPrefix(at[len(dir):], "/"), "/")
	if !deeper {
		return nil // the directory is there
	}
	first = path.Join(dir, first)
	switch by := p.made[first]; {
	case by == nil:
		p.made[first] = u
	case by.UID != u.UID && u.UID != 0:
		return fmt.Errorf("%s may not make anything in %s, which the keys of %s bring with them for user id %d; set "+
			"another homeDir", diag.Name(u.Name), diag.Name(first), diag.Name(by.Name), by.UID)
	}
	return nil
}

// reaches refuses a directory that a user cannot get to.
func (p keyHomes) reaches(u *UserKeys, dir string) error {
	for dir != "/" {
		dir = target.Up(dir)
		above, err := p.t.Lstat(dir)
		if err != nil {
			return err
		}
		if !u.may(above, search) {
			return fmt.Errorf("%s may not look for anything in %s, which belongs to user id %d and has mode %04o",
				diag.Name(u.Name), diag.Name(dir), above.UID, above.Mode)
		}
	}
	return nil
}

const (
	search         = 0o1
	writeAndSearch = 0o3
)

// mayMake tells whether a user may make something in a directory.
func (u *UserKeys) mayMake(above root.Facts) bool { return u.may(above, writeAndSearch) }

// may tells whether a user has some rights to a directory. Where its group has them, access control lists decide for
// whom else (acl(5): the group's bits are their mask), so that counts as yes.
func (u *UserKeys) may(above root.Facts, rights uint32) bool {
	can := func(shift uint) bool { return above.Mode>>shift&rights == rights }
	return u.UID == 0 || above.UID == u.UID && can(6) || can(3) || can(0)
}
