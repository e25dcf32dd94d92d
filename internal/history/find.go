package history

import (
	"path"
	"strconv"
	"strings"

	"github.com/glowplug-os/glowplug/config"
	"github.com/glowplug-os/glowplug/internal/document"
	"github.com/glowplug-os/glowplug/internal/language"
	"github.com/glowplug-os/glowplug/internal/tree"
)

// A found part of a config.
type found struct {
	path  string
	node  tree.Node
	shape *language.Shape
	list  *language.Shape // that it is an item of; nil for none
}

// at finds what a path like $.storage.files.0.mode leads to; keys may be spelled as in Butane documents.
func at(root tree.Node, asked string) (f found, is bool) {
	f = found{path: "$", node: root, shape: language.Config()}
	rest, deeper := strings.CutPrefix(asked, "$.")
	for deeper {
		var step string
		step, rest, deeper = strings.Cut(rest, ".")
		if f, is = f.below(step); !is {
			return f, false
		}
	}
	return f, true
}

// below goes one step.
func (f found) below(step string) (found, bool) {
	if f.shape.Kind == tree.List {
		i, err := strconv.Atoi(step)
		if err != nil || i < 0 {
			return f, false
		}
		f = found{f.path + "." + step, f.node.At(i), f.shape.Item, f.shape}
		return f, f.node.Exists()
	}
	for _, m := range f.shape.Members {
		if m.Name == step || language.Snake(m.Name) == step {
			f = found{f.path + "." + m.Name, f.node.Get(m.Name), m, nil}
			return f, f.node.Exists()
		}
	}
	return f, false
}

// named finds the entries of a name: the path of a node, the name of a user, the device or the path of a filesystem.
func named(root tree.Node, name string) (all []found) {
	search := search{name: name, clean: name}
	if strings.HasPrefix(name, "/") {
		search.clean = path.Clean(name)
	}
	search.object(found{path: "$", node: root, shape: language.Config()})
	return search.found
}

type search struct {
	name, clean string
	found       []found
}

func (s *search) object(f found) {
	for _, m := range f.shape.Members {
		if n := f.node.Get(m.Name); n.Exists() {
			s.value(found{f.path + "." + m.Name, n, m, nil})
		}
	}
}

func (s *search) value(f found) {
	switch f.shape.Kind {
	case tree.Object:
		s.object(f)
	case tree.List:
		i := 0
		for n := range f.node.Children() {
			item := found{f.path + "." + strconv.Itoa(i), n, f.shape.Item, f.shape}
			if s.is(f.shape, n) {
				s.found = append(s.found, item)
			}
			if item.shape.Kind == tree.Object {
				s.object(item)
			}
			i++
		}
	}
}

// is tells whether an item has the name: by its key, or, as a filesystem, by where it is mounted.
func (s *search) is(list *language.Shape, item tree.Node) bool {
	l := list.Field.List
	key := document.KeyOf(l, item)
	switch {
	case l.Mode == config.Keyed && l.Key == "number":
		key = item.Get("label").Text()
	case l.Mode != config.Keyed && l.Space == "":
		return false
	}
	return s.says(key) || list.Path == "storage.filesystems" && s.says(item.Get("path").Text())
}

func (s *search) says(text string) bool {
	return text != "" && (text == s.name || text == s.clean || text[0] == '/' && path.Clean(text) == s.clean)
}
