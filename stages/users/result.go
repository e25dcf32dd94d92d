package users

import (
	"fmt"
	"path"

	"github.com/glowplug-os/glowplug/config"
	"github.com/glowplug-os/glowplug/internal/accounts"
	"github.com/glowplug-os/glowplug/internal/diag"
	"github.com/glowplug-os/glowplug/internal/plan"
	"github.com/glowplug-os/glowplug/internal/target"
)

// Results are the homes, the mail files that go, and the files of keys that steps make, by the steps' IDs. Before is
// the root as it is, v the same with what is planned for it.
func Results(passwd config.Passwd, before, v target.View, m *target.Means,
	made *accounts.Result) map[string][]plan.Result {
	all := map[string][]plan.Result{}
	for i, e := range made.Effects {
		var r plan.Result
		var err error
		switch e := e.(type) {
		case *accounts.MakeHome:
			r = plan.Result{Made: plan.ADirectory, Mode: int64(e.Mode)}
			r.UID, r.GID = m.IDs(e.UID, e.GID)
			r.At, _, err = accountPath(v, e.Path)
		case *accounts.RemoveHome:
			r, err = removal(before, e.Path)
		case *accounts.RemoveMail:
			r, err = removal(before, e.Path)
		default:
			continue
		}
		if err == nil {
			all[effectID(i)] = []plan.Result{r}
		}
	}
	p := &planner{m: maker{m}}
	for _, u := range p.userKeys(passwd, made.Accounts) {
		at, err := target.Follow(v, path.Join(u.Home, p.m.keyFile()))
		if len(u.Keys) == 0 || err != nil {
			continue
		}
		attrs := u.attrs()
		all[u.step().ID] = []plan.Result{{At: at, Made: plan.AFile, Mode: attrs.Mode, UID: attrs.UID, GID: attrs.GID,
			Content: func() (diag.Secret, bool) { return diag.Secret(u.text()), true }}}
	}
	return all
}

// removal leaves nothing at the place that a path of an account names.
func removal(before target.View, name string) (r plan.Result, err error) {
	r = plan.Result{Made: plan.Nothing, Mode: -1, UID: -1, GID: -1}
	r.At, _, err = accountPath(before, name)
	return r, err
}

// effectID is the ID of the step of an effect.
func effectID(i int) string { return fmt.Sprintf("account-effect:%d", i) }
