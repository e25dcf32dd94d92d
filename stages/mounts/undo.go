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
	"github.com/glowplug-os/glowplug/internal/diag"
	"github.com/glowplug-os/glowplug/internal/plan"
	"github.com/glowplug-os/glowplug/internal/root"
)

// Undo gives the steps that unmount the filesystems of a config under dir, inner ones first: Plan backwards
// (docs/peer/engine.md §12). That one of them is not mounted is an error, as for the peer: something has been written
// to another place than the config says, or somebody else is at work. Nobody may hold a root.Root of dir open, or any
// directory in a mount.
func Undo(storage config.Storage, dir string) plan.Plan {
	var steps plan.Plan
	for _, e := range slices.Backward(entries(storage.Filesystems)) {
		steps = append(steps, plan.Step{
			ID: fmt.Sprintf("umount:%d", e.index), Effect: plan.Change, Subject: "unmount " + diag.Name(e.path),
			Detail: e.String(), Origin: e.origin(),
			Do: func(context.Context) error { return e.undo(dir) },
		})
	}
	return steps
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
		return fmt.Errorf("%s is mounted there, not %s", on[0], diag.Name(e.device))
	}
	return unmount(target)
}

var errNotMounted = errors.New("nothing is mounted there")

// resolved gives the place of a clean path, with no descriptor left open that would keep a mount.
func resolved(dir, clean string) (string, error) {
	target, err := root.Open(dir)
	if err != nil {
		return "", err
	}
	defer target.Close()
	at, err := resolve(target, clean)
	if err != nil || at == "/" {
		return at, err
	}
	found, err := target.Lstat(at)
	if err == nil && found.Kind != root.Absent && found.Kind != root.Directory {
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
