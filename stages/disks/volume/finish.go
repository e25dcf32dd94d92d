package volume

import (
	"context"
	"errors"
	"io/fs"

	"github.com/glowplug-os/glowplug/config"
	"github.com/glowplug-os/glowplug/stages/disks/kind"
)

// Finish ends the first boot for the volumes that were made: they lose the mark by which a repeated boot would make
// them anew. Devices that are gone are passed over, and what is done already stays done.
func Finish(ctx context.Context, s config.Storage, w *kind.Work) error {
	var errs []error
	for i := range s.Luks {
		entry := &s.Luks[i]
		at := entryOf(i, entry)
		at.ID = "luks-finish:" + entry.Name
		errs = append(errs, at.Fail(finish(ctx, config.Says(entry.Device), w)))
	}
	return errors.Join(errs...)
}

func finish(ctx context.Context, name string, w *kind.Work) error {
	node, err := w.Devices.Node(name)
	if errors.Is(err, fs.ErrNotExist) {
		node, err = w.Devices.Node(w.Devices.AliasOf(name))
	}
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	v, err := look(&config.Luks{Device: &node}, w.Devices.Scene())
	if err != nil || !v.marked() {
		return err
	}
	// Without its label the command would take it off.
	return w.Run(ctx, "cryptsetup", "config", "--label", v.seen.LUKS.Label, "--subsystem", "", node)
}
