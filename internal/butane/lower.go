package butane

import (
	"github.com/glowplug-os/glowplug/config"
	"github.com/glowplug-os/glowplug/internal/cursor"
	"github.com/glowplug-os/glowplug/internal/diag"
	"github.com/glowplug-os/glowplug/internal/document"
	"github.com/glowplug-os/glowplug/internal/language"
	"github.com/glowplug-os/glowplug/internal/tree"
)

// lowerAll makes the config: first what the document says in the keys of configs, then what each feature makes, each
// merged with the config so far (docs/peer/butane.md §12 has the order).
func (t *translation) lowerAll() {
	t.config = t.lower(t.shape, t.top)
	t.setVersion(t.config, t.Spec)
	t.each(func(f *feature) {
		if f.lower != nil {
			f.lower(t)
		}
	})
}

// optional: the version of the config can tell an absent object from an empty one, so null differs from an empty
// mapping.
func (t *translation) optional(s *language.Shape) bool { return s.Field.Nullable.Has(t.Spec) }

// lower makes a node of the config from one of the document.
func (t *translation) lower(s *language.Shape, a *cursor.At) tree.Node {
	switch s.Kind {
	case tree.List:
		list := t.List(a.Node())
		items := list.Append()
		for item := range a.Items() {
			items.Add(t.lower(s.Item, item))
		}
		return list
	case tree.Object:
		return t.lowerObject(s, a)
	}
	return t.Same(a.Node())
}

// lowerObject makes an object, and what features add to it. Empty objects vanish, but for items of a list, which count,
// and where the version can tell empty objects from absent ones.
func (t *translation) lowerObject(s *language.Shape, a *cursor.At) tree.Node {
	object := t.Object(a.Node())
	members := object.Append()
	for c := range a.Node().Children() {
		m := t.edition.Find(s, c.Key())
		if m == nil || m.Key == "" || c.Kind() == tree.Null {
			continue
		}
		child := t.lower(m, a.Member(m.Name, c))
		if c.Kind() < tree.List || child.First().Exists() || t.optional(m) {
			members.AddMember(m.Key, child)
		}
	}
	if add := t.objects[s]; add != nil {
		add(t, a, object)
	}
	return object
}

// setVersion writes the version of the config.
func (t *translation) setVersion(root tree.Node, v config.Version) {
	ignition := root.Get("ignition")
	from := t.top.Key("version").Node()
	if !ignition.Exists() {
		ignition = t.Object(from)
		if written := t.top.Key("ignition").Node(); written.Exists() {
			ignition = t.Object(written)
		}
		root.Append().AddMember("ignition", ignition)
	}
	if version := ignition.Get("version"); version.Exists() {
		version.Become(tree.String, v.String())
		return
	}
	ignition.Append().AddMember("version", t.Scalar(from, tree.String, v.String()))
}

// under merges what the document says itself over what a feature has generated.
func (t *translation) under(generated tree.Node) {
	if config.FieldAt("storage.raid.*.level").Written.Has(t.Spec) {
		// Up to 3.2.0 a RAID level could not be absent, so a document without a level hides the generated one.
		for raid := range t.config.Get("storage").Get("raid").Children() {
			if !raid.Get("level").Exists() {
				raid.Append().AddMember("level", t.arena.NewString(raid, ""))
			}
		}
	}
	own := t.config
	t.setVersion(generated, config.Newest)
	t.setVersion(own, config.Newest)
	parent, _, _ := document.Decode(generated)
	child, _, _ := document.Decode(own)
	t.config = document.Merge(parent, child).At("$", tree.Index{})
	t.setVersion(t.config, t.Spec)
	t.index = tree.Index{}
	t.fromChild(t.config, own)
}

// fromChild has problems of a list that both parents of a merge have point to the list of the document. Merging would
// have them point to the generated list.
func (t *translation) fromChild(merged, own tree.Node) {
	for m := range merged.Children() {
		c := own.Get(m.Key())
		switch {
		case c.Kind() == tree.List && m.Kind() == tree.List:
			m.Move(c)
			items := map[diag.Place]tree.Node{}
			for item := range c.Children() {
				items[item.Place()] = item
			}
			for item := range m.Children() {
				if item.Kind() == tree.Object {
					t.fromChild(item, items[item.Place()])
				}
			}
		case c.Kind() == tree.Object && m.Kind() == tree.Object:
			t.fromChild(m, c)
		}
	}
}

// section gives a list of the config, made if it is not there.
func (t *translation) section(from tree.Node, outer, name string) tree.Node {
	section := t.config.Get(outer)
	if !section.Exists() {
		section = t.Object(from)
		t.config.Append().AddMember(outer, section)
	}
	list := section.Get(name)
	if !list.Exists() {
		list = t.List(from)
		section.Append().AddMember(name, list)
	}
	return list
}
