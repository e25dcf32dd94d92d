package users

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/glowplug-os/glowplug/config"
	"github.com/glowplug-os/glowplug/internal/accounts"
	"github.com/glowplug-os/glowplug/internal/diag"
	"github.com/glowplug-os/glowplug/internal/plan"
	"github.com/glowplug-os/glowplug/internal/root"
	"github.com/glowplug-os/glowplug/internal/target"
	"github.com/glowplug-os/glowplug/internal/tool"
)

// ToolAccounts plans groups and users, and then SSH keys, by the image's own useradd and its kin instead of by edits of
// ours (docs/peer/engine.md §11.5). Which ids they choose is known only once they have run: the plan of everything else
// is made after this one has been run. What these tools are expected to make is laid over the Target, and the Result
// has the ids of our own edits, so that what the plan of the rest is sure to refuse is known before any tool has run;
// nil where no edit of ours makes these accounts: what the tools refuse is theirs to tell. Hashes go through standard
// input, never through arguments.
func ToolAccounts(passwd config.Passwd, t *target.Target, m *target.Means, o Options) (plan.Plan, *accounts.Result,
	error) {
	by := toolAccounts{root: m.Root, tools: m.Tools}
	var steps plan.Plan
	for i := range passwd.Groups {
		g := &passwd.Groups[i]
		steps = append(steps, by.step("group", g.Name, entryOf("groups", i),
			func(ctx context.Context) error { return by.group(ctx, g) }))
	}
	// Keys are written when all accounts are made, so these are looked up once for all of them.
	made := sync.OnceValues(func() (map[string]Account, error) { return madeAccounts(passwd, target.Of(m.Root)) })
	var users []UserKeys
	for i := range passwd.Users {
		u := &passwd.Users[i]
		origin := entryOf("users", i)
		steps = append(steps, by.step("user", u.Name, origin,
			func(ctx context.Context) error { return by.user(ctx, u) }))
		if isFalse(u.ShouldExist) {
			continue
		}
		users = append(users, UserKeys{
			Name: u.Name, Origin: origin, Account: Account{Home: "/home/" + u.Name}, Keys: u.SSHAuthorizedKeys,
			NoHome: config.Says(u.NoCreateHome),
			Lookup: func(context.Context) (Account, error) {
				all, err := made()
				return all[u.Name], err
			},
		})
	}
	p := &planner{t: t, m: maker{m}, o: o}
	steps = append(steps, sshKeys(users, t, p.m, o)...)
	result := p.expect(passwd)
	if result != nil {
		p.planKeys(expected(users, result))
	}
	return steps, result, errors.Join(p.failed...)
}

// expect lays what the root's own tools are expected to make. The ids are those of new accounts in our own edits; the
// tools may choose others.
func (p *planner) expect(passwd config.Passwd) *accounts.Result {
	have, err := readAccounts(p.t, passwdOrigin)
	if err != nil {
		return nil
	}
	result, err := accounts.Apply(accountInputs(have, passwd), wantedAccounts(passwd), p.o.Today, accounts.CurrentTools)
	if err != nil {
		return nil
	}
	for _, e := range result.Effects {
		if p.lay(e) != nil {
			return nil
		}
	}
	if p.layFiles(result.Files) != nil {
		return nil
	}
	return result
}

// expected gives those whose keys are written with the homes that they will have.
func expected(all []UserKeys, result *accounts.Result) []UserKeys {
	named := map[string]UserKeys{}
	for _, u := range all {
		named[u.Name] = u
	}
	var users []UserKeys
	for _, a := range result.Accounts {
		u := named[a.Name]
		u.Account = Account{UID: a.UID, GID: a.GID, Home: a.Home}
		users = append(users, u)
	}
	return users
}

type toolAccounts struct {
	root  *root.Root
	tools *tool.Set
}

// step is deferred: whether an account is made or changed is found out when it runs, after those before it.
func (t *toolAccounts) step(what, name, origin string, do func(context.Context) error) plan.Step {
	return plan.Step{
		ID: what + ":" + name, Effect: plan.Deferred, Subject: what + " " + diag.Name(name),
		Detail: "by the root's own tools", Origin: origin, Do: do,
	}
}

// names are the accounts that are there now.
func (t *toolAccounts) names() (*accounts.Result, error) {
	return Names(target.Of(t.root), passwdOrigin)
}

// madeAccounts are the users that the config wants, as the account files have them once the tools have run.
func madeAccounts(passwd config.Passwd, v target.View) (map[string]Account, error) {
	have, err := readAccounts(v, passwdOrigin)
	if err != nil {
		return nil, err
	}
	// A user who is there and of whom nothing is wanted stays as it is, and is described.
	var named accounts.Wanted
	for _, u := range passwd.Users {
		if !isFalse(u.ShouldExist) {
			named.Users = append(named.Users, accounts.User{Name: u.Name})
		}
	}
	found, err := accounts.Apply(have, named, 0, accounts.CurrentTools)
	if err != nil {
		return nil, err
	}
	all := map[string]Account{}
	for _, a := range found.Accounts {
		if a.Created {
			return nil, fmt.Errorf("user %s is not there after it was made", diag.Name(a.Name))
		}
		all[a.Name] = Account{UID: a.UID, GID: a.GID, Home: a.Home}
	}
	return all, nil
}

// Homes are those of the users that the config wants, once they are made, as passwd(5) has them; in order.
func Homes(passwd config.Passwd, v target.View) ([]string, error) {
	made, err := madeAccounts(passwd, v)
	var homes []string
	for _, a := range made {
		homes = append(homes, a.Home)
	}
	slices.Sort(homes)
	return homes, err
}

func (t *toolAccounts) run(ctx context.Context, program string, args []string, name string) error {
	_, err := t.tools.Run(ctx,
		tool.Command{Tool: program, Args: append(append([]string{"--root", t.root.Dir()}, args...), name)})
	return err
}

// password sets a hash through standard input. A lock ("*") is no secret.
func (t *toolAccounts) password(ctx context.Context, program, name, hash string) error {
	if strings.ContainsAny(hash, ":\n") {
		return errors.New("the password hash holds a colon or a line break, which no hash does")
	}
	_, err := t.tools.Run(ctx, tool.Command{Tool: program, Args: []string{"--root", t.root.Dir(), "--encrypted"},
		Input: name + ":" + hash + "\n", Hidden: []diag.Secret{diag.Secret(hash)}})
	return err
}

func (t *toolAccounts) group(ctx context.Context, g *config.PasswdGroup) error {
	now, err := t.names()
	if err != nil {
		return err
	}
	_, there := now.GID(g.Name)
	if isFalse(g.ShouldExist) {
		if !there {
			return nil
		}
		return t.run(ctx, "groupdel", nil, g.Name)
	}
	args := number("--gid", g.Gid)
	switch {
	case there && len(args) > 0:
		err = t.run(ctx, "groupmod", args, g.Name)
	case !there:
		err = t.run(ctx, "groupadd", flag(args, "--system", g.System), g.Name)
	}
	if err != nil || config.Says(g.PasswordHash) == "" {
		return err
	}
	return t.password(ctx, "chgpasswd", g.Name, *g.PasswordHash)
}

func (t *toolAccounts) user(ctx context.Context, u *config.PasswdUser) error {
	now, err := t.names()
	if err != nil {
		return err
	}
	_, there := now.UID(u.Name)
	if isFalse(u.ShouldExist) {
		if !there {
			return nil
		}
		return t.run(ctx, "userdel", []string{"--remove"}, u.Name)
	}
	if there {
		err = t.modify(ctx, u)
	} else {
		err = t.create(ctx, u)
	}
	if err != nil || config.Says(u.PasswordHash) == "" {
		return err
	}
	return t.password(ctx, "chpasswd", u.Name, *u.PasswordHash)
}

func (t *toolAccounts) create(ctx context.Context, u *config.PasswdUser) error {
	args := given(nil, "--home-dir", config.Says(u.HomeDir))
	if config.Says(u.NoCreateHome) {
		args = append(args, "--no-create-home")
	} else {
		args = append(args, "--create-home")
	}
	args = flag(flag(flag(args, "--no-user-group", u.NoUserGroup), "--system", u.System), "--no-log-init", u.NoLogInit)
	args = append(args, "--password", "*")
	return t.run(ctx, "useradd", append(args, properties(u)...), u.Name)
}

func (t *toolAccounts) modify(ctx context.Context, u *config.PasswdUser) error {
	args := given(nil, "--home", config.Says(u.HomeDir))
	if len(args) > 0 {
		args = append(args, "--move-home")
	}
	if u.PasswordHash != nil && *u.PasswordHash == "" {
		args = append(args, "--password", "*")
	}
	if args = append(args, properties(u)...); len(args) == 0 {
		return nil // usermod refuses to be asked for nothing
	}
	return t.run(ctx, "usermod", args, u.Name)
}

// properties are the options that useradd and usermod share.
func properties(u *config.PasswdUser) []string {
	args := number("--uid", u.UID)
	args = given(args, "--comment", config.Says(u.Gecos))
	args = given(args, "--gid", config.Says(u.PrimaryGroup))
	args = given(args, "--groups", strings.Join(u.Groups, ","))
	return given(args, "--shell", config.Says(u.Shell))
}

func given(args []string, option, value string) []string {
	if value == "" {
		return args
	}
	return append(args, option, value)
}

func flag(args []string, option string, set *bool) []string {
	if !config.Says(set) {
		return args
	}
	return append(args, option)
}

func number(option string, n *int) []string {
	if n == nil {
		return nil
	}
	return []string{option, strconv.FormatUint(uint64(*n), 10)}
}
