package disks

import (
	"context"
	"errors"
	"io/fs"
	"slices"
	"strings"

	"github.com/glowplug-os/glowplug/config"
	"github.com/glowplug-os/glowplug/internal/block"
	"github.com/glowplug-os/glowplug/internal/device"
	"github.com/glowplug-os/glowplug/internal/diag"
	"github.com/glowplug-os/glowplug/internal/plan"
	"github.com/glowplug-os/glowplug/internal/tool"
)

// releaseRound comes before all others. udev assembles arrays as soon as it sees their members, so a first boot that
// begins again finds those of the try before running, and partitions that are in use by them. Where wipeTable gives up
// all disks of an array, and nobody uses it, it is stopped, and so are volumes that are open on it.
func releaseRound() round {
	return round{name: "releaseDisks", wants: wantDisks, plan: planRelease}
}

func planRelease(s config.Storage, _ View, w *work) (planned, error) {
	r := releaser{devices: w.Devices, sys: w.Devices.Sys(), step: map[string]plan.Step{}, givenUp: map[string]bool{}}
	for i, d := range s.Disks {
		if !isTrue(d.WipeTable) {
			continue
		}
		if err := r.add(d.Device, origin("disks", i)); err != nil {
			return planned{}, plan.Step{ID: origin("disks", i), Subject: "disk " + diag.Name(d.Device),
				Origin: origin("disks", i)}.Fail(err)
		}
	}
	lane, err := r.lane()
	if err != nil || lane == nil {
		return planned{}, err
	}
	for i := range lane {
		r.do(&lane[i], w.Tools)
	}
	return planned{lanes: []plan.Plan{lane}, released: r.released}, nil
}

// A releaser finds what has to be stopped.
type releaser struct {
	devices  *device.Devices
	sys      block.Sysfs
	names    []string             // of disks and partitions that wipeTable gives up, in sysfs
	givenUp  map[string]bool      // these, and what lies on nothing else
	step     map[string]plan.Step // for errors: the entry that a name belongs to
	released []string             // what is to be stopped, in order: what lies on others comes first
}

// add notes a disk and its partitions. A disk that is not there yet, in a preview, holds nothing.
func (r *releaser) add(path, origin string) error {
	node, err := r.devices.Node(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	name := block.DeviceName(node)
	parts, err := r.sys.Partitions(name)
	if err != nil && !errors.Is(err, fs.ErrNotExist) { // an image file is not in sysfs
		return err
	}
	step := plan.Step{ID: "release", Subject: "disk " + diag.Name(path), Origin: origin}
	names := []string{name}
	for _, p := range parts {
		names = append(names, p.Name)
	}
	for _, name := range names {
		r.names, r.givenUp[name], r.step[name] = append(r.names, name), true, step
	}
	return nil
}

// lane stops what can be stopped on the disks.
func (r *releaser) lane() (plan.Plan, error) {
	for _, name := range r.names {
		if _, err := r.free(name); err != nil {
			return nil, r.step[name].Fail(err)
		}
	}
	var lane plan.Plan
	for _, name := range r.released {
		lane = append(lane, plan.Step{ID: "release " + name, Effect: plan.Destroy, Subject: name,
			Detail: "stopped: nobody uses it, and its disks are wiped"})
	}
	return lane, nil
}

// free tells whether all that lies on a device can be stopped, and lists it: all or nothing. What somebody uses is left
// as it is: the next round says so.
func (r *releaser) free(name string) (free bool, err error) {
	before := len(r.released)
	defer func() {
		if !free {
			r.released = r.released[:before]
		}
	}()
	holders, err := r.sys.Holders(name)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return false, err
	}
	for _, holder := range holders {
		if slices.Contains(r.released, holder) {
			continue
		}
		ours, err := r.ours(holder)
		if err != nil || !ours {
			return false, err
		}
		r.givenUp[holder] = true // for what lies on it
		if above, err := r.free(holder); err != nil || !above {
			return false, err
		}
		r.released = append(r.released, holder)
	}
	users, err := r.devices.Users(block.NodeOf(name))
	if errors.Is(err, fs.ErrNotExist) {
		return true, nil
	}
	return !slices.ContainsFunc(users, func(u string) bool { return !strings.HasPrefix(u, "part of ") }), err
}

// ours: an array or an encrypted volume, and all that it lies on is given up.
func (r *releaser) ours(name string) (bool, error) {
	volume, err := r.sys.VolumeName(name)
	if err != nil {
		return false, err
	}
	if volume == "" && !strings.HasPrefix(name, "md") {
		return false, nil
	}
	under, err := r.sys.Slaves(name)
	return err == nil && !slices.ContainsFunc(under, func(n string) bool { return !r.givenUp[n] }), err
}

// do fills in what stops a device. What is stopped already is done.
func (r *releaser) do(s *plan.Step, tools *tool.Set) {
	name := s.Subject
	s.Check = func(context.Context) (plan.State, error) {
		_, err := r.sys.Size(name)
		if errors.Is(err, fs.ErrNotExist) {
			return plan.Done, nil
		}
		return plan.Pending, nil
	}
	s.Do = func(ctx context.Context) error {
		volume, err := r.sys.VolumeName(name)
		if err != nil {
			return err
		}
		command := tool.Command{Tool: "mdadm", Args: []string{"--stop", block.NodeOf(name)}}
		if volume != "" {
			command = tool.Command{Tool: "cryptsetup", Args: []string{"close", volume}}
		}
		_, err = tools.Run(ctx, command)
		return err
	}
}
