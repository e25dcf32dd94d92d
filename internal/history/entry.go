package history

import (
	"strconv"
	"strings"

	"github.com/glowplug-os/glowplug/internal/diag"
	"github.com/glowplug-os/glowplug/internal/document"
	"github.com/glowplug-os/glowplug/internal/language"
	"github.com/glowplug-os/glowplug/internal/tree"
)

// An Entry is a part of a config that somebody asks about.
type Entry struct {
	Path   string // "$.storage.files.0"
	Called string // "file /etc/motd"; "" where it is no item of a list
	Values []Value
	// Displaced are items that were in its place before, of other lists or of its own, by lists.
	Displaced []Displaced
}

// A Value is a scalar, or an object or a list that is empty.
type Value struct {
	Path string // below that of the entry: "contents.source"; "" for the entry itself
	Said []Said // in the order of the documents; the last one counts
}

// Said is what a document says.
type Said struct {
	Place  diag.Place
	Shown  string // without what may be a secret
	Hidden bool   // something is left out
	Same   bool   // it is what the last one says
}

// A Displaced item, and where it stands in each document that has it.
type Displaced struct {
	Called string
	Places []diag.Place
}

// Of tells of what stands at a path that begins with $, or of all entries of a name. There is none where the config has
// neither.
func (l *Log) Of(doc *document.Document, asked string) (all []Entry) {
	root := doc.At("$", tree.Index{})
	if asked != "$" && !strings.HasPrefix(asked, "$.") {
		for _, f := range named(root, asked) {
			all = append(all, l.entry(f))
		}
		return all
	}
	if f, is := at(root, asked); is {
		if e := l.entry(f); len(e.Values) > 0 {
			all = append(all, e)
		}
	}
	return all
}

func (l *Log) entry(f found) Entry {
	e := Entry{Path: f.path}
	if f.list != nil {
		e.Called = document.Entry(f.list, f.node)
		e.Displaced = l.displaced(f)
	}
	l.values(&e, f.node, f.shape, "")
	return e
}

func (l *Log) displaced(f found) (all []Displaced) {
	list := f.list.Field.List
	if list.Space == "" {
		return nil
	}
	for _, gone := range l.gone[place{list.Space, document.KeyOf(list, f.node)}] {
		each := Displaced{Called: document.Entry(gone.list, gone.of[0])}
		for _, n := range gone.of {
			for _, layer := range l.layers(n) {
				each.Places = append(each.Places, layer.Place())
			}
		}
		all = append(all, each)
	}
	return all
}

// values adds those at a place and below it.
func (l *Log) values(e *Entry, n tree.Node, s *language.Shape, at string) {
	if s.Path == "ignition.version" {
		return // merging has brought it to the newest one
	}
	if s.Kind < tree.List || !n.First().Exists() {
		e.Values = append(e.Values, Value{at, l.said(n, s)})
		return
	}
	i := 0
	for c := range n.Children() {
		if s.Kind == tree.List {
			l.values(e, c, s.Item, language.Join(at, strconv.Itoa(i)))
		} else if m := s.Member(c.Key()); m != nil {
			l.values(e, c, m, language.Join(at, c.Key()))
		}
		i++
	}
}

// said are the layers of a value that has nothing below it.
func (l *Log) said(n tree.Node, s *language.Shape) (all []Said) {
	for _, layer := range l.layers(n) {
		each := Said{Place: layer.Place(), Same: layer.Text() == n.Text()}
		each.Shown, each.Hidden = Shown(layer, s)
		all = append(all, each)
	}
	return all
}

// Shown is a value as people read it: modes in octal digits, strings as they are, without what may be a secret.
func Shown(n tree.Node, s *language.Shape) (text string, hidden bool) {
	switch mode, err := strconv.ParseInt(n.Text(), 10, 64); {
	case s.Kind == tree.Object:
		return "{}", false
	case s.Kind == tree.List:
		return "[]", false
	case s.Kind == tree.Number && s.Name == "mode" && err == nil && mode >= 0:
		return "0" + strconv.FormatInt(mode, 8), false
	case s.Kind == tree.String && n.Text() == "":
		return `""`, false
	}
	return s.Shown(n)
}
