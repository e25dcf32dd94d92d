package filesystem

import (
	"context"
	"fmt"
	"os"
	"slices"
	"strings"

	"github.com/glowplug-os/glowplug/config"
	"github.com/glowplug-os/glowplug/internal/block"
	"github.com/glowplug-os/glowplug/internal/diag"
	"github.com/glowplug-os/glowplug/internal/plan"
	"github.com/glowplug-os/glowplug/internal/scene"
	"github.com/glowplug-os/glowplug/internal/tool"
	"github.com/glowplug-os/glowplug/stages/disks/kind"
)

// A maker is the program that makes a filesystem, and how it is told (docs/peer/engine.md §9.4). All of them write to
// the disk what they have made before they end.
type maker struct {
	tool  string
	force string // over whatever is there; mkfs.fat never asks
	uuid  []string
	label string
}

var makers = map[string]maker{
	"btrfs": {"mkfs.btrfs", "--force", []string{"-U", ""}, "-L"},
	"ext4":  {"mkfs.ext4", "-F", []string{"-U", ""}, "-L"},
	"swap":  {"mkswap", "-f", []string{"-U", ""}, "-L"},
	"vfat":  {"mkfs.fat", "", []string{"-i", ""}, "-n"},
	"xfs":   {"mkfs.xfs", "-f", []string{"-m", "uuid="}, "-L"},
}

// Needs are the tools that filesystems need: those that are made in any case, and those that are made unless they are
// there already.
func Needs(s config.Storage) (always, perhaps []kind.Need) {
	for i := range s.Filesystems {
		f := &s.Filesystems[i]
		if wished(f) != wishFormat {
			continue
		}
		e := entryOf(i, f)
		all := []kind.Need{{Tool: "wipefs", Entry: e}, {Tool: makers[*f.Format].tool, Entry: e}}
		if config.Says(f.WipeFilesystem) {
			always = append(always, all...)
		} else {
			perhaps = append(perhaps, all...)
		}
	}
	return always, perhaps
}

// needs are the tools of the action.
func (f *filesystem) needs() (all []kind.Need) {
	if f.verdict == keep {
		return nil
	}
	all = append(all, kind.Need{Tool: "wipefs", Entry: f.entry})
	if wished(f.Filesystem) == wishFormat {
		all = append(all, kind.Need{Tool: makers[*f.Format].tool, Entry: f.entry})
	}
	return all
}

// makerArgs are the user's options, then ours, then the device.
func makerArgs(entry *config.Filesystem, dev string) []string {
	m := makers[config.Says(entry.Format)]
	args := slices.Clone(entry.Options)
	if m.force != "" {
		args = append(args, m.force)
	}
	if entry.UUID != nil {
		args = append(args, m.uuid[0], m.uuid[1]+block.BareUUID(config.Says(entry.Format), *entry.UUID))
	}
	if entry.Label != nil {
		args = append(args, m.label, *entry.Label)
	}
	return append(args, dev)
}

// alias is the link by which tools get the device: a name by label or UUID is gone as soon as wipefs has run.
func (f *filesystem) alias(w *kind.Work) string { return w.Devices.AliasOf(f.Device) }

// look: what may be wiped is wiped each time, as asked.
func (f *filesystem) look(_ context.Context, w *kind.Work) (plan.State, error) {
	now, err := w.Scene.Look(f.Device)
	if err == nil && judgeEntry(f.Filesystem, now.Content) == keep {
		return plan.Done, nil
	}
	return plan.Pending, err
}

// act wipes the device and makes the filesystem. It may be cut off at any point: what then is there counts as nothing.
// Makers overwrite the start of a device only. What has marks elsewhere, as ZFS at both ends, would go on being found.
func (f *filesystem) act(ctx context.Context, w *kind.Work) error {
	if err := f.recheck(ctx, w); err != nil {
		return err
	}
	if err := w.Run(ctx, "wipefs", "-a", f.alias(w)); err != nil {
		return err
	}
	if f.verdict == create {
		if err := f.mark(ctx, w, true); err != nil {
			return err
		}
		if err := w.Run(ctx, makers[*f.Format].tool, makerArgs(f.Filesystem, f.alias(w))...); err != nil {
			return err
		}
		if err := f.mark(ctx, w, false); err != nil {
			return err
		}
		if err := w.Devices.Settle(ctx, f.seen.Node); err != nil {
			return err
		}
	}
	return f.verify(w)
}

// recheck: the plan may be old. What is on the device is what was going to be lost, or nothing, or what this action has
// made before.
func (f *filesystem) recheck(ctx context.Context, w *kind.Work) error {
	now, err := w.Scene.Look(f.Device)
	if err != nil {
		return err
	}
	if err := now.Free(); err != nil {
		return err
	}
	c := now.Content
	// A try of this action that was cut off, or one that came to its end and is asked for again.
	blank := len(c.Signatures) == 0 || c.Unfinished && !c.Ambivalent
	blank = blank && (f.seen.Partitioned() || !now.Partitioned())
	again := config.Says(f.WipeFilesystem) && len(c.Signatures) == 1 && len(f.wrong(c)) == 0
	sameDevice := now.Node == f.seen.Node && now.Size == f.seen.Size
	if !sameDevice || !kind.SameContent(now, f.seen) && !blank && !again {
		return fmt.Errorf("%s has changed since it was looked at: it was %s", now, f.seen)
	}
	return w.Unused(ctx, now.Node)
}

// mark writes the mark of a filesystem in the making, or takes it away. See block.MakingMark.
func (f *filesystem) mark(ctx context.Context, w *kind.Work, making bool) error {
	at, mark := block.MakingMark(f.seen.Size)
	if *f.Format != "vfat" || len(mark) == 0 {
		return nil
	}
	if !making {
		clear(mark)
	}
	return w.Devices.Alone(ctx, f.alias(w), os.O_WRONLY, func(file *os.File) error {
		if _, err := file.WriteAt(mark, at); err != nil {
			return err
		}
		return file.Sync()
	})
}

// verify looks at what the tools have done.
func (f *filesystem) verify(w *kind.Work) error {
	now, err := w.Scene.Look(f.Device)
	if err != nil {
		return err
	}
	if f.verdict == wipe {
		if len(now.Content.Signatures) > 0 {
			return fmt.Errorf("wipefs was run, but there is still %s", scene.Describe(now.Content))
		}
		return nil
	}
	maker := makers[*f.Format].tool
	if wrong := f.wrong(now.Content); len(wrong) > 0 {
		return &tool.UnlikeError{Tool: maker, Wrong: wrong}
	}
	if judgeEntry(f.kept(), now.Content) != keep {
		w.Warn("%s: %s has made %s: another run would not take it for %s", f.entry.Subject, maker,
			scene.Describe(now.Content), describeWanted(f.Filesystem))
	}
	return nil
}

// kept is the entry as one that keeps what it can.
func (f *filesystem) kept() *config.Filesystem {
	entry := *f.Filesystem
	entry.WipeFilesystem = nil
	return &entry
}

// wrong is what is wrong with a filesystem that was just made. A maker may be asked for more than can be seen: options
// make an ext4 without what sets it apart from its elders, UUIDs may be words ("random"), and labels of vfat are in the
// letters of DOS.
func (f *filesystem) wrong(c block.Content) (all []string) {
	found, want := c.First(), wantedSignature(f.Filesystem)
	kinds := []string{want.Type}
	if want.Type == "ext4" {
		kinds = append(kinds, "ext3", "ext2")
	}
	if !slices.Contains(kinds, found.Type) || c.Unfinished {
		return []string{scene.Describe(c)}
	}
	if f.Label != nil && want.Type != "vfat" && strings.TrimRight(*f.Label, " ") != found.Label {
		all = append(all, fmt.Sprintf("the label is %q", found.Label))
	}
	_, notUUID := block.ParseGUID(want.UUID)
	if (notUUID == nil || want.Type == "vfat") && !uuidFits(f.Filesystem, found) {
		all = append(all, "the UUID is "+diag.Name(found.UUID))
	}
	return all
}
