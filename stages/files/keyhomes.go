package files

import (
	"fmt"
	"strings"

	"github.com/glowplug-os/glowplug/config"
	"github.com/glowplug-os/glowplug/internal/accounts"
	"github.com/glowplug-os/glowplug/internal/host"
)

// homesForKeys refuses keys for a home that will not be there when they are written, right after the accounts are made and as
// the user: directories of the config come later. The world has the homes that are made and moved before.
func (w *world) homesForKeys(users []UserKeys) error {
	for i := range users {
		u := &users[i]
		if len(u.Keys) == 0 {
			continue
		}
		if err := w.homeForKeys(u); err != nil {
			return &host.StepError{ID: "ssh-keys:" + u.Name, Subject: "ssh keys of " + host.Show(u.Name), Origin: u.Origin + ".sshAuthorizedKeys", Err: err}
		}
	}
	return nil
}

func (w *world) homeForKeys(u *UserKeys) error {
	if !strings.HasPrefix(u.Home, "/") {
		return errNoHome
	}
	if err := checkPath(u.Home); err != nil {
		return err
	}
	at, _, err := w.walk(u.Home, true)
	if err != nil {
		return err
	}
	found, err := w.before(at)
	switch {
	case err != nil || found.Kind == host.Directory:
		return err
	case found.Kind != host.Absent:
		return fmt.Errorf("the home %s is %s", host.Show(u.Home), found.Kind)
	}
	above := found
	for d := at; above.Kind == host.Absent && d != "/"; {
		d = up(d)
		if above, err = w.before(d); err != nil {
			return err
		}
	}
	if u.mayMake(above) {
		return nil
	}
	return fmt.Errorf("the home %s will not be there when the keys are written; remove noCreateHome, or have the root bring the home", host.Show(u.Home))
}

// mayMake tells whether a user may make something in a directory. Where its group may, access control lists decide for whom else
// (acl(5): the group's bits are their mask), so that counts as yes.
func (u *UserKeys) mayMake(above host.Facts) bool {
	const writeAndSearch = 0o3
	can := func(shift uint) bool { return above.Mode>>shift&writeAndSearch == writeAndSearch }
	return u.UID == 0 || above.UID == u.UID && can(6) || can(3) || can(0)
}

// foreseen gives the world with the homes that the root's own tools are expected to make, and the users as they will be. What the
// tools refuse is theirs to tell.
func foreseen(passwd config.Passwd, view View, users []UserKeys) (*world, []UserKeys) {
	have, err := readAccounts(view)
	if err != nil {
		return nil, nil
	}
	result, err := accounts.Apply(accountInputs(have, passwd), wantedAccounts(passwd), 0, accounts.CurrentTools)
	if err != nil {
		return nil, nil
	}
	w := newWorld(view)
	for _, e := range result.Effects {
		home := ""
		switch e := e.(type) {
		case accounts.MakeHome:
			home = e.Path
		case accounts.MoveHome:
			home = e.To
		}
		if at, _, err := w.walk(home, true); home != "" && err == nil {
			w.seen[at] = host.Facts{Kind: host.Directory}
		}
	}
	keys := map[string]UserKeys{}
	for _, u := range users {
		keys[u.Name] = u
	}
	var all []UserKeys
	for _, a := range result.Accounts {
		u := keys[a.Name]
		u.Account = Account{UID: a.UID, GID: a.GID, Home: a.Home}
		all = append(all, u)
	}
	return w, all
}
