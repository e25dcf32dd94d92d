package units

import (
	"fmt"
	"maps"
	"path"
	"slices"
	"strings"

	"github.com/glowplug-os/glowplug/internal/diag"
	"github.com/glowplug-os/glowplug/internal/plan"
	"github.com/glowplug-os/glowplug/internal/unit"
)

// remarkID is what the IDs of steps begin with that only say that a unit will not be as the config has it.
const remarkID = "state:"

// cannotBe is what the detail of a remark begins with about a unit that the root keeps from being enabled.
const cannotBe = "cannot be enabled: "

// Hinders tells whether a step says of a unit that the root keeps it from being enabled.
func Hinders(s *plan.Step) bool {
	return Remarks(s) && strings.HasPrefix(s.Detail, cannotBe)
}

// Remarks tells whether a step only says of a unit that it will not be as the config has it.
func Remarks(s *plan.Step) bool { return strings.HasPrefix(s.ID, remarkID) }

// remarks says which units will not be as the config has them. What the config alone shows is the validator's to say.
func (u *Units) remarks(along map[string]string) (plan.Plan, error) {
	var plan plan.Plan
	earlier, err := u.finder.presetRules(func(name string) bool { return name < path.Base(presetPath) })
	if err != nil {
		return nil, err
	}
	listed := listedTemplates(u.wanted)
	for _, w := range u.wanted {
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
			plan = append(plan, u.m.remark(w.Name, w.origin, why))
		}
	}
	return plan, nil
}

// hindrance says why a unit cannot be enabled, "" where nothing is known to be in the way.
func (w wanted) hindrance(listed map[string]bool) string {
	f := w.file
	switch {
	case f.state == unitMissing:
		return cannotBe + "the root has no such unit"
	case f.state == unitDangling:
		return fmt.Sprintf(cannotBe+"%s is a link to %s, which is not there", diag.Name(f.at),
			diag.Name(f.target))
	case w.isTold():
		return ""
	case f.state == unitMasked:
		return fmt.Sprintf(cannotBe+"it is masked by %s", diag.Name(f.at))
	case f.known && !f.install.Any():
		return fmt.Sprintf(cannotBe+"%s has nothing in [Install] that enables it", diag.Name(f.at))
	case !w.isBareTemplate() || listed[w.Name]:
		return ""
	case w.defaultOff:
		return fmt.Sprintf(cannotBe+"its default instance %s is to be disabled",
			diag.Name(unit.Instance(w.Name, w.Default)))
	}
	return cannotBe + "it is a template without a default instance"
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
func (f *finder) presetRules(counts func(name string) bool) (presetRules, error) {
	files := map[string]string{}
	for _, dir := range presetDirs {
		at, names, err := f.t.List(dir)
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
		content, err := f.t.ReadFile(files[name], presetLimit)
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
