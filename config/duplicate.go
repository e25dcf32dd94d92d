package config

import (
	"fmt"

	"github.com/glowplug-os/glowplug/internal/diag"
	"github.com/glowplug-os/glowplug/internal/tree"
)

// Duplicates finds items of lists that mean the same thing as an earlier one. Lists that share a name space (files,
// directories and links; kernel arguments) are looked at together. Lists where repetition has a meaning are not.
func (doc *Document) Duplicates() []diag.Problem {
	f := duplicateFinder{version: doc.Version}
	f.object(doc.root, language(), &trail{})
	return f.problems
}

type duplicateFinder struct {
	version  Version
	problems []diag.Problem
}

// A sighting is where an item with some key was first seen.
type sighting struct {
	item tree.Node
	list string
	i    int
}

func (f *duplicateFinder) object(n tree.Node, s *shape, at *trail) {
	var spaces map[string]map[string]sighting
	step := trail{up: at}
	for i := range s.members {
		m := &s.members[i]
		c := n.Get(m.name)
		if !c.Exists() {
			continue
		}
		step.name = m.name
		switch m.kind {
		case tree.Object:
			f.object(c, m.shape, &step)
		case tree.List:
			if spaces == nil {
				spaces = map[string]map[string]sighting{}
			}
			f.list(c, m, &step, spaces)
		}
	}
}

func (f *duplicateFinder) list(n tree.Node, m *member, at *trail, spaces map[string]map[string]sighting) {
	space := m.id.space
	if space == "" {
		space = m.name
	}
	seen := spaces[space]
	if seen == nil {
		seen = map[string]sighting{}
		spaces[space] = seen
	}
	step := trail{up: at}
	for item := range n.Children() {
		if m.id.mode != appending {
			key := m.id.of(item)
			if first, twice := seen[key]; twice {
				f.found(item, m, key, first, &step)
			} else {
				seen[key] = sighting{item, m.name, step.index}
			}
		}
		step.index++
	}
	if m.item.kind != tree.Object {
		return
	}
	step.index = 0
	for item := range n.Children() {
		if hasLists(item) {
			f.object(item, m.item, &step)
		}
		step.index++
	}
}

// hasLists saves a walk through the many items that hold scalars only.
func hasLists(item tree.Node) bool {
	for c := range item.Children() {
		if c.Kind() >= tree.List {
			return true
		}
	}
	return false
}

func (f *duplicateFinder) found(item tree.Node, m *member, key string, first sighting, at *trail) {
	up := (&trail{up: at.up.up, name: first.list}).String()
	f.problems = append(f.problems, diag.Problem{
		Severity: diag.Error, Code: "duplicate", Place: item.Place(), Path: at.String(),
		Message: fmt.Sprintf("%s is there twice in %s", m.id.describe(key), m.name),
		Hint:    "remove one of the two, or put what they say into one",
		Related: []diag.Related{{Place: first.item.Place(), Path: fmt.Sprintf("%s.%d", up, first.i), Message: "it is first defined here"}},
	})
}
