package nodes

import (
	"github.com/glowplug-os/glowplug/internal/diag"
	"github.com/glowplug-os/glowplug/internal/plan"
	"github.com/glowplug-os/glowplug/internal/root"
	"github.com/glowplug-os/glowplug/internal/target"
)

// Results are what the steps of a plan of these nodes leave, by the steps' IDs.
func (p *Nodes) Results(steps plan.Plan) map[string][]plan.Result {
	effects := make(map[string]plan.Effect, len(steps))
	for _, s := range steps {
		effects[s.ID] = s.Effect
	}
	all := make(map[string][]plan.Result, len(p.all))
	for _, n := range p.all {
		if effect, planned := effects[n.ID]; planned && n.Err == nil {
			all[n.ID] = []plan.Result{n.result(effect)}
		}
	}
	return all
}

func (n *node) result(e plan.Effect) plan.Result {
	a := n.attributes(e)
	r := plan.Result{At: n.At, Made: made(n.entry), Link: n.Link, Of: n.targetAt, Mode: a.Mode, UID: a.UID, GID: a.GID}
	if n.isFile() {
		r.Adds = n.entry == target.FileWithout && e != plan.Create
		r.Content = func() (diag.Secret, bool) {
			text, known := n.Text()
			return diag.Secret(text), known || len(n.sources) == 0
		}
	}
	return r
}

func made(e target.Entry) plan.Made {
	return [...]plan.Made{plan.ADirectory, plan.AFile, plan.AFile, plan.ALink, plan.AHardLink}[e]
}

// attributes are those that a step of this effect sets.
func (n *node) attributes(e plan.Effect) root.Attrs {
	appends := n.entry == target.FileWithout && len(n.sources) > 0
	switch {
	case n.entry != target.Directory && n.entry != target.FileWithout:
	case e == plan.Change, e == plan.Keep, e == plan.Deferred && appends:
		return n.kept(n.found)
	}
	return n.new
}
