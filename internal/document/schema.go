package document

import (
	"reflect"
	"strings"
	"sync"

	"github.com/glowplug-os/glowplug/config"
	"github.com/glowplug-os/glowplug/internal/tree"
)

// A shape is what the language says of one place in a document, in its newest version.
type shape struct {
	kind     tree.Kind
	path     string // with * for list items; "" for the root
	since    config.Version
	secret   string // the field's secret tag
	nullable bool   // absent differs from the zero value
	item     *shape // of a list
	members  []member
	index    []int // of the field in its Go struct
	id       identity
}

type member struct {
	name string
	*shape
}

// find returns the member with exactly that name which version v has, or failing that one whose name differs in case
// only, as encoding/json does.
func (s *shape) find(name string, v config.Version) (m *member, exact bool) {
	for i := range s.members {
		if s.members[i].name == name && s.members[i].since <= v {
			return &s.members[i], true
		}
	}
	for i := range s.members {
		if strings.EqualFold(s.members[i].name, name) && s.members[i].since <= v {
			return &s.members[i], false
		}
	}
	return nil, false
}

// language is the shape of a whole document, derived from the model, the history and the table of list identities.
var language = sync.OnceValue(func() *shape {
	b := shapeBuilder{rows: config.History(), lists: listIdentities()}
	return b.build(reflect.TypeFor[config.Config](), "")
})

type shapeBuilder struct {
	rows  []config.Change
	lists map[string]identity
}

func (b *shapeBuilder) build(t reflect.Type, path string) *shape {
	s := &shape{path: path, since: since(path, b.rows)}
	if t.Kind() == reflect.Pointer {
		s.nullable = true
		t = t.Elem()
	}
	switch t.Kind() {
	case reflect.String:
		s.kind = tree.String
	case reflect.Int:
		s.kind = tree.Number
	case reflect.Bool:
		s.kind = tree.Bool
	case reflect.Slice:
		s.kind, s.nullable, s.id = tree.List, true, b.lists[path]
		s.item = b.build(t.Elem(), path+".*")
	case reflect.Struct:
		s.kind = tree.Object
		b.fields(s, t, nil)
	}
	return s
}

func (b *shapeBuilder) fields(s *shape, t reflect.Type, index []int) {
	for i := range t.NumField() {
		f := t.Field(i)
		at := append(index[:len(index):len(index)], i)
		if f.Anonymous {
			b.fields(s, f.Type, at)
			continue
		}
		name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
		m := b.build(f.Type, strings.TrimPrefix(s.path+"."+name, "."))
		m.index, m.secret = at, f.Tag.Get("secret")
		if m.item != nil {
			m.item.secret = m.secret
		}
		s.members = append(s.members, member{name, m})
	}
}

// Paths lists the paths of all fields that version v has, in the model's order, with * for list items.
func Paths(v config.Version) []string {
	var paths []string
	var walk func(s *shape)
	walk = func(s *shape) {
		if s.item != nil {
			walk(s.item)
		}
		for _, m := range s.members {
			if m.since <= v {
				paths = append(paths, m.path)
				walk(m.shape)
			}
		}
	}
	walk(language())
	return paths
}

// since says which version brought the field at a path.
func since(path string, rows []config.Change) config.Version {
	v := config.V3_0
	for _, row := range rows {
		if row.Value == nil && (row.Path == path || strings.HasPrefix(path, row.Path+".")) {
			v = max(v, row.Since)
		}
	}
	return v
}
