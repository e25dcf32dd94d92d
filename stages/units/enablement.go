package units

import (
	"cmp"
	"fmt"
	"maps"
	"path"
	"slices"
	"strings"

	"github.com/glowplug-os/glowplug/config"
	"github.com/glowplug-os/glowplug/internal/diag"
	"github.com/glowplug-os/glowplug/internal/target"
	"github.com/glowplug-os/glowplug/internal/unit"
)

// An Enablement is what a root has of a unit that the config has enabled or disabled.
type Enablement struct {
	Name, Origin string
	Is           State
	Why          string // "" where it is as the config has it
}

// A State tells whether a unit is enabled or disabled as the config has it.
type State uint8

// The states. One that is Hindered cannot be so, as a first boot has said, whatever has become of it since.
const (
	AsWanted State = iota
	Otherwise
	Hindered
	Unknown
)

// machineID is empty, or says so, until systemd has applied presets in a first boot (machine-id(5)).
const machineID = "/etc/machine-id"

// A judge tells of units whether they are enabled, by the links of the root.
type judge struct {
	all     links             // in all directories of units
	own     map[string]string // those of directories where systemctl has them, by the units that they enable
	along   map[string]string
	earlier presetRules
	fresh   bool // presets have yet to be applied
	listed  map[string]bool
}

// Enablements tell of the units of a config that say whether they are enabled what a root has now. They go by the files
// and links that are there, whatever of these the config has, and ask no systemctl.
func Enablements(all []config.Unit, v target.View) (found []Enablement, err error) {
	u := &Units{t: target.New(v)}
	bare, masked := make([]config.Unit, len(all)), map[string]bool{}
	for i := range all {
		bare[i] = config.Unit{Name: all[i].Name, Enabled: all[i].Enabled}
		masked[all[i].Name] = config.Says(all[i].Mask)
	}
	u.finder = newFinder(bare, u.t)
	if u.wanted, err = u.finder.wanted(bare); err != nil || len(u.wanted) == 0 {
		return nil, err
	}
	j, err := u.judge()
	if err != nil {
		return nil, err
	}
	for _, w := range u.wanted {
		if w.file.alias {
			continue
		}
		e := Enablement{Name: w.Name, Origin: w.origin}
		switch {
		case !w.Enabled:
			e.Is, e.Why = j.disabled(w)
		case masked[w.Name]:
			e.Is, e.Why = Hindered, "it is masked by the config"
		default:
			e.Is, e.Why = j.enabled(w)
		}
		found = append(found, e)
	}
	return found, nil
}

func (u *Units) judge() (j judge, err error) {
	if j.all, err = u.finder.madeLinks(); err != nil {
		return j, err
	}
	own, err := u.finder.linksIn(unitDirs[:2])
	if err != nil {
		return j, err
	}
	j.own = own.enabling()
	if j.along, err = u.finder.alongWith(u.wanted); err != nil {
		return j, err
	}
	j.earlier, err = u.finder.presetRules(func(name string) bool { return name < path.Base(presetPath) })
	id, failed := u.t.ReadFile(machineID, presetLimit)
	known := strings.TrimSpace(string(id))
	j.fresh = failed != nil || known == "" || known == "uninitialized"
	j.listed = listedTemplates(u.wanted)
	return j, err
}

// enabled is about a unit that is to be enabled.
func (j *judge) enabled(w wanted) (State, string) {
	f, links := w.file, w
	links.file.install.Also = nil // others
	hindrance := w.hindrance(j.listed)
	switch {
	case f.state == unitMasked && !slices.Contains(unitDirs[:2], path.Dir(f.at)): // by the image
		return Hindered, strings.TrimPrefix(hindrance, cannotBe)
	case f.state != unitThere:
		return Otherwise, strings.TrimPrefix(hindrance, cannotBe)
	case !f.known:
		return Unknown, "what " + diag.Name(f.at) + " has in [Install] is not known"
	case hindrance != "" || !f.install.Any() || f.install.OnlyAlso() || w.isBareTemplate():
		why := cmp.Or(strings.TrimPrefix(hindrance, cannotBe), w.onlyAlong(), "nothing in [Install] enables it")
		return Hindered, why
	case j.all.enable(links), j.fresh:
		return AsWanted, ""
	case j.earlier.against(w) != "":
		return Hindered, j.earlier.against(w)
	}
	return Otherwise, "is not enabled"
}

// disabled is about a unit that is to be disabled. Links that the root's own packages have in /usr do not count, as for
// systemctl.
func (j *judge) disabled(w wanted) (State, string) {
	by := j.own[w.Name]
	switch {
	case by == "":
		return AsWanted, ""
	case j.along[w.Name] != "":
		return Hindered, fmt.Sprintf("is enabled along with %s (Also=)", diag.Name(j.along[w.Name]))
	case j.earlier.against(w) != "":
		return Hindered, j.earlier.against(w)
	}
	return Otherwise, "is enabled, by " + diag.Name(by)
}

// enabling are links by which units, and instances of templates, are enabled, by the names of these. A unit whose file
// is elsewhere has a link of its own name, which enables nothing.
func (all links) enabling() map[string]string {
	by := map[string]string{}
	for _, at := range slices.Sorted(maps.Keys(all)) {
		to := all[at]
		if to == maskTarget || path.Base(to) == at {
			continue
		}
		for _, name := range []string{path.Base(at), path.Base(to)} {
			template, _, _ := unit.SplitInstance(name)
			for _, each := range []string{name, template} {
				if by[each] == "" {
					by[each] = at
				}
			}
		}
	}
	return by
}

// listedTemplates are those of which the config enables an instance.
func listedTemplates(all []wanted) map[string]bool {
	listed := map[string]bool{}
	for _, w := range all {
		template, instance, _ := unit.SplitInstance(w.Name)
		listed[template] = listed[template] || w.Enabled && instance != "" && w.file.state == unitThere
	}
	return listed
}
