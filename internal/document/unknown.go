package document

import (
	"github.com/glowplug-os/glowplug/internal/diag"
	"github.com/glowplug-os/glowplug/internal/language"
	"github.com/glowplug-os/glowplug/internal/tree"
)

// unknownKeys reports the members of an object that its version does not have.
func (d *decoder) unknownKeys(n tree.Node, s *language.Shape, at *diag.Trail) {
	for c := range n.Children() {
		key := c.Key()
		if d.edition.Find(s, key) != nil {
			continue
		}
		p, kept := d.ignored.Next(diag.Problem{Severity: diag.Warning, Code: d.edition.UnknownCode(s, key)})
		if kept {
			p.Place, p.Path = c.KeyPlace(), (&diag.Trail{Up: at, Name: diag.ShowKey(key), Index: -1}).String()
			p.Message, p.Hint = d.edition.Explain(s, key)
			p.Fix = d.edition.FixKey(s, n, c)
		}
	}
}
