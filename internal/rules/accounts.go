package rules

import (
	"strings"

	"github.com/glowplug-os/glowplug/config"
	"github.com/glowplug-os/glowplug/internal/accounts"
	"github.com/glowplug-os/glowplug/internal/codes"
)

// accounts: the language itself has no rules for passwd beyond uniqueness; these are ours. What is refused whatever the
// root has is an error; what locks people out, or destroys, is a warning. Of who is to go only the name counts.
func (c *checker) accounts(a *at, p *config.Passwd) {
	c.groups(a.key("groups"), p.Groups)
	users := a.key("users")
	gone, ids := goneGroups(p), map[int]int{}
	for i := range p.Users {
		u, item := &p.Users[i], users.item(i)
		item.notEmpty("a user", u.Name)
		item.key("uid").notNegative("a user id", u.UID)
		if isFalse(u.ShouldExist) {
			if u.Name == "root" {
				item.key("shouldExist").warnf(codes.RootDeleted,
					"the user root is deleted, with the home and all that is in it").
					hint("to keep root from logging in, set passwordHash to \"!\"").stricter()
			}
			continue
		}
		c.user(item, u)
		c.idOnce(users, i, "uid", u.UID, ids)
		c.membership(item, u, gone, a.key("groups"))
		if ownGroup(u) {
			delete(gone, u.Name) // it is made with the user
		}
	}
}

func isFalse(b *bool) bool { return b != nil && !*b }

// groups: as for users.
func (c *checker) groups(list *at, groups []config.PasswdGroup) {
	ids := map[int]int{}
	for i := range groups {
		g, item := &groups[i], list.item(i)
		item.notEmpty("a group", g.Name)
		item.key("gid").notNegative("a group id", g.Gid)
		if isFalse(g.ShouldExist) {
			if g.Name == "root" {
				item.key("shouldExist").warnf(codes.RootDeleted,
					"the group root is deleted").hint("remove the entry").stricter()
			}
			continue
		}
		item.accountName(g.Name, false)
		item.key("passwordHash").refused(codes.AccountField, accounts.NeverHash(text(g.PasswordHash)))
		c.idOnce(list, i, "gid", g.Gid, ids)
	}
}

// user: what the config itself says of one.
func (c *checker) user(a *at, u *config.PasswdUser) {
	a.accountName(u.Name, true)
	a.key("gecos").refused(codes.AccountField, accounts.NeverComment(text(u.Gecos)))
	a.key("homeDir").refused(codes.AccountField, accounts.NeverHome(text(u.HomeDir)))
	a.key("shell").refused(codes.AccountField, accounts.NeverShell(text(u.Shell)))
	if hash := text(u.PasswordHash); hash != "" {
		if err := accounts.NeverHash(hash); err != nil {
			a.key("passwordHash").refused(codes.AccountField, err)
		} else if !mayBeHash(hash) {
			a.key("passwordHash").warnf(codes.PasswordHash, "no password has this hash, so nobody can log in with one").
				hint(`write what "openssl passwd -6" or "mkpasswd" prints; "*" is for no password`).stricter()
		}
	}
	c.keys(a, u)
}

// accountName: which tools a root has is not known here, and a user who is there keeps any name.
func (a *at) accountName(name string, user bool) {
	if name == "" {
		return
	}
	if err := accounts.NeverName(name, user); err != nil {
		a.key("name").refused(codes.AccountName, err)
	} else if err := accounts.SometimesName(name, user); err != nil {
		a.key("name").warnf(codes.AccountNameOld, "shadow-utils newer than Debian 12's make no account of "+
			"this name: %s", err.Message).hint("%s", err.Hint).stricter()
	}
}

// refused reports what the stage would refuse on every root.
func (a *at) refused(code codes.Code, err *accounts.Error) {
	if err != nil {
		a.errorf(code, "%s", err.Message).hint("%s", err.Hint).stricter()
	}
}

// idOnce: a number is one that Linux has, and that of one account.
func (c *checker) idOnce(list *at, i int, key string, id *int, first map[int]int) {
	if id == nil || *id < 0 {
		return
	}
	item := list.item(i).key(key)
	item.refused(codes.IDRange, accounts.NeverID(key, int64(*id)))
	k, twice := first[*id]
	if !twice {
		first[*id] = i
		return
	}
	item.errorf(codes.IDTwice, "%s %d is that of another entry too", key,
		*id).hint("choose another one, or leave it out").
		see(list.item(k), "it is first given here").stricter()
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
func (c *checker) membership(a *at, u *config.PasswdUser, gone map[string]int, list *at) {
	check := func(item *at, names string) {
		if err := accounts.NeverGroup(names); err != nil {
			item.refused(codes.GroupMissing, err)
			return
		}
		for name := range strings.SplitSeq(names, ",") {
			if i, deleted := gone[name]; deleted {
				item.errorf(codes.GroupMissing, "the group %s is deleted by the same config", quote(name)).
					hint("keep the group, or take the user out of it").see(list.item(i),
					"it is deleted here").stricter()
			}
		}
	}
	if group := text(u.PrimaryGroup); group != "" {
		check(a.key("primaryGroup"), group)
	}
	groups := a.key("groups")
	for i, group := range u.Groups {
		check(groups.item(i), group)
	}
}

// owners: nothing can belong by name to an account that the config deletes.
func (c *checker) owners(root *at, cfg *config.Config) {
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
	check := func(owner *at, o config.NodeOwner, what string, gone map[string]int) {
		name := text(o.Name)
		i, deleted := gone[name]
		if name == "" || o.ID != nil || !deleted {
			return
		}
		owner.key("name").errorf(codes.OwnerDeleted, "the %s %s is deleted by the same config", what,
			quote(name)).hint("name another owner, or keep this one").
			see(root.key("passwd").key(what+"s").item(i), "it is deleted here").stricter()
	}
	node := func(list string, i int, n config.Node) {
		item := root.key("storage").key(list).item(i)
		check(item.key("user"), n.User, "user", users)
		check(item.key("group"), n.Group, "group", groups)
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
