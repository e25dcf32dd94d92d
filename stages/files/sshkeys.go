package files

import (
	"context"
	"errors"
	"fmt"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"github.com/glowplug-os/glowplug/internal/diag"
	"github.com/glowplug-os/glowplug/internal/plan"
	"github.com/glowplug-os/glowplug/internal/root"
)

// An Account is what the account files of the root say of a user.
type Account struct {
	UID, GID uint32
	Home     string // in the root, as passwd(5) has it
}

// UserKeys is a user of the config with what goes into the home that is there once the accounts are made.
type UserKeys struct {
	Name   string
	Origin string // "$.passwd.users.0"
	Account
	// Lookup gives the account when the steps run, where a program makes it and the plan can only guess; nil if Account
	// is right.
	Lookup func(context.Context) (Account, error)
	// Keys are lines of authorized_keys(5). Without any, a file that is there stays.
	Keys []string
	// NoHome says that the home is not ours to make or to own: noCreateHome.
	NoHome bool
}

// KeyOptions are the circumstances of SSHKeys.
type KeyOptions struct {
	Root *root.Root
	// Fragment puts keys into ~/.ssh/authorized_keys.d/ignition instead of ~/.ssh/authorized_keys (distribution:
	// writeAuthorizedKeysFragment).
	Fragment bool
	// Notated are the directories that the mount stage made (handoff.State.NotatedDirectories).
	Notated []string
	// Announce tells the journal of a user's file (journal.Socket.KeysWritten); nil for nobody. Path includes that of
	// the root.
	Announce func(user, path string) error
}

// File gives the path of a user's keys below the home.
func (o *KeyOptions) file() string {
	if o.Fragment {
		return ".ssh/authorized_keys.d/ignition"
	}
	return ".ssh/authorized_keys"
}

// keyFileLimit bounds what is read of a file that is there, to compare it.
const keyFileLimit = 64 << 20

var errNoHome = errors.New("the user has no home directory")

// SSHKeys plans what goes into homes, to be run right after the accounts are made and before any node: directories of
// the mount stage become the user's, then the keys are written as the user, then the journal is told of all files. The
// last step runs in every run, because entries of a boot that was cut off are not in this boot's journal.
func SSHKeys(users []UserKeys, view View, o KeyOptions) plan.Plan {
	var steps plan.Plan
	var told []*UserKeys
	mounted := o.places(view)
	for i := range users {
		u := &users[i]
		if step, wanted := u.ownDirectories(view, mounted, &o); wanted {
			steps = append(steps, step)
		}
		if len(u.Keys) == 0 {
			continue
		}
		steps = append(steps, u.keys(view, &o))
		told = append(told, u)
	}
	if len(told) == 0 || o.Announce == nil {
		return steps
	}
	return append(steps, plan.Step{
		ID: "ssh-keys-told", Effect: plan.Keep, Subject: "journal entries", Detail: "of ssh keys of " + list(told),
		Do: func(ctx context.Context) error { return announce(ctx, told, &o) },
	})
}

func list(users []*UserKeys) string {
	const shown = 5
	var names []string
	for _, u := range users[:min(len(users), shown)] {
		names = append(names, diag.Name(u.Name))
	}
	if more := len(users) - shown; more > 0 {
		names = append(names, fmt.Sprintf("%d more", more))
	}
	return strings.Join(names, ", ")
}

// announce tells of every file. That the journal does not take an entry is no reason to stop a boot.
func announce(ctx context.Context, users []*UserKeys, o *KeyOptions) error {
	for _, u := range users {
		a, err := u.account(ctx)
		if err != nil {
			return err
		}
		_ = o.Announce(u.Name, filepath.Join(o.Root.Dir(), a.Home, o.file()))
	}
	return nil
}

// account is the account as it is when a step runs.
func (u *UserKeys) account(ctx context.Context) (Account, error) {
	a := u.Account
	if u.Lookup != nil {
		var err error
		if a, err = u.Lookup(ctx); err != nil {
			return a, err
		}
	}
	if !strings.HasPrefix(a.Home, "/") {
		return a, errNoHome
	}
	return a, checkPath(a.Home)
}

// text is what the file of a user's keys holds.
func (u *UserKeys) text() string { return strings.Join(u.Keys, "\n") + "\n" }

// keys plans the file of a user's keys.
func (u *UserKeys) keys(view View, o *KeyOptions) plan.Step {
	text := u.text()
	s := plan.Step{
		ID: "ssh-keys:" + u.Name, Effect: plan.Change, Subject: "ssh keys of " + diag.Name(u.Name),
		Origin: u.Origin + ".sshAuthorizedKeys",
		Detail: fmt.Sprintf("%d in %s", len(u.Keys), diag.Name(path.Join(u.Home, o.file()))),
	}
	if at, err := inRoot(view, path.Join(u.Home, o.file())); err == nil {
		if found, err := view.Lstat(at); err == nil && found.Kind == root.Absent {
			s.Effect = plan.Create
		} else if was, err := view.ReadFile(at, keyFileLimit); err == nil && string(was) == text {
			s.Effect = plan.Keep
		}
	}
	// To compare takes no other identity, as to write does: nothing is changed, and nobody is told what links lead to.
	s.Check = func(ctx context.Context) (plan.State, error) {
		a, err := u.account(ctx)
		if err != nil {
			return plan.Pending, err
		}
		return hasKeys(o.Root, a, path.Join(a.Home, o.file()), text)
	}
	s.Do = func(ctx context.Context) error {
		a, err := u.account(ctx)
		if err != nil {
			return err
		}
		return o.Root.As(a.UID, a.GID, func(home *root.Root) error {
			return writeKeys(home, a, path.Join(a.Home, o.file()), text)
		})
	}
	return s
}

// inRoot gives the place that a path names in the root as it is now, the last component followed.
func inRoot(v View, p string) (string, error) {
	at, _, err := newWorld(v).walk(p, true)
	return at, err
}

// attrs are those of the file of keys; sshd refuses files that others may write to.
func (a Account) attrs() attributes {
	return attributes{UID: int64(a.UID), GID: int64(a.GID), Mode: 0o600}
}

// hasKeys tells whether the file is complete.
func hasKeys(target *root.Root, a Account, file, text string) (plan.State, error) {
	at, err := inRoot(target, file)
	if err != nil {
		return plan.Pending, err
	}
	found, err := target.Lstat(at)
	if err != nil || found.Kind != root.File || !a.attrs().Fit(found) || found.Size != int64(len(text)) {
		return plan.Pending, err
	}
	was, err := target.ReadFile(at, keyFileLimit)
	if err != nil || string(was) != text {
		return plan.Pending, err
	}
	return plan.Done, nil
}

// writeKeys replaces the file in one step, as the user. Directories that are there keep their modes.
func writeKeys(home *root.Root, a Account, file, text string) error {
	at, err := inRoot(home, file)
	if err != nil {
		return err
	}
	if _, err := home.MkdirAll(up(at), 0o700); err != nil {
		return err
	}
	t, err := home.Create(at, a.attrs())
	if err != nil {
		return err
	}
	defer t.Discard()
	if _, err := t.Write([]byte(text)); err != nil {
		return err
	}
	return t.Place(true)
}

// ownDirectories plans that the directories which the mount stage made for a home, and below it, become the user's
// (docs/peer/engine.md §11.5): a home on a filesystem of its own is otherwise root's.
func (u *UserKeys) ownDirectories(view View, mounted []string, o *KeyOptions) (plan.Step, bool) {
	dirs := u.notated(view, u.Account, mounted)
	if len(dirs) == 0 {
		return plan.Step{}, false
	}
	s := plan.Step{
		ID: "home:" + u.Name, Effect: plan.Change, Subject: "home of " + diag.Name(u.Name), Origin: u.Origin,
		Detail: fmt.Sprintf("0700 owner %d:%d, mounted: %s", u.UID, u.GID, strings.Join(dirs, " ")),
	}
	s.Check = func(ctx context.Context) (plan.State, error) {
		return u.eachDirectory(ctx, mounted, o.Root, func(dir string, want attributes) (bool, error) {
			found, err := o.Root.Lstat(dir)
			return want.Fit(found), err
		})
	}
	s.Do = func(ctx context.Context) error {
		_, err := u.eachDirectory(ctx, mounted, o.Root, func(dir string, want attributes) (bool, error) {
			return true, o.Root.WithoutLinks().SetAttrs(dir, want)
		})
		return err
	}
	return s, true
}

// eachDirectory calls do for the notated directories of the home, and is Done if do says so of all.
func (u *UserKeys) eachDirectory(
	ctx context.Context, mounted []string, root *root.Root, do func(string, attributes) (bool, error),
) (plan.State, error) {
	a, err := u.account(ctx)
	if err != nil {
		return plan.Pending, err
	}
	want := a.attrs()
	want.Mode = 0o700
	state := plan.Done
	for _, dir := range u.notated(root, a, mounted) {
		ok, err := do(dir, want)
		if err != nil {
			return plan.Pending, err
		}
		if !ok {
			state = plan.Pending
		}
	}
	return state, nil
}

// notated gives the notated directories that are the home or below it. A home of "/", which system users have, has
// none: all directories of the root would be the user's.
func (u *UserKeys) notated(view View, a Account, sorted []string) []string {
	if u.NoHome || len(sorted) == 0 || !strings.HasPrefix(a.Home, "/") {
		return nil
	}
	home, err := inRoot(view, a.Home)
	if err != nil || home == "/" {
		return nil
	}
	var dirs []string
	if _, found := slices.BinarySearch(sorted, home); found {
		dirs = append(dirs, home)
	}
	from, _ := slices.BinarySearch(sorted, home+"/")
	for _, dir := range sorted[from:] {
		if !strings.HasPrefix(dir, home+"/") {
			break
		}
		dirs = append(dirs, dir)
	}
	return dirs
}

// places gives the notated directories by where they are, sorted. What is none any more is left out.
func (o *KeyOptions) places(view View) []string {
	var places []string
	for _, dir := range o.Notated {
		at, err := inRoot(view, dir)
		if err != nil {
			continue
		}
		if found, err := view.Lstat(at); err == nil && found.Kind == root.Directory {
			places = append(places, at)
		}
	}
	slices.Sort(places)
	return slices.Compact(places)
}
