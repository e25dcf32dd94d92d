// Package filesystem plans and makes filesystems and swap areas, and makes devices empty. Mounting is no business of
// it.
package filesystem

import (
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/glowplug-os/glowplug/config"
	"github.com/glowplug-os/glowplug/internal/block"
	"github.com/glowplug-os/glowplug/internal/diag"
	"github.com/glowplug-os/glowplug/internal/field"
	"github.com/glowplug-os/glowplug/internal/plan"
	"github.com/glowplug-os/glowplug/internal/rules"
	"github.com/glowplug-os/glowplug/internal/scene"
	"github.com/glowplug-os/glowplug/stages/disks/kind"
)

// Row is the kind.
func Row() kind.Row { return kind.Row{Name: "createFilesystems", Wants: wants, Plan: planAll} }

// virtiofs is shared by the host under a tag: there is no device, and nothing to make.
const virtiofs = "virtiofs"

// HasDevice: an entry is about a device.
func HasDevice(entry *config.Filesystem) bool { return config.Says(entry.Format) != virtiofs }

// wants: also an entry that asks for nothing waits for its device.
func wants(s config.Storage) (all []kind.Want) {
	for i := range s.Filesystems {
		entry := &s.Filesystems[i]
		if HasDevice(entry) {
			all = append(all, kind.Want{Path: entry.Device, Entry: entryOf(i, entry)})
		}
	}
	return all
}

func entryOf(index int, entry *config.Filesystem) *kind.Entry {
	at := kind.Origin("filesystems", index)
	return &kind.Entry{ID: at, Subject: "filesystem on " + diag.Name(entry.Device), Origin: at}
}

// Impossible refuses what the config itself shows to fail. A filesystem that is there already may have a label that its
// maker refuses, or no UUID.
func Impossible(s config.Storage) error {
	var all []error
	for i := range s.Filesystems {
		f := &s.Filesystems[i]
		all = append(all, entryOf(i, f).Fail(impossible(f)))
	}
	return errors.Join(all...)
}

func impossible(f *config.Filesystem) error {
	switch {
	case wished(f) != wishFormat:
		return nil
	case config.Says(f.WipeFilesystem):
		return unfit(f)
	case f.UUID != nil && !block.MayLackUUID(*f.Format, *f.UUID):
		return unfitUUID(f)
	}
	return nil
}

// unfit tells why a filesystem cannot be made as it is to be.
func unfit(f *config.Filesystem) error {
	row, label := field.Label(config.Says(f.Format)), config.Says(f.Label)
	if fault, stops := row.Check(label); fault != nil && stops {
		return fault
	}
	if fault := row.Made(label); fault != nil {
		return fault
	}
	return unfitUUID(f)
}

func unfitUUID(f *config.Filesystem) error {
	if f.UUID == nil || block.TakesUUID(config.Says(f.Format), *f.UUID) {
		return nil
	}
	return fmt.Errorf("%s takes no UUID like %s", config.Says(f.Format), diag.Name(*f.UUID))
}

// Unmakable refuses a label or a UUID that no maker takes as soon as it is known that the filesystem will have to be
// made: by what is on its device now, or by what a round will leave there. Look tells what is known.
func Unmakable(s config.Storage, look func(path string) (*scene.Seen, bool)) error {
	return each(s, look, create, func(f *config.Filesystem, _ *scene.Seen) error { return unfit(f) })
}

// Unmountable refuses to keep what is to be mounted and cannot be, by what a round will leave.
func Unmountable(s config.Storage, look func(path string) (*scene.Seen, bool)) error {
	return each(s, look, keep, unmountable)
}

// each judges those that are known, and of which this becomes.
func each(s config.Storage, look func(path string) (*scene.Seen, bool), becomes verdict,
	judge func(*config.Filesystem, *scene.Seen) error) error {
	var all []error
	for i := range s.Filesystems {
		f := &s.Filesystems[i]
		if wished(f) != wishFormat {
			continue
		}
		if seen, known := look(f.Device); known && seen.Unknown == "" && judgeEntry(f, seen.Content) == becomes {
			all = append(all, entryOf(i, f).Fail(judge(f, seen)))
		}
	}
	return errors.Join(all...)
}

// unmountable refuses to keep what is to be mounted and cannot be, as its end is cut off. Of vfat the kernel does not
// look at that, and swap has no path (Linux, fs/ext4/super.c, fs/xfs/xfs_mount.c, fs/btrfs/volumes.c).
func unmountable(f *config.Filesystem, seen *scene.Seen) error {
	if !seen.CutOff() || config.Says(f.Path) == "" || seen.Content.First().Type == "vfat" {
		return nil
	}
	return diag.WithHint(fmt.Errorf("it would be kept, and %w", cutOff(seen)),
		"make what it is on as large as it is again, which keeps what is in it; or make it smaller first, with its "+
			"own tool (resize2fs, btrfs filesystem resize), and then what it is on; if what is in it may be lost set "+
			"wipeFilesystem to true")
}

func cutOff(seen *scene.Seen) error {
	what := scene.Describe(block.Content{Signatures: []block.Signature{seen.Content.First()}})
	return fmt.Errorf("its end is cut off: %s takes %s, and %s has %s", what, scene.Bytes(seen.Extent),
		diag.Name(seen.Node), scene.Bytes(seen.Size))
}

// describeWanted says in words what an entry asks for.
func describeWanted(entry *config.Filesystem) string {
	if wished(entry) == wishEmpty {
		return "an empty device"
	}
	return scene.Describe(block.Content{Signatures: []block.Signature{wantedSignature(entry)}})
}

// wantedSignature is what will be found of a filesystem that was made as asked, as far as the config says.
func wantedSignature(entry *config.Filesystem) block.Signature {
	uuid := seenUUID(entry, config.Says(entry.UUID))
	if config.Says(entry.Format) == "vfat" && len(uuid) == 8 {
		uuid = strings.ToUpper(uuid[:4] + "-" + uuid[4:])
	}
	return block.Signature{Type: config.Says(entry.Format), Label: config.Says(entry.Label), UUID: uuid}
}

// A filesystem is one of the config's entries, with the device that it is about.
type filesystem struct {
	*config.Filesystem
	entry   *kind.Entry
	seen    *scene.Seen
	verdict verdict
	leaves  *rules.Left // what is then there, as far as entries about the device say it
}

// planAll decides about all entries before anything is done about any.
func planAll(s config.Storage, view scene.Scene, _ io.Reader) (*kind.Planned, error) {
	p := &kind.Planned{}
	var failed []error
	owners := map[string]*filesystem{}
	for i := range s.Filesystems {
		entry := &s.Filesystems[i]
		if wished(entry) == wishNothing {
			failed = append(failed, missing(i, entry, view))
			continue
		}
		f := &filesystem{Filesystem: entry, entry: entryOf(i, entry)}
		var err error
		if f.seen, err = view.Look(f.Device); err == nil {
			err = f.decide(owners)
		}
		if err != nil {
			failed = append(failed, f.entry.Fail(err))
			continue
		}
		p.Lanes = append(p.Lanes, kind.Lane{f.action(view)})
		p.Means = append(p.Means, f.meaning())
		p.After = append(p.After, f.expected())
		p.Needs = append(p.Needs, f.needs()...)
		p.Blanks = append(p.Blanks, f.blanks()...)
		p.Warnings = append(p.Warnings, f.warnings()...)
	}
	return p, errors.Join(failed...)
}

// missing is an error if an entry that asks for nothing waits for a device that will not be there.
func missing(index int, entry *config.Filesystem, view scene.Scene) error {
	if !HasDevice(entry) {
		return nil
	}
	_, _, err := view.Find(entry.Device)
	return entryOf(index, entry).Fail(err)
}

// warnings are about what is kept, and not refused, though it may be of no use.
func (f *filesystem) warnings() (all []string) {
	if f.verdict != keep || f.seen.Unknown != "" {
		return nil
	}
	if c := f.seen.Content; c.Ambivalent { // others may see something else on the device, or nothing
		all = append(all,
			fmt.Sprintf("%s: kept for the first of what is on it: %s", f.entry.Subject, scene.Describe(c)))
	}
	if f.seen.CutOff() {
		all = append(all, fmt.Sprintf("%s: kept, and %v", f.entry.Subject, cutOff(f.seen)))
	}
	return all
}

// decide judges by what is on the device, or by what an entry before leaves there: two may name one device in ways that
// only a look at the machine shows. What the first makes the second keeps, if it is as that asks. Owners are the last
// entries so far, by node.
func (f *filesystem) decide(owners map[string]*filesystem) error {
	other := owners[f.seen.Node]
	served := other == nil || other.leaves.Serves(f.Filesystem)
	if other != nil && f.seen.Unknown == "" {
		left := *other.expected().Seen
		left.Path, f.seen = f.seen.Path, &left
		served = judgeEntry(f.Filesystem, left.Content) == keep
	}
	f.verdict = judgeEntry(f.Filesystem, f.seen.Content)
	if !served {
		return fmt.Errorf("%s is the device of %s as well, so one of the two would be lost", diag.Name(f.seen.Node),
			other.entry.Origin)
	}
	if err := f.refused(); err != nil {
		return err
	}
	if f.leaves = rules.Leaves(f.Filesystem); other != nil {
		f.leaves = other.leaves
	}
	if f.seen.Node != "" {
		owners[f.seen.Node] = f
	}
	return nil
}

// refused is an error if what is asked for cannot be done.
func (f *filesystem) refused() error {
	if f.seen.Unknown != "" {
		return nil
	}
	if f.verdict == refuse {
		return f.refusal()
	}
	if err := unfit(f.Filesystem); err != nil && f.verdict == create {
		return err
	}
	if err := unmountable(f.Filesystem, f.seen); err != nil && f.verdict == keep {
		return err
	}
	if f.verdict != keep {
		if err := f.seen.Free(); err != nil {
			return err
		}
	}
	if f.seen.OnlyTable() && !config.Says(f.WipeFilesystem) {
		return diag.WithHint(fmt.Errorf("%s has partitions", f.seen), "if they may be lost set wipeFilesystem to true "+
			"in the config; if not name one of them as the device")
	}
	return nil
}

// refusal says what is there, in what it differs, and what would allow its loss.
func (f *filesystem) refusal() error {
	what := strings.Join(f.differences(f.seen.Content), ", ")
	return kind.UnlessLost(&plan.UnlikeError{
		Differences: []string{"it holds " + scene.Describe(f.seen.Content) + ": " + what},
		Err:         fmt.Errorf("%s is in the way: %s", f.seen, what)}, "wipeFilesystem")
}

// differences are between what was found and what is wanted; for people.
func (f *filesystem) differences(c block.Content) (all []string) {
	found, want := c.First(), wantedSignature(f.Filesystem)
	switch {
	case c.Unfinished && c.Ambivalent:
		return []string{fmt.Sprintf("it holds more than an unfinished %s", found.Type)}
	case wished(f.Filesystem) == wishEmpty:
		return []string{"wanted is an empty device"}
	case found.Type != want.Type:
		return []string{fmt.Sprintf("wanted is %s", describeWanted(f.Filesystem))}
	}
	if !labelFits(f.Filesystem, found) {
		all = append(all, fmt.Sprintf("the label is %q, not %q", found.Label, want.Label))
	}
	if !uuidFits(f.Filesystem, found) {
		all = append(all, fmt.Sprintf("the UUID is %s, not %s", diag.Name(found.UUID), diag.Name(want.UUID)))
	}
	return all
}

// action is what was decided, in words. What is lost is named, so that a plan can be agreed to.
func (f *filesystem) action(view scene.Scene) *kind.Action {
	c, wanted := f.seen.Content, describeWanted(f.Filesystem)
	a := &kind.Action{Step: f.entry.Step(), Seen: []*scene.Seen{f.seen}}
	switch {
	case f.seen.Unknown != "":
		a.Effect, a.Detail, a.Outcomes = plan.Deferred, f.deferred(), f.outcomes()
		return a
	case f.verdict == keep:
		a.Effect, a.Detail = plan.Keep, scene.Describe(c)
		if f.seen.CutOff() {
			a.Detail += ", cut off"
		}
		return a
	case c.Unfinished && !c.Ambivalent:
		a.Effect, a.Detail = plan.Create,
			fmt.Sprintf("%s, again: the %s on it was not made to its end", wanted, c.First().Type)
	case f.lost() != "":
		a.Effect, a.Loses = plan.Destroy, kind.Lost(view, f.seen)
		a.Detail = fmt.Sprintf("%s; %s on %s is lost", wanted, f.lost(), diag.Name(f.seen.Node))
	case f.verdict == wipe:
		a.Effect, a.Detail = plan.Change, wanted+", wiped although nothing is known on it"
	default:
		a.Effect, a.Detail = plan.Create, wanted
	}
	if len(f.blanks()) > 0 {
		a.Outcomes = kind.UnlessKnown
	}
	a.Look, a.Act = f.look, f.act
	return a.Over(f.seen, f.expected().Seen.Filling)
}

func (f *filesystem) lost() string {
	switch {
	case f.seen.OnlyTable():
		return "its partition table"
	case !f.seen.Blank():
		return scene.Describe(f.seen.Content)
	}
	return ""
}

// deferred says what will decide. The round plans again when the device is there, so nobody does this.
func (f *filesystem) deferred() string {
	wanted := describeWanted(f.Filesystem)
	switch {
	case config.Says(f.WipeFilesystem):
		return fmt.Sprintf("%s, whatever is on it then (%s)", wanted, f.seen.Unknown)
	case wished(f.Filesystem) == wishEmpty:
		return fmt.Sprintf("%s: refused if anything is on it then (%s)", wanted, f.seen.Unknown)
	}
	return fmt.Sprintf("%s: made if nothing is on it then, kept if it is this, else refused (%s)", wanted,
		f.seen.Unknown)
}

// outcomes are the verdicts on all that the device may turn out to hold, with label and UUID as asked.
func (f *filesystem) outcomes() (all []kind.Outcome) {
	want := wished(f.Filesystem)
	for _, found := range contents {
		if want == wishEmpty && found == theFormat {
			continue
		}
		verdict := judge(want, config.Says(f.WipeFilesystem), found, true)
		all = append(all, kind.Outcome{Found: string(found), Verdict: string(verdict)})
	}
	return all
}

// expected is the device with what the config says of its filesystem; a random UUID is not in it.
func (f *filesystem) expected() scene.Prediction {
	after := *f.seen
	after.Unknown = ""
	if f.verdict != keep || f.seen.Unknown != "" {
		after.Filling, after.Partitions = scene.Filling{}, nil
		if wished(f.Filesystem) == wishFormat {
			after.Content.Signatures = []block.Signature{wantedSignature(f.Filesystem)}
		}
	}
	p := scene.Prediction{Names: []string{f.Device}, Seen: &after}
	if after.Node != "" && after.Node != f.Device {
		p.Names = append(p.Names, after.Node)
	}
	first := after.Content.First()
	p.Names = append(p.Names, block.ContentLinks(first.Label, first.UUID)...)
	return p
}

func (f *filesystem) meaning() *kind.Meaning {
	wanted := wantedSignature(f.Filesystem)
	return &kind.Meaning{Names: block.ContentLinks(wanted.Label, wanted.UUID), What: f.entry.Subject,
		Origin: f.entry.Origin, Node: f.seen.Node}
}

// blanks is the entry's device, if nothing is known on it and it may not be lost.
func (f *filesystem) blanks() []kind.Blank {
	known := slices.Contains([]content{theFormat, other, unfinishedAndMore}, found(f.Filesystem, f.seen.Content))
	if known || config.Says(f.WipeFilesystem) || f.seen.Unknown != "" {
		return nil
	}
	return []kind.Blank{{Entry: f.entry, Path: f.Device, Seen: f.seen, Setting: "wipeFilesystem"}}
}
