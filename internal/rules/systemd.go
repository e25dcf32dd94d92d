package rules

import (
	"path"
	"slices"
	"strings"

	"github.com/glowplug-os/glowplug/config"
	"github.com/glowplug-os/glowplug/internal/codes"
	"github.com/glowplug-os/glowplug/internal/cursor"
	"github.com/glowplug-os/glowplug/internal/diag"
	"github.com/glowplug-os/glowplug/internal/unit"
)

func (c units) systemd(a *cursor.At, s *config.Systemd) {
	units := a.Key("units")
	c.instances(units, s.Units)
	c.templates(units, s.Units)
	for i := range s.Units {
		c.unit(units.Item(i), &s.Units[i])
	}
}

// instances warns of enabled instances of a template that has no [Install] section, or an empty one.
func (c units) instances(list *cursor.At, units []config.Unit) {
	templates := map[string]int{}
	for i, u := range units {
		if strings.HasSuffix(u.Name, "@.service") {
			templates[u.Name] = i
		}
	}
	type lack struct{ told, peerOnly bool }
	lacks := map[string]lack{} // of the templates that have been looked at
	if len(templates) == 0 {
		return
	}
	for i, u := range units {
		template, isInstance := unit.ServiceTemplate(u.Name)
		k, known := templates[template]
		if !isInstance || !known || !isSet(u.Enabled) {
			continue
		}
		it, asked := lacks[template]
		if !asked {
			contents := text(units[k].Contents)
			it.told = contents != "" && unit.Check(contents) == nil && !unit.HasInstall(contents)
			it.peerOnly = it.told && installedBy(&units[k]).Any()
			lacks[template] = it
		}
		if it.told {
			list.Item(i).Key("contents").Warnf(codes.TemplateNotInstallable,
				"%s is enabled, but its template has nothing in [Install]", quote(u.Name)).
				Advise("add [Install] with WantedBy= to the template").See(list.Item(k),
				"the template is defined here").PeerOnly = it.peerOnly
		}
	}
}

func (c units) unit(a *cursor.At, u *config.Unit) {
	if f := unit.CheckName(u.Name); f != nil {
		a.Key("name").Fault(f)
	}
	if contents := text(u.Contents); contents != "" {
		fine := unitText(a.Key("contents"), contents)
		if fine && isSet(u.Enabled) && !unit.HasInstall(contents) {
			f := a.Key("contents").Warnf(codes.UnitNotInstallable, "%s is enabled, but has nothing in [Install]",
				quote(u.Name)).Advise("add [Install] with WantedBy=, or remove enabled")
			// by a drop-in, which the peer does not look at, or in a section whose misspelt name is reported
			f.PeerOnly = installedBy(u).Any() || slices.ContainsFunc(misspelt(contents),
				func(m misspelling) bool { return m.meant == "Install" })
		}
		if fine && isSet(u.Enabled) && !isSet(u.Mask) && mentions(u, "Also") {
			onlyAlso(a, u)
		}
		if isSet(u.Mask) {
			a.Key("contents").Warnf(codes.UnitMaskedContents, "%s is masked, so its contents are not written",
				quote(u.Name)).Advise("remove mask or contents").Strictly()
		}
	}
	if !isSet(u.Mask) {
		c.unitNames(a, u)
	}
	if isSet(u.Mask) && isSet(u.Enabled) {
		a.Key("enabled").Warnf(codes.UnitMaskedEnabled, "%s is masked, so enabling it does nothing",
			quote(u.Name)).Advise("remove mask or enabled").Strictly()
	}
	dropins := a.Key("dropins")
	for j, d := range u.Dropins {
		item := dropins.Item(j)
		if contents := text(d.Contents); contents != "" {
			unitText(item.Key("contents"), contents)
		}
		if f := unit.CheckDropinName(d.Name); f != nil {
			item.Key("name").Fault(f)
		}
	}
}

// onlyAlso warns of an enabled unit whose [Install] enables others alone.
func onlyAlso(a *cursor.At, u *config.Unit) {
	if in := installedBy(u); in.OnlyAlso() {
		a.Key("contents").Warnf(codes.UnitOnlyAlso, "%s is enabled, but has only Also= in [Install]: "+
			"systemctl enables %s, and not the unit itself", quote(u.Name), quote(strings.Join(in.Also, " "))).
			Advise("add WantedBy= if the unit is to start by itself").Strictly()
	}
}

// unitText reports what is wrong with a unit's text, and whether the peer takes it.
func unitText(a *cursor.At, contents string) (fine bool) {
	if f := unit.Check(contents); f != nil {
		line(a.Fault(f), contents, f.At)
		return false
	}
	for _, m := range misspelt(contents) {
		line(a.Warnf(codes.UnitSectionName, "systemd has no section [%s], and passes over what stands in it", m.name).
			Advise("write [%s]", m.meant).Strictly(), contents, m.at)
	}
	if offset, long := unit.LineTooLong(contents); long {
		f := a.Warnf(codes.UnitLineLong, "a line of the unit has more than 2047 bytes; systemd takes it, "+
			"other engines do not").Advise(`split it with \ at the ends of lines`)
		f.Laxer = true
		line(f, contents, longest(contents, offset))
		return false
	}
	return true
}

// longest finds the first line that is longer than systemd reads; other is the offset that it gives where there is
// none.
func longest(contents string, other int) int {
	const most = 2047
	at := 0
	for line := range strings.Lines(contents) {
		if len(strings.TrimSuffix(line, "\n")) > most {
			return at
		}
		at += len(line)
	}
	return other
}

// line has a finding point to the line of a unit that has the given offset in its text.
func line(f *cursor.Finding, contents string, offset int) {
	if f.Kept() == nil {
		return
	}
	offset = min(max(offset, 0), len(contents))
	start := strings.LastIndexByte(contents[:offset], '\n') + 1
	end := len(contents)
	if i := strings.IndexByte(contents[start:], '\n'); i >= 0 {
		end = start + i
	}
	f.Within(contents, diag.Span{Start: max(start, min(offset, end-1)), End: end}, "unit")
}

// unitNames warns where systemd refuses a unit because its name is not the escaped path that the unit is for. A drop-in
// of the unit may have the path.
func (c units) unitNames(a *cursor.At, u *config.Unit) {
	texts := []string{text(u.Contents)}
	for _, d := range u.Dropins {
		texts = append(texts, text(d.Contents))
	}
	for _, contents := range slices.Backward(texts) {
		want, of, ok := unit.NameForPath(u.Name, contents)
		if !ok {
			continue
		}
		if want != u.Name {
			a.Key("name").Warnf(codes.UnitNamePath, "systemd will not load %s: with %s=%s its name has to be %s",
				quote(u.Name), of.Name, quote(of.Value), want).
				Advise("systemd-escape --path --suffix=%s %s gives the name", strings.TrimPrefix(path.Ext(want), "."),
					quote(of.Value)).Strictly()
		}
		return
	}
}

// mentions tells whether a word is in a text of the unit: reading options takes far longer than looking for their name.
func mentions(u *config.Unit, word string) bool {
	found := strings.Contains(text(u.Contents), word)
	for _, d := range u.Dropins {
		found = found || strings.Contains(text(d.Contents), word)
	}
	return found
}

// installedBy joins the [Install] sections of all texts that the config has of a unit.
func installedBy(u *config.Unit) unit.Install {
	texts := []string{text(u.Contents)}
	for _, d := range u.Dropins {
		texts = append(texts, text(d.Contents))
	}
	in, _ := unit.ReadInstall(texts...)
	return in
}

// templates warns of templates that are enabled without any instance, and have no default instance.
func (c units) templates(list *cursor.At, units []config.Unit) {
	enabled := map[string]bool{}
	for _, u := range units {
		if template, instance, ok := unit.SplitInstance(u.Name); ok && instance != "" && isSet(u.Enabled) {
			enabled[template] = true
		}
	}
	for i := range units {
		u := &units[i]
		_, instance, ok := unit.SplitInstance(u.Name)
		if !ok || instance != "" || !isSet(u.Enabled) || isSet(u.Mask) || text(u.Contents) == "" || enabled[u.Name] {
			continue
		}
		if in := installedBy(u); in.Any() && !in.StandsAlone() {
			list.Item(i).Key("enabled").Warnf(codes.TemplateWithoutInstance,
				"%s is a template without a default instance, which cannot be enabled by itself", quote(u.Name)).
				Advise("add DefaultInstance= to [Install], or enable an instance such as %s",
					quote(unit.Instance(u.Name, "1"))).Strictly()
		}
	}
}
