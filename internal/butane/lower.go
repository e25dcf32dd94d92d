package butane

import (
	"strconv"
	"strings"

	"github.com/glowplug-os/glowplug/config"
	"github.com/glowplug-os/glowplug/internal/codes"
	"github.com/glowplug-os/glowplug/internal/diag"
	"github.com/glowplug-os/glowplug/internal/document"
	"github.com/glowplug-os/glowplug/internal/language"
	"github.com/glowplug-os/glowplug/internal/tree"
)

// lowerAll makes the config: what the document says in the config's own words first, then its sugar, each over what is
// there (docs/peer/butane.md §12 has the order).
func (t *translation) lowerAll() {
	t.config = t.lower(documents(), t.top)
	t.setVersion(t.config, t.Spec)
	t.mountUnits()
	t.trees()
	t.quadlets()
	t.bootDevice()
	t.partitions()
	t.grub()
	t.machineConfig()
	if t.Peer {
		t.peerPartitions()
	}
}

// lower makes a node of the config from one of the document.
func (t *translation) lower(s *language.Shape, a *at) tree.Node {
	switch s.Kind {
	case tree.List:
		list := t.tracer.List(a.node)
		items := list.Append()
		for item := range a.items() {
			items.Add(t.lower(s.Item, item))
		}
		return list
	case tree.Object:
		return t.lowerObject(s, a)
	}
	return t.tracer.Same(a.node)
}

// lowerObject makes an object, its embedded content included. Empty objects say nothing and vanish, but as items of a
// list, where they count, and where the version can tell them from absent ones.
func (t *translation) lowerObject(s *language.Shape, a *at) tree.Node {
	object := t.tracer.Object(a.node)
	members := object.Append()
	content := t.content(s, a)
	for c := range a.node.Children() {
		m := t.edition.Find(s, c.Key())
		if m == nil || m.Key == "" || c.Kind() == tree.Null || m.Name == "compression" && content.compressed() {
			continue
		}
		child := t.lower(m, a.with(m.Name, c))
		if c.Kind() < tree.List || child.First().Exists() || t.optional(m) {
			members.AddMember(m.Key, child)
		}
	}
	content.add(members)
	switch s.Path {
	case "passwd.users.*":
		t.localKeys(a, object)
	case "systemd.units.*", "systemd.units.*.dropins.*":
		if local := a.key("contents_local"); local.text() != "" {
			if text, ok := t.readLocal(local); ok {
				t.rememberLocal(local, text)
				members.AddMember("contents", t.tracer.Scalar(local.node, tree.String, text))
			}
		}
	}
	return object
}

// setVersion writes the version of the config.
func (t *translation) setVersion(root tree.Node, v config.Version) {
	ignition := root.Get("ignition")
	from := t.top.key("version").node
	if !ignition.Exists() {
		ignition = t.tracer.Object(from)
		if written := t.top.key("ignition").node; written.Exists() {
			ignition = t.tracer.Object(written)
		}
		root.Append().AddMember("ignition", ignition)
	}
	if version := ignition.Get("version"); version.Exists() {
		version.Become(tree.String, v.String())
		return
	}
	ignition.Append().AddMember("version", t.tracer.Scalar(from, tree.String, v.String()))
}

// under puts what sugar has made under what the document says itself.
func (t *translation) under(generated tree.Node) {
	if t.Spec < config.V3_3 {
		// Up to 3.2.0 a RAID level could not be absent, so that one that is not said hides the generated one.
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

// fromChild: a list that both have is blamed on what somebody wrote. Merging takes the generated one's place.
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

// object makes an object that comes from a node. fields are names and their values: a string, an int, a bool or a node.
func (t *translation) object(from tree.Node, fields ...any) tree.Node {
	object := t.tracer.Object(from)
	members := object.Append()
	for i := 0; i+1 < len(fields); i += 2 {
		name := fields[i].(string)
		switch v := fields[i+1].(type) {
		case string:
			members.AddMember(name, t.tracer.Scalar(from, tree.String, v))
		case int:
			members.AddMember(name, t.tracer.Scalar(from, tree.Number, strconv.Itoa(v)))
		case bool:
			members.AddMember(name, t.tracer.Scalar(from, tree.Bool, strconv.FormatBool(v)))
		case tree.Node:
			if v.Exists() {
				members.AddMember(name, v)
			}
		}
	}
	return object
}

// list makes a list that comes from a node.
func (t *translation) list(from tree.Node, items ...tree.Node) tree.Node {
	list := t.tracer.List(from)
	all := list.Append()
	for _, item := range items {
		all.Add(item)
	}
	return list
}

// texts makes a list of strings.
func (t *translation) texts(from tree.Node, texts ...string) tree.Node {
	list := t.tracer.List(from)
	all := list.Append()
	for _, text := range texts {
		all.Add(t.tracer.Scalar(from, tree.String, text))
	}
	return list
}

// section gives a list of the config, made if it is not there.
func (t *translation) section(from tree.Node, outer, name string) tree.Node {
	section := t.config.Get(outer)
	if !section.Exists() {
		section = t.tracer.Object(from)
		t.config.Append().AddMember(outer, section)
	}
	list := section.Get(name)
	if !list.Exists() {
		list = t.tracer.List(from)
		section.Append().AddMember(name, list)
	}
	return list
}

// judge holds the config that came out against the rules of its version.
func (t *translation) judge() {
	out, problems, ignored := document.Decode(t.config)
	t.out = out
	problems = append(problems, ignored...)
	if out != nil && t.Rules != nil {
		problems = append(problems, t.Rules(out)...)
	}
	for _, p := range problems {
		if p.Code == codes.ModeOctal && !t.Peer {
			continue // it says how JSON writes modes; what there is to say of YAML has been said
		}
		if p.More == 0 {
			p.Message, p.Hint = language.SnakeKeys(p.Message), language.SnakeKeys(t.ownVersion(p.Hint))
			p = t.blame(p)
			p.PeerOnly = p.PeerOnly || p.Code == codes.ModeSpecial && t.misreads[p.Place.Span]
		}
		t.problems.Add(p)
	}
	for _, l := range t.late {
		t.find(diag.Error, codes.PartitionMixed, l.path, l.node,
			"a partition is to be absent, and another one to get the next free number").PeerOnly = true
	}
}

// ownVersion: documents have no ignition.version to set. The hint names the variant's first version that does as well.
func (t *translation) ownVersion(hint string) string {
	const ask = "set ignition.version to "
	rest, found := strings.CutPrefix(hint, ask)
	end := strings.IndexAny(rest+" ", " ,")
	v, err := config.ParseVersion(rest[:end])
	if !found || err != nil {
		return hint
	}
	if _, other, or := strings.Cut(rest[end:], ", or "); or && t.openshift() {
		return other // what its machines cannot do does not come with a version
	}
	for _, d := range Dialects() {
		if d.Variant == t.Variant && d.Spec >= v {
			return "set version to " + d.Version + rest[end:]
		}
	}
	return ""
}
