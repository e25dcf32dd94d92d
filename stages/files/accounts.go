package files

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"path"
	"slices"
	"strconv"
	"strings"

	"github.com/glowplug-os/glowplug/config"
	"github.com/glowplug-os/glowplug/internal/accounts"
	"github.com/glowplug-os/glowplug/internal/diag"
	"github.com/glowplug-os/glowplug/internal/plan"
	"github.com/glowplug-os/glowplug/internal/root"
)

// Accounts is how groups and users of a config are made.
type Accounts struct {
	// Today is the date that new passwords get, in days since 1970-01-01.
	Today int64
	// Keys are the circumstances of SSH keys; Root is set by Plan.
	Keys KeyOptions
	// ByTools has the root's own useradd and its kin do it, see ToolAccounts. Plan itself does not look at it: what it
	// plans is what these tools are expected to do.
	ByTools bool
}

// AccountsRecord is where a run notes that account files are about to be replaced. Who plans calls Root.Recover with it
// first: it finishes what a run that was cut off has begun.
const AccountsRecord = stateDir + "/accounts.json"

// accountLimit bounds what is read of an account file.
const accountLimit = 64 << 20

// wantsAccounts tells whether a config makes accounts, or has names that only the account files turn into ids. Where it
// does not the dozen files need not be read.
func wantsAccounts(passwd config.Passwd, nodes []*node) bool {
	return len(passwd.Users)+len(passwd.Groups) > 0 || slices.ContainsFunc(nodes, func(n *node) bool {
		return text(n.user.Name) != "" || text(n.group.Name) != ""
	})
}

// planAccounts plans groups and users: what is done outside the account files comes first, then these files all at
// once, then SSH keys. That order makes a run that is cut off and repeated start where it stopped: as long as the files
// do not name a user, it is made from the beginning, and what is there of it already is recognised.
func (p *planner) planAccounts(passwd config.Passwd) (plan.Plan, error) {
	o := &p.worker.Options
	have, err := readAccounts(p.world.view)
	if err != nil {
		return nil, err
	}
	if o.Accounts == nil {
		passwd = config.Passwd{} // owners by name are looked up in what is there
	}
	var today int64
	if o.Accounts != nil {
		today = o.Accounts.Today
	}
	tools, err := p.toolsOf(passwd)
	if err != nil {
		return nil, err
	}
	wanted := wantedAccounts(passwd)
	if o.Boot != nil {
		if err := markUnfinished(p.world.view, wanted.Users); err != nil {
			return nil, err
		}
	}
	result, err := accounts.Apply(accountInputs(have, passwd), wanted, today, tools)
	if err != nil {
		return nil, accountError(err)
	}
	p.accounts = result
	if o.Accounts == nil {
		return nil, nil
	}
	if err := o.mayMakeAccounts(passwd); err != nil {
		return nil, err
	}
	for _, a := range result.Accounts {
		p.written = append(p.written, a.Home)
	}
	plan := accountChanges(result.Changes)
	for i, e := range result.Effects {
		step, err := p.accountEffect(i, e)
		if err != nil {
			step.Subject = "user " + diag.Name(passwd.Users[e.Entry()].Name)
			return nil, step.Fail(err)
		}
		plan = append(plan, step)
		if mail, ok := e.(accounts.MakeMail); ok {
			p.written = append(p.written, mail.Path)
		}
	}
	if len(result.Files) > 0 {
		p.worker.checkLock(plan)
		step := p.worker.accountFiles(have, result.Files)
		if err := p.canReplace(result.Files); err != nil {
			return nil, step.Fail(err)
		}
		if err := p.root.layFiles(result.Files, p.worker.accountAttrs); err != nil {
			return nil, step.Fail(err)
		}
		plan = append(plan, step)
	}
	keys, err := p.planKeys(p.userKeys(passwd, result.Accounts))
	return append(plan, keys...), err
}

// planKeys refuses keys that cannot be written, and lays those that will be over what the planner of the nodes sees.
func (p *planner) planKeys(users []UserKeys) (plan.Plan, error) {
	o := p.worker.Accounts.Keys
	o.Root = p.worker.Root
	if err := p.root.homesForKeys(users, &o); err != nil {
		return nil, err
	}
	plan := SSHKeys(users, p.root, o)
	for i := range users {
		if u := &users[i]; len(u.Keys) > 0 {
			if err := p.root.layKeys(u, &o); err != nil {
				return nil, u.refuse(err)
			}
		}
	}
	return plan, nil
}

// readAccounts reads what the root has of the files that say something about accounts.
func readAccounts(v View) (accounts.Files, error) {
	have := accounts.Files{}
	for _, name := range accounts.Inputs() {
		text, err := v.ReadFile(name, accountLimit)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return nil, err
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
	hidden(accounts.ShadowFile,
		slices.ContainsFunc(passwd.Users, func(u config.PasswdUser) bool { return text(u.PasswordHash) != "" }))
	hidden(accounts.GShadowFile,
		slices.ContainsFunc(passwd.Groups, func(g config.PasswdGroup) bool { return text(g.PasswordHash) != "" }))
	if len(passwd.Users) == 0 {
		delete(in, accounts.UseraddFile)
	}
	return in
}

// mayMakeAccounts: homes belong to their users, so somebody who may not give files away cannot make any.
func (o *Options) mayMakeAccounts(passwd config.Passwd) error {
	if o.Privileged || o.NoOwner || len(passwd.Users) == 0 {
		return nil
	}
	return &plan.StepError{ID: "accounts", Subject: "user " + diag.Name(passwd.Users[0].Name),
		Origin: "$.passwd.users.0", Err: onlyRoot("make users with homes that belong to them")}
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
			Name: g.Name, GID: wide(g.Gid), Password: diag.Secret(text(g.PasswordHash)), System: is(g.System),
			Delete: isFalse(g.ShouldExist),
		})
	}
	for _, u := range passwd.Users {
		w.Users = append(w.Users, accounts.User{
			Name: u.Name, UID: wide(u.UID), Comment: text(u.Gecos), Home: text(u.HomeDir), Shell: text(u.Shell),
			PrimaryGroup: text(u.PrimaryGroup), Groups: u.Groups,
			NoCreateHome: is(u.NoCreateHome), NoUserGroup: is(u.NoUserGroup), System: is(u.System),
			Delete:   isFalse(u.ShouldExist),
			Password: (*diag.Secret)(u.PasswordHash),
		})
	}
	return w
}

// markUnfinished finds the users that the last change of the account files has made: its backup does not have them. If
// a first boot is cut off after that and begins again, the filesystem that their homes are on may be made anew, with
// the accounts still in /etc. Without the backup nobody is taken for new.
func markUnfinished(v View, users []accounts.User) error {
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

func isFalse(b *bool) bool { return b != nil && !*b }

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
	o := &p.worker.Options
	users := make([]UserKeys, 0, len(made))
	for _, a := range made {
		u := &passwd.Users[a.Index]
		account := Account{UID: a.UID, GID: a.GID, Home: a.Home}
		if o.NoOwner {
			account.UID, account.GID = o.UID, o.GID
		}
		users = append(users, UserKeys{
			Name: a.Name, Origin: entryOf("users", a.Index), Account: account, Keys: u.SSHAuthorizedKeys,
			NoHome: is(u.NoCreateHome),
		})
	}
	return users
}

// checkLock has the first step that changes something see whether anybody else is changing the accounts: homes are
// made, moved and removed before the account files are replaced, and a lock that is held then must not come too late
// for them.
func (w *worker) checkLock(steps plan.Plan) {
	i := slices.IndexFunc(steps, func(s plan.Step) bool { return s.Effect != plan.Keep })
	if i < 0 {
		return
	}
	steps[i].Check = func(ctx context.Context) (plan.State, error) {
		unlock, err := w.Root.LockAccounts(ctx)
		if err == nil {
			unlock()
		}
		return plan.Pending, err
	}
}

// accountFiles replaces the account files, all at once.
func (w *worker) accountFiles(have, want accounts.Files) plan.Step {
	var names, shown []string
	for _, name := range accounts.Editable() {
		if _, changes := want[name]; changes {
			names = append(names, name)
			shown = append(shown, path.Base(name))
		}
	}
	s := plan.Step{ID: "account-files", Effect: plan.Change, Subject: "account files",
		Detail: strings.Join(shown, ", ")}
	s.Check = func(context.Context) (plan.State, error) { return w.accountFilesAre(names, have, want) }
	s.Do = func(ctx context.Context) error {
		unlock, err := w.Root.LockAccounts(ctx)
		if err != nil {
			return err
		}
		defer unlock()
		// Somebody may have held the lock until now, and changed what the plan was made from.
		if state, err := w.accountFilesAre(names, have, want); err != nil || state == plan.Done {
			return err
		}
		// Once the files say that a user has a home, no run makes or moves it again: homes have to be on disk before.
		if err := w.Root.Sync(); err != nil {
			return err
		}
		var all []root.Replacement
		for _, name := range names {
			all = append(all, root.Replacement{Name: name, Content: []byte(want[name].Reveal()),
				New: w.accountAttrs(name), Backup: name + "-"})
		}
		return w.Root.Commit(AccountsRecord, all)
	}
	return s
}

// canReplace looks for mounts on account files, which containers have, and on their backups.
func (p *planner) canReplace(files accounts.Files) error {
	for _, name := range accounts.Editable() {
		if _, changes := files[name]; !changes {
			continue
		}
		for _, file := range []string{name, name + "-"} {
			at, err := p.world.resolve(file)
			if err == nil {
				err = p.world.mayGo(at, root.File)
			}
			if err != nil {
				return err
			}
		}
	}
	return nil
}

// accountAttrs are those of an account file that was not there. Hashes are root's to read.
func (w *worker) accountAttrs(name string) attributes {
	if name == accounts.ShadowFile || name == accounts.GShadowFile {
		return w.privateFile()
	}
	return w.systemFile()
}

var errAccountsChanged = errors.New("it was changed since the accounts were planned; run again")

// accountFilesAre tells whether the files are as planned already, or still as they were when the plan was made.
func (w *worker) accountFilesAre(names []string, have, want accounts.Files) (plan.State, error) {
	done := 0
	for _, name := range names {
		text, err := w.Root.ReadFile(name, accountLimit)
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return plan.Pending, err
		}
		was, known := have[name]
		switch {
		case err == nil && string(text) == want[name].Reveal():
			done++
		case known != (err == nil) || string(text) != was.Reveal():
			return plan.Conflict, fmt.Errorf("%s: %w", name, errAccountsChanged)
		}
	}
	if done == len(names) {
		return plan.Done, nil
	}
	return plan.Pending, nil
}
