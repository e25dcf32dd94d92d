package files

import (
	"maps"

	"github.com/glowplug-os/glowplug/internal/accounts"
	"github.com/glowplug-os/glowplug/internal/diag"
	"github.com/glowplug-os/glowplug/internal/plan"
	"github.com/glowplug-os/glowplug/internal/target"
	"github.com/glowplug-os/glowplug/stages/users"
)

// accountFiles is the ID of the step that writes the account files.
const accountFiles = "account-files"

// Results are what steps leave at places of the root, by the steps' IDs, as far as that is known before they run.
func (p *Planned) Results() map[string][]plan.Result {
	if p.entries == nil {
		return nil
	}
	all := p.entries.Results(p.Steps)
	maps.Copy(all, p.wanted.Results())
	if p.accounts == nil {
		return all
	}
	maps.Copy(all, users.Results(p.passwd, p.before, p.root, p.means, p.accounts))
	for _, name := range accounts.Editable() {
		text, changes := p.accounts.Files[name]
		at, err := target.Resolve(p.root, name)
		if changes && err == nil {
			all[accountFiles] = append(all[accountFiles], plan.Result{At: at, Mode: -1, UID: -1, GID: -1,
				Content: func() (diag.Secret, bool) { return text, true }})
		}
	}
	return all
}

// Places are those that accounts, units and what a boot leaves want for themselves, and links.
func (p *Planned) Places() []string {
	if p.root == nil {
		return nil
	}
	all := p.root.Written()
	for _, c := range p.root.Claims() {
		all = append(all, c.At)
	}
	return all
}
