package advice

import (
	"strconv"
	"strings"

	"github.com/glowplug-os/glowplug/internal/diag"
	"github.com/glowplug-os/glowplug/internal/language"
	"github.com/glowplug-os/glowplug/internal/tree"
)

// A section is the object that a text stands in the place of.
type section struct{ *wrong }

// object says how to write an object of which only a part was given, or which stands in a list.
func (w section) object() string {
	list := w.listMember()
	switch {
	case w.n.Kind() == tree.List && list != nil:
		return "write {" + w.spelled(list.Name) + ": […]}"
	case w.n.Kind() == tree.List && anyKeyOf(w.s, w.n.First()) && !w.n.At(1).Exists() && w.json:
		return "write it without the brackets: there is one only"
	case w.n.Kind() == tree.List && anyKeyOf(w.s, w.n.First()) && !w.n.At(1).Exists():
		return "write it without the brackets or the dash: there is one only"
	case w.n.Kind() >= tree.List:
		return w.names()
	case w.word == "" && w.n.Kind() == tree.String:
		return "write {…}, or leave the key out"
	case w.s.Path == "ignition":
		return "write {" + w.member("version", versionOr(w.word)) + "}"
	}
	if form := w.form(); form != "" {
		return "write " + form
	}
	if list != nil {
		return "write {" + w.spelled(list.Name) + ": […]}"
	}
	return w.names()
}

func versionOr(word string) string {
	if version := Version(word); version != "" {
		return version
	}
	return "…"
}

// listMember is the list in an object that a value, or the items of a list, would be items of: the first that takes
// texts, or the only one whose items have a key that is there.
func (w section) listMember() (list *language.Shape) {
	item := w.n
	if w.n.Kind() == tree.List {
		item = w.n.First()
	}
	for _, m := range w.s.Members {
		switch {
		case m.Item == nil || m.Since > w.spec:
		case m.Item.Kind == tree.String && item.Kind() == tree.String:
			return m
		case m.Item.Kind == tree.Object && item.Kind() == tree.Object && anyKeyOf(m.Item, item):
			if list != nil {
				return nil
			}
			list = m
		}
	}
	return list
}

// anyKeyOf: some key of an object is one of a shape.
func anyKeyOf(s *language.Shape, n tree.Node) bool {
	for c := range n.Children() {
		if s.Member(c.Key()) != nil {
			return true
		}
	}
	return false
}

// names lists what an object can hold, where that is little.
func (w section) names() string {
	names := w.keys()
	if len(names) == 0 || len(names) > 2*few {
		return ""
	}
	return "write {…}, with one of " + strings.Join(names, ", ")
}

// keyed says how a list is written of which the keys of an object are what its items are known by.
func (w section) keyed(item *language.Shape) string {
	of := section{&wrong{s: item, n: w.n, json: w.json, config: w.config}}
	first, key := w.n.First(), w.s.Field.List.Key
	name := "…"
	if first.Exists() && (diag.MayShow(first.Key()) || strings.HasPrefix(first.Key(), "/") && len(first.Key()) < 80) {
		name = first.Key()
	}
	if of.json {
		name = strconv.Quote(name)
	}
	rest := ", …"
	if item.Member("value") != nil {
		rest = ", " + of.spelled("value") + ": …"
	}
	return "write a list, with the " + key + " in each of its items: [{" + of.spelled(key) + ": " + name + rest + "}]"
}

// spelled is a key in the notation of the text.
func (w section) spelled(key string) string {
	if w.json {
		return `"` + key + `"`
	}
	return key
}

// beside finds what stands beside a problem's value under another key.
func (w section) beside(key string) tree.Node {
	n := w.root
	steps := strings.Split(w.p.Path, ".")[1:]
	for _, step := range steps[:max(len(steps)-1, 0)] {
		if n.Kind() != tree.List {
			n = n.Get(step)
			continue
		}
		i := 0
		for _, digit := range []byte(step) {
			i = i*10 + int(digit-'0')
		}
		n = n.At(min(max(i, 0), n.Len()))
	}
	return n.Get(key)
}
