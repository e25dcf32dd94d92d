package config

import (
	"reflect"
	"strconv"
	"strings"

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

// listIdentities is the table of every list of the language (reference: spec §5).
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

// Merge puts a child document on top of a parent (reference: spec §5). Both are brought to the newest version, which is also
// that of the result; what they say stays. Both must be free of errors. Merging documents of different arenas works and costs
// a copy of the child.
func Merge(parent, child *Document) *Document {
	m := newMerger(parent, child)
	return &Document{Version: Newest, root: m.object(language(), parent.root, m.child), losing: parent.losing.and(child.losing)}
}

// MergeIgnition gives the metadata that Merge would, without merging the rest.
func MergeIgnition(parent, child *Document) Ignition {
	m := newMerger(parent, child)
	ignition, _ := language().find("ignition", Newest)
	d := decoder{version: Newest}
	var merged Ignition
	d.value(m.value(ignition.shape, parent.root.Get("ignition"), m.child.Get("ignition")), ignition.shape, reflect.ValueOf(&merged).Elem(), &diag.Trail{}, false)
	return merged
}

func newMerger(parent, child *Document) merger {
	parent.upgrade()
	child.upgrade()
	m := merger{parent.root.Arena(), child.root}
	if child.root.Arena() != m.Arena {
		m.child = m.Import(child.root)
	}
	return m
}

type merger struct {
	*tree.Arena
	child tree.Node // the root of the child, in the arena
}

func (m merger) value(s *shape, parent, child tree.Node) tree.Node {
	switch {
	case !child.Exists():
		return parent.Copy()
	case !parent.Exists() || s.kind != tree.Object:
		return child.Copy()
	}
	return m.object(s, parent, child)
}

func (m merger) object(s *shape, parent, child tree.Node) tree.Node {
	merged := m.NewObject(child)
	if child.IsMember() {
		merged.Rename(child.Key())
	}
	members := merged.Append()
	for i := range s.members {
		field := &s.members[i]
		p, c := parent.Get(field.name), child.Get(field.name)
		if field.kind == tree.List && p.Exists() {
			members.AddMember(field.name, m.list(s, field, p, child))
		} else if p.Exists() || c.Exists() {
			members.AddMember(field.name, m.value(field.shape, p, c))
		}
	}
	return merged
}

// list merges the parent's list p with the child's under the same name.
func (m merger) list(s *shape, field *member, p, child tree.Node) tree.Node {
	c := child.Get(field.name)
	merged := m.NewList(p)
	items := merged.Append()
	if field.id.mode == appending {
		addCopies(items, p, nil)
		addCopies(items, c, nil)
		return merged
	}
	elsewhere := siblingKeys(s, field, child)
	if !c.Exists() && len(elsewhere) == 0 {
		return p.Copy()
	}
	mine := map[string]tree.Node{}
	for item := range c.Children() {
		mine[field.id.of(item)] = item
	}
	met := map[string]bool{} // keys of the child that the parent has too
	for item := range p.Children() {
		key := field.id.of(item)
		override, both := mine[key]
		switch {
		case both && field.id.mode == headers && !override.Get("value").Exists():
		case both && field.id.mode != union:
			items.Add(m.object(field.item, item, override))
		case !both && elsewhere[key]:
			continue
		default:
			items.Add(item.Copy())
		}
		if both {
			met[key] = true
		}
	}
	addCopies(items, c, func(item tree.Node) bool { return !met[field.id.of(item)] })
	return merged
}

func addCopies(to *tree.Appender, from tree.Node, want func(tree.Node) bool) {
	for item := range from.Children() {
		if want == nil || want(item) {
			to.Add(item.Copy())
		}
	}
}

// siblingKeys collects what the child has in the other lists of the field's name space.
func siblingKeys(s *shape, field *member, child tree.Node) map[string]bool {
	if field.id.space == "" {
		return nil
	}
	keys := map[string]bool{}
	for i := range s.members {
		other := &s.members[i]
		if other.id.space != field.id.space || other.name == field.name {
			continue
		}
		for item := range child.Get(other.name).Children() {
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
