package users

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"slices"
	"strconv"

	"github.com/glowplug-os/glowplug/config"
	"github.com/glowplug-os/glowplug/internal/accounts"
	"github.com/glowplug-os/glowplug/internal/diag"
	"github.com/glowplug-os/glowplug/internal/plan"
	"github.com/glowplug-os/glowplug/internal/target"
)

// Options are the circumstances of accounts.
type Options struct {
	// Today is the date that new passwords get, in days since 1970-01-01.
	Today int64
	// FirstBoot says that a run which was cut off may begin again with homes on a filesystem that is made anew.
	FirstBoot bool
	// Notated are the directories that the mount stage made (handoff.State.NotatedDirectories).
	Notated []string
	// Announce tells the journal of a user's file (journal.Socket.KeysWritten); nil for nobody. Path includes that of
	// the root.
	Announce func(user, path string) error
}

// Record is where a run notes that account files are about to be replaced. Who plans calls Root.Recover with it first:
// it finishes what a run that was cut off has begun.
const Record = target.StateDir + "/accounts.json"

// passwdOrigin is where a config has accounts.
const passwdOrigin = "$.passwd"

// accountLimit bounds what is read of an account file.
const accountLimit = 64 << 20

// A planner has what planning needs.
type planner struct {
	t         *target.Target
	m         maker
	o         Options
	owners    bool // they are set as the config has them
	skeletons map[string][]skeletonNode
	failed    []error
}

// A maker does what steps do.
type maker struct{ *target.Means }

// Names gives the accounts that the root has, for owners by name, such as that of the entry at origin.
func Names(v target.View, origin string) (*accounts.Result, error) {
	have, err := readAccounts(v, origin)
	if err != nil {
		return nil, err
	}
	return accounts.Apply(accountInputs(have, config.Passwd{}), accounts.Wanted{}, 0, accounts.CurrentTools)
}

// Plan plans groups and users: what is done outside the account files comes first, then these files all at once, then
// SSH keys. That order makes a run that is cut off and repeated start where it stopped: as long as the files do not
// name a user, it is made from the beginning, and what is there of it already is recognised. A plan of the rest is
// given beside an error; without a Result nothing is known of any account.
func Plan(passwd config.Passwd, t *target.Target, m *target.Means, o Options) (plan.Plan, *accounts.Result, error) {
	p := &planner{t: t, m: maker{m}, o: o, owners: !m.NoOwner}
	have, result, err := p.apply(passwd)
	if result == nil {
		return nil, nil, err
	}
	p.fail(err)
	if err := p.mayMake(passwd); err != nil {
		return nil, result, errors.Join(append(p.failed, err)...)
	}
	for _, a := range result.Accounts {
		t.Write(a.Home)
	}
	steps := accountChanges(result.Changes)
	for i, e := range result.Effects {
		step, err := p.effect(i, e)
		if err != nil {
			step.Subject = "user " + diag.Name(passwd.Users[e.Entry()].Name)
			p.fail(step.Fail(err))
			continue
		}
		steps = append(steps, step)
		if mail, ok := e.(*accounts.MakeMail); ok {
			t.Write(mail.Path)
		}
	}
	if len(result.Files) > 0 {
		p.m.checkLock(steps)
		step := p.m.accountFiles(have, result.Files)
		err := p.canReplace(result.Files)
		if err == nil {
			err = p.layFiles(result.Files)
		}
		p.fail(step.Fail(err))
		steps = append(steps, step)
	}
	steps = append(steps, p.planKeys(p.userKeys(passwd, result.Accounts))...)
	return steps, result, errors.Join(p.failed...)
}

// fail notes what is in the way. The rest is planned all the same.
func (p *planner) fail(err error) {
	if err != nil {
		p.failed = append(p.failed, err)
	}
}

// apply edits the account files as they are.
func (p *planner) apply(passwd config.Passwd) (accounts.Files, *accounts.Result, error) {
	have, err := readAccounts(p.t, passwdOrigin)
	if err != nil {
		return nil, nil, err
	}
	tools, err := p.toolsOf(passwd)
	if err != nil {
		return nil, nil, err
	}
	wanted := wantedAccounts(passwd)
	if p.o.FirstBoot {
		if err := markUnfinished(p.t, wanted.Users); err != nil {
			return nil, nil, err
		}
	}
	result, err := accounts.Apply(accountInputs(have, passwd), wanted, p.o.Today, tools)
	if err != nil {
		err = plan.EachError(err, accountError)
	}
	return have, result, err
}

// planKeys refuses keys that cannot be written, and lays those that will be over what the planner of the nodes sees.
func (p *planner) planKeys(users []UserKeys) plan.Plan {
	users = keyHomes{p, map[string]*UserKeys{}}.homesForKeys(users)
	steps := sshKeys(users, p.t, p.m, p.o)
	for i := range users {
		if u := &users[i]; len(u.Keys) > 0 {
			p.fail(u.refuse(p.layKeys(u)))
		}
	}
	return steps
}

// readAccounts reads what the root has of the files that say something about accounts, for what the config has at
// origin.
func readAccounts(v target.View, origin string) (accounts.Files, error) {
	have := accounts.Files{}
	for _, name := range accounts.Inputs() {
		text, err := v.ReadFile(name, accountLimit)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if errors.Is(err, fs.ErrPermission) {
			err = diag.WithHint(err, "run it as root, who may read all account files")
		}
		if err != nil {
			return nil, plan.Step{ID: "accounts", Subject: "accounts", Origin: origin}.Fail(err)
		}
		have[name] = diag.Secret(text)
	}
	return have, nil
}

// accountInputs gives the files that the edits start from. A root that has no shadow file has an empty one if the
// config has hashes for it: otherwise they would go, as useradd has it, into passwd, which everybody can read. What new
// users get by default is not looked at, and cannot be wrong, where the config has no users.
func accountInputs(have accounts.Files, passwd config.Passwd) accounts.Files {
	in := maps.Clone(have)
	hidden := func(file string, wanted bool) {
		if _, there := have[file]; !there && wanted {
			in[file] = ""
		}
	}
	hashed := func(u config.PasswdUser) bool { return config.Says(u.PasswordHash) != "" }
	hidden(accounts.ShadowFile, slices.ContainsFunc(passwd.Users, hashed))
	hashedGroup := func(g config.PasswdGroup) bool { return config.Says(g.PasswordHash) != "" }
	hidden(accounts.GShadowFile, slices.ContainsFunc(passwd.Groups, hashedGroup))
	if len(passwd.Users) == 0 {
		delete(in, accounts.UseraddFile)
	}
	return in
}

// mayMake: homes belong to their users, so somebody who may not give files away cannot make any.
func (p *planner) mayMake(passwd config.Passwd) error {
	if p.m.Privileged || p.m.NoOwner || len(passwd.Users) == 0 {
		return nil
	}
	return &plan.StepError{ID: "accounts", Subject: "user " + diag.Name(passwd.Users[0].Name),
		Origin: "$.passwd.users.0", Err: target.OnlyRoot("make users with homes that belong to them")}
}

// accountError names the entry of the config that cannot be had.
func accountError(err error) error {
	var e *accounts.Error
	if !errors.As(err, &e) || e.Index < 0 {
		return err
	}
	what, list := "group ", "groups"
	if e.User {
		what, list = "user ", "users"
	}
	cause := errors.New(e.Message)
	if e.File != "" {
		cause = fmt.Errorf("%s: %s", position(e.File, e.Line), e.Message)
	}
	if e.Hint != "" {
		cause = fmt.Errorf("%w; %s", cause, e.Hint)
	}
	return &plan.StepError{ID: "accounts", Subject: what + diag.Name(e.Name), Origin: entryOf(list, e.Index),
		Err: cause}
}

func position(file string, line int) string {
	if line > 0 {
		return fmt.Sprintf("%s:%d", file, line)
	}
	return file
}

// wantedAccounts says in the terms of package accounts what the config wants.
func wantedAccounts(passwd config.Passwd) accounts.Wanted {
	w := accounts.Wanted{Groups: make([]accounts.Group, 0, len(passwd.Groups)),
		Users: make([]accounts.User, 0, len(passwd.Users))}
	for _, g := range passwd.Groups {
		w.Groups = append(w.Groups, accounts.Group{
			Name: g.Name, GID: wide(g.Gid), Password: diag.Secret(config.Says(g.PasswordHash)),
			System: config.Says(g.System), Delete: isFalse(g.ShouldExist),
		})
	}
	for _, u := range passwd.Users {
		w.Users = append(w.Users, accounts.User{
			Name: u.Name, UID: wide(u.UID), Comment: config.Says(u.Gecos), Home: config.Says(u.HomeDir),
			Shell: config.Says(u.Shell), PrimaryGroup: config.Says(u.PrimaryGroup), Groups: u.Groups,
			NoCreateHome: config.Says(u.NoCreateHome), NoUserGroup: config.Says(u.NoUserGroup),
			System: config.Says(u.System), Delete: isFalse(u.ShouldExist),
			Password: (*diag.Secret)(u.PasswordHash),
		})
	}
	return w
}

// markUnfinished finds the users that the last change of the account files has made: its backup does not have them. If
// a first boot is cut off after that and begins again, the filesystem that their homes are on may be made anew, with
// the accounts still in /etc. Without the backup nobody is taken for new.
func markUnfinished(v target.View, users []accounts.User) error {
	before, err := v.ReadFile(accounts.PasswdFile+"-", accountLimit)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	known := map[string]bool{}
	for line := range bytes.Lines(before) {
		name, _, _ := bytes.Cut(line, []byte(":"))
		known[string(name)] = true
	}
	for i := range users {
		users[i].Unfinished = !known[users[i].Name]
	}
	return nil
}

func wide(n *int) *int64 {
	if n == nil {
		return nil
	}
	w := int64(*n)
	return &w
}

// accountChanges shows what becomes of each entry. These steps do nothing themselves: all entries are written together.
func accountChanges(changes []accounts.Change) plan.Plan {
	effects := [...]plan.Effect{accounts.Keep: plan.Keep, accounts.Create: plan.Create, accounts.Modify: plan.Change,
		accounts.Delete: plan.Destroy}
	steps := make(plan.Plan, 0, len(changes)+1) // and the account files
	for _, c := range changes {
		what, list := "group", "groups"
		if c.User {
			what, list = "user", "users"
		}
		steps = append(steps, plan.Step{
			ID: what + ":" + c.Name, Effect: effects[c.Verb], Subject: what + " " + diag.Name(c.Name), Detail: c.Detail,
			Origin: entryOf(list, c.Index),
		})
	}
	return steps
}

// entryOf gives the place in the config of a group or user.
func entryOf(list string, i int) string { return "$.passwd." + list + "." + strconv.Itoa(i) }

// userKeys are the users whose keys are written, and whose mounted directories become theirs.
func (p *planner) userKeys(passwd config.Passwd, made []accounts.Account) []UserKeys {
	users := make([]UserKeys, 0, len(made))
	for _, a := range made {
		u := &passwd.Users[a.Index]
		account := Account{UID: a.UID, GID: a.GID, Home: a.Home}
		if p.m.NoOwner {
			account.UID, account.GID = p.m.UID, p.m.GID
		}
		users = append(users, UserKeys{
			Name: a.Name, Origin: entryOf("users", a.Index), Account: account, Keys: u.SSHAuthorizedKeys,
			NoHome: config.Says(u.NoCreateHome),
		})
	}
	return users
}

func isFalse(b *bool) bool { return b != nil && !*b }
