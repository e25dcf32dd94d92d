package files

import (
	"fmt"

	"github.com/glowplug-os/glowplug/internal/diag"
	"github.com/glowplug-os/glowplug/internal/root"
)

// mayGo refuses to remove, or to rename over, what something is mounted on: the kernel does not do it (EBUSY), and a
// directory would be empty by the time that it says so. A directory goes with all below it. Owner, mode and appends
// need no such leave.
func (w *world) mayGo(at string, kind root.Kind) error {
	mounts, err := w.mounted()
	if err != nil {
		return err
	}
	mount := root.FirstMount(mounts, at)
	if mount == "" || mount != at && kind != root.Directory {
		return nil
	}
	err = fmt.Errorf("something is mounted at %s, so it cannot be replaced or removed", diag.Name(mount))
	return diag.WithHint(err, "unmount it first, or change the config so that it stays")
}

// mayLink: link(2) makes no name on one mount for a file on another, even of one filesystem (EXDEV).
func (w *world) mayLink(target, at string) error {
	mounts, err := w.mounted()
	if err != nil {
		return err
	}
	if a, b := mountOf(mounts, target), mountOf(mounts, up(at)); a != b {
		err := fmt.Errorf("the target %s is on the filesystem mounted at %s and the link on that at %s, "+
			"and hard links do not go from one to another", diag.Name(target), diag.Name(a), diag.Name(b))
		return diag.WithHint(err, "use a symbolic link, or put both on one filesystem")
	}
	return nil
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
		if root.FirstMount(mounts, at) == at {
			return at
		}
	}
	return at
}
