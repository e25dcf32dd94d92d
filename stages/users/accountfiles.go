package users

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"

	"github.com/glowplug-os/glowplug/internal/accounts"
	"github.com/glowplug-os/glowplug/internal/diag"
	"github.com/glowplug-os/glowplug/internal/plan"
	"github.com/glowplug-os/glowplug/internal/root"
	"github.com/glowplug-os/glowplug/internal/target"
)

// checkLock has the first step that changes something see whether anybody else is changing the accounts: homes are
// made, moved and removed before the account files are replaced, and a lock that is held then must not come too late
// for them.
func (w maker) checkLock(steps plan.Plan) {
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
func (w maker) accountFiles(have, want accounts.Files) plan.Step {
	var names, shown []string
	for _, name := range accounts.Editable() {
		if _, changes := want[name]; changes {
			names = append(names, name)
			shown = append(shown, path.Base(name))
		}
	}
	s := plan.Step{ID: "account-files", Effect: plan.Change, Subject: "account files", Origin: passwdOrigin,
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
				New: w.fileAttrs(name), Backup: name + "-"})
		}
		return w.Root.Commit(Record, all)
	}
	return s
}

// A slot is a place that is worked on when account files are replaced.
type slot struct {
	name string
	file bool // what is there has to be a file; else it is renamed over
	goes bool // what is there is replaced
}

// slots are those of account files, of what they were, and of the locks of all who change them.
func slots(files accounts.Files) []slot {
	all := []slot{{root.AccountLock, true, false}}
	for _, name := range accounts.Editable() {
		all = append(all, slot{name + ".lock", true, false})
		if _, changes := files[name]; changes {
			all = append(all, slot{name, true, true}, slot{name + "-", false, true})
		}
	}
	return all
}

// canReplace looks for what keeps account files from being replaced: mounts, which containers have there, and what is
// no file.
func (p *planner) canReplace(files accounts.Files) error {
	if err := p.leadsSomewhere(path.Dir(root.AccountLock)); err != nil {
		return err
	}
	for _, s := range slots(files) {
		if err := p.isFree(s); err != nil {
			return err
		}
	}
	return nil
}

// leadsSomewhere refuses a link to a directory that is not there: nothing can be made by it.
func (p *planner) leadsSomewhere(dir string) error {
	at, err := target.Follow(p.t, dir)
	if err != nil || at == dir {
		return err
	}
	found, err := p.t.Lstat(at)
	if err == nil && found.Kind == root.Absent {
		err = fmt.Errorf("%s leads to %s, which is not there", diag.Name(dir), diag.Name(at))
	}
	return err
}

// isFree refuses what cannot be worked on. shadow-utils follow no links there either.
func (p *planner) isFree(s slot) error {
	at, err := p.t.Place(s.name)
	if err != nil {
		return err
	}
	found, err := p.t.Lstat(at)
	switch {
	case err != nil:
		return err
	case found.Kind == root.Directory, s.file && found.Kind != root.File && found.Kind != root.Absent:
		return diag.WithHint(fmt.Errorf("%s is there as %s, and has to be a file", diag.Name(s.name), found.Kind),
			"move it away; what a link leads to belongs in its place")
	case s.goes:
		return p.t.MayGo(at, found.Kind)
	}
	return nil
}

// fileAttrs are those of an account file that was not there. Hashes are root's to read.
func (w maker) fileAttrs(name string) root.Attrs {
	if name == accounts.ShadowFile || name == accounts.GShadowFile {
		return w.PrivateFile()
	}
	return w.SystemFile()
}

var errAccountsChanged = errors.New("it was changed since the accounts were planned; run again")

// accountFilesAre tells whether the files are as planned already, or still as they were when the plan was made.
func (w maker) accountFilesAre(names []string, have, want accounts.Files) (plan.State, error) {
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
