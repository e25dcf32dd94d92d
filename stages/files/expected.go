package files

import (
	"github.com/glowplug-os/glowplug/config"
	"github.com/glowplug-os/glowplug/internal/accounts"
)

// An expected is what the root's own tools are expected to make. The ids are those of new accounts in our own edits;
// the tools may choose others.
type expected struct {
	root   *arranged
	result *accounts.Result
}

// planExpected plans keys and all else in the root as its own tools are expected to leave it, for the errors: a
// conflict that is found only once the tools have run would be found too late.
func planExpected(cfg config.Config, view View, users []UserKeys, o Options, keys KeyOptions) error {
	nodes, err := entries(cfg.Storage)
	if err != nil {
		return err
	}
	e := expect(cfg.Passwd, view, o)
	if e == nil {
		return nil
	}
	users = e.users(users)
	if err := e.root.homesForKeys(users, &keys); err != nil {
		return err
	}
	for i := range users {
		if u := &users[i]; len(u.Keys) > 0 {
			if err := e.root.layKeys(u, &keys); err != nil {
				return u.refuse(err)
			}
		}
	}
	p := newPlanner(e.root, o)
	p.accounts = e.result
	_, _, err = p.besideAccounts(cfg, nodes)
	return err
}

// expect gives nil where no edit of ours makes these accounts: what the tools refuse is theirs to tell.
func expect(passwd config.Passwd, view View, o Options) *expected {
	have, err := readAccounts(view)
	if err != nil {
		return nil
	}
	result, err := accounts.Apply(accountInputs(have, passwd), wantedAccounts(passwd), o.Accounts.Today,
		accounts.CurrentTools)
	if err != nil {
		return nil
	}
	root := newArranged(view, false)
	for _, e := range result.Effects {
		if err := root.lay(e); err != nil {
			return nil
		}
	}
	w := worker{Options: o}
	if err := root.layFiles(result.Files, w.accountAttrs); err != nil {
		return nil
	}
	return &expected{root, result}
}

// users gives those whose keys are written with the homes that they will have.
func (e *expected) users(all []UserKeys) []UserKeys {
	named := map[string]UserKeys{}
	for _, u := range all {
		named[u.Name] = u
	}
	var users []UserKeys
	for _, a := range e.result.Accounts {
		u := named[a.Name]
		u.Account = Account{UID: a.UID, GID: a.GID, Home: a.Home}
		users = append(users, u)
	}
	return users
}
