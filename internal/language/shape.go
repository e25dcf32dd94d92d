package language

import (
	"cmp"
	"reflect"
	"slices"
	"strings"
	"sync"

	"github.com/glowplug-os/glowplug/config"
	"github.com/glowplug-os/glowplug/internal/diag"
	"github.com/glowplug-os/glowplug/internal/order"
	"github.com/glowplug-os/glowplug/internal/tree"
)

// A Shape is what the language says of one place in a document, in its newest version. That of a config in JSON and
// that of a Butane document in YAML are of this one type.
type Shape struct {
	// Name is how the notation spells the key, Key how configs do; Key is "" for sugar.
	Name, Key string
	Kind      tree.Kind
	// Nullable: absent differs from the zero value.
	Nullable bool
	// Labels: an object of any keys.
	Labels bool
	Since  config.Version
	// Needs is what an edition must have besides.
	Needs   Features
	Item    *Shape   // of a list
	Members []*Shape // of an object
	Index   []int    // of the field in its Go struct
	// Path leads here in the notation, with * for items; "" is the root.
	Path string
	// Secret is the tag of that name.
	Secret string
	// Field is the row of the language's table. Its path is that of configs; of sugar it is zero but for what the sugar
	// says.
	Field config.Field
	// Takes lists the values of sugar; nil for any.
	Takes []string

	line string // of sugar
	keys []key  // the members: names are compared far more often than anything else is read
}

type key struct {
	name   string
	member *Shape
}

// Line says what the field is for, for people.
func (s *Shape) Line() string {
	if s.Name == "" || s.line != "" {
		return s.line
	}
	return lines()[s.Field.Path]
}

var lines = sync.OnceValue(config.Lines)

// settle is for when all members are there.
func (s *Shape) settle() *Shape {
	s.Walk(func(s *Shape) {
		s.keys = nil
		for _, m := range s.Members {
			s.keys = append(s.keys, key{m.Name, m})
		}
	})
	return s
}

// Sugar is one row of what Butane documents have and configs have not.
type Sugar struct {
	// Path of the field, with * for any index.
	Path string
	// Kind: string, number, bool, object, [string], [object], labels (an object of strings), or = and the path of a
	// field that it has the shape of.
	Kind string
	// Needs is what a dialect must have to have it.
	Needs Features
	// Takes lists its values; nil for any.
	Takes []string
	// Line says what it is for, for people.
	Line string
	// Secret marks values that no excerpt of a document may show.
	Secret bool
	// Required: there is no object without it.
	Required bool
}

// Config is the shape of a config.
var Config = sync.OnceValue(func() *Shape { return build(func(key string) string { return key }).settle() })

// Documents is the shape of a Butane document: a config with the keys of YAML, without its version, and with sugar.
func Documents(sugar []Sugar) *Shape {
	root := build(Snake)
	ignition := root.Member("ignition")
	ignition.Members = slices.DeleteFunc(ignition.Members, func(m *Shape) bool { return m.Name == "version" })
	for _, row := range sugar {
		root.add(row)
	}
	return root.settle()
}

func build(spell func(string) string) *Shape {
	b := builder{spell}
	return b.build(reflect.TypeFor[config.Config](), "", "")
}

type builder struct{ spell func(string) string }

// build derives a shape from a type of the model.
func (b builder) build(t reflect.Type, path, at string) *Shape {
	s := &Shape{Path: path, Field: config.FieldAt(at), Since: config.Since(at)}
	if t.Kind() == reflect.Pointer {
		s.Nullable = true
		t = t.Elem()
	}
	switch t.Kind() {
	case reflect.String:
		s.Kind = tree.String
	case reflect.Int:
		s.Kind = tree.Number
	case reflect.Bool:
		s.Kind = tree.Bool
	case reflect.Slice:
		s.Kind, s.Nullable = tree.List, true
		s.Item = b.build(t.Elem(), path+".*", at+".*")
		s.keyed()
	case reflect.Struct:
		s.Kind = tree.Object
		b.fields(s, t, nil)
	}
	return s
}

// keyed: no item of a list is without the member that it is known by, if that is one that the model always has.
func (s *Shape) keyed() {
	list := s.Field.List
	for _, m := range s.Item.Members {
		if m.Key != list.Key || m.Nullable || m.Kind != tree.String {
			continue
		}
		m.Field.Required = always()
		if !list.Nameless {
			m.Field.Written, m.Field.As = always(), `""`
		}
	}
}

func always() config.Range { return config.Range{Before: config.Newest + 1} }

func (b builder) fields(s *Shape, t reflect.Type, index []int) {
	for i := range t.NumField() {
		f := t.Field(i)
		at := append(index[:len(index):len(index)], i)
		if f.Anonymous {
			b.fields(s, f.Type, at)
			continue
		}
		key, _, _ := strings.Cut(f.Tag.Get("json"), ",")
		name := b.spell(key)
		m := b.build(f.Type, Join(s.Path, name), Join(s.Field.Path, key))
		m.Name, m.Key, m.Index, m.Secret = name, key, at, f.Tag.Get("secret")
		if m.Item != nil {
			m.Item.Secret = m.Secret
		}
		s.Members = append(s.Members, m)
	}
}

// add gives the shape a field of the table of sugar.
func (s *Shape) add(row Sugar) {
	parent, name := s, row.Path
	if i := strings.LastIndexByte(row.Path, '.'); i >= 0 {
		parent, name = s.At(row.Path[:i]), row.Path[i+1:]
	}
	m := &Shape{Name: name, Path: row.Path, Since: parent.Since, Needs: row.Needs, Takes: row.Takes, line: row.Line,
		Nullable: true}
	if row.Secret {
		m.Secret = "true"
	}
	if row.Required {
		m.Field.Required = always()
	}
	kind, listed := strings.CutPrefix(row.Kind, "[")
	switch strings.TrimSuffix(kind, "]") {
	case "string":
		m.Kind = tree.String
	case "number":
		m.Kind = tree.Number
	case "bool":
		m.Kind = tree.Bool
	case "object":
		m.Kind = tree.Object
	case "labels":
		m.Kind, m.Labels = tree.Object, true
	default:
		same := s.At(strings.TrimPrefix(kind, "="))
		m.Kind, m.Item, m.Members = same.Kind, same.Item, same.Members
	}
	if listed {
		item := *m
		item.Name, item.Path, item.line = "", row.Path+".*", ""
		m.Kind, m.Item = tree.List, &item
	}
	parent.Members = append(parent.Members, m)
}

// Member returns the member under a name in whichever edition has it, nil for none.
func (s *Shape) Member(name string) *Shape {
	for _, m := range s.Members {
		if m.Name == name {
			return m
		}
	}
	return nil
}

// At finds the shape at a path of the notation.
func (s *Shape) At(path string) *Shape {
	for step := range strings.SplitSeq(path, ".") {
		if s == nil {
			return nil
		}
		if step == "*" {
			s = s.Item
		} else {
			s = s.Member(step)
		}
	}
	return s
}

// Walk visits the shape and all below it, each before its members.
func (s *Shape) Walk(visit func(*Shape)) {
	visit(s)
	if s.Item != nil {
		s.Item.Walk(visit)
	}
	for _, m := range s.Members {
		m.Walk(visit)
	}
}

// Join puts a step behind a path.
func Join(path, name string) string {
	if path == "" {
		return name
	}
	return path + "." + name
}

// Snake spells a key of a config as Butane documents do: sizeMiB is size_mib.
func Snake(key string) string {
	key = strings.Replace(key, "MiB", "Mib", 1)
	var b strings.Builder
	for _, c := range []byte(key) {
		if 'A' <= c && c <= 'Z' {
			b.WriteByte('_')
			c |= 0x20
		}
		b.WriteByte(c)
	}
	return b.String()
}

// SnakePath spells a path of a config so.
func SnakePath(path string) string {
	steps := strings.Split(path, ".")
	for i := range steps {
		steps[i] = Snake(steps[i])
	}
	return strings.Join(steps, ".")
}

// Disjoint sorts spans and drops those inside of others.
func Disjoint(spans []diag.Span) []diag.Span {
	order.By(spans, func(a, b diag.Span) int { return cmp.Or(a.Start-b.Start, b.End-a.End) })
	return slices.CompactFunc(spans, func(next, before diag.Span) bool { return next.Start < before.End })
}
