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

// Results are the homes and the files of keys that steps make, by the steps' IDs. V is the root with what is planned
// for it.
func Results(passwd config.Passwd, v target.View, m *target.Means, made *accounts.Result) map[string][]plan.Result {
	all := map[string][]plan.Result{}
	for i, e := range made.Effects {
		home, is := e.(*accounts.MakeHome)
		if !is {
			continue
		}
		if at, _, err := accountPath(v, home.Path); err == nil {
			r := plan.Result{At: at, Made: plan.ADirectory, Mode: int64(home.Mode)}
			r.UID, r.GID = m.IDs(home.UID, home.GID)
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

// effectID is the ID of the step of an effect.
func effectID(i int) string { return fmt.Sprintf("account-effect:%d", i) }
