package target

import (
	"fmt"

	"github.com/glowplug-os/glowplug/internal/diag"
	"github.com/glowplug-os/glowplug/internal/root"
)

// MayGo refuses to remove, or to rename over, what something is mounted on: the kernel does not do it (EBUSY), and a
// directory would be empty by the time that it says so. A directory goes with all below it. Owner, mode and appends
// need no such leave.
func (l *laid) MayGo(at string, kind root.Kind) error {
	mounts, err := l.Mounts()
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

// MayLink: link(2) makes no name on one mount for a file on another, even of one filesystem (EXDEV).
func (l *laid) MayLink(to, at string) error {
	a, err := l.MountOf(to)
	if err != nil {
		return err
	}
	b, err := l.MountOf(Up(at))
	if err != nil || a == b {
		return err
	}
	err = fmt.Errorf("the target %s is on the filesystem mounted at %s and the link on that at %s, "+
		"and hard links do not go from one to another", diag.Name(to), diag.Name(a), diag.Name(b))
	return diag.WithHint(err, "use a symbolic link, or put both on one filesystem")
}

// MountOf gives the mount point that a resolved path is on; the root's is "/".
func (l *laid) MountOf(at string) (string, error) {
	mounts, err := l.Mounts()
	for ; err == nil && at != "/"; at = Up(at) {
		if root.FirstMount(mounts, at) == at {
			break
		}
	}
	return at, err
}
