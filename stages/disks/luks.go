package disks

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"slices"
	"strings"

	"github.com/glowplug-os/glowplug/config"
	"github.com/glowplug-os/glowplug/internal/block"
	"github.com/glowplug-os/glowplug/internal/device"
	"github.com/glowplug-os/glowplug/internal/diag"
	"github.com/glowplug-os/glowplug/internal/plan"
	"github.com/glowplug-os/glowplug/internal/source"
	"github.com/glowplug-os/glowplug/internal/tool"
)

// firstBootMark is the subsystem in the header of a volume from its format until the first boot is over (Finish). It is
// in the fixed part of the first header that cryptsetup writes, so a cut at any point leaves a volume that is known for
// ours.
const firstBootMark = "glowplug-first-boot"

func luksRound() round {
	return round{
		name: "createLuks",
		wants: func(s config.Storage) []want {
			var all []want
			for i, v := range s.Luks {
				all = append(all, want{value(v.Device), volumeSubject(v), origin("luks", i)})
			}
			return all
		},
		plan: planVolumes,
	}
}

func volumeSubject(v config.Luks) string { return "luks " + diag.Name(v.Name) }

func mapperPath(name string) string { return "/dev/mapper/" + name }

// What a device holds that is to be a volume.
type volumeContent string

const (
	volumeNothing    volumeContent = "nothing"
	volumeFits       volumeContent = "a volume as wanted"
	volumeUnfinished volumeContent = "a volume as wanted (unfinished)"
	volumeHalfMade   volumeContent = "another volume (unfinished)"
	volumeOther      volumeContent = "anything else"
)

// Who uses the device.
type volumeUse string

const (
	volumeFree  volumeUse = "no"
	volumeOpen  volumeUse = "open under its name"
	volumeTaken volumeUse = "otherwise"
)

type volumeVerdict string

const (
	volumeFormat   volumeVerdict = "format"
	volumeRecreate volumeVerdict = "recreate"
	volumeReuse    volumeVerdict = "reuse"
	volumeRefuse   volumeVerdict = "refuse"
)

// judgeVolume decides what becomes of a volume (docs/disks.md has the table).
func judgeVolume(found volumeContent, mayWipe bool, use volumeUse) volumeVerdict {
	switch {
	case use == volumeTaken, found == volumeNothing && use == volumeOpen:
		return volumeRefuse
	case found == volumeNothing:
		return volumeFormat
	case mayWipe, found == volumeHalfMade:
		return volumeRecreate
	case found == volumeFits, found == volumeUnfinished && use == volumeOpen:
		return volumeReuse
	case found == volumeUnfinished:
		return volumeRecreate
	}
	return volumeRefuse
}

// A volume is one of the config's, with what was seen of its device.
type volume struct {
	*work
	config  config.Luks
	step    plan.Step // without what it does: each of the volume's steps starts from it
	seen    Seen
	header  block.LUKS
	is      bool // there is a header
	use     volumeUse
	key     diag.Secret // once the first step is done
	keyFile string      // where tools find the key, if not in their Secrets
	made    string      // UUID of the header that this run wrote
}

func newVolume(w *work, index int, entry config.Luks) *volume {
	step := plan.Step{ID: "luks:" + entry.Name, Subject: volumeSubject(entry), Origin: origin("luks", index)}
	return &volume{work: w, config: entry, step: step}
}

// planVolumes plans the volumes one after the other, as their keys are derived with as much memory as there is. All
// keys are got before the first volume is touched.
func planVolumes(s config.Storage, v View, w *work) (planned, error) {
	var p planned
	var keys, lane plan.Plan
	owners := owners{}
	for i, entry := range s.Luks {
		o := newVolume(w, i, entry)
		steps, after, err := o.plan(v)
		if err == nil {
			err = owners.claim(o.seen, o.step.Origin)
		}
		if err == nil {
			err = o.nameTaken(v)
		}
		if err != nil {
			return p, o.step.Fail(err)
		}
		p.means = append(p.means, o.meanings()...)
		keys = append(keys, o.keyStep())
		lane = append(lane, steps...)
		p.after = append(p.after, after...)
		p.blanks = append(p.blanks, o.blanks()...)
		for _, each := range steps {
			if each.Effect == plan.Destroy {
				p.needs = append(p.needs, need{"wipefs", each})
			}
		}
	}
	if lane != nil {
		p.lanes = []plan.Plan{append(keys, lane...)}
	}
	return p, nil
}

func (o *volume) plan(v View) (plan.Plan, []prediction, error) {
	if err := o.observe(v); err != nil {
		return nil, nil, err
	}
	at := mapperPath(o.config.Name)
	then := Seen{Device: device.Device{Path: at, Node: at}}
	verdict := judgeVolume(o.found(), isTrue(o.config.WipeVolume), o.use)
	switch {
	case o.seen.Unknown != "":
		then.Unknown = "what a volume holds shows once it is open"
		return plan.Plan{o.deferred()}, []prediction{{[]string{at}, then}}, nil
	case verdict == volumeRefuse, o.seen.ReadOnly:
		return nil, nil, o.refusal()
	case verdict == volumeReuse && o.use == volumeOpen:
		return plan.Plan{o.tryStep()}, nil, nil
	case verdict == volumeReuse:
		then.Unknown = "what the volume holds shows once it is open"
		return plan.Plan{o.settled(o.openStep())}, []prediction{{[]string{at}, then}}, nil
	}
	var steps plan.Plan
	if o.use == volumeOpen {
		users, err := o.Devices.Users(at)
		if err != nil {
			return nil, nil, err
		}
		if len(users) > 0 {
			return nil, nil, device.InUse(fmt.Errorf("%s is open and in use: %s", at, strings.Join(users, ", ")))
		}
		steps = append(steps, o.closeStep())
	}
	if isTrue(o.config.Cex.Enabled) {
		steps = append(steps, o.secureKeyStep())
	}
	steps = append(steps, o.formatStep(verdict), o.openStep())
	steps = append(steps, o.clevisSteps()...)
	last := len(steps) - 1
	steps[last] = o.settled(steps[last])
	// Nothing that was there before shows through a new key.
	return steps, []prediction{{[]string{at}, then}}, nil
}

// observe looks at the device and its header.
func (o *volume) observe(v View) (err error) {
	if o.seen, err = v.Device(value(o.config.Device)); err != nil || o.seen.Unknown != "" {
		return err
	}
	o.header, o.is = block.LUKS{}, false
	if o.seen.Content.First().Type == "crypto_LUKS" {
		err = o.read(&o.seen, func(r io.ReaderAt, size int64) (err error) {
			o.header, o.is, err = block.ReadLUKS(r, size)
			return err
		})
		if err != nil {
			return err
		}
	}
	o.use, err = o.usage()
	return err
}

// usage tells who has the device: nobody, device-mapper under the volume's name, or somebody.
func (o *volume) usage() (volumeUse, error) {
	users := o.seen.Users
	if len(users) == 0 {
		return volumeFree, nil
	}
	holder, is := strings.CutPrefix(users[0], partOf)
	if len(users) > 1 || !is {
		return volumeTaken, nil
	}
	name, err := o.Devices.Sys().VolumeName(holder)
	if err != nil || name != o.config.Name {
		return volumeTaken, err
	}
	return volumeOpen, nil
}

// nameTaken refuses the name of another device of device-mapper: it could not be opened once it is formatted.
func (o *volume) nameTaken(v View) error {
	at := mapperPath(o.config.Name)
	node, err := o.Devices.Node(at)
	if _, preview := v.(*expected); err != nil || preview || o.use == volumeOpen {
		return nil // a preview does not stop what will be stopped
	}
	return unique(fmt.Errorf("%s is another device already, %s", diag.Name(at), node))
}

func (o *volume) found() volumeContent {
	switch {
	case o.seen.isBlank():
		return volumeNothing
	case !o.is || o.header.Version != 2:
		return volumeOther
	}
	unfinished, fits := o.header.Subsystem == firstBootMark, o.difference() == ""
	switch {
	case unfinished && fits:
		return volumeUnfinished
	case unfinished:
		return volumeHalfMade
	case fits:
		return volumeFits
	}
	return volumeOther
}

// difference says why a volume of version 2 is not the one that the config wants, or cannot be known for it; "" if it
// is. What was given for formatting and opening is not compared (docs/peer/engine.md §9.3).
func (o *volume) difference() string {
	discards := slices.Contains(o.header.Flags, "allow-discards")
	switch label, uuid := o.config.Label, o.config.UUID; {
	case o.config.Clevis.Opens():
		return "a volume that is bound by clevis is not used again"
	case value(o.config.KeyFile.Source) == "":
		return "the config has no key that opens it"
	case o.header.Broken:
		return "its header is damaged"
	case label != nil && *label != o.header.Label:
		return fmt.Sprintf("its label is %q, not %q", o.header.Label, *label)
	case uuid != nil && !strings.EqualFold(*uuid, o.header.UUID):
		return fmt.Sprintf("its UUID is %s, not %s", diag.Name(o.header.UUID), diag.Name(*uuid))
	case discards && !isTrue(o.config.Discard):
		return "it passes discards through, which the config does not ask for"
	case !discards && isTrue(o.config.Discard):
		return "it does not pass discards through, which the config asks for"
	}
	return ""
}

func (o *volume) refusal() error {
	why := "it is no LUKS 2 volume"
	if err := o.seen.Free(); err != nil {
		return err
	}
	switch {
	case o.seen.onlyTable():
		why = "it has a partition table"
	case o.is && o.header.Version == 1:
		why = "it is a LUKS 1 volume"
	case o.is:
		why = o.difference()
	}
	return unlessLost(fmt.Errorf(`%s is not to be lost: %s; "wipeVolume": true allows it`, o.seen, why), "wipeVolume")
}

// tools are the programs that the volume needs, whatever is found.
func (o *volume) tools() []string {
	all := []string{"cryptsetup"}
	if isTrue(o.config.WipeVolume) {
		all = append(all, "wipefs")
	}
	if o.config.Clevis.Opens() {
		all = append(all, "clevis")
	}
	if isTrue(o.config.Cex.Enabled) {
		all = append(all, "zkey", "zkey-cryptsetup")
	}
	return all
}

// volumeNeeds are the tools that the config's volumes need in any case: to be missed before the first round changes
// anything.
func volumeNeeds(s config.Storage) (all []need) {
	for i, entry := range s.Luks {
		o := newVolume(nil, i, entry)
		for _, tool := range o.tools() {
			all = append(all, need{tool, o.step})
		}
	}
	return all
}

// as is a step of the volume.
func (o *volume) as(id string, effect plan.Effect, subject, detail string) plan.Step {
	s := o.step
	s.ID, s.Effect, s.Detail = id+":"+o.config.Name, effect, detail
	if subject != "" {
		s.Subject = subject + " " + s.Subject
	}
	return s
}

// deferred says what will decide. The round plans again when the device is there, so nobody does this step.
func (o *volume) deferred() plan.Step {
	detail := fmt.Sprintf("formatted if nothing is on %s then, opened if it is this volume, else refused (%s)",
		o.seen.Path, o.seen.Unknown)
	if isTrue(o.config.WipeVolume) {
		detail = fmt.Sprintf("formatted whatever is on %s then (%s)", o.seen.Path, o.seen.Unknown)
	}
	return o.as("luks", plan.Deferred, "", detail)
}

// generated: nobody gives the key.
func (o *volume) generated() bool {
	return !isTrue(o.config.Cex.Enabled) && value(o.config.KeyFile.Source) == ""
}

// keyStep gets the key and leaves it for the files stage, also of a volume that is there already.
func (o *volume) keyStep() plan.Step {
	detail := "random"
	switch {
	case isTrue(o.config.Cex.Enabled):
		detail = cexKey
	case !o.generated():
		detail = source.Redact(value(o.config.KeyFile.Source))
	}
	s := o.as("luks-key", plan.Create, "key of", detail)
	s.Check = func(context.Context) (plan.State, error) {
		if o.key != "" {
			return plan.Done, nil
		}
		return plan.Pending, nil
	}
	s.Do = func(ctx context.Context) (err error) {
		if o.key, err = o.obtain(ctx); err != nil {
			return err
		}
		if o.key == "" {
			return errEmptyKey
		}
		if o.keys.Volumes == nil {
			o.keys.Volumes = map[string]diag.Secret{}
		}
		o.keys.Volumes[o.config.Name] = o.key
		return nil
	}
	return s
}

// errEmptyKey: cryptsetup takes such a key, and whoever has the disk opens the volume.
var errEmptyKey = diag.WithHint(errors.New("the key is empty"),
	"write a key where the config gets it from, or leave keyFile out for a random one")

const keyBytes = 4096 // of randomness, written as twice as many digits

func (o *volume) obtain(ctx context.Context) (diag.Secret, error) {
	switch {
	case isTrue(o.config.Cex.Enabled):
		return o.readCexKey()
	case !o.generated():
		return o.Fetch(ctx, o.config.KeyFile)
	}
	raw := make([]byte, keyBytes)
	if _, err := io.ReadFull(o.Random, raw); err != nil {
		return "", fmt.Errorf("random key: %w", err)
	}
	return diag.Secret(hex.EncodeToString(raw)), nil
}

// withKey is a command that gets the key as a file, whose path stands in the arguments where keyPath says.
func (o *volume) withKey(program string, args ...string) tool.Command {
	c := tool.Command{Tool: program, Args: args, Hidden: []diag.Secret{o.key}}
	if o.keyFile == "" {
		c.Secrets = []diag.Secret{o.key}
	}
	return c
}

func (o *volume) keyPath() string {
	if o.keyFile != "" {
		return o.keyFile
	}
	return tool.SecretFile(0)
}

func (o *volume) device() string { return o.Devices.AliasOf(value(o.config.Device)) }

func (o *volume) runTool(ctx context.Context, c tool.Command) error {
	_, err := o.Tools.Run(ctx, c)
	return err
}

func (o *volume) closeStep() plan.Step {
	s := o.as("luks-close", plan.Change, "", "closed")
	s.Check = func(context.Context) (plan.State, error) { return o.whenUse(volumeFree) }
	s.Do = func(ctx context.Context) error {
		return o.runTool(ctx, tool.Command{Tool: "cryptsetup", Args: []string{"luksClose", o.config.Name}})
	}
	return s
}

// whenUse is Done where the device is used like that.
func (o *volume) whenUse(wanted volumeUse) (plan.State, error) {
	err := o.observe(o.reached())
	if err == nil && o.use == wanted {
		return plan.Done, nil
	}
	return plan.Pending, err
}

func (o *volume) formatStep(verdict volumeVerdict) plan.Step {
	detail := "LUKS 2 on " + diag.Name(value(o.config.Device))
	if label := value(o.config.Label); label != "" {
		detail += fmt.Sprintf(", label %q", label)
	}
	if uuid := value(o.config.UUID); uuid != "" {
		detail += ", UUID " + diag.Name(uuid)
	}
	effect := plan.Create
	switch {
	case o.is && o.header.Subsystem == firstBootMark && !isTrue(o.config.WipeVolume):
		effect, detail = plan.Destroy, detail+", again: it was not made to its end"
	case verdict == volumeRecreate && o.seen.onlyTable():
		effect, detail = plan.Destroy, detail+"; its partition table is lost"
	case verdict == volumeRecreate:
		effect, detail = plan.Destroy, fmt.Sprintf("%s; %s on it is lost", detail, device.Describe(o.seen.Content))
	}
	s := o.as("luks-format", effect, "", detail)
	was := o.seen
	s.Check = func(context.Context) (plan.State, error) {
		if err := o.observe(o.reached()); err != nil {
			return plan.Pending, err
		}
		if o.made != "" && o.is && o.header.UUID == o.made {
			return plan.Done, nil
		}
		return plan.Pending, nil
	}
	s.Do = func(ctx context.Context) error { return o.format(ctx, was) }
	return s
}

// format makes the volume, if its device is still as it was when that was decided or holds a volume of ours.
func (o *volume) format(ctx context.Context, was Seen) error {
	if err := o.observe(o.reached()); err != nil {
		return err
	}
	ours := o.is && o.header.Version == 2 && o.header.Subsystem == firstBootMark
	blank := o.found() == volumeNothing // perhaps wiped, and cut off then
	if !ours && !blank && !sameContent(o.seen, was) {
		return fmt.Errorf("%s has changed since it was looked at", o.seen)
	}
	if err := unused(ctx, o.Devices, o.seen.Node); err != nil {
		return err
	}
	if !blank || isTrue(o.config.WipeVolume) { // wipefs knows more kinds than are known here
		if err := o.runTool(ctx, tool.Command{Tool: "wipefs", Args: []string{"-a", o.device()}}); err != nil {
			return err
		}
	}
	args, err := o.formatArguments()
	if err != nil {
		return err
	}
	if err := o.runTool(ctx, o.withKey("cryptsetup", args...)); err != nil {
		return err
	}
	if err := o.bindSecureKey(ctx); err != nil {
		return err
	}
	if err := o.observe(o.reached()); err != nil {
		return err
	}
	o.made = o.header.UUID
	return nil
}

func (o *volume) formatArguments() ([]string, error) {
	args := []string{"luksFormat", "--type", "luks2", "--key-file", o.keyPath()}
	if label := value(o.config.Label); label != "" {
		args = append(args, "--label", label)
	}
	if uuid := value(o.config.UUID); uuid != "" {
		args = append(args, "--uuid", uuid)
	}
	if !slices.ContainsFunc(o.config.Options, func(option string) bool {
		name, _, _ := strings.Cut(option, "=")
		return name == "--subsystem"
	}) {
		args = append(args, "--subsystem", firstBootMark)
	}
	args = append(append(args, o.config.Options...), o.device())
	cex, err := o.cexArguments()
	return append(args, cex...), err
}

// openStep opens the volume. What it is opened with stays in the header, also that nothing was asked for.
func (o *volume) openStep() plan.Step {
	detail := "opened as " + diag.Name(mapperPath(o.config.Name))
	s := o.as("luks-open", plan.Change, "", detail)
	s.Check = func(context.Context) (plan.State, error) { return o.whenUse(volumeOpen) }
	s.Do = func(ctx context.Context) error {
		args := []string{"luksOpen", o.device(), o.config.Name, "--key-file", o.keyPath(), "--persistent"}
		if isTrue(o.config.Discard) {
			args = append(args, "--allow-discards")
		}
		return o.runTool(ctx, o.withKey("cryptsetup", append(args, o.config.OpenOptions...)...))
	}
	return s
}

// tryStep finds out whether a volume that is open has the config's key: the system will have that to open it with.
func (o *volume) tryStep() plan.Step {
	s := o.as("luks-open", plan.Keep, "", "open as "+diag.Name(mapperPath(o.config.Name)))
	s.Do = func(ctx context.Context) error {
		return o.runTool(ctx,
			o.withKey("cryptsetup", "luksOpen", "--test-passphrase", o.device(), "--key-file", o.keyPath()))
	}
	return s
}

// settled has udev look at the device after a step.
func (o *volume) settled(s plan.Step) plan.Step {
	do := s.Do
	s.Do = func(ctx context.Context) error {
		if err := do(ctx); err != nil {
			return err
		}
		return o.Devices.Settle(ctx, o.seen.Node)
	}
	return s
}

const clevisToken = "clevis"

// clevisSteps bind an open volume to its policy.
func (o *volume) clevisSteps() plan.Plan {
	c := o.config.Clevis
	if !c.Opens() {
		return nil
	}
	bind := o.as("luks-bind", plan.Change, "", "bound by clevis to "+describeClevis(c))
	bind.Check = func(context.Context) (plan.State, error) {
		err := o.observe(o.reached())
		if err == nil && slices.Contains(o.header.Tokens, clevisToken) {
			return plan.Done, nil
		}
		return plan.Pending, err
	}
	bind.Do = o.bind
	steps := plan.Plan{bind}
	if testsItself(c) {
		try := o.as("luks-unlock", plan.Change, "", "closed, and opened by clevis")
		try.Do = o.unlock
		steps = append(steps, try)
	}
	if !o.generated() {
		return steps
	}
	forget := o.as("luks-forget", plan.Change, "", "opens by clevis alone")
	forget.Check = func(context.Context) (plan.State, error) {
		err := o.observe(o.reached())
		if err == nil && o.header.Keyslots == 1 && slices.Contains(o.header.Tokens, clevisToken) {
			return plan.Done, nil
		}
		return plan.Pending, err
	}
	forget.Do = func(ctx context.Context) error {
		if err := o.runTool(ctx, o.withKey("cryptsetup", "luksRemoveKey", o.device(), o.keyPath())); err != nil {
			return err
		}
		delete(o.keys.Volumes, o.config.Name)
		return nil
	}
	return append(steps, forget)
}

// bind hands the policy to clevis, once the servers that it will ask do answer. Clevis takes the policy as an argument
// only.
func (o *volume) bind(ctx context.Context) error {
	for _, t := range distantTangs(o.config.Clevis) {
		at, err := advertisementURL(t.URL)
		if err != nil {
			return err
		}
		if err := o.Reach(ctx, at); err != nil {
			return err
		}
	}
	pin, text, err := clevisPin(o.config.Clevis)
	if err != nil {
		return err
	}
	c := o.withKey("clevis", "luks", "bind", "-f", "-k", o.keyPath(), "-d", o.device(), pin, text.Reveal())
	c.Private, c.Hidden = true, append(told(text), o.key)
	return o.runTool(ctx, c)
}

// unlock opens the volume as the system will. The key is in hand still, should clevis fail.
func (o *volume) unlock(ctx context.Context) error {
	if state, err := o.whenUse(volumeFree); err != nil {
		return err
	} else if state != plan.Done {
		if err := o.runTool(ctx,
			tool.Command{Tool: "cryptsetup", Args: []string{"luksClose", o.config.Name}}); err != nil {
			return err
		}
	}
	_, text, err := clevisPin(o.config.Clevis)
	if err != nil {
		return err
	}
	args := []string{"luks", "unlock", "-d", o.device(), "-n", o.config.Name}
	return o.runTool(ctx, tool.Command{Tool: "clevis", Args: args, Hidden: told(text)})
}

// Finish ends the first boot for what Run has made: volumes lose the mark by which a repeated boot would make them
// anew. Devices that are gone are passed over, and what is done already stays done.
func Finish(ctx context.Context, s config.Storage, o Options) error {
	w := &work{Options: o}
	var errs []error
	for i, entry := range s.Luks {
		step := plan.Step{ID: "luks-finish:" + entry.Name, Subject: volumeSubject(entry), Origin: origin("luks", i)}
		errs = append(errs, step.Fail(w.finishVolume(ctx, value(entry.Device))))
	}
	return errors.Join(errs...)
}

func (w *work) finishVolume(ctx context.Context, name string) error {
	node, err := w.Devices.Node(name)
	if errors.Is(err, fs.ErrNotExist) {
		node, err = w.Devices.Node(w.Devices.AliasOf(name))
	}
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	o := &volume{work: w, config: config.Luks{Device: &node}}
	if err := o.observe(live{w.Devices}); err != nil || !o.is || o.header.Subsystem != firstBootMark {
		return err
	}
	// Without its label the command would take it off.
	args := []string{"config", "--label", o.header.Label, "--subsystem", "", node}
	return o.runTool(ctx, tool.Command{Tool: "cryptsetup", Args: args})
}
