package units

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"

	"github.com/glowplug-os/glowplug/config"
	"github.com/glowplug-os/glowplug/internal/diag"
	"github.com/glowplug-os/glowplug/internal/plan"
	"github.com/glowplug-os/glowplug/internal/root"
	"github.com/glowplug-os/glowplug/internal/target"
	"github.com/glowplug-os/glowplug/internal/unit"
)

const (
	presetPath  = unit.PresetFile
	presetLimit = 16 << 20
)

// presetDirs are where a root keeps preset files, in the order of systemd.preset(5).
var presetDirs = [...]string{"/etc/systemd/system-preset", "/run/systemd/system-preset",
	"/usr/local/lib/systemd/system-preset", "/usr/lib/systemd/system-preset", "/lib/systemd/system-preset"}

// A wanted is a unit that the config says something of.
type wanted struct {
	unit.Wish
	file       unitFile
	origin     string
	entry      string // the unit of the config that says so
	defaultOff bool   // it is a template whose default instance is to be disabled
}

// states plans the preset file, what systemctl has to do beside it, and remarks on what cannot be as the config has it.
func (u *Units) states(enable bool) (plan.Plan, error) {
	if len(u.wanted) == 0 || u.preset.edit == nil {
		return nil, nil
	}
	presets, err := u.presets()
	if err != nil {
		return nil, err
	}
	along, err := u.finder.alongWith(u.wanted)
	if err != nil {
		return nil, err
	}
	remarks, err := u.remarks(along)
	if err != nil {
		return nil, err
	}
	links, err := u.links(along, enable)
	return slices.Concat(plan.Plan{presets}, links, remarks), err
}

// wanted finds the units that say whether they are enabled. A unit that is named by an alias is added by its own name,
// for which alone systemd has links and presets.
func (f *finder) wanted(units []config.Unit) ([]wanted, error) {
	says := func(name string) bool { u := f.units[name]; return u != nil && u.Enabled != nil }
	var all []wanted
	named := map[string]bool{}
	for i, u := range units {
		if u.Enabled == nil {
			continue
		}
		origin := fmt.Sprintf("$.systemd.units.%d", i)
		file, byDefault, err := f.findWithDefault(u.Name)
		if err != nil {
			return nil, plan.Step{Subject: "unit " + diag.Name(u.Name), Origin: origin}.Fail(err)
		}
		w := wanted{Wish: unit.Wish{Name: u.Name, Enabled: *u.Enabled, Default: byDefault}, file: file, origin: origin,
			entry: u.Name}
		if file.name == u.Name {
			all = append(all, w)
			continue
		}
		alias := w
		alias.file.alias = true
		all = append(all, alias)
		if !says(file.name) && !named[file.name] {
			w.Name, named[file.name] = file.name, true
			all = append(all, w)
		}
	}
	markDefaultsOff(all)
	return all, nil
}

func (f *finder) findWithDefault(name string) (file unitFile, byDefault string, err error) {
	if file, err = f.find(name); err == nil {
		byDefault, err = f.byDefault(file)
	}
	return file, byDefault, err
}

// markDefaultsOff marks templates whose default instance is to be disabled: the more exact word counts.
func markDefaultsOff(all []wanted) {
	off := map[string]bool{}
	for _, w := range all {
		off[w.Name] = !w.Enabled
	}
	for i, w := range all {
		_, instance, ok := unit.SplitInstance(w.Name)
		all[i].defaultOff = ok && instance == "" && w.Default != "" && off[unit.Instance(w.Name, w.Default)]
	}
}

func wishes(all []wanted) unit.Wishes {
	var list unit.Wishes
	for _, w := range all {
		list = append(list, w.Wish)
	}
	return list
}

// A preset is the preset file, as it is and as it is to be.
type preset struct {
	claim target.Claim
	edit  func(string) string
	text  string // that it is to have; "" where an entry of the config writes it first
}

// claimPresets finds the place of the preset file. A link there is followed, but for one to /dev/null, which stands for
// an empty file (systemd.preset(5)) and is replaced. Where the config has the file itself among its files, lines are
// only added at its end.
func (u *Units) claimPresets() (err error) {
	p := &u.preset
	p.claim = target.Claim{ID: "presets", Subject: "presets " + path.Base(presetPath), Kind: root.File, Adds: true}
	at, _, err := u.t.Walk(presetPath, true)
	if err == nil && at == maskTarget {
		at, err = u.t.Place(presetPath)
	}
	if err != nil {
		return p.claim.Fail(err)
	}
	list := wishes(u.wanted)
	p.edit = list.Write
	if u.t.Claimed(at) != nil {
		p.edit = list.Append
	}
	p.claim.At = at
	p.claim.Held = func(t *target.Target) bool {
		found, err := t.Before(at)
		if err != nil || found.Kind != root.File {
			return false
		}
		text, err := t.ReadFile(at, presetLimit)
		return err == nil && p.edit(string(text)) == string(text)
	}
	u.t.Take(&p.claim)
	return nil
}

// presets plans the preset file.
func (u *Units) presets() (plan.Step, error) {
	p := &u.preset
	s := p.claim.Step()
	var lines []string
	for _, r := range wishes(u.wanted).Rules() {
		lines = append(lines, r.String())
	}
	s.Detail = strings.Join(lines, ", ")
	if err := u.presetEffect(&s); err != nil {
		return s, s.Fail(err)
	}
	at, edit, m := p.claim.At, p.edit, u.m
	s.Check = func(context.Context) (plan.State, error) {
		if before, after, err := m.presetTexts(at, edit); err != nil || before != after {
			return plan.Pending, err
		}
		return plan.Done, nil
	}
	s.Do = func(context.Context) error {
		_, after, err := m.presetTexts(at, edit)
		if err != nil {
			return err
		}
		return m.writePresets(at, after)
	}
	return s, nil
}

// presetEffect tells what becomes of what is there.
func (u *Units) presetEffect(s *plan.Step) error {
	p := &u.preset
	found, err := u.t.Before(p.claim.At)
	if err != nil {
		return err
	}
	if found.Kind == root.Symlink {
		s.Effect, p.text = plan.Destroy, p.edit("")
		return u.t.MayGo(p.claim.At, found.Kind)
	}
	before, err := u.t.ReadFile(p.claim.At, presetLimit)
	if p.text = p.edit(string(before)); u.t.Claimed(p.claim.At) != nil {
		p.text = ""
	}
	switch {
	case errors.Is(err, fs.ErrNotExist):
		s.Effect = plan.Create
		return nil
	case err != nil:
		return err
	}
	if s.Effect = plan.Change; p.edit(string(before)) == string(before) {
		s.Effect = plan.Keep
	}
	return nil
}

// presetTexts gives the text of the preset file as it is and as it is to be.
func (r runner) presetTexts(at string, edit func(string) string) (before, after string, err error) {
	found, err := r.Root.Lstat(at)
	if err != nil || found.Kind == root.Symlink {
		return "", edit(""), err
	}
	content, err := r.Root.ReadFile(at, presetLimit)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return "", "", err
	}
	return string(content), edit(string(content)), nil
}

// writePresets writes the file anew, which keeps it whole at any time. What the image ships there keeps its owner and
// mode.
func (r runner) writePresets(at, content string) error {
	found, err := r.Root.Lstat(at)
	if err != nil {
		return err
	}
	want := r.SystemFile()
	if found.Kind == root.File {
		want = root.Attrs{UID: int64(found.UID), GID: int64(found.GID), Mode: int64(found.Mode)}
		if !r.Privileged || r.NoOwner {
			want.UID, want.GID = -1, -1
		}
	}
	return r.WriteText(at, want, false, content)
}

// links plans what systemctl has to do: units are disabled; in a directory others are enabled, and those that were
// enabled along with them (Also=) are disabled again.
func (u *Units) links(along map[string]string, enables bool) (plan.Plan, error) {
	var disable, enable, again plan.Plan
	stays := staying(u.wanted)
	if !slices.ContainsFunc(u.wanted, func(w wanted) bool { return !w.Enabled || enables }) {
		return nil, nil
	}
	made, err := u.finder.madeLinks()
	if err != nil {
		return nil, err
	}
	for _, w := range u.wanted {
		switch {
		case w.file.alias:
		case !w.Enabled:
			disable = append(disable, u.m.disable(w, stays, made))
			if along[w.Name] != "" {
				again = append(again, u.m.disable(w, stays, nil)) // which links there are by then is not known
			}
		case enables && w.canBeEnabled():
			enable = append(enable, u.m.enable(w, made))
		}
	}
	if len(enable) == 0 {
		return disable, nil
	}
	return slices.Concat(disable, enable, again), nil
}

// canBeEnabled is false where it is certain that systemctl refuses, or has nothing to do.
func (w wanted) canBeEnabled() bool {
	return w.file.state == unitThere && (!w.file.known || w.file.install.Any() && !w.isBareTemplate())
}

// isBareTemplate: a template that cannot be enabled without naming an instance, or whose default instance is not to be.
func (w wanted) isBareTemplate() bool {
	_, instance, ok := unit.SplitInstance(w.Name)
	return ok && instance == "" && w.file.known && (w.defaultOff || !w.file.install.StandsAlone())
}
