package units

import (
	"github.com/glowplug-os/glowplug/internal/diag"
	"github.com/glowplug-os/glowplug/internal/plan"
)

// Results are what the steps of what is written for units leave, by the steps' IDs.
func (u *Units) Results() map[string][]plan.Result {
	all := make(map[string][]plan.Result, len(u.places)+1)
	for _, p := range u.places {
		if p.Err == nil {
			all[p.ID] = []plan.Result{p.result()}
		}
	}
	if c := u.preset.claim; c.At != "" {
		all[c.ID] = []plan.Result{{At: c.At, Mode: -1, UID: -1, GID: -1, Content: u.preset.content}}
	}
	return all
}

// content is that of the preset file, unless an entry of the config comes before it.
func (p *preset) content() (diag.Secret, bool) { return diag.Secret(p.text), p.text != "" }

func (p *place) result() plan.Result {
	r := plan.Result{At: p.At, Mode: -1, UID: -1, GID: -1}
	switch p.form {
	case aMask:
		r.Made, r.Link = plan.ALink, maskTarget
	case noMask:
		r.Made = plan.Nothing
	default:
		r.Mode, r.UID, r.GID = p.file.Want.Mode, p.file.Want.UID, p.file.Want.GID
		r.Content = func() (diag.Secret, bool) { return diag.Secret(p.text), true }
	}
	return r
}
