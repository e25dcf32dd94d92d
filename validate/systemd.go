package validate

import (
	"strings"

	"github.com/glowplug-os/glowplug/config"
	"github.com/glowplug-os/glowplug/internal/unit"
)

func (c *checker) systemd(a *at, s *config.Systemd) {
	units := a.key("units")
	c.instances(units, s.Units)
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
	if len(templates) == 0 {
		return
	}
	for i, u := range units {
		template, isInstance := unit.ServiceTemplate(u.Name)
		k, known := templates[template]
		if !isInstance || !known || !isSet(u.Enabled) {
			continue
		}
		contents := text(units[k].Contents)
		if contents != "" && unit.Check(contents) == nil && !unit.HasInstall(contents) {
			list.item(i).key("contents").warnf("template-not-installable", "%s is enabled, but its template has nothing in [Install]", quote(u.Name)).
				hint("add [Install] with WantedBy= to the template").see(list.item(k), "the template is defined here")
		}
	}
}

func (c *checker) unit(a *at, u *config.Unit) {
	if f := unit.CheckName(u.Name); f != nil {
		a.key("name").fault(f)
	} else {
		a.key("name").fault(unit.CheckNameStrictly(u.Name)).stricter()
	}
	if contents := text(u.Contents); contents != "" {
		fine := a.key("contents").unitText(contents)
		if fine && isSet(u.Enabled) && !unit.HasInstall(contents) {
			a.key("contents").warnf("unit-not-installable", "%s is enabled, but has nothing in [Install]", quote(u.Name)).hint("add [Install] with WantedBy=, or remove enabled")
		}
	}
	dropins := a.key("dropins")
	for j, d := range u.Dropins {
		item := dropins.item(j)
		if contents := text(d.Contents); contents != "" {
			item.key("contents").unitText(contents)
		}
		if f := unit.CheckDropinName(d.Name); f != nil {
			item.key("name").fault(f)
		} else {
			item.key("name").fault(unit.CheckDropinNameStrictly(d.Name)).stricter()
		}
	}
}

// unitText reports what is wrong with a unit's text, and whether the peer takes it.
func (a *at) unitText(contents string) (fine bool) {
	if f := unit.Check(contents); f != nil {
		a.fault(f)
		return false
	}
	if _, long := unit.LineTooLong(contents); long {
		f := a.warnf("unit-line-long", "a line of the unit has more than 2047 bytes; systemd takes it, other engines do not").hint(`split it with \ at the ends of lines`)
		f.Laxer = true
		return false
	}
	return true
}
