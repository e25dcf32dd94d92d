package volume

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"slices"

	"github.com/glowplug-os/glowplug/config"
	"github.com/glowplug-os/glowplug/internal/block"
	"github.com/glowplug-os/glowplug/internal/diag"
	"github.com/glowplug-os/glowplug/internal/plan"
	"github.com/glowplug-os/glowplug/internal/rules"
	"github.com/glowplug-os/glowplug/internal/scene"
	"github.com/glowplug-os/glowplug/internal/source"
	"github.com/glowplug-os/glowplug/stages/disks/kind"
)

// Row is the kind.
func Row() kind.Row { return kind.Row{Name: "createLuks", Wants: wants, Plan: planAll} }

func wants(s config.Storage) (all []kind.Want) {
	for i := range s.Luks {
		v := &s.Luks[i]
		all = append(all, kind.Want{Path: config.Says(v.Device), Entry: entryOf(i, v)})
	}
	return all
}

func entryOf(index int, v *config.Luks) *kind.Entry {
	return &kind.Entry{ID: "luks:" + v.Name, Subject: "luks " + diag.Name(v.Name), Origin: kind.Origin("luks", index)}
}

// Needs are the tools that the config's volumes need in any case: to be missed before anything is changed.
func Needs(s config.Storage) (all []kind.Need) {
	for i := range s.Luks {
		v := &s.Luks[i]
		for _, tool := range tools(v) {
			all = append(all, kind.Need{Tool: tool, Entry: entryOf(i, v)})
		}
	}
	return all
}

// tools are the programs that a volume needs, whatever is found.
func tools(v *config.Luks) []string {
	all := []string{"cryptsetup"}
	if config.Says(v.WipeVolume) {
		all = append(all, "wipefs")
	}
	if v.Clevis.Opens() {
		all = append(all, "clevis")
	}
	if config.Says(v.Cex.Enabled) {
		all = append(all, "zkey", "zkey-cryptsetup")
	}
	return all
}

// Impossible refuses what the config itself shows to fail.
func Impossible(s config.Storage) error {
	var all []error
	var judge source.Judge
	for i := range s.Luks {
		v := &s.Luks[i]
		all = append(all, entryOf(i, v).Fail(impossible(v, &judge)))
	}
	return errors.Join(all...)
}

func impossible(v *config.Luks, keys *source.Judge) error {
	if fault := rules.Threshold(&v.Clevis); fault != nil && !config.Says(v.Cex.Enabled) {
		return diag.WithHint(errors.New(fault.Message), fault.Hint)
	}
	var wrong *source.Misfit
	if config.Says(v.KeyFile.Source) != "" { // else the key is a random one
		wrong = keys.Misfits(&v.KeyFile)
	}
	switch uuid := config.Says(v.UUID); {
	case uuid != "" && !block.TakesUUID("crypto_LUKS", uuid):
		return fmt.Errorf("a volume takes no UUID like %s", diag.Name(uuid))
	case !config.Says(v.Cex.Enabled) && rules.IsEmptyKey(v.KeyFile, config.Newest):
		return errEmptyKey
	case wrong != nil:
		return fmt.Errorf("its key: %w", wrong.Fault)
	}
	return nil
}

// planAll plans the volumes one after the other, as their keys are derived with as much memory as there is. All keys
// are got before the first volume is touched.
func planAll(s config.Storage, view scene.Scene, _ io.Reader) (*kind.Planned, error) {
	p := &kind.Planned{}
	var keys, lane kind.Lane
	var failed []error
	owners := kind.Owners{}
	for i := range s.Luks {
		entry := entryOf(i, &s.Luks[i])
		v, err := look(&s.Luks[i], view)
		if err == nil {
			err = cmp.Or(v.refused(view), owners.Claim(v.seen, entry.Origin))
		}
		if err != nil {
			failed = append(failed, entry.Fail(err))
			continue
		}
		m := telling{&making{config: v.config, entry: entry, was: v}}
		actions := m.actions(view)
		means := v.meanings(entry)
		p.Means = append(p.Means, means...)
		keys = append(keys, m.keyAction())
		lane = append(lane, actions...)
		p.After = append(p.After, v.expected(means[0].Names)...)
		for _, b := range v.blanks() {
			b.Entry = entry
			p.Blanks = append(p.Blanks, b)
		}
		for _, each := range actions {
			if each.Effect == plan.Destroy {
				p.Needs = append(p.Needs, kind.Need{Tool: "wipefs", Entry: entry})
			}
		}
	}
	if lane != nil {
		p.Lanes = []kind.Lane{append(keys, lane...)}
	}
	return p, errors.Join(failed...)
}

// expected is the volume, by its names, once it is open. Nothing that was there before shows through a new key.
func (v *volume) expected(names []string) []scene.Prediction {
	then := &scene.Seen{Path: names[0], Node: names[0]}
	switch reused := v.judge() == reuse; {
	case v.seen.Unknown != "":
		then.Unknown = "what a volume holds shows once it is open"
	case reused && v.use == open:
		return nil // it is there
	case reused:
		then.Unknown = "what the volume holds shows once it is open"
	}
	return []scene.Prediction{{Names: names, Seen: then}}
}

// meanings are the volume's, once it is open, and its device's, which has the label and the UUID.
func (v *volume) meanings(entry *kind.Entry) []*kind.Meaning {
	volume := v.config
	inside := &kind.Meaning{Names: v.names(), What: entry.Subject, Origin: entry.Origin,
		Find: func(view scene.Scene) (string, error) { return node(volume, view) }}
	outside := &kind.Meaning{Names: contentLinks(volume), What: "the device of " + entry.Subject, Origin: entry.Origin,
		Node: v.seen.Node}
	return []*kind.Meaning{inside, outside}
}

// names are those of the open volume. Device-mapper's UUID of it has that of the header, which is known if the config
// gives it, or has the volume used again (libcryptsetup, dm_prepare_uuid; 13-dm-disk.rules).
func (v *volume) names() []string {
	name, uuid := v.config.Name, config.Says(v.config.UUID)
	switch {
	case v.seen.Unknown == "" && v.judge() == reuse:
		uuid = v.seen.LUKS.UUID
	case has(v.config.Options, "--uuid"):
		uuid = ""
	}
	return block.VolumeNames(name, uuid)
}

// node is the open volume on the device. Where nobody tells, it is what has the volume's name.
func node(entry *config.Luks, view scene.Scene) (string, error) {
	v, err := look(entry, view)
	if err != nil {
		return "", err
	}
	if v.use != open {
		return block.MapperPath(entry.Name), nil
	}
	return v.holder.Node(), nil
}

// A telling is what is to be done, as people read it.
type telling struct{ *making }

// actions are those that make or open the volume, once there is a key.
func (m telling) actions(view scene.Scene) kind.Lane {
	v := m.was
	verdict := v.judge()
	switch {
	case v.seen.Unknown != "":
		return kind.Lane{m.deferred()}
	case verdict == reuse && v.use == open:
		return kind.Lane{m.try()}
	case verdict == reuse:
		return kind.Lane{m.settled(m.open())}
	}
	var all kind.Lane
	if v.use == open {
		all = append(all, m.close())
	}
	if config.Says(m.config.Cex.Enabled) {
		all = append(all, m.secureKey())
	}
	all = append(all, m.format(view), m.open())
	all = append(all, m.clevis()...)
	last := len(all) - 1
	all[last] = m.settled(all[last])
	return all
}

// as is an action of the volume.
func (m telling) as(id string, effect plan.Effect, subject, detail string) *kind.Action {
	s := m.entry.Step()
	s.ID, s.Effect, s.Detail = id+":"+m.config.Name, effect, detail
	if subject != "" {
		s.Subject = subject + " " + s.Subject
	}
	return &kind.Action{Step: s, Seen: []*scene.Seen{m.was.seen}}
}

// deferred says what will decide. The round plans again when the device is there, so nobody does this.
func (m telling) deferred() *kind.Action {
	v := m.was
	opened := "opened if it is this volume and the config's key opens it, "
	if v.onlyNew() != "" {
		opened = ""
	}
	detail := fmt.Sprintf("formatted if nothing is on %s then, %selse refused (%s)", v.seen.Path, opened,
		v.seen.Unknown)
	if config.Says(m.config.WipeVolume) {
		detail = fmt.Sprintf("formatted whatever is on %s then (%s)", v.seen.Path, v.seen.Unknown)
	}
	a := m.as("luks", plan.Deferred, "", detail)
	a.Outcomes = v.outcomes()
	return a
}

// keyAction gets the key and leaves it for the files stage, also of a volume that is there already.
func (m telling) keyAction() *kind.Action {
	detail := "random"
	switch {
	case config.Says(m.config.Cex.Enabled):
		detail = cexKey
	case !m.generated():
		detail = source.Redact(config.Says(m.config.KeyFile.Source))
	}
	a := m.as("luks-key", plan.Create, "key of", detail)
	if v := m.was; v.seen.Unknown != "" && v.onlyNew() == "" && !config.Says(v.config.WipeVolume) {
		a.Effect, a.Outcomes = plan.Deferred, v.outcomes()
	} else if v.seen.Unknown == "" && v.judge() == reuse {
		a.Effect = plan.Keep // that of the volume which is there
	}
	a.Look = m.hasKey
	a.Act = m.getKey
	return a
}

func (m telling) close() *kind.Action {
	a := m.as("luks-close", plan.Change, "", "closed")
	a.Look = m.when(func(v *volume) bool { return v.use == free })
	a.Act = m.closeVolume
	return a
}

func (m telling) format(view scene.Scene) *kind.Action {
	v := m.was
	detail := "LUKS 2 on " + diag.Name(config.Says(m.config.Device))
	if label := config.Says(m.config.Label); label != "" {
		detail += fmt.Sprintf(", label %q", label)
	}
	if uuid := config.Says(m.config.UUID); uuid != "" {
		detail += ", UUID " + diag.Name(uuid)
	}
	effect := plan.Create
	switch again := v.judge() == recreate; {
	case v.marked() && !config.Says(m.config.WipeVolume):
		effect, detail = plan.Destroy, detail+", again: it was not made to its end"
	case again && v.seen.OnlyTable():
		effect, detail = plan.Destroy, detail+"; its partition table is lost"
	case again:
		effect, detail = plan.Destroy, fmt.Sprintf("%s; %s on it is lost", detail, scene.Describe(v.seen.Content))
	}
	a := m.as("luks-format", effect, "", detail)
	if !v.seen.Blank() {
		a.Loses = kind.Lost(view, v.seen)
	}
	if len(v.blanks()) > 0 {
		a.Outcomes = kind.UnlessKnown
	}
	a.Look = m.when(func(v *volume) bool { return m.made != "" && v.seen.LUKS != nil && v.seen.LUKS.UUID == m.made })
	a.Act = m.makeVolume
	return a.Over(v.seen, scene.Filling{Content: block.Content{Signatures: []block.Signature{
		{Type: "crypto_LUKS", Label: config.Says(m.config.Label)}}}})
}

// byKey is what may come of a volume that is used again: whether a key opens it takes a program, and much memory.
var byKey = []kind.Outcome{{Found: "a volume that the config's key opens", Verdict: string(reuse)},
	{Found: "a volume that the config's key does not open", Verdict: string(refuse)}}

// open opens the volume. What it is opened with stays in the header, also that nothing was asked for.
func (m telling) open() *kind.Action {
	a := m.as("luks-open", plan.Change, "", "opened as "+diag.Name(block.MapperPath(m.config.Name)))
	if m.was.judge() == reuse {
		a.Outcomes = byKey
	}
	a.Look = m.when(func(v *volume) bool { return v.use == open })
	a.Act = m.openVolume
	return a
}

// try finds out whether a volume that is open has the config's key: the system will have that to open it with.
func (m telling) try() *kind.Action {
	a := m.as("luks-open", plan.Keep, "", "open as "+diag.Name(block.MapperPath(m.config.Name)))
	a.Outcomes = byKey
	a.Act = m.tryKey
	return a
}

// clevis binds an open volume to its policy.
func (m telling) clevis() (all kind.Lane) {
	c := &m.config.Clevis
	if !c.Opens() {
		return nil
	}
	bound := func(v *volume) bool {
		return v.seen.LUKS != nil && slices.Contains(v.seen.LUKS.Tokens, clevisToken)
	}
	bind := m.as("luks-bind", plan.Change, "", "bound by clevis to "+describeClevis(c))
	bind.Look, bind.Act = m.when(bound), m.bind
	all = append(all, bind)
	if testsItself(c) {
		try := m.as("luks-unlock", plan.Change, "", "closed, and opened by clevis")
		try.Act = m.unlock
		all = append(all, try)
	}
	if !m.generated() {
		return all
	}
	forget := m.as("luks-forget", plan.Change, "", "opens by clevis alone")
	forget.Look = m.when(func(v *volume) bool { return bound(v) && v.seen.LUKS.Keyslots == 1 })
	forget.Act = m.forgetKey
	return append(all, forget)
}
