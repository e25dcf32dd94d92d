package files

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"path"
	"slices"
	"strings"

	"github.com/glowplug-os/glowplug/config"
	"github.com/glowplug-os/glowplug/internal/diag"
	"github.com/glowplug-os/glowplug/internal/plan"
	"github.com/glowplug-os/glowplug/internal/root"
	"github.com/glowplug-os/glowplug/internal/unit"
)

const (
	presetPath  = "/etc/systemd/system-preset/20-ignition.preset" // docs/peer/engine.md §11.6
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
func (p *planner) states(units []config.Unit) (plan.Plan, error) {
	finder := p.unitFinder(units)
	all, err := finder.wanted(units)
	if err != nil || len(all) == 0 {
		return nil, err
	}
	plan, err := p.presets(all)
	if err != nil {
		return nil, err
	}
	along, err := finder.alongWith(all)
	if err != nil {
		return nil, err
	}
	remarks, err := p.remarks(all, along)
	if err != nil {
		return nil, err
	}
	links, err := p.links(all, along)
	return slices.Concat(plan, links, remarks), err
}

// wanted finds the units that say whether they are enabled. A unit that is named by an alias is added by its own name,
// for which alone systemd has links and presets.
func (f *unitFinder) wanted(units []config.Unit) ([]wanted, error) {
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

func (f *unitFinder) findWithDefault(name string) (file unitFile, byDefault string, err error) {
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

// presets plans the preset file. Where the config has the file itself among its files, lines are only added at its end:
// a second run has to recognise it.
func (p *planner) presets(all []wanted) (plan.Plan, error) {
	s := plan.Step{ID: "presets", Subject: "presets " + path.Base(presetPath), Effect: plan.Change}
	at, before, err := p.presetsBefore(&s)
	if err != nil {
		return nil, s.Fail(err)
	}
	p.worker.presetAt = at
	list := wishes(all)
	edit := list.Write
	n, own := p.world.nodes[at]
	if own {
		edit = list.Append
	}
	var lines []string
	for _, r := range list.Rules() {
		lines = append(lines, r.String())
	}
	s.Detail = strings.Join(lines, ", ")
	if s.Effect == plan.Change && edit(before) == before {
		s.Effect = plan.Keep
	}
	w := p.worker
	s.Check = func(context.Context) (plan.State, error) {
		if before, after, err := w.presetTexts(at, edit); err != nil || before != after {
			return plan.Pending, err
		}
		return plan.Done, nil
	}
	if own && n.kind == symlink {
		w.claims[at] = s.Check
	}
	s.Do = func(context.Context) error {
		_, after, err := w.presetTexts(at, edit)
		if err != nil {
			return err
		}
		return w.writePresets(at, after)
	}
	return plan.Plan{s}, nil
}

// presetsBefore finds the place and the text of the preset file. A link there is followed, but for one to /dev/null,
// which stands for an empty file (systemd.preset(5)) and is replaced.
func (p *planner) presetsBefore(s *plan.Step) (at, text string, err error) {
	if at, _, err = p.world.walk(presetPath, true); err == nil && at == maskTarget {
		at, err = p.world.resolve(presetPath)
	}
	if err != nil {
		return "", "", err
	}
	found, err := p.world.before(at)
	if err != nil {
		return "", "", err
	}
	if found.Kind == root.Symlink {
		s.Effect = plan.Destroy
		return at, "", p.world.mayGo(at, found.Kind)
	}
	before, err := p.world.view.ReadFile(at, presetLimit)
	if errors.Is(err, fs.ErrNotExist) {
		s.Effect, err = plan.Create, nil
	}
	return at, string(before), err
}

// presetTexts gives the text of the preset file as it is and as it is to be.
func (w *worker) presetTexts(at string, edit func(string) string) (before, after string, err error) {
	found, err := w.Root.Lstat(at)
	if err != nil || found.Kind == root.Symlink {
		return "", edit(""), err
	}
	content, err := w.Root.ReadFile(at, presetLimit)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return "", "", err
	}
	return string(content), edit(string(content)), nil
}

// writePresets writes the file anew, which keeps it whole at any time. What the image ships there keeps its owner and
// mode.
func (w *worker) writePresets(at, content string) error {
	found, err := w.Root.Lstat(at)
	if err != nil {
		return err
	}
	want := w.systemFile()
	if found.Kind == root.File {
		want = attributes{UID: int64(found.UID), GID: int64(found.GID), Mode: int64(found.Mode)}
		if !w.Privileged || w.NoOwner {
			want.UID, want.GID = -1, -1
		}
	}
	return w.writeText(at, []byte(content), want)
}

// links plans what systemctl has to do: units are disabled; in a directory others are enabled, and those that were
// enabled along with them (Also=) are disabled again.
func (p *planner) links(all []wanted, along map[string]string) (plan.Plan, error) {
	var disable, enable, again plan.Plan
	stays := staying(all)
	for _, w := range all {
		switch {
		case w.file.alias:
		case !w.Enabled:
			disable = append(disable, p.disable(w.Name, w.origin, stays))
			if along[w.Name] != "" {
				again = append(again, p.disable(w.Name, w.origin, stays))
			}
		case p.worker.Enable && w.canBeEnabled():
			enable = append(enable, p.enable(w.Name, w.origin))
		}
	}
	if len(enable) == 0 {
		return disable, nil
	}
	if p.worker.Tools != nil {
		if _, err := p.worker.Tools.Path("systemctl"); err != nil {
			return nil, enable[0].Fail(err)
		}
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

// remarks says which units will not be as the config has them. What the config alone shows is the validator's to say.
func (p *planner) remarks(all []wanted, along map[string]string) (plan.Plan, error) {
	var plan plan.Plan
	earlier, err := p.presetRules(func(name string) bool { return name < path.Base(presetPath) })
	if err != nil {
		return nil, err
	}
	listed := map[string]bool{}
	for _, w := range all {
		template, instance, _ := unit.SplitInstance(w.Name)
		listed[template] = listed[template] || w.Enabled && instance != "" && w.file.state == unitThere
	}
	for _, w := range all {
		why := ""
		switch {
		case w.file.alias:
		case w.Enabled:
			if why = w.hindrance(listed); why == "" {
				why = w.onlyAlong()
			}
		case along[w.Name] != "":
			why = fmt.Sprintf("is enabled along with %s by presets of a first boot (Also=)", diag.Name(along[w.Name]))
		}
		if why == "" && !w.file.alias && w.file.state == unitThere {
			why = earlier.against(w)
		}
		if why != "" {
			plan = append(plan, p.remark(w.Name, w.origin, why))
		}
	}
	return plan, nil
}

// hindrance says why a unit cannot be enabled, "" where nothing is known to be in the way.
func (w wanted) hindrance(listed map[string]bool) string {
	f := w.file
	switch {
	case f.state == unitMissing:
		return "cannot be enabled: the root has no such unit"
	case f.state == unitDangling:
		return fmt.Sprintf("cannot be enabled: %s is a link to %s, which is not there", diag.Name(f.at),
			diag.Name(f.target))
	case w.isTold():
		return ""
	case f.state == unitMasked:
		return fmt.Sprintf("cannot be enabled: it is masked by %s", diag.Name(f.at))
	case f.known && !f.install.Any():
		return fmt.Sprintf("cannot be enabled: %s has nothing in [Install] that enables it", diag.Name(f.at))
	case !w.isBareTemplate() || listed[w.Name]:
		return ""
	case w.defaultOff:
		return fmt.Sprintf("cannot be enabled: its default instance %s is to be disabled",
			diag.Name(unit.Instance(w.Name, w.Default)))
	}
	return "cannot be enabled: it is a template without a default instance"
}

// onlyAlong says what systemctl does with a unit whose [Install] names others only.
func (w wanted) onlyAlong() string {
	f := w.file
	if f.state != unitThere || !f.known || !f.install.OnlyAlso() || w.isTold() {
		return ""
	}
	return fmt.Sprintf("is not enabled itself: %s has only Also= in [Install], which enables %s", diag.Name(f.at),
		diag.OneLine(strings.Join(f.install.Also, " ")))
}

// isTold tells whether the validator warns of what is in the way: it looks at single units of the config, and from
// services to their templates.
func (w wanted) isTold() bool {
	f := w.file
	if !f.own {
		return false
	}
	same := path.Base(f.at) == w.entry
	template, isInstance := unit.ServiceTemplate(w.entry)
	switch {
	case f.state == unitMasked:
		return same
	case f.known && !f.install.Any():
		return f.silent && (same || isInstance && path.Base(f.at) == template)
	}
	return same && !w.defaultOff
}

// A presetRule is a line of a preset file of the root.
type presetRule struct {
	unit.Rule
	file string
}

type presetRules []presetRule

// presetRules reads preset files in the order of systemd: it sorts them by name, whatever directory they are in, and of
// one name only the first directory's counts.
func (p *planner) presetRules(counts func(name string) bool) (presetRules, error) {
	files := map[string]string{}
	for _, dir := range presetDirs {
		at, names, err := p.world.names(dir)
		if err != nil {
			return nil, err
		}
		for _, name := range names {
			if _, hidden := files[name]; !hidden && strings.HasSuffix(name, ".preset") && counts(name) {
				files[name] = path.Join(at, name)
			}
		}
	}
	var rules presetRules
	for _, name := range slices.Sorted(maps.Keys(files)) {
		content, err := p.world.view.ReadFile(files[name], presetLimit)
		if err != nil {
			continue // a link to /dev/null hides the others of its name
		}
		for line := range strings.Lines(string(content)) {
			if r, ok := unit.ParseRule(line); ok {
				rules = append(rules, presetRule{r, files[name]})
			}
		}
	}
	return rules, nil
}

// against says which line before ours will have presets of a first boot do otherwise than is wanted, "" for none.
func (rules presetRules) against(w wanted) string {
	for _, r := range rules {
		matches, grants := r.Decides(w.Wish)
		if !matches {
			continue
		}
		if grants {
			return ""
		}
		state := "disabled"
		if w.Enabled {
			state = "enabled"
		}
		return fmt.Sprintf("may not stay %s in a first boot: %s comes before %s and has %q", state, diag.Name(r.file),
			path.Base(presetPath), r.String())
	}
	return ""
}
