package disks

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/glowplug-os/glowplug/internal/block"
	"github.com/glowplug-os/glowplug/internal/diag"
	"github.com/glowplug-os/glowplug/internal/plan"
	"github.com/glowplug-os/glowplug/internal/tool"
)

// A blank is a device that is about to be written to, or called empty, because nothing is known on it, without that the
// config gives up what may be there. Libblkid may be newer than what is known here, so it is asked as well.
type blank struct {
	step    plan.Step
	path    string // as the config has it
	seen    Seen
	setting string // what would give it up
}

// blankNeeds are the tools that looking takes.
func blankNeeds(blanks []blank) (all []need) {
	for _, b := range blanks {
		all = append(all, need{"blkid", b.step})
	}
	return all
}

// vet refuses blanks that are none for libblkid, before the first of them is written to.
func (w *work) vet(ctx context.Context, blanks []blank) error {
	var errs []error
	for _, b := range blanks {
		kind, err := w.kindOn(ctx, b.path)
		if err == nil && kind != "" && kind != b.unfinished() {
			err = unlessLost(fmt.Errorf("%s is not blank: blkid finds %s on it", diag.Name(b.seen.Node), kind),
				b.setting)
		}
		errs = append(errs, b.step.Fail(err))
	}
	return errors.Join(errs...)
}

// unfinished is what a maker that was stopped has left, and what libblkid takes for whole.
func (b blank) unfinished() string {
	if c := b.seen.Content; c.Unfinished && !c.Ambivalent {
		return c.First().Type
	}
	return ""
}

// Exit statuses of blkid(8).
const (
	blkidNothing = 2 // also where it cannot read the device, of which it complains
	blkidSeveral = 8
)

// kindOn is what libblkid takes a device for by a superblock; "" for nothing. A partition table is no such thing.
func (w *work) kindOn(ctx context.Context, path string) (string, error) {
	out, err := w.Tools.Run(ctx,
		tool.Command{Tool: "blkid", Args: []string{"-p", "-s", "TYPE", "-o", "value", w.Devices.AliasOf(path)}})
	var failed *tool.Error
	switch {
	case !errors.As(err, &failed):
		return strings.TrimSpace(string(out)), err
	case failed.Status == blkidSeveral:
		return "several filesystems, volumes or members of arrays", nil
	case failed.Status == blkidNothing && failed.Said == "":
		return "", nil
	}
	return "", err
}

// blanks is the entry's device, if nothing is known on it and it may not be lost.
func (f *filesystem) blanks() []blank {
	c := f.seen.Content
	known := len(c.Signatures) > 0 && (!c.Unfinished || c.Ambivalent)
	if known || isTrue(f.WipeFilesystem) || f.seen.Unknown != "" {
		return nil
	}
	return []blank{{f.step, f.Device, f.seen, "wipeFilesystem"}}
}

func (o *volume) blanks() []blank {
	if o.found() != volumeNothing || isTrue(o.config.WipeVolume) || o.seen.Unknown != "" {
		return nil
	}
	return []blank{{o.step, value(o.config.Device), o.seen, "wipeVolume"}}
}

func (a *array) blanks(verdict arrayVerdict) (all []blank) {
	if verdict != arrayCreate && verdict != arrayRecreate {
		return nil
	}
	for i, m := range a.members {
		if m.seen.isBlank() && !a.givenUp(m.seen.Node) {
			all = append(all, blank{a.step, a.config.Devices[i], m.seen, memberSetting})
		}
	}
	return all
}

// blanks is the disk, if it is to get a table and has none.
func (c *tableChange) blanks() []blank {
	if c.wipe() || c.disk.Found.Kind != block.KindNone || !block.Changes(c.decisions) {
		return nil
	}
	id := origin("disks", c.index)
	step := plan.Step{ID: id, Subject: "disk " + diag.Name(c.want.Device), Origin: id}
	return []blank{{step, c.want.Device, Seen{Device: c.disk.Device}, "wipeTable"}}
}
