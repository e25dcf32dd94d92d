package lsp

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/glowplug-os/glowplug/internal/butane"
	"github.com/glowplug-os/glowplug/internal/diag"
	"github.com/glowplug-os/glowplug/internal/language"
	"github.com/glowplug-os/glowplug/internal/tree"
)

// complete offers the keys and the values that may stand at a place.
func (s *server) complete(t *text, at int) (any, error) {
	v := t.view()
	c := completer{view: v, index: s.index(t), at: at}
	c.offer(v.spot(at))
	list := completionList{Items: c.items}
	if list.Items == nil {
		list.Items = []completion{}
	}
	return list, nil
}

// A completer collects what is offered at an offset.
type completer struct {
	*view
	index *index
	at    int
	items []completion
}

func (c *completer) offer(at spot) {
	e := &c.entries[at.entry]
	switch {
	case at.part == nowhere:
	case at.part == atKey && e.bare:
		c.inside(e.parent, e.key, at.entry)
	case at.part == atKey:
		if shape := c.shape(e.parent); shape != nil && shape.Kind == tree.Object {
			c.keys(shape, e.parent, e.key, at.entry, "")
		}
	case at.part == within:
		c.inside(at.entry, diag.Span{Start: c.at, End: c.at}, -1)
	case e.item && e.column >= 0:
		c.inside(at.entry, e.value, -1)
	default:
		c.values(c.shape(at.entry), at.entry, e.value)
	}
}

// inside offers what may stand in the value of an entry; word is what is there of it, and typed its entry, if it has
// one.
func (c *completer) inside(owner int32, word diag.Span, typed int32) {
	shape := c.shape(owner)
	e := &c.entries[owner]
	dash := ""
	if shape != nil && shape.Kind == tree.List {
		if shape = shape.Item; e.open == 0 && !c.json {
			dash = "- "
			owner = -1 // the item is a new one
		}
	}
	switch {
	case shape == nil:
	case shape.Kind == tree.Object && (e.open != '[' || dash != ""):
		c.keys(shape, owner, word, typed, dash)
	case shape.Kind != tree.Object && shape.Kind != tree.List:
		c.valuesOf(shape, word, dash)
	}
}

// keys offers those of an object that it does not have yet, in the place of a word.
func (c *completer) keys(of *language.Shape, owner int32, word diag.Span, typed int32, before string) {
	has := map[string]bool{}
	if owner >= 0 {
		for _, i := range c.members(owner) {
			if i != typed {
				has[c.name(&c.entries[i])] = true
			}
		}
	}
	needed, others := []*language.Shape{}, []*language.Shape{}
	for _, m := range c.schema.Members(of) {
		switch {
		case has[m.Name]:
		case c.schema.Needs(m):
			needed = append(needed, m)
		default:
			others = append(others, m)
		}
	}
	for _, m := range append(needed, others...) {
		text := m.Name
		if c.json {
			text = strconv.Quote(text)
		}
		filter := text
		switch {
		case typed >= 0 && !c.entries[typed].bare: // its colon is there
		case c.block(owner) && (m.Kind == tree.Object || m.Kind == tree.List):
			text += ":"
		default:
			text += ": "
		}
		item := completion{Label: m.Name, Kind: completesField, Detail: kind(m), FilterText: before + filter,
			TextEdit: textEdit{c.index.textRange(word), before + text}}
		if c.schema.Needs(m) {
			item.Detail += ", needed"
		}
		item.Documentation = markdown(c.describe(m))
		c.add(item)
	}
}

// block: what is below an entry stands in lines of its own, by indentation.
func (c *completer) block(owner int32) bool {
	return !c.json && (owner < 0 || c.entries[owner].open == 0)
}

func (c *completer) add(item completion) {
	item.SortText = fmt.Sprintf("%04d", len(c.items))
	c.items = append(c.items, item)
}

// values offers those of a member or an item.
func (c *completer) values(shape *language.Shape, at int32, word diag.Span) {
	if shape == nil {
		return
	}
	before := ""
	if e := &c.entries[at]; !e.item && word.Start == word.End {
		word = diag.Span{Start: c.at, End: c.at}
		if c.at > 0 && c.text[c.at-1] == ':' {
			before = " "
		}
	}
	c.valuesOf(shape, word, before)
}

func (c *completer) valuesOf(shape *language.Shape, word diag.Span, before string) {
	for _, value := range c.choices(shape) {
		text := value
		if c.json && shape.Kind == tree.String {
			text = strconv.Quote(text)
		}
		c.add(completion{Label: value, Kind: completesValue, FilterText: before + text,
			TextEdit: textEdit{c.index.textRange(word), before + text}})
	}
}

func variants() (all []string) {
	for _, d := range butane.Dialects() {
		all = append(all, d.Variant)
	}
	return slices.Compact(all)
}

// versions lists those of a variant, the newest first, and last those that may still change.
func versions(variant string) (all []string) {
	var later []string
	for _, d := range butane.Dialects() {
		switch {
		case d.Variant != variant:
		case strings.Contains(d.Version, "-"):
			later = append(later, d.Version)
		default:
			all = append(all, d.Version)
		}
	}
	slices.Reverse(all)
	return append(all, later...)
}
