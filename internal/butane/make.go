package butane

import (
	"strconv"

	"github.com/glowplug-os/glowplug/internal/tree"
)

// A maker makes nodes of the config, and remembers what of the document each comes from.
type maker struct{ *tree.Tracer }

// object makes an object that comes from a node. fields are names and their values: a string, an int, a bool or a node.
func (m maker) object(from tree.Node, fields ...any) tree.Node {
	object := m.Object(from)
	members := object.Append()
	for i := 0; i+1 < len(fields); i += 2 {
		name := fields[i].(string)
		switch v := fields[i+1].(type) {
		case string:
			members.AddMember(name, m.Scalar(from, tree.String, v))
		case int:
			members.AddMember(name, m.Scalar(from, tree.Number, strconv.Itoa(v)))
		case bool:
			members.AddMember(name, m.Scalar(from, tree.Bool, strconv.FormatBool(v)))
		case tree.Node:
			if v.Exists() {
				members.AddMember(name, v)
			}
		}
	}
	return object
}

// list makes a list that comes from a node.
func (m maker) list(from tree.Node, items ...tree.Node) tree.Node {
	list := m.List(from)
	all := list.Append()
	for _, item := range items {
		all.Add(item)
	}
	return list
}

// texts makes a list of strings.
func (m maker) texts(from tree.Node, texts ...string) tree.Node {
	list := m.List(from)
	all := list.Append()
	for _, text := range texts {
		all.Add(m.Scalar(from, tree.String, text))
	}
	return list
}
