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
	r := releaser{givenUp: map[string]bool{}, used: map[string]bool{}, listed: map[string]bool{}}
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
	bases   []scene.User    // the disks and partitions that wipeTable gives up, and who uses them
	givenUp map[string]bool // these, and what can be stopped and lies on nothing else, by their names in sysfs
	used    map[string]bool // what stays in use, be it only that what it lies on does
	listed  map[string]bool
	order   []scene.User // what is to be stopped: what lies on others comes first
}

// add notes a disk and its partitions. Those of a device-mapper disk hold it themselves.
func (r *releaser) add(disk *scene.Seen) {
	r.bases = append(r.bases, scene.User{Name: disk.Name, Users: disk.Users})
	for _, p := range disk.Partitions {
		r.bases = append(r.bases, scene.User{Name: p.Name, Users: disk.Busy[p.Number]})
	}
}

// stopped decides, and gives what will not be there any more.
func (r *releaser) stopped() (gone []scene.Departure) {
	for _, base := range r.bases {
		r.givenUp[base.Name] = true
	}
	r.repeat(r.spread)
	r.repeat(r.keep)
	for _, base := range r.bases {
		if !r.used[base.Name] {
			r.list(base.Users)
		}
	}
	for _, u := range r.order {
		gone = append(gone, scene.Departure{Name: u.Name, Why: stopping})
	}
	return gone
}

// repeat does something with each base until that changes nothing any more: what lies on several bases joins them.
func (r *releaser) repeat(do func(scene.User) bool) {
	for more := true; more; {
		more = false
		for _, base := range r.bases {
			more = do(base) || more
		}
	}
}

// spread gives up what can be stopped and lies on nothing else than what is given up, and tells whether that was
// anything. Of what is about to go nobody knows what it lies on.
func (r *releaser) spread(on scene.User) (more bool) {
	for _, u := range on.Users {
		lies := len(u.Under) > 0 && !slices.ContainsFunc(u.Under, func(name string) bool { return !r.givenUp[name] })
		if judge(u.Use, lies, false) == stop && !r.givenUp[u.Name] {
			r.givenUp[u.Name], more = true, true
		}
		more = r.spread(u) || more
	}
	return more
}

// keep marks a device that is used by what is not stopped, and all that lies on it, and tells whether it marked any.
func (r *releaser) keep(on scene.User) (more bool) {
	for _, u := range on.Users {
		more = r.keep(u) || more
		used := r.used[on.Name] && r.used[u.Name]
		if !used && judge(u.Use, r.givenUp[u.Name], r.used[on.Name] || r.used[u.Name]) == leave {
			r.used[on.Name], r.used[u.Name], more = true, true, true
		}
	}
	return more
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

const stopping = "stopped: nobody uses it, and its disks are wiped"

func step(u scene.User) *kind.Action {
	return &kind.Action{
		Step: plan.Step{ID: "release " + u.Name, Effect: plan.Destroy, Subject: u.Name,
			Detail: stopping},
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
