package rules

import (
	"strings"

	"github.com/glowplug-os/glowplug/config"
	"github.com/glowplug-os/glowplug/internal/accounts"
	"github.com/glowplug-os/glowplug/internal/codes"
	"github.com/glowplug-os/glowplug/internal/cursor"
)

// accounts: the language itself has no rules for passwd beyond uniqueness; these are ours. What is refused whatever the
// root has is an error; what locks people out, or destroys, is a warning. Of who is to go only the name counts.
func (c passwd) accounts(a *cursor.At, p *config.Passwd) {
	c.groups(a.Key("groups"), p.Groups)
	users := a.Key("users")
	gone, ids := goneGroups(p), map[int]int{}
	for i := range p.Users {
		u, item := &p.Users[i], users.Item(i)
		notEmpty(item, "a user", u.Name)
		notNegative(item, "uid", "a user id", u.UID)
		if isFalse(u.ShouldExist) {
			if u.Name == "root" {
				item.Key("shouldExist").Warnf(codes.RootDeleted,
					"the user root is deleted, with the home and all that is in it").
					Advise("to keep root from logging in, set passwordHash to \"!\"").Strictly()
			}
			continue
		}
		c.user(item, u)
		c.idOnce(users, i, "uid", u.UID, ids)
		c.membership(item, u, gone, a.Key("groups"))
		if ownGroup(u) {
			delete(gone, u.Name) // it is made with the user
		}
	}
}

func isFalse(b *bool) bool { return b != nil && !*b }

// groups: as for users.
func (c passwd) groups(list *cursor.At, groups []config.PasswdGroup) {
	ids := map[int]int{}
	for i := range groups {
		g, item := &groups[i], list.Item(i)
		notEmpty(item, "a group", g.Name)
		notNegative(item, "gid", "a group id", g.Gid)
		if isFalse(g.ShouldExist) {
			if g.Name == "root" {
				item.Key("shouldExist").Warnf(codes.RootDeleted,
					"the group root is deleted").Advise("remove the entry").Strictly()
			}
			continue
		}
		accountName(item, g.Name, false)
		refused(item, "passwordHash", codes.AccountField, accounts.NeverHash(text(g.PasswordHash)))
		c.idOnce(list, i, "gid", g.Gid, ids)
	}
}

// user: what the config itself says of one.
func (c passwd) user(a *cursor.At, u *config.PasswdUser) {
	accountName(a, u.Name, true)
	refused(a, "gecos", codes.AccountField, accounts.NeverComment(text(u.Gecos)))
	refused(a, "homeDir", codes.AccountField, accounts.NeverHome(text(u.HomeDir)))
	refused(a, "shell", codes.AccountField, accounts.NeverShell(text(u.Shell)))
	if hash := text(u.PasswordHash); hash != "" {
		if err := accounts.NeverHash(hash); err != nil {
			refused(a, "passwordHash", codes.AccountField, err)
		} else if !mayBeHash(hash) {
			a.Key("passwordHash").Warnf(codes.PasswordHash, "no password has this hash, so nobody can log in with one").
				Advise(`write what "openssl passwd -6" or "mkpasswd" prints; "*" is for no password`).Strictly()
		}
	}
	c.keys(a, u)
}

// accountName: which tools a root has is not known here, and a user who is there keeps any name.
func accountName(a *cursor.At, name string, user bool) {
	if name == "" {
		return
	}
	if err := accounts.NeverName(name, user); err != nil {
		refused(a, "name", codes.AccountName, err)
	} else if err := accounts.SometimesName(name, user); err != nil {
		a.Key("name").Warnf(codes.AccountNameOld, "shadow-utils newer than Debian 12's make no account of "+
			"this name: %s", err.Message).Advise("%s", err.Hint).Strictly()
	}
}

// refused reports what the stage would refuse on every root.
func refused(a *cursor.At, key string, code codes.Code, err *accounts.Error) {
	if err != nil {
		a.Key(key).Errorf(code, "%s", err.Message).Advise("%s", err.Hint).Strictly()
	}
}

// idOnce: a number is one that Linux has, and that of one account.
func (c passwd) idOnce(list *cursor.At, i int, key string, id *int, first map[int]int) {
	if id == nil || *id < 0 {
		return
	}
	item := list.Item(i)
	refused(item, key, codes.IDRange, accounts.NeverID(key, int64(*id)))
	k, twice := first[*id]
	if !twice {
		first[*id] = i
		return
	}
	item.Key(key).Errorf(codes.IDTwice, "%s %d is that of another entry too", key,
		*id).Advise("choose another one, or leave it out").
		See(list.Item(k), "it is first given here").Strictly()
}

// ownGroup tells whether a user may get a group of the user's own name.
func ownGroup(u *config.PasswdUser) bool {
	return !isFalse(u.ShouldExist) && text(u.PrimaryGroup) == "" && !isSet(u.NoUserGroup)
}

// goneGroups are the groups that the config deletes, by name.
func goneGroups(p *config.Passwd) map[string]int {
	gone := map[string]int{}
	for i, g := range p.Groups {
		if isFalse(g.ShouldExist) {
			gone[g.Name] = i
		}
	}
	return gone
}

// membership: the groups of a user can exist, and are not deleted by the same config. Groups are worked on before
// users.
func (c passwd) membership(a *cursor.At, u *config.PasswdUser, gone map[string]int, list *cursor.At) {
	check := func(item *cursor.At, names string) {
		if err := accounts.NeverGroup(names); err != nil {
			item.Errorf(codes.GroupMissing, "%s", err.Message).Advise("%s", err.Hint).Strictly()
			return
		}
		for name := range strings.SplitSeq(names, ",") {
			if i, deleted := gone[name]; deleted {
				item.Errorf(codes.GroupMissing, "the group %s is deleted by the same config", quote(name)).
					Advise("keep the group, or take the user out of it").See(list.Item(i),
					"it is deleted here").Strictly()
			}
		}
	}
	if group := text(u.PrimaryGroup); group != "" {
		check(a.Key("primaryGroup"), group)
	}
	groups := a.Key("groups")
	for i, group := range u.Groups {
		check(groups.Item(i), group)
	}
}

// owners: nothing can belong by name to an account that the config deletes.
func (c passwd) owners(root *cursor.At, cfg *config.Config) {
	users, groups := map[string]int{}, goneGroups(&cfg.Passwd)
	for i, u := range cfg.Passwd.Users {
		if isFalse(u.ShouldExist) {
			users[u.Name] = i
		} else if ownGroup(&u) {
			delete(groups, u.Name)
		}
	}
	if len(users)+len(groups) == 0 {
		return
	}
	check := func(owner *cursor.At, o config.NodeOwner, what string, gone map[string]int) {
		name := text(o.Name)
		i, deleted := gone[name]
		if name == "" || o.ID != nil || !deleted {
			return
		}
		owner.Key("name").Errorf(codes.OwnerDeleted, "the %s %s is deleted by the same config", what,
			quote(name)).Advise("name another owner, or keep this one").
			See(root.Key("passwd").Key(what+"s").Item(i), "it is deleted here").Strictly()
	}
	node := func(list string, i int, n config.Node) {
		item := root.Key("storage").Key(list).Item(i)
		check(item.Key("user"), n.User, "user", users)
		check(item.Key("group"), n.Group, "group", groups)
	}
	for i, d := range cfg.Storage.Directories {
		node("directories", i, d.Node)
	}
	for i, f := range cfg.Storage.Files {
		node("files", i, f.Node)
	}
	for i, l := range cfg.Storage.Links {
		if !isSet(l.Hard) {
			node("links", i, l.Node)
		}
	}
}
