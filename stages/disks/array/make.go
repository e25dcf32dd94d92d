package array

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"

	"github.com/glowplug-os/glowplug/config"
	"github.com/glowplug-os/glowplug/internal/device"
	"github.com/glowplug-os/glowplug/internal/diag"
	"github.com/glowplug-os/glowplug/internal/plan"
	"github.com/glowplug-os/glowplug/internal/rules"
	"github.com/glowplug-os/glowplug/internal/scene"
	"github.com/glowplug-os/glowplug/stages/disks/kind"
)

// A making does what was decided on an array as it was.
type making struct{ was *array }

// now is the array as it is.
func (m making) now(w *kind.Work) (*array, error) { return look(m.was.config, m.was.givenUp, w.Scene) }

func (m making) look(_ context.Context, w *kind.Work) (plan.State, error) {
	a, err := m.now(w)
	if err != nil {
		return plan.Pending, err
	}
	switch a.judge() {
	case keep:
		node, err := w.Devices.Node(rules.ArrayNode(a.config))
		if _, creating := os.Lstat(creating(w, a.holder)); err == nil && node == a.holder.Node() && creating != nil {
			return plan.Done, nil
		}
	case refuse:
		return plan.Conflict, a.refusal()
	}
	return plan.Pending, nil
}

// act acts on what is there now: a run that was cut off may have left more than was planned on, but nothing else may be
// there.
func (m making) act(ctx context.Context, w *kind.Work) error {
	a, err := m.now(w)
	if err != nil {
		return err
	}
	verdict := a.judge()
	if verdict == refuse {
		return a.refusal()
	}
	if verdict == keep {
		named, err := a.ready(ctx, w)
		if named || err != nil {
			return err
		}
		verdict = assemble
	}
	if a.holder.Name != "" {
		if err := w.Run(ctx, "mdadm", "--stop", a.holder.Node()); err != nil {
			return err
		}
		if err := created(w, a.holder); err != nil {
			return err
		}
	}
	for i, member := range a.members {
		if verdict == recreate && !a.isEmpty(member) && !kind.SameContent(member, m.was.members[i]) {
			return fmt.Errorf("%s has changed since it was looked at", member)
		}
		if err := w.Unused(ctx, member.Node); err != nil {
			return err
		}
	}
	if err := w.Run(ctx, "mdadm", a.arguments(verdict, w.Devices)...); err != nil {
		return err
	}
	at := rules.ArrayNode(a.config)
	if err := w.Devices.Wait(ctx, []string{at}); err != nil {
		return err
	}
	is, err := node(a.config, w.Scene)
	if err != nil {
		return err
	}
	return w.Devices.Lead(ctx, device.Link{Name: at, Node: is})
}

// creating is a file by which mdadm tells udev that it has not done yet with an array that it makes: udev takes the
// array for not ready as long as the file is there (01-md-raid-creating.rules). If mdadm is killed it stays.
func creating(w *kind.Work, array scene.User) string {
	return filepath.Join("/", w.Devices.Root, "/run/mdadm/creating-"+array.Name)
}

// created takes back that mdadm is making the array.
func created(w *kind.Work, array scene.User) error {
	if err := os.Remove(creating(w, array)); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}

// ready makes an array that runs ready to use, and tells whether it runs under its name: one that somebody else has
// started may have been given another. Nobody uses it if not, not even after udev's rules have seen it.
func (a *array) ready(ctx context.Context, w *kind.Work) (named bool, err error) {
	node := a.holder.Node()
	if err := created(w, a.holder); err != nil {
		return false, err
	}
	if err := w.Devices.Settle(ctx, node); err != nil {
		return false, err
	}
	at := rules.ArrayNode(a.config)
	if is, err := w.Devices.Node(at); err == nil {
		if is != node {
			return false, kind.Unique(fmt.Errorf("%s leads to %s, the array runs as %s", diag.Name(at), is, node))
		}
		return true, w.Devices.Wait(ctx, []string{at})
	}
	now, err := look(a.config, a.givenUp, w.Scene)
	if err != nil {
		return false, err
	}
	if now.judge() != keep || now.holder.Name != a.holder.Name {
		return false, fmt.Errorf("%s has changed since it was looked at", node)
	}
	if users := now.holder.Users; len(users) > 0 {
		return false, scene.InUse(fmt.Errorf("the array runs as %s, not as %s, and is in use: %s", node, at,
			scene.Words(users)))
	}
	return false, nil
}

// arguments are those of docs/peer/engine.md §9.2, and for an array that is there all along its members.
func (a *array) arguments(verdict verdict, d *device.Devices) []string {
	args := []string{"--assemble", rules.ArrayNode(a.config)}
	if verdict != assemble {
		args = a.creation()
	}
	for _, name := range a.config.Devices {
		args = append(args, d.AliasOf(name))
	}
	return args
}

// creation names the array by its path: mdadm looks for a name alone where it is started, and refuses that of a folder
// there, as root and var are.
func (a *array) creation() []string {
	args := []string{"--create", rules.ArrayNode(a.config), "--force", "--run", "--homehost", "any", "--level",
		config.Says(a.config.Level), "--raid-devices", strconv.Itoa(a.active())}
	if n := len(a.config.Devices) - a.active(); n > 0 {
		args = append(args, "--spare-devices", strconv.Itoa(n))
	}
	return append(args, a.config.Options...)
}
