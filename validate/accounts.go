package validate

import "github.com/glowplug-os/glowplug/config"

// accounts: the language itself has no rules for passwd and kernelArguments beyond uniqueness; these are ours.
func (c *checker) accounts(a *at, p *config.Passwd) {
	groups := a.key("groups")
	for i, g := range p.Groups {
		item := groups.item(i)
		item.notEmpty("a group", g.Name)
		item.key("gid").notNegative("a group id", g.Gid)
	}
	users := a.key("users")
	for i, u := range p.Users {
		item := users.item(i)
		item.notEmpty("a user", u.Name)
		item.key("uid").notNegative("a user id", u.UID)
	}
}
