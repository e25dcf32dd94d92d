package document

import (
	"cmp"
	"fmt"

	"github.com/glowplug-os/glowplug/config"
	"github.com/glowplug-os/glowplug/internal/codes"
	"github.com/glowplug-os/glowplug/internal/cursor"
	"github.com/glowplug-os/glowplug/internal/diag"
	"github.com/glowplug-os/glowplug/internal/language"
	"github.com/glowplug-os/glowplug/internal/tree"
)

// Duplicates finds items of lists that have the same key as an earlier item. Lists that share a name space (files,
// directories and links; kernel arguments) are looked at together. Lists in which repetition has a meaning are left
// out.
func (doc *Document) Duplicates() []diag.Problem {
	f := duplicateFinder{index: tree.Index{}}
	f.object(doc.root, language.Config(), doc.Cursor(&f.problems))
	return f.problems.All()
}

type duplicateFinder struct {
	index    tree.Index
	problems cursor.Log
}

// A space is a name space: the keys of the lists that are looked at together. Items are counted across those lists.
type space struct {
	seen  map[string]int32
	lists []spaceList
	items int32
}

type spaceList struct {
	name  string
	node  tree.Node
	first int32 // number of its first item
}

func (f *duplicateFinder) object(n tree.Node, s *language.Shape, at *cursor.At) {
	var spaces map[string]*space
	step := at.Below()
	for _, m := range s.Members {
		if m.Kind < tree.List {
			continue
		}
		c := n.Get(m.Name)
		if !c.Exists() {
			continue
		}
		step.MoveTo(m.Name, c)
		switch m.Kind {
		case tree.Object:
			f.object(c, m, &step)
		case tree.List:
			if spaces == nil {
				spaces = map[string]*space{}
			}
			f.list(c, m, &step, spaces)
		}
	}
}

func (f *duplicateFinder) list(n tree.Node, m *language.Shape, at *cursor.At, spaces map[string]*space) {
	if m.Field.List.Mode != config.Appending {
		name := cmp.Or(m.Field.List.Space, m.Name)
		if spaces[name] == nil {
			spaces[name] = &space{seen: make(map[string]int32, n.Len())}
		}
		f.unique(n, m, at, spaces[name])
	}
	if m.Item.Kind != tree.Object {
		return
	}
	step, i := at.Below(), 0
	for item := range n.Children() {
		if hasLists(item) {
			step.MoveToItem(i, item)
			f.object(item, m.Item, &step)
		}
		i++
	}
}

func (f *duplicateFinder) unique(n tree.Node, m *language.Shape, at *cursor.At, in *space) {
	in.lists = append(in.lists, spaceList{m.Name, n, in.items})
	step, i := at.Below(), 0
	for item := range n.Children() {
		key := KeyOf(m.Field.List, item)
		if first, twice := in.seen[key]; twice {
			step.MoveToItem(i, item)
			f.found(item, m, key, in, first, &step)
		} else {
			in.seen[key] = in.items
		}
		in.items++
		i++
	}
}

// hasLists saves a walk through the many items that have only scalars.
func hasLists(item tree.Node) bool {
	for c := range item.Children() {
		if c.Kind() >= tree.List {
			return true
		}
	}
	return false
}

func (f *duplicateFinder) found(item tree.Node, m *language.Shape, key string, in *space, first int32, at *cursor.At) {
	list := in.lists[0]
	for _, l := range in.lists {
		if l.first <= first {
			list = l
		}
	}
	index := int(first - list.first)
	earlier := at.Up().Up().Key(list.name).Item(index)
	if f.problems.Mute(at.Path) || f.problems.Mute(earlier.Path) {
		return
	}
	p, kept := f.problems.Next(diag.Problem{Severity: diag.Error, Code: codes.Duplicate})
	if !kept {
		return
	}
	if m.Name == "httpHeaders" {
		key = diag.HeaderName(key)
	}
	p.Place, p.Path = item.Place(), at.Path()
	p.Message = fmt.Sprintf("%s is there twice in %s", describe(m.Field.List, key), m.Name)
	p.Hint = "remove one of the two, or put what they say into one"
	if list.name != m.Name {
		p.Message = fmt.Sprintf("%s is both in %s and in %s", describe(m.Field.List, key), list.name, m.Name)
		p.Hint = "keep one of the two: they contradict each other"
	}
	// of partitions there are rules that say so with the disk's own words, and of what has no name that it needs one
	p.PeerOnly = m.Field.List.Key == "number" || m.Field.List.Key != "" && key == ""
	p.Related = []diag.Related{{Place: f.index.At(list.node, index).Place(), Path: earlier.Path(),
		Message: diag.FirstHere}}
}
