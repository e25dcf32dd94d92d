package mounts

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"slices"

	"golang.org/x/sys/unix"

	"github.com/glowplug-os/glowplug/config"
	"github.com/glowplug-os/glowplug/internal/host"
)

// Undo gives the steps that unmount the filesystems of a config under dir, inner ones first: Plan backwards
// (docs/peer/engine.md §12). That one of them is not mounted is an error, as for the peer: something has been written
// to another place than the config says, or somebody else is at work. Nobody may hold a host.Root of dir open, or any
// directory in a mount.
func Undo(storage config.Storage, dir string) host.Plan {
	var plan host.Plan
	for _, e := range slices.Backward(entries(storage.Filesystems)) {
		plan = append(plan, host.Step{
			ID: fmt.Sprintf("umount:%d", e.index), Effect: host.Change, Subject: "unmount " + host.Show(e.path),
			Detail: e.String(), Origin: e.origin(),
			Do: func(context.Context) error { return e.undo(dir) },
		})
	}
	return plan
}

// undo takes down an entry.
func (e entry) undo(dir string) error {
	at, err := resolved(dir, e.path)
	if err != nil {
		return err
	}
	target := path.Join(dir, at)
	_, on, err := mountsAt(target)
	switch {
	case err != nil:
		return err
	case len(on) == 0:
		return errNotMounted
	case e.isOther(on[0]):
		return fmt.Errorf("%s is mounted there, not %s", on[0], host.Show(e.device))
	}
	return unmount(target)
}

var errNotMounted = errors.New("nothing is mounted there")

// resolved gives the place of a clean path, with no descriptor left open that would keep a mount.
func resolved(dir, clean string) (string, error) {
	root, err := host.OpenRoot(dir)
	if err != nil {
		return "", err
	}
	defer root.Close()
	at, err := resolve(root, clean)
	if err != nil || at == "/" {
		return at, err
	}
	found, err := root.Lstat(at)
	if err == nil && found.Kind != host.Absent && found.Kind != host.Directory {
		err = notDirectory(at, found)
	}
	return at, err
}

// unmount takes the topmost mount off a directory: never lazily, as it has to be written out when the next stage
// begins, and somebody who still uses it has to be known.
func unmount(dir string) error {
	real, on, err := mountsAt(dir)
	if err != nil {
		return err
	}
	if len(on) == 0 {
		return errNotMounted
	}
	if err := unix.Unmount(real, unix.UMOUNT_NOFOLLOW); err != nil {
		return busy(&fs.PathError{Op: "umount", Path: real, Err: err}, real)
	}
	return nil
}
