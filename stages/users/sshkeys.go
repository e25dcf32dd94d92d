package users

import (
	"context"
	"errors"
	"fmt"
	"io"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"github.com/glowplug-os/glowplug/internal/diag"
	"github.com/glowplug-os/glowplug/internal/plan"
	"github.com/glowplug-os/glowplug/internal/root"
	"github.com/glowplug-os/glowplug/internal/target"
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

	settled bool // the directories that were made to mount something are the user's already
}

// KeyFragment is the file of a user's keys, below the home, in images that have one for the keys of the config.
const KeyFragment = ".ssh/authorized_keys.d/ignition"

// keyFile gives the path of a user's keys below the home.
func (m maker) keyFile() string {
	if m.Image.KeysFragment {
		return KeyFragment
	}
	return ".ssh/authorized_keys"
}

// keyDirs is the mode of directories that are made for keys.
const keyDirs = 0o700

var errNoHome = errors.New("the user has no home directory")

// sshKeys plans what goes into homes, to be run right after the accounts are made and before any node: directories of
// the mount stage become the user's, then the keys are written as the user, then the journal is told of all files. The
// last step runs in every run, because entries of a boot that was cut off are not in this boot's journal.
func sshKeys(users []UserKeys, v target.View, m maker, o Options) plan.Plan {
	var steps plan.Plan
	var told []*UserKeys
	mounted := places(v, o.Notated)
	for i := range users {
		u := &users[i]
		if step, wanted := u.ownDirectories(v, mounted, m); wanted {
			steps = append(steps, step)
		}
		if len(u.Keys) == 0 {
			continue
		}
		steps = append(steps, u.keys(v, m, m.keyFile()))
		told = append(told, u)
	}
	if len(told) == 0 || o.Announce == nil {
		return steps
	}
	return append(steps, plan.Step{
		ID: "ssh-keys-told", Effect: plan.Keep, Subject: "journal entries", Detail: "of ssh keys of " + list(told),
		Do: func(ctx context.Context) error { return announce(ctx, told, m, &o) },
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
func announce(ctx context.Context, users []*UserKeys, m maker, o *Options) error {
	for _, u := range users {
		a, err := u.account(ctx)
		if err != nil {
			return err
		}
		_ = o.Announce(u.Name, filepath.Join(m.Root.Dir(), a.Home, m.keyFile()))
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
	return a, target.CheckPath(a.Home)
}

// text is what the file of a user's keys holds.
func (u *UserKeys) text() string { return strings.Join(u.Keys, "\n") + "\n" }

// step begins the step of a user's keys.
func (u *UserKeys) step() plan.Step {
	return plan.Step{ID: "ssh-keys:" + u.Name, Effect: plan.Change, Subject: "ssh keys of " + diag.Name(u.Name),
		Origin: u.Origin + ".sshAuthorizedKeys"}
}

// keys plans the file of a user's keys.
func (u *UserKeys) keys(v target.View, m maker, file string) plan.Step {
	text := u.text()
	s := u.step()
	s.Detail = fmt.Sprintf("%d in %s", len(u.Keys), diag.Name(path.Join(u.Home, file)))
	if at, err := target.Follow(v, path.Join(u.Home, file)); err == nil {
		if found, err := v.Lstat(at); err == nil && found.Kind == root.Absent {
			s.Effect = plan.Create
		} else if state, err := hasKeys(v, u.attrs(), path.Join(u.Home, file), u.Origin, text); err == nil &&
			state == plan.Done {
			s.Effect = plan.Keep
		}
	}
	// To compare takes no other identity, as to write does: nothing is changed, and nobody is told what links lead to.
	s.Check = func(ctx context.Context) (plan.State, error) {
		a, err := u.account(ctx)
		if err != nil {
			return plan.Pending, err
		}
		return hasKeys(target.Of(m.Root), a.attrs(), path.Join(a.Home, file), u.Origin, text)
	}
	s.Do = func(ctx context.Context) error {
		a, err := u.account(ctx)
		if err != nil {
			return err
		}
		return m.Root.As(a.UID, a.GID, func(home *root.Root) error {
			return writeKeys(home, a, path.Join(a.Home, file), text)
		})
	}
	return s
}

// attrs are those of the file of keys; sshd refuses files that others may write to.
func (a Account) attrs() root.Attrs {
	return root.Attrs{UID: int64(a.UID), GID: int64(a.GID), Mode: 0o600}
}

// hasKeys tells whether the file has all keys of an entry.
func hasKeys(v target.View, want root.Attrs, file, of, text string) (plan.State, error) {
	at, err := target.Follow(v, file)
	if err != nil {
		return plan.Pending, err
	}
	found, err := v.Lstat(at)
	if err != nil || found.Kind != root.File || !want.Fit(found) || found.Size != int64(len(text)) {
		return plan.Pending, err
	}
	if same, err := target.Holds(v, at, of, target.PlayText(text)); err != nil || !same {
		return plan.Pending, err
	}
	return plan.Done, nil
}

// writeKeys replaces the file in one step, as the user. Directories that are there keep their modes.
func writeKeys(home *root.Root, a Account, file, text string) error {
	at, err := target.Follow(target.Of(home), file)
	if err != nil {
		return err
	}
	t, err := target.Draft(home, at, keyDirs, a.attrs(), func(to target.Output) error {
		_, err := io.WriteString(to, text)
		return err
	})
	if err != nil {
		return err
	}
	return t.Place(true)
}

// ownDirectories plans that the directories which the mount stage made for a home, and below it, become the user's
// (docs/peer/engine.md §11.5): a home on a filesystem of its own is otherwise root's.
func (u *UserKeys) ownDirectories(v target.View, mounted []string, m maker) (plan.Step, bool) {
	dirs := u.notated(v, u.Account, mounted)
	if len(dirs) == 0 {
		return plan.Step{}, false
	}
	s := plan.Step{
		ID: "home:" + u.Name, Effect: plan.Change, Subject: "home of " + diag.Name(u.Name), Origin: u.Origin,
		Detail: fmt.Sprintf("0700 owner %d:%d, mounted: %s", u.UID, u.GID, strings.Join(dirs, " ")),
	}
	if u.settled {
		s.Effect = plan.Keep
	}
	s.Check = func(ctx context.Context) (plan.State, error) {
		return u.eachDirectory(ctx, mounted, m, func(dir string, want root.Attrs) (bool, error) {
			found, err := m.Root.Lstat(dir)
			return want.Fit(found), err
		})
	}
	s.Do = func(ctx context.Context) error {
		_, err := u.eachDirectory(ctx, mounted, m, func(dir string, want root.Attrs) (bool, error) {
			return true, m.Plain().SetAttrs(dir, want)
		})
		return err
	}
	return s, true
}

// ownsDirectories tells whether the notated directories of the home are the user's.
func (u *UserKeys) ownsDirectories(v target.View, mounted []string) bool {
	want := u.attrs()
	want.Mode = keyDirs
	return !slices.ContainsFunc(u.notated(v, u.Account, mounted), func(dir string) bool {
		found, err := v.Lstat(dir)
		return err != nil || !want.Fit(found)
	})
}

// eachDirectory calls do for the notated directories of the home, and is Done if do says so of all.
func (u *UserKeys) eachDirectory(
	ctx context.Context, mounted []string, m maker, do func(string, root.Attrs) (bool, error),
) (plan.State, error) {
	a, err := u.account(ctx)
	if err != nil {
		return plan.Pending, err
	}
	want := a.attrs()
	want.Mode = keyDirs
	state := plan.Done
	for _, dir := range u.notated(target.Of(m.Root), a, mounted) {
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
func (u *UserKeys) notated(view target.View, a Account, sorted []string) []string {
	if u.NoHome || len(sorted) == 0 || !strings.HasPrefix(a.Home, "/") {
		return nil
	}
	home, err := target.Follow(view, a.Home)
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
func places(v target.View, notated []string) []string {
	var places []string
	for _, dir := range notated {
		at, err := target.Follow(v, dir)
		if err != nil {
			continue
		}
		if found, err := v.Lstat(at); err == nil && found.Kind == root.Directory {
			places = append(places, at)
		}
	}
	slices.Sort(places)
	return slices.Compact(places)
}
