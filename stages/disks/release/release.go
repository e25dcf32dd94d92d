// Package release stops arrays and volumes that lie on nothing but disks which wipeTable gives up, and that nobody
// uses. udev assembles arrays as soon as it sees their members, so a first boot that begins again finds those of the
// try before running, and partitions that are in use by them.
package release

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"slices"

	"github.com/glowplug-os/glowplug/config"
	"github.com/glowplug-os/glowplug/internal/plan"
	"github.com/glowplug-os/glowplug/internal/scene"
	"github.com/glowplug-os/glowplug/stages/disks/kind"
)

// Row is the kind.
func Row() kind.Row { return kind.Row{Name: "releaseDisks", Wants: kind.Disks, Plan: planAll} }

type verdict string

const (
	stop  verdict = "stop"
	leave verdict = "leave"
)

// judge decides about what lies on a disk (docs/disks.md has the table). GivenUp: so is all that it lies on. Used: it,
// or something that it lies on, is used by anything that is not stopped.
func judge(what scene.Use, givenUp, used bool) verdict {
	if (what == scene.Array || what == scene.Volume) && givenUp && !used {
		return stop
	}
	return leave
}

func planAll(s config.Storage, view scene.Scene, _ io.Reader) (*kind.Planned, error) {
	r := releaser{givenUp: map[string]bool{}, listed: map[string]bool{}}
	for _, d := range s.Disks {
		if !config.Says(d.WipeTable) {
			continue
		}
		if seen, err := view.Look(d.Device); err == nil { // of an error the planner of partitions tells
			r.add(seen)
		}
	}
	p := &kind.Planned{Gone: r.stopped()}
	var lane kind.Lane
	for _, u := range r.order {
		lane = append(lane, step(u))
	}
	if lane != nil {
		p.Lanes = []kind.Lane{lane}
	}
	return p, nil
}

// A releaser finds what has to be stopped.
type releaser struct {
	bases   [][]scene.User  // who uses each of the disks and partitions that wipeTable gives up
	givenUp map[string]bool // these, and what lies on nothing else, by their names in sysfs
	listed  map[string]bool
	order   []scene.User // what is to be stopped: what lies on others comes first
}

// add notes a disk and its partitions. Those of a device-mapper disk hold it themselves.
func (r *releaser) add(disk *scene.Seen) {
	r.givenUp[disk.Name] = true
	r.bases = append(r.bases, disk.Users)
	for _, p := range disk.Partitions {
		r.givenUp[p.Name] = true
		r.bases = append(r.bases, disk.Busy[p.Number])
	}
}

// stopped decides, and gives the names of what will not be there any more.
func (r *releaser) stopped() (names []string) {
	for more := true; more; {
		more = false
		for _, users := range r.bases {
			more = r.spread(users) || more
		}
	}
	for _, users := range r.bases {
		if r.free(users) {
			r.list(users)
		}
	}
	for _, u := range r.order {
		names = append(names, u.Name)
	}
	return names
}

// spread gives up what lies on nothing else than what is given up, and tells whether that was anything.
func (r *releaser) spread(users []scene.User) (more bool) {
	for _, u := range users {
		lies := u.IsDevice() && !slices.ContainsFunc(u.Under, func(name string) bool { return !r.givenUp[name] })
		if lies && !r.givenUp[u.Name] {
			r.givenUp[u.Name], more = true, true
		}
		more = r.spread(u.Users) || more
	}
	return more
}

// free: all that uses a device can be stopped.
func (r *releaser) free(users []scene.User) bool {
	for _, u := range users {
		if judge(u.Use, r.givenUp[u.Name], !r.free(u.Users)) == leave {
			return false
		}
	}
	return true
}

// list notes all that uses a device, once each.
func (r *releaser) list(users []scene.User) {
	for _, u := range users {
		if !r.listed[u.Name] {
			r.listed[u.Name] = true
			r.list(u.Users)
			r.order = append(r.order, u)
		}
	}
}

func step(u scene.User) *kind.Action {
	return &kind.Action{
		Step: plan.Step{ID: "release " + u.Name, Effect: plan.Destroy, Subject: u.Name,
			Detail: "stopped: nobody uses it, and its disks are wiped"},
		Seen: []*scene.Seen{{Path: u.Node(), Node: u.Node(), Name: u.Name, Users: u.Users}},
		Look: func(_ context.Context, w *kind.Work) (plan.State, error) {
			_, is, err := w.Scene.Find(u.Node())
			switch {
			case errors.Is(err, fs.ErrNotExist):
				return plan.Done, nil
			case err == nil && (is.Use != u.Use || is.Volume != u.Volume):
				err = fmt.Errorf("%s is another device by now", u.Node())
			}
			return plan.Pending, err
		},
		Act: func(ctx context.Context, w *kind.Work) error {
			if u.Use == scene.Volume {
				return w.Run(ctx, "cryptsetup", "close", u.Volume)
			}
			return w.Run(ctx, "mdadm", "--stop", u.Node())
		},
	}
}
