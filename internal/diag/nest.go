package diag

import (
	"fmt"
	"strings"
)

// A Nest is a mapping that may hold a key: its own keys, and the mappings below it.
type Nest struct {
	Name  string
	Items bool // it is an item of the list of that name
	Keys  []string
	Below []Nest
}

// many: so many mappings with the same key say nothing of which one was meant.
const many = 4

// Home gives the path, from the nest, of the mapping below it that has a key; "" where none has it, or many have.
func (n Nest) Home(key string) string {
	return n.home(func(keys []string) string {
		for _, k := range keys {
			if k == key {
				return key + " belongs"
			}
		}
		return ""
	})
}

// NearHome is Home for a key that is spelled almost like one of a mapping.
func (n Nest) NearHome(key string) string {
	return n.home(func(keys []string) string {
		if near := Nearest(key, keys); near != "" {
			return fmt.Sprintf("did you mean %q? it belongs", near)
		}
		return ""
	})
}

// home goes down level by level, to the first level with a mapping for which has is not "". Items of lists count where
// no other mapping does.
func (n Nest) home(has func(keys []string) string) string {
	for level := n.below(); len(level) > 0; {
		var next []Nest
		var homes [2][]string
		start := ""
		for _, b := range level {
			if found := has(b.Keys); found != "" && (start == "" || found == start) {
				start = found
				if b.Items {
					homes[1] = append(homes[1], b.Name)
				} else {
					homes[0] = append(homes[0], b.Name)
				}
			}
			next = append(next, b.below()...)
		}
		if homes[0] == nil {
			homes[0] = homes[1]
		}
		if len(homes[0]) >= many {
			return ""
		}
		if start != "" {
			return start + " below " + strings.Join(homes[0], " or ")
		}
		level = next
	}
	return ""
}

// below gives the mappings of the next level, with the names that lead to them.
func (n Nest) below() (level []Nest) {
	for _, b := range n.Below {
		if b.Items {
			b.Name = "an item of " + b.Name
		}
		if n.Name != "" {
			b.Name = n.Name + ", " + b.Name
		}
		b.Items = b.Items || n.Items
		level = append(level, b)
	}
	return level
}
