package rules

import (
	"path"
	"slices"
	"strings"

	"github.com/glowplug-os/glowplug/config"
	"github.com/glowplug-os/glowplug/internal/codes"
	"github.com/glowplug-os/glowplug/internal/cursor"
	"github.com/glowplug-os/glowplug/internal/unit"
)

// unitFolder is the folder in which a config puts units.
const unitFolder = "/etc/systemd/system"

// unitNames is what a config says of each unit, by all of its names: a unit may have several.
type unitNames struct {
	units   map[string]*config.Unit
	masked  map[string]string // and by what
	aliases map[string]string // of units of the config; "" where several ask for the name
	files   map[string]bool   // names of units of which the config brings the file along
}

func unitNamesOf(cfg *config.Config) *unitNames {
	n := &unitNames{map[string]*config.Unit{}, map[string]string{}, map[string]string{}, map[string]bool{}}
	for i := range cfg.Systemd.Units {
		n.add(&cfg.Systemd.Units[i])
	}
	for _, l := range cfg.Storage.Links {
		n.link(l.Path, text(l.Target))
	}
	for _, f := range cfg.Storage.Files {
		if name, below := strings.CutPrefix(f.Path, unitFolder+"/"); below {
			n.files[name] = true
		}
	}
	return n
}

func (n *unitNames) add(u *config.Unit) {
	n.units[u.Name] = u
	if isSet(u.Mask) {
		n.masked[u.Name] = "the config masks it"
		return
	}
	if !mentions(u, "Alias") {
		return
	}
	for _, alias := range installedBy(u).Alias {
		if other, asked := n.aliases[alias]; asked && other != u.Name {
			n.aliases[alias] = ""
		} else if alias != u.Name {
			n.aliases[alias] = u.Name
		}
	}
}

// link takes up a link of the config in the place of a unit: to /dev/null it masks the unit, to the file of another
// unit it is an alias.
func (n *unitNames) link(at, target string) {
	folder, name := path.Split(at)
	if path.Clean(folder) != unitFolder || unit.CheckName(name) != nil {
		return
	}
	to := target
	if !path.IsAbs(to) {
		to = path.Join(unitFolder, to)
	}
	switch other := path.Base(to); {
	case to == "/dev/null":
		n.masked[name] = "a link of the config masks it"
	case other != name && strings.HasSuffix(path.Dir(to), "/systemd/system") && unit.CheckName(other) == nil:
		n.aliases[name] = other
	}
}

// hasText: the config has the file of the unit.
func (n *unitNames) hasText(name string) bool {
	u := n.units[name]
	return u != nil && !isSet(u.Mask) && text(u.Contents) != ""
}

// otherNames warns where a unit is enabled under one name and masked or disabled under another. At boot and in apply
// the stage itself does, which sees the root as well.
func (c units) otherNames(list *cursor.At, cfg *config.Config) {
	if !slices.ContainsFunc(cfg.Systemd.Units, func(u config.Unit) bool { return isSet(u.Enabled) }) {
		return
	}
	n := unitNamesOf(cfg)
	enabled := map[string]bool{} // templates of which an instance is
	for _, u := range cfg.Systemd.Units {
		if template, instance, ok := unit.SplitInstance(u.Name); ok && instance != "" && isSet(u.Enabled) {
			enabled[template] = true
		}
	}
	for i := range cfg.Systemd.Units {
		u := &cfg.Systemd.Units[i]
		if !isSet(u.Enabled) || isSet(u.Mask) {
			continue
		}
		if why := n.hindrance(u, enabled); why != "" {
			list.Item(i).Key("enabled").Warnf(codes.UnitOtherName, "%s is enabled, but %s", quote(u.Name), why).
				Advise("remove enabled, or what masks or disables the unit under its other name").Strictly()
		}
	}
}

// hindrance says what keeps a unit from being enabled; "" where the config has nothing against it.
func (n *unitNames) hindrance(u *config.Unit, enabled map[string]bool) string {
	template, instance, isTemplate := unit.SplitInstance(u.Name)
	of := n.aliases[u.Name]
	switch {
	case n.hasText(u.Name):
		return n.ownHindrance(u, isTemplate && instance == "", enabled)
	case n.files[u.Name]:
		return ""
	case n.masked[u.Name] != "":
		return n.masked[u.Name]
	case of != "" && n.masked[of] != "":
		return "it is an alias of " + quote(of) + ", and " + n.masked[of]
	case of != "" && n.units[of] != nil && n.units[of].Enabled != nil && !*n.units[of].Enabled:
		return "it is an alias of " + quote(of) + ", which is to be disabled"
	case of == "" && isTemplate && instance != "" && n.masked[template] != "":
		return "its file is that of the template " + quote(template) + ", and " + n.masked[template]
	}
	return ""
}

// ownHindrance is hindrance for a unit whose text is in the config.
func (n *unitNames) ownHindrance(u *config.Unit, isTemplate bool, enabled map[string]bool) string {
	if !isTemplate && !mentions(u, "Alias") {
		return ""
	}
	in := installedBy(u)
	for _, alias := range in.Alias {
		if how := n.masked[alias]; how != "" {
			return "systemctl cannot make its alias " + quote(alias) + ": " + how
		}
	}
	if !isTemplate || in.Default == "" {
		return ""
	}
	name := unit.Instance(u.Name, in.Default)
	of := n.units[name]
	switch {
	case n.masked[name] != "":
		return "for " + quote(name) + ", its default instance, and " + n.masked[name]
	case of != nil && of.Enabled != nil && !*of.Enabled && !enabled[u.Name]:
		return "for " + quote(name) + ", its default instance, which is to be disabled"
	}
	return ""
}
