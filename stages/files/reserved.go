package files

import (
	"errors"

	"github.com/glowplug-os/glowplug/internal/field"
)

var errReserved = errors.New(field.RecordsTaken)

// reserved refuses nodes that are among the records in the root, by whichever links, or would remove them.
func (w *world) reserved(nodes []*node) error {
	records, _, err := w.walk(field.Records, false)
	if err != nil {
		records = field.Records
	}
	for _, n := range nodes {
		removes := (n.kind != directory || n.overwrite) && n.at != "/"
		if field.In(n.at, records) || removes && field.In(records, n.at) {
			return n.fail(errReserved)
		}
	}
	return nil
}
