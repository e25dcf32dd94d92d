package rules

import (
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/glowplug-os/glowplug/config"
	"github.com/glowplug-os/glowplug/internal/codes"
	"github.com/glowplug-os/glowplug/internal/diag"
	"github.com/glowplug-os/glowplug/internal/tree"
	"github.com/glowplug-os/glowplug/internal/unit"
)

func (c *checker) systemd(a *at, s *config.Systemd) {
	units := a.key("units")
	c.instances(units, s.Units)
	c.templates(units, s.Units)
	for i := range s.Units {
		c.unit(units.item(i), &s.Units[i])
	}
}

// instances warns of enabled instances whose template says nothing about installing.
func (c *checker) instances(list *at, units []config.Unit) {
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
			list.item(i).key("contents").warnf(codes.TemplateNotInstallable,
				"%s is enabled, but its template has nothing in [Install]", quote(u.Name)).
				hint("add [Install] with WantedBy= to the template").see(list.item(k),
				"the template is defined here").PeerOnly = it.peerOnly
		}
	}
}

func (c *checker) unit(a *at, u *config.Unit) {
	if f := unit.CheckName(u.Name); f != nil {
		a.key("name").fault(f)
	}
	if contents := text(u.Contents); contents != "" {
		fine := a.key("contents").unitText(contents)
		if fine && isSet(u.Enabled) && !unit.HasInstall(contents) {
			f := a.key("contents").warnf(codes.UnitNotInstallable, "%s is enabled, but has nothing in [Install]",
				quote(u.Name)).hint("add [Install] with WantedBy=, or remove enabled")
			// by a drop-in, which the peer does not look at, or in a section whose name is told as wrong
			f.PeerOnly = installedBy(u).Any() || slices.ContainsFunc(misspelt(contents),
				func(m misspelling) bool { return m.meant == "Install" })
		}
		if in := installedBy(u); fine && isSet(u.Enabled) && !isSet(u.Mask) && in.OnlyAlso() {
			a.key("contents").warnf(codes.UnitOnlyAlso, "%s is enabled, but has only Also= in [Install]: "+
				"systemctl enables %s, and not the unit itself", quote(u.Name), quote(strings.Join(in.Also, " "))).
				hint("add WantedBy= if the unit is to start by itself").stricter()
		}
		if isSet(u.Mask) {
			a.key("contents").warnf(codes.UnitMaskedContents, "%s is masked, so its contents are not written",
				quote(u.Name)).hint("remove mask or contents").stricter()
		}
	}
	if !isSet(u.Mask) {
		c.unitNames(a, u)
	}
	if isSet(u.Mask) && isSet(u.Enabled) {
		a.key("enabled").warnf(codes.UnitMaskedEnabled, "%s is masked, so enabling it does nothing",
			quote(u.Name)).hint("remove mask or enabled").stricter()
	}
	dropins := a.key("dropins")
	for j, d := range u.Dropins {
		item := dropins.item(j)
		if contents := text(d.Contents); contents != "" {
			item.key("contents").unitText(contents)
		}
		if f := unit.CheckDropinName(d.Name); f != nil {
			item.key("name").fault(f)
		}
	}
}

// unitText reports what is wrong with a unit's text, and whether the peer takes it.
func (a *at) unitText(contents string) (fine bool) {
	if f := unit.Check(contents); f != nil {
		a.fault(f).line(contents, f.At)
		return false
	}
	for _, m := range misspelt(contents) {
		a.warnf(codes.UnitSectionName, "systemd has no section [%s], and passes over what stands in it", m.name).
			hint("write [%s]", m.meant).stricter().line(contents, m.at)
	}
	if offset, long := unit.LineTooLong(contents); long {
		f := a.warnf(codes.UnitLineLong, "a line of the unit has more than 2047 bytes; systemd takes it, "+
			"other engines do not").hint(`split it with \ at the ends of lines`)
		f.Laxer = true
		f.line(contents, longest(contents, offset))
		return false
	}
	return true
}

// longest finds the first line that is too long, or gives the other offset.
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

// line says which line of a unit's text a finding means, by an offset in it.
func (f *finding) line(contents string, offset int) {
	if f == nil || !f.kept {
		return
	}
	offset = min(max(offset, 0), len(contents))
	start := strings.LastIndexByte(contents[:offset], '\n') + 1
	end := len(contents)
	if i := strings.IndexByte(contents[start:], '\n'); i >= 0 {
		end = start + i
	}
	number := 1 + strings.Count(contents[:start], "\n")
	f.Inside = &diag.Inside{
		Text: contents, Span: diag.Span{Start: max(start, min(offset, end-1)), End: end},
		Note: fmt.Sprintf("it is line %d of this unit", number),
	}
	if n := f.at.node(); n.Document().Text != "" && n.Kind() == tree.String && n.Text() == contents {
		f.Inside.Place, _ = n.Inset().Place(f.Inside.Span)
	}
}

// unitNames warns where systemd refuses a unit because its name is not the path that it is about. A drop-in may have
// the path.
func (c *checker) unitNames(a *at, u *config.Unit) {
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
			a.key("name").warnf(codes.UnitNamePath, "systemd will not load %s: with %s=%s its name has to be %s",
				quote(u.Name), of.Name, quote(of.Value), want).
				hint("systemd-escape --path --suffix=%s %s gives the name", strings.TrimPrefix(path.Ext(want), "."),
					quote(of.Value)).stricter()
		}
		return
	}
}

// installedBy is what the [Install] sections of a unit's texts in the config say together.
func installedBy(u *config.Unit) unit.Install {
	texts := []string{text(u.Contents)}
	for _, d := range u.Dropins {
		texts = append(texts, text(d.Contents))
	}
	in, _ := unit.ReadInstall(texts...)
	return in
}

// templates warns of templates that are enabled without any instance, and have no default instance.
func (c *checker) templates(list *at, units []config.Unit) {
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
			list.item(i).key("enabled").warnf(codes.TemplateWithoutInstance,
				"%s is a template without a default instance, which cannot be enabled by itself", quote(u.Name)).
				hint("add DefaultInstance= to [Install], or enable an instance such as %s",
					quote(unit.Instance(u.Name, "1"))).stricter()
		}
	}
}
