package butane

import (
	"slices"

	"github.com/glowplug-os/glowplug/internal/cursor"
	"github.com/glowplug-os/glowplug/internal/language"
	"github.com/glowplug-os/glowplug/internal/tree"
)

// drawMap notes where every part of the config comes from, before the config is held against rules.
func (t *translation) drawMap() {
	if !t.Map {
		return
	}
	m, base := mapping{t: t}, "$"
	if t.has(machineConfig) && !t.Raw {
		base = "$.spec.config"
		for _, from := range []*cursor.At{t.top.Key("metadata"), t.top.Key("openshift")} {
			m.manifest(from)
		}
	}
	m.node(t.config, base)
	slices.Sort(m.lines)
	t.origins = slices.Compact(m.lines)
}

// A mapping collects the lines that say where each part comes from.
type mapping struct {
	t     *translation
	lines []string
}

func (m *mapping) node(n tree.Node, path string) {
	if from := m.t.Origin(n.Place()); from.Exists() {
		m.lines = append(m.lines, m.t.pathOf(from)+" → "+path)
	}
	i := 0
	for c := range n.Children() {
		if n.Kind() == tree.List {
			m.node(c, itemPath(path, i))
			i++
		} else {
			m.node(c, language.Join(path, c.Key()))
		}
	}
}

// manifest notes the same for the parts of a MachineConfig around the config.
func (m *mapping) manifest(section *cursor.At) {
	for c := range section.Node().Children() {
		path := "$.metadata." + c.Key()
		if section.Name() == "openshift" {
			path = "$.spec." + camel(c.Key())
		}
		m.copy(section.Member(c.Key(), c), path)
	}
}

func (m *mapping) copy(a *cursor.At, path string) {
	m.lines = append(m.lines, a.Path()+" → "+path)
	for item := range a.Items() {
		m.copy(item, itemPath(path, item.Index()))
	}
	if a.Node().Kind() == tree.Object {
		for c := range a.Node().Children() {
			m.copy(a.Member(c.Key(), c), language.Join(path, c.Key()))
		}
	}
}
