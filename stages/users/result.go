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

// Results are the homes and mail files that are made or go, and the files of keys, by the steps' IDs. Before is
// the root as it is, v the same with what is planned for it.
func Results(passwd config.Passwd, before, v target.View, m *target.Means,
	made *accounts.Result) map[string][]plan.Result {
	all := map[string][]plan.Result{}
	p := &planner{m: maker{m}}
	for i, e := range made.Effects {
		w, err := p.work(e)
		if err != nil || w.leaves == nil {
			continue
		}
		in, r := v, *w.leaves
		if r.Made == plan.Nothing {
			in = before
		}
		if r.At, _, err = accountPath(in, w.place); err == nil {
			all[effectID(i)] = []plan.Result{r}
		}
	}
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

// effectID is the ID of the step of an effect.
func effectID(i int) string { return fmt.Sprintf("account-effect:%d", i) }
