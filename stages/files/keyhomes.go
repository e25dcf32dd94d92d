package files

import (
	"fmt"
	"path"
	"strings"

	"github.com/glowplug-os/glowplug/internal/diag"
	"github.com/glowplug-os/glowplug/internal/plan"
	"github.com/glowplug-os/glowplug/internal/root"
)

// homesForKeys refuses keys for a home that will not be there when they are written, right after the accounts are made
// and as the user: directories of the config come later. So it does for a home that will not take them.
func (a *arranged) homesForKeys(users []UserKeys, o *KeyOptions) error {
	mounted := o.places(a)
	for i := range users {
		u := &users[i]
		if a.owners {
			a.layNotated(u, mounted)
		}
		if len(u.Keys) == 0 {
			continue
		}
		err := a.homeForKeys(u)
		if err == nil {
			err = a.takesKeys(u, path.Join(u.Home, o.file()))
		}
		if err != nil {
			return u.refuse(err)
		}
	}
	return nil
}

// refuse says whose keys cannot be written.
func (u *UserKeys) refuse(err error) error {
	return &plan.StepError{ID: "ssh-keys:" + u.Name, Subject: "ssh keys of " + diag.Name(u.Name),
		Origin: u.Origin + ".sshAuthorizedKeys", Err: err}
}

func (a *arranged) homeForKeys(u *UserKeys) error {
	if !strings.HasPrefix(u.Home, "/") {
		return errNoHome
	}
	if err := checkPath(u.Home); err != nil {
		return err
	}
	at, err := inRoot(a, u.Home)
	if err != nil {
		return err
	}
	found, err := a.Lstat(at)
	switch {
	case err != nil || found.Kind == root.Directory:
		return err
	case found.Kind != root.Absent:
		return fmt.Errorf("the home %s is %s", diag.Name(u.Home), found.Kind)
	}
	_, above, err := a.nearest(at)
	if err != nil || u.mayMake(above) {
		return err
	}
	return fmt.Errorf("the home %s will not be there when the keys are written; remove noCreateHome, "+
		"or have the root bring the home", diag.Name(u.Home))
}

// nearest gives what is at a resolved path or, where that is nothing, at the nearest place above it.
func (a *arranged) nearest(at string) (string, root.Facts, error) {
	for {
		found, err := a.Lstat(at)
		if err != nil || found.Kind != root.Absent || at == "/" {
			return at, found, err
		}
		at = up(at)
	}
}

// takesKeys refuses what a user may not write, as far as owners and modes tell. What is there already is not written.
func (a *arranged) takesKeys(u *UserKeys, file string) error {
	at, err := inRoot(a, file)
	if err != nil {
		return err
	}
	found, err := a.Lstat(at)
	switch {
	case err != nil || !a.owners && found.Kind == root.Absent:
		return err
	case found.Kind != root.Absent && found.Kind != root.File:
		return fmt.Errorf("%s is %s", diag.Name(at), found.Kind)
	case !a.owners:
		return nil
	case u.attrs().Fit(found):
		was, err := a.ReadFile(at, keyFileLimit)
		if err == nil && string(was) == u.text() {
			return nil
		}
	}
	dir, above, err := a.nearest(up(at))
	switch {
	case err != nil:
		return err
	case above.Kind != root.Directory:
		return fmt.Errorf("%s is %s", diag.Name(dir), above.Kind)
	case !u.mayMake(above):
		return fmt.Errorf("%s may not make anything in %s, which belongs to user id %d and has mode %04o; give it to "+
			"user id %d, or set another homeDir", diag.Name(u.Name), diag.Name(dir), above.UID, above.Mode, u.UID)
	}
	return a.reaches(u, dir)
}

// reaches refuses a directory that a user cannot get to.
func (a *arranged) reaches(u *UserKeys, dir string) error {
	for dir != "/" {
		dir = up(dir)
		above, err := a.Lstat(dir)
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
