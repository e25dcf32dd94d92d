package butane

import (
	"slices"

	"github.com/glowplug-os/glowplug/internal/language"
	"github.com/glowplug-os/glowplug/internal/tree"
)

// drawMap notes where every part of the config comes from, before anything is held against the config.
func (t *translation) drawMap() {
	if !t.Map {
		return
	}
	base := "$"
	if t.openshift() && !t.Raw {
		base = "$.spec.config"
		for _, from := range []*at{t.top.key("metadata"), t.top.key("openshift")} {
			t.mapManifest(from)
		}
	}
	t.mapNode(t.config, base)
	slices.Sort(t.origins)
	t.origins = slices.Compact(t.origins)
}

func (t *translation) mapNode(n tree.Node, path string) {
	if from := t.tracer.Origin(n.Place()); from.Exists() {
		t.origins = append(t.origins, t.pathOf(from)+" → "+path)
	}
	i := 0
	for c := range n.Children() {
		if n.Kind() == tree.List {
			t.mapNode(c, itemPath(path, i))
			i++
		} else {
			t.mapNode(c, language.Join(path, c.Key()))
		}
	}
}

// mapManifest does the same for what a MachineConfig says around the config.
func (t *translation) mapManifest(section *at) {
	for c := range section.node.Children() {
		path := "$.metadata." + c.Key()
		if section.trail.Name == "openshift" {
			path = "$.spec." + camel(c.Key())
		}
		t.mapCopy(section.with(c.Key(), c), path)
	}
}

func (t *translation) mapCopy(a *at, path string) {
	t.origins = append(t.origins, a.path()+" → "+path)
	for item := range a.items() {
		t.mapCopy(item, itemPath(path, item.trail.Index))
	}
	if a.node.Kind() == tree.Object {
		for c := range a.node.Children() {
			t.mapCopy(a.with(c.Key(), c), language.Join(path, c.Key()))
		}
	}
}
