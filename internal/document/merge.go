package document

import (
	"reflect"
	"strconv"
	"strings"

	"github.com/glowplug-os/glowplug/config"
	"github.com/glowplug-os/glowplug/internal/diag"
	"github.com/glowplug-os/glowplug/internal/tree"
)

// How two lists at the same place become one.
type mergeMode uint8

const (
	keyed     mergeMode = iota + 1 // items with equal keys merge in place, the child's others follow
	union                          // strings: the parent's, then the child's that are new
	appending                      // the parent's items, then the child's
	headers                        // keyed, and a child's item without a value deletes the parent's
)

// An identity says what makes two items of a list the same one.
type identity struct {
	mode mergeMode
	key  string // the member that holds an item's key; "" for lists of strings
	// space names what several lists of one object share: an item of the child in one of them removes the parent's item
	// of that key from the others.
	space string
}

// listIdentities is the table of every list of the language (docs/peer/spec.md §5).
func listIdentities() map[string]identity {
	ids := map[string]identity{
		"ignition.config.merge":                        {mode: keyed, key: "source"},
		"ignition.security.tls.certificateAuthorities": {mode: keyed, key: "source"},
		"ignition.proxy.noProxy":                       {mode: union},
		"kernelArguments.shouldExist":                  {mode: union, space: "kernel argument"},
		"kernelArguments.shouldNotExist":               {mode: union, space: "kernel argument"},
		"passwd.groups":                                {mode: keyed, key: "name"},
		"passwd.users":                                 {mode: keyed, key: "name"},
		"passwd.users.*.groups":                        {mode: union},
		"passwd.users.*.sshAuthorizedKeys":             {mode: union},
		"storage.directories":                          {mode: keyed, key: "path", space: "node"},
		"storage.files":                                {mode: keyed, key: "path", space: "node"},
		"storage.files.*.append":                       {mode: appending},
		"storage.links":                                {mode: keyed, key: "path", space: "node"},
		"storage.disks":                                {mode: keyed, key: "device"},
		"storage.disks.*.partitions":                   {mode: keyed, key: "number"},
		"storage.filesystems":                          {mode: keyed, key: "device"},
		"storage.filesystems.*.mountOptions":           {mode: appending},
		"storage.filesystems.*.options":                {mode: appending},
		"storage.luks":                                 {mode: keyed, key: "name"},
		"storage.luks.*.clevis.tang":                   {mode: keyed, key: "url"},
		"storage.luks.*.openOptions":                   {mode: union},
		"storage.luks.*.options":                       {mode: appending},
		"storage.raid":                                 {mode: keyed, key: "name"},
		"storage.raid.*.devices":                       {mode: union},
		"storage.raid.*.options":                       {mode: appending},
		"systemd.units":                                {mode: keyed, key: "name"},
		"systemd.units.*.dropins":                      {mode: keyed, key: "name"},
	}
	for _, resource := range []string{
		"ignition.config.merge.*", "ignition.config.replace", "ignition.security.tls.certificateAuthorities.*",
		"storage.files.*.contents", "storage.files.*.append.*", "storage.luks.*.keyFile",
	} {
		ids[resource+".httpHeaders"] = identity{mode: headers, key: "name"}
	}
	return ids
}

// of gives the key of a list's item.
func (id identity) of(item tree.Node) string {
	switch id.key {
	case "":
		return item.Text()
	case "number":
		return partitionKey(item)
	}
	return item.Get(id.key).Text()
}

// partitionKey: a partition is known by its number, one without by its label.
func partitionKey(item tree.Node) string {
	if n, _ := strconv.ParseInt(item.Get("number").Text(), 10, 64); n != 0 {
		return "number:" + strconv.FormatInt(n, 10)
	}
	if label := item.Get("label"); label.Exists() {
		return "label:" + label.Text()
	}
	return ""
}

// Merge puts children on top of a parent, each over what is there by then (docs/peer/spec.md §5). All are brought to
// the newest version, which is also that of the result; what they say stays. All must be free of errors. Merging
// documents of different arenas works and costs a copy of the child. It takes the time to read them all once, however
// many there are.
func Merge(parent *Document, children ...*Document) *Document {
	m := merger{parent.root.Arena()}
	merged := &Document{Version: config.Newest}
	var roots []tree.Node
	for _, doc := range append([]*Document{parent}, children...) {
		roots = append(roots, m.own(doc))
		merged.losing = merged.losing.with(doc.losing)
	}
	merged.root = m.object(language(), roots)
	return merged
}

// MergeIgnition gives the metadata that Merge would, without merging the rest.
func MergeIgnition(parent, child *Document) config.Ignition {
	m := merger{parent.root.Arena()}
	ignition, _ := language().find("ignition", config.Newest)
	d := decoder{version: config.Newest}
	var merged config.Ignition
	both := m.value(ignition.shape, []tree.Node{m.own(parent).Get("ignition"), m.own(child).Get("ignition")})
	d.value(both, ignition.shape, reflect.ValueOf(&merged).Elem(), &diag.Trail{}, false)
	return merged
}

// Settings is a document of its own with what another one says of fetching: time limits, proxies, trust.
func (doc *Document) Settings() *Document {
	doc.upgrade()
	root := doc.root.Copy()
	root.Clear(tree.Object)
	if ignition := doc.root.Get("ignition"); ignition.Exists() {
		settings := ignition.Copy()
		settings.Clear(tree.Object)
		members := settings.Append()
		for c := range ignition.Children() {
			if c.Key() != "config" {
				members.Add(c.Copy())
			}
		}
		root.Append().Add(settings)
	}
	return &Document{Version: config.Newest, root: root, upgraded: true}
}

type merger struct{ *tree.Arena }

// own gives the root of a document at the newest version, in the arena.
func (m merger) own(doc *Document) tree.Node {
	doc.upgrade()
	if doc.root.Arena() != m.Arena {
		return m.Import(doc.root)
	}
	return doc.root
}

// value merges what documents say at one place, each over those before it. Some say nothing.
func (m merger) value(s *shape, said []tree.Node) tree.Node {
	there := said[:0:0]
	for _, n := range said {
		if n.Exists() {
			there = append(there, n)
		}
	}
	switch {
	case len(there) == 0:
		return tree.Node{}
	case len(there) == 1 || s.kind != tree.Object:
		return there[len(there)-1].Copy()
	}
	return m.object(s, there)
}

func (m merger) object(s *shape, objects []tree.Node) tree.Node {
	if len(objects) == 1 {
		return objects[0].Copy()
	}
	last := objects[len(objects)-1]
	merged := m.NewObject(last)
	if last.IsMember() {
		merged.Rename(last.Key())
	}
	members := merged.Append()
	said := make([]tree.Node, len(objects))
	for i := range s.members {
		field := &s.members[i]
		for k, object := range objects {
			said[k] = object.Get(field.name)
		}
		var value tree.Node
		if field.kind == tree.List {
			value = m.list(s, field, objects, said)
		} else {
			value = m.value(field.shape, said)
		}
		if value.Exists() {
			members.AddMember(field.name, value)
		}
	}
	return merged
}

// list merges the lists that objects have under one name.
func (m merger) list(s *shape, field *member, objects, lists []tree.Node) tree.Node {
	var place tree.Node
	l := layers{id: field.id, at: map[string]int{}}
	for k, list := range lists {
		if !place.Exists() {
			place = list
		}
		if place.Exists() {
			l.put(list, siblingKeys(s, field, objects[k]))
		}
	}
	switch {
	case !place.Exists():
		return place
	case l.as == place:
		return place.Copy()
	}
	merged := m.NewList(place)
	items := merged.Append()
	for _, item := range l.items {
		if !item.gone {
			items.Add(m.object(field.item, append([]tree.Node{item.node}, item.over...)))
		}
	}
	return merged
}

// A layered item is what the first document says of it, and the later ones over it. Strings have one layer.
type layered struct {
	node tree.Node
	over []tree.Node
	gone bool
	same int // the next item of the same key, 0 for none: documents with errors may have several
}

// layers are the items of a list in the making.
type layers struct {
	id    identity
	items []layered
	at    map[string]int // the first item of a key that is there, counted from 1
	as    tree.Node      // the list that these are the items of, if they are those of one
}

// put puts a list over what is there. elsewhere are the keys that its document has in the other lists of the name
// space: items of these keys go, unless the list has them too.
func (l *layers) put(list tree.Node, elsewhere map[string]bool) {
	if !list.Exists() && len(elsewhere) == 0 {
		return
	}
	if l.as = (tree.Node{}); len(l.items) == 0 {
		l.as = list
	}
	if l.id.mode == appending || len(l.items) == 0 && len(elsewhere) == 0 {
		for item := range list.Children() {
			l.add(item, l.id.mode != appending)
		}
		return
	}
	mine := map[string]tree.Node{}
	for item := range list.Children() {
		mine[l.id.of(item)] = item
	}
	for key := range elsewhere {
		if _, both := mine[key]; !both {
			l.remove(key)
		}
	}
	met := map[string]bool{}
	for item := range list.Children() {
		key := l.id.of(item)
		both, seen := met[key]
		if !seen {
			both = l.at[key] > 0
			if met[key] = both; both {
				l.cover(key, mine[key])
			}
		}
		if !both {
			l.add(item, true)
		}
	}
}

func (l *layers) add(item tree.Node, known bool) {
	l.items = append(l.items, layered{node: item})
	if !known {
		return
	}
	key := l.id.of(item)
	l.items[len(l.items)-1].same = l.at[key]
	l.at[key] = len(l.items)
}

// cover puts an item over those of its key.
func (l *layers) cover(key string, item tree.Node) {
	if l.id.mode == headers && !item.Get("value").Exists() {
		l.remove(key)
		return
	}
	for i := l.at[key]; i > 0 && l.id.mode != union; i = l.items[i-1].same {
		l.items[i-1].over = append(l.items[i-1].over, item)
	}
}

func (l *layers) remove(key string) {
	for i := l.at[key]; i > 0; i = l.items[i-1].same {
		l.items[i-1].gone = true
	}
	delete(l.at, key)
}

// siblingKeys collects what an object has in the other lists of the field's name space.
func siblingKeys(s *shape, field *member, object tree.Node) map[string]bool {
	if field.id.space == "" {
		return nil
	}
	keys := map[string]bool{}
	for i := range s.members {
		other := &s.members[i]
		if other.id.space != field.id.space || other.name == field.name {
			continue
		}
		for item := range object.Get(other.name).Children() {
			keys[other.id.of(item)] = true
		}
	}
	return keys
}

// describe names an item's key for people: `path "/etc/motd"`. What may be secret is not repeated.
func (id identity) describe(key string) string {
	switch id.key {
	case "":
		return "the same value"
	case "source", "url":
		return "the same " + id.key
	case "number":
		if kind, value, ok := strings.Cut(key, ":"); ok {
			return kind + " " + strconv.Quote(value)
		}
		return "neither number nor label"
	}
	return id.key + " " + strconv.Quote(key)
}
