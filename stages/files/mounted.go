package files

import (
	"fmt"

	"github.com/glowplug-os/glowplug/internal/diag"
	"github.com/glowplug-os/glowplug/internal/host"
)

// mayGo refuses to remove, or to rename over, what something is mounted on: the kernel does not do it (EBUSY), and a directory
// would be empty by the time that it says so. A directory goes with all below it. Owner, mode and appends need no such leave.
func (w *world) mayGo(at string, kind host.Kind) error {
	mounts, err := w.mounted()
	if err != nil {
		return err
	}
	mount := host.FirstMount(mounts, at)
	if mount == "" || mount != at && kind != host.Directory {
		return nil
	}
	err = fmt.Errorf("something is mounted at %s, so it cannot be replaced or removed", host.Show(mount))
	return diag.WithHint(err, "unmount it first, or change the config so that it stays")
}

// mounted asks the view once.
func (w *world) mounted() ([]string, error) {
	if w.mounts == nil {
		mounts, err := w.view.Mounts()
		if err != nil {
			return nil, err
		}
		w.mounts = &mounts
	}
	return *w.mounts, nil
}

// mountOf gives the mount point, of a sorted list, that a resolved path is on; the root's is "/".
func mountOf(mounts []string, at string) string {
	for ; at != "/"; at = up(at) {
		if host.FirstMount(mounts, at) == at {
			return at
		}
	}
	return at
}
