package disks

import (
	"errors"
	"fmt"
	"strings"

	"github.com/glowplug-os/glowplug/config"
	"github.com/glowplug-os/glowplug/internal/block"
	"github.com/glowplug-os/glowplug/internal/device"
	"github.com/glowplug-os/glowplug/internal/diag"
	"github.com/glowplug-os/glowplug/internal/plan"
)

func filesystemRound() round {
	return round{name: "createFilesystems", wants: filesystemWants, plan: planFilesystems}
}

// virtiofs is shared by the host under a tag: there is no device, and nothing to make.
const virtiofs = "virtiofs"

// filesystemWants: also an entry that asks for nothing waits for its device.
func filesystemWants(s config.Storage) (all []want) {
	for i, entry := range s.Filesystems {
		if value(entry.Format) != virtiofs {
			step := filesystemStep(i, entry)
			all = append(all, want{entry.Device, step.Subject, step.Origin})
		}
	}
	return all
}

func filesystemStep(index int, entry config.Filesystem) plan.Step {
	at := origin("filesystems", index)
	return plan.Step{ID: at, Subject: "filesystem on " + diag.Name(entry.Device), Origin: at}
}

// asking is what an entry wants.
type asking uint8

const (
	askNothing asking = iota // no format, or virtiofs
	askEmpty                 // format "none"
	askFormat
)

func asked(entry config.Filesystem) asking {
	switch value(entry.Format) {
	case "", virtiofs:
		return askNothing
	case "none":
		return askEmpty
	}
	return askFormat
}

// presence is what is on a device, beside what is wanted there.
type presence uint8

const (
	foundNothing presence = iota
	foundWanted           // the format that is wanted
	foundOther
)

// A fate is what becomes of what is on a device.
type fate uint8

const (
	fateNothing fate = iota // not even looked at
	fateKeep                // as it is, with what is in it
	fateMake                // wipefs, then the format's maker
	fateWipe                // wipefs alone
	fateRefuse              // the whole round, before anything is done
)

// String is the fate's name in docs/disks.md.
func (f fate) String() string { return [...]string{"nothing", "keep", "make", "wipe", "refuse"}[f] }

// judgeContent is the table of docs/disks.md. Label and uuid: as wanted, or none is wanted. What is unfinished is
// nothing to lose, but what is there beside it may be.
func judgeContent(want asking, mayWipe bool, found presence, label, uuid, unfinished, ambivalent bool) fate {
	anew := fateMake
	if want == askEmpty {
		anew = fateWipe
	}
	fits := label && uuid
	switch {
	case want == askNothing:
		return fateNothing
	case mayWipe, unfinished && !ambivalent:
		return anew
	case unfinished:
		return fateRefuse
	case found == foundNothing && want == askEmpty && fits:
		return fateKeep
	case found == foundNothing:
		return anew
	case found == foundWanted && want == askFormat && fits:
		return fateKeep
	}
	return fateRefuse
}

// judge decides about an entry. Options are never compared: what is on a device does not tell them.
func judge(entry config.Filesystem, c block.Content) fate {
	first, found := c.First(), foundOther
	switch first.Type {
	case "":
		found = foundNothing
	case value(entry.Format):
		found = foundWanted
	}
	return judgeContent(asked(entry), isTrue(entry.WipeFilesystem), found, labelFits(entry, first),
		uuidFits(entry, first), c.Unfinished, c.Ambivalent)
}

// labelFits: "" is a label that is wanted, unlike none.
func labelFits(entry config.Filesystem, found block.Signature) bool {
	return entry.Label == nil || *entry.Label == found.Label
}

func uuidFits(entry config.Filesystem, found block.Signature) bool {
	return entry.UUID == nil || bareUUID(entry, *entry.UUID) == bareUUID(entry, found.UUID)
}

func bareUUID(entry config.Filesystem, uuid string) string {
	return block.BareUUID(value(entry.Format), uuid)
}

// describeWanted says in words what an entry asks for.
func describeWanted(entry config.Filesystem) string {
	if asked(entry) == askEmpty {
		return "an empty device"
	}
	return device.Describe(block.Content{Signatures: []block.Signature{wantedSignature(entry)}})
}

// wantedSignature is what will be found of a filesystem that was made as asked, as far as the config says.
func wantedSignature(entry config.Filesystem) block.Signature {
	uuid := bareUUID(entry, value(entry.UUID))
	if value(entry.Format) == "vfat" && len(uuid) == 8 {
		uuid = strings.ToUpper(uuid[:4] + "-" + uuid[4:])
	}
	return block.Signature{Type: value(entry.Format), Label: value(entry.Label), UUID: uuid}
}

// A filesystem plans and makes one entry: it is an entry with the device that it is about.
type filesystem struct {
	config.Filesystem
	w    *work
	step plan.Step
	seen Seen
	fate fate
}

// planFilesystems decides about all entries before anything is done about any.
func planFilesystems(s config.Storage, v View, w *work) (planned, error) {
	var p planned
	var errs []error
	owners := map[string]*filesystem{}
	for i, entry := range s.Filesystems {
		if asked(entry) == askNothing {
			continue
		}
		f := &filesystem{Filesystem: entry, w: w, step: filesystemStep(i, entry)}
		if err := f.plan(v, owners); err != nil {
			errs = append(errs, f.step.Fail(err))
			continue
		}
		p.lanes = append(p.lanes, plan.Plan{f.step})
		p.means = append(p.means, f.meaning())
		p.after = append(p.after, f.prediction())
		p.needs = append(p.needs, f.needs()...)
		p.blanks = append(p.blanks, f.blanks()...)
	}
	return p, errors.Join(errs...)
}

// plan decides, and fills in the step. Two entries may name one device in ways that only a look at the machine shows:
// its second maker would undo the first, whichever that is. Owners are the entries so far, by node.
func (f *filesystem) plan(v View, owners map[string]*filesystem) error {
	var err error
	if f.seen, err = v.Device(f.Device); err != nil {
		return err
	}
	if f.seen.Unknown != "" {
		f.deferred()
		return nil
	}
	f.fate = judge(f.Filesystem, f.seen.Content)
	switch f.fate {
	case fateRefuse:
		return f.refusal()
	case fateMake:
		if err := unfitLabel(f.Filesystem); err != nil {
			return err
		}
	}
	if f.fate != fateKeep {
		if err := f.seen.Free(); err != nil {
			return err
		}
	}
	other := owners[f.seen.Node]
	owners[f.seen.Node] = f
	if other != nil && (other.fate != fateKeep || f.fate != fateKeep) {
		return fmt.Errorf("%s is the device of %s as well, so one of the two would be lost", diag.Name(f.seen.Node),
			other.step.Origin)
	}
	if f.seen.onlyTable() && !isTrue(f.WipeFilesystem) {
		return unlessLost(fmt.Errorf(`%s has partitions; set "wipeFilesystem": true if they may be lost, `+
			`or name one of them as the device`, f.seen), "wipeFilesystem")
	}
	f.describe()
	return nil
}

// refusal says what is there, in what it differs, and what would allow its loss.
func (f *filesystem) refusal() error {
	return unlessLost(fmt.Errorf(`%s is in the way: %s; set "wipeFilesystem": true if it may be lost`, f.seen,
		strings.Join(f.differences(f.seen.Content), ", ")), "wipeFilesystem")
}

// differences are between what was found and what is wanted; for people.
func (f *filesystem) differences(c block.Content) (all []string) {
	found, want := c.First(), wantedSignature(f.Filesystem)
	switch {
	case c.Unfinished && c.Ambivalent:
		return []string{fmt.Sprintf("it holds more than an unfinished %s", found.Type)}
	case asked(f.Filesystem) == askEmpty:
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

// describe makes the step of what was decided. What is lost is named, so that a plan can be agreed to.
func (f *filesystem) describe() {
	c, wanted := f.seen.Content, describeWanted(f.Filesystem)
	lost := ""
	switch {
	case f.seen.onlyTable():
		lost = "its partition table"
	case !f.seen.isBlank():
		lost = device.Describe(c)
	}
	switch {
	case f.fate == fateKeep:
		f.keep()
		return
	case c.Unfinished && !c.Ambivalent:
		f.step.Effect, f.step.Detail = plan.Create,
			fmt.Sprintf("%s, again: the %s on it was not made to its end", wanted, c.First().Type)
	case lost != "":
		f.step.Effect, f.step.Detail = plan.Destroy,
			fmt.Sprintf("%s; %s on %s is lost", wanted, lost, diag.Name(f.seen.Node))
	case f.fate == fateWipe:
		f.step.Effect, f.step.Detail = plan.Change, wanted+", wiped although nothing is known on it"
	default:
		f.step.Effect, f.step.Detail = plan.Create, wanted
	}
	f.step.Check, f.step.Do = f.check, f.do
}

// keep warns where libblkid would call the content ambivalent: others may then see something else on the device, or
// nothing.
func (f *filesystem) keep() {
	f.step.Effect, f.step.Detail = plan.Keep, device.Describe(f.seen.Content)
	if c := f.seen.Content; c.Ambivalent && f.w.Log != nil {
		f.w.Log.Warn(fmt.Sprintf("%s: kept for the first of what is on it: %s", f.step.Subject, device.Describe(c)))
	}
}

// deferred says what will decide. The round plans again when the device is there, so nobody does this step.
func (f *filesystem) deferred() {
	f.fate = fateMake
	f.step.Effect = plan.Deferred
	f.step.Do = nil
	wanted := describeWanted(f.Filesystem)
	switch {
	case isTrue(f.WipeFilesystem):
		f.step.Detail = fmt.Sprintf("%s, whatever is on it then (%s)", wanted, f.seen.Unknown)
	case asked(f.Filesystem) == askEmpty:
		f.step.Detail = fmt.Sprintf("%s: refused if anything is on it then (%s)", wanted, f.seen.Unknown)
	default:
		f.step.Detail = fmt.Sprintf("%s: made if nothing is on it then, kept if it is this, else refused (%s)", wanted,
			f.seen.Unknown)
	}
}

// prediction is the device with what the config says of its filesystem; a random UUID is not in it.
func (f *filesystem) prediction() prediction {
	after := f.seen
	after.Unknown = ""
	switch {
	case f.fate == fateKeep:
	case asked(f.Filesystem) == askEmpty:
		after.Content, after.Partitioned = block.Content{}, false
	default:
		after.Partitioned = false
		after.Content = block.Content{Signatures: []block.Signature{wantedSignature(f.Filesystem)}}
	}
	p := prediction{names: []string{f.Device}, seen: after}
	if after.Node != "" && after.Node != f.Device {
		p.names = append(p.names, after.Node)
	}
	first := after.Content.First()
	p.names = append(p.names, block.ContentLinks(first.Label, first.UUID)...)
	return p
}

// needs are the tools of the step.
func (f *filesystem) needs() []need {
	if f.fate == fateKeep {
		return nil
	}
	all := []need{{"wipefs", f.step}}
	if asked(f.Filesystem) == askFormat {
		all = append(all, need{makers[*f.Format].tool, f.step})
	}
	return all
}
