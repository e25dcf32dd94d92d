package document

import (
	"reflect"
	"strconv"
	"strings"

	"github.com/glowplug-os/glowplug/config"
	"github.com/glowplug-os/glowplug/internal/cursor"
	"github.com/glowplug-os/glowplug/internal/language"
	"github.com/glowplug-os/glowplug/internal/tree"
)

// KeyOf gives the key of a list's item.
func KeyOf(list config.List, item tree.Node) string {
	switch list.Key {
	case "":
		return item.Text()
	case "number":
		return partitionKey(item)
	}
	return item.Get(list.Key).Text()
}

// partitionKey: a partition is identified by its number, and one without a number by its label.
func partitionKey(item tree.Node) string {
	if n, _ := strconv.ParseInt(item.Get("number").Text(), 10, 64); n != 0 {
		return "number:" + strconv.FormatInt(n, 10)
	}
	if label := item.Get("label"); label.Exists() {
		return "label:" + label.Text()
	}
	return ""
}

// Merge puts children over a parent: each over the result so far (docs/peer/spec.md §5). All are brought to the newest
// version, which is the version of the result; the documents themselves stay as they are. All must be free of errors.
// Documents of different arenas can be merged; that costs a copy of the child. The time is that of reading all
// documents once, however many there are. Whoever listens to the parent listens to the result too.
func Merge(parent *Document, children ...*Document) *Document {
	m := &merger{parent.root.Arena(), parent.heard}
	merged := &Document{Version: config.Newest, heard: parent.heard}
	var roots []tree.Node
	for _, doc := range append([]*Document{parent}, children...) {
		roots = append(roots, m.own(doc))
		merged.losing = merged.losing.with(doc.losing)
	}
	merged.root = m.object(language.Config(), roots)
	return merged
}

// A Listener hears what merging does.
type Listener interface {
	// Made is told of a node that was made of others, each over the ones before. Of scalars the last one counts. What
	// merging takes as it is has nodes of which nothing is told.
	Made(node tree.Node, of []tree.Node)
	// Gone is told of an item of a list that a later document removes, and of what it was made of.
	Gone(list *language.Shape, of []tree.Node)
}

// Listen has somebody hear of what is merged over the document.
func (doc *Document) Listen(l Listener) { doc.heard = l }

// MergeIgnition gives the metadata (the section ignition) of the merged document, without merging the rest.
func MergeIgnition(parent, child *Document) config.Ignition {
	m := &merger{Arena: parent.root.Arena()}
	ignition := language.Config().Member("ignition")
	d := decoder{edition: language.OfVersion(config.Newest)}
	var merged config.Ignition
	both := m.value(ignition, append([]tree.Node(nil), m.own(parent).Get("ignition"), m.own(child).Get("ignition")))
	d.value(both, ignition, reflect.ValueOf(&merged).Elem(), cursor.Root(&d.problems, both), false)
	return merged
}

// Settings gives a document with nothing but what this one says of fetching: time limits, proxies, trust.
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

type merger struct {
	*tree.Arena
	heard Listener // or nil
}

// made tells of a node. As copies in each caller it would take a kilobyte of programs.
//
//go:noinline
func (m *merger) made(node tree.Node, of []tree.Node) tree.Node {
	if m.heard != nil {
		m.heard.Made(node, of)
	}
	return node
}

// own gives the root of a document, brought to the newest version, in the arena of the merger.
func (m *merger) own(doc *Document) tree.Node {
	doc.upgrade()
	if doc.root.Arena() != m.Arena {
		return m.Import(doc.root)
	}
	return doc.root
}

// value merges what several documents say at one place, each over the ones before. A node that does not exist says
// nothing.
func (m *merger) value(s *language.Shape, said []tree.Node) tree.Node {
	there := said[:0:0]
	for _, n := range said {
		if n.Exists() {
			there = append(there, n)
		}
	}
	switch {
	case len(there) == 0:
		return tree.Node{}
	case len(there) == 1 || s.Kind != tree.Object:
		return m.made(there[len(there)-1].Copy(), there)
	}
	return m.object(s, there)
}

func (m *merger) object(s *language.Shape, objects []tree.Node) tree.Node {
	if len(objects) == 1 {
		return m.made(objects[0].Copy(), objects)
	}
	last := objects[len(objects)-1]
	merged := m.made(m.NewObject(last), objects)
	if last.IsMember() {
		merged.Rename(last.Key())
	}
	members := merged.Append()
	said := make([]tree.Node, len(objects))
	for _, field := range s.Members {
		for k, object := range objects {
			said[k] = object.Get(field.Name)
		}
		var value tree.Node
		if field.Kind == tree.List {
			value = m.list(s, field, objects, said)
		} else {
			value = m.value(field, said)
		}
		if value.Exists() {
			members.AddMember(field.Name, value)
		}
	}
	return merged
}

// list merges the lists that objects have under one name.
func (m *merger) list(s *language.Shape, field *language.Shape, objects, lists []tree.Node) tree.Node {
	var place tree.Node
	l := layers{list: field.Field.List, at: map[string]int{}}
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
		if of := item.all(); !item.gone {
			items.Add(m.object(field.Item, of))
		} else if m.heard != nil {
			m.heard.Gone(field, of)
		}
	}
	return merged
}

// A layered is an item as the first document has it, and as later documents change it. A string has one layer.
type layered struct {
	node tree.Node
	over []tree.Node
	gone bool
	same int // the next item of the same key, 0 for none: documents with errors may have several
}

// all are its layers; a function of its own, as copies would be large.
//
//go:noinline
func (l *layered) all() []tree.Node { return append(append([]tree.Node(nil), l.node), l.over...) }

// layers are the items of a list that is being merged.
type layers struct {
	list  config.List
	items []layered
	at    map[string]int // the first item of a key that is there, counted from 1
	as    tree.Node      // the list that these are the items of, if they are those of one
}

// put puts a list over the items so far. elsewhere are the keys that the document of the list has in the other lists of
// the name space: items with these keys are removed, unless the list has them too.
func (l *layers) put(list tree.Node, elsewhere map[string]bool) {
	if !list.Exists() && len(elsewhere) == 0 {
		return
	}
	if l.as = (tree.Node{}); len(l.items) == 0 {
		l.as = list
	}
	if l.list.Mode == config.Appending || len(l.items) == 0 && len(elsewhere) == 0 {
		for item := range list.Children() {
			l.add(item, l.list.Mode != config.Appending)
		}
		return
	}
	mine := map[string]tree.Node{}
	for item := range list.Children() {
		mine[KeyOf(l.list, item)] = item
	}
	for key := range elsewhere {
		if _, both := mine[key]; !both {
			l.remove(key)
		}
	}
	met := map[string]bool{}
	for item := range list.Children() {
		key := KeyOf(l.list, item)
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
	key := KeyOf(l.list, item)
	l.items[len(l.items)-1].same = l.at[key]
	l.at[key] = len(l.items)
}

// cover puts an item over the items of its key.
func (l *layers) cover(key string, item tree.Node) {
	if l.list.Mode == config.Headers && !item.Get("value").Exists() {
		l.remove(key)
		return
	}
	for i := l.at[key]; i > 0 && l.list.Mode != config.Union; i = l.items[i-1].same {
		l.items[i-1].over = append(l.items[i-1].over, item)
	}
}

func (l *layers) remove(key string) {
	for i := l.at[key]; i > 0; i = l.items[i-1].same {
		l.items[i-1].gone = true
	}
	delete(l.at, key)
}

// siblingKeys collects the keys that an object has in the other lists of the name space of a field.
func siblingKeys(s *language.Shape, field *language.Shape, object tree.Node) map[string]bool {
	if field.Field.List.Space == "" {
		return nil
	}
	keys := map[string]bool{}
	for _, other := range s.Members {
		if other.Field.List.Space != field.Field.List.Space || other.Name == field.Name {
			continue
		}
		for item := range object.Get(other.Name).Children() {
			keys[KeyOf(other.Field.List, item)] = true
		}
	}
	return keys
}

// describe names the key of an item for people: `path "/etc/motd"`. A key that may be secret is not repeated.
func describe(list config.List, key string) string {
	switch list.Key {
	case "":
		return "the same value"
	case "source", "url":
		return "the same " + list.Key
	case "number":
		if kind, value, ok := strings.Cut(key, ":"); ok {
			return kind + " " + strconv.Quote(value)
		}
		return "neither number nor label"
	}
	return list.Key + " " + strconv.Quote(key)
}

// In gives a copy of the document in an arena. Later changes of the document do not change the copy.
func (doc *Document) In(arena *tree.Arena) *Document {
	return &Document{
		Version: doc.Version, root: arena.Import(doc.root), upgraded: doc.upgraded, unread: doc.unread,
		losing: doc.losing,
	}
}
