package nodes

import (
	"errors"

	"github.com/glowplug-os/glowplug/internal/field"
	"github.com/glowplug-os/glowplug/internal/target"
)

var errReserved = errors.New(field.RecordsTaken)

// reserved refuses nodes that are among the records in the root, by whichever links, or would remove them.
func (p *Nodes) reserved() {
	records, _, err := p.t.Walk(target.StateDir, false)
	if err != nil {
		records = target.StateDir
	}
	for _, n := range p.all {
		removes := (n.entry != target.Directory || n.Overwrite) && n.At != "/"
		if n.Err == nil && (field.In(n.At, records) || removes && field.In(records, n.At)) {
			p.refuse(n, errReserved)
		}
	}
}
