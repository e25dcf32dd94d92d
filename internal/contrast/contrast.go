// Package contrast tells in what two configs differ, by what they say and not by how they are written: entries are
// matched by their keys, content is compared as what it is, and the order of a list counts only where the table of the
// language says so.
//
// In come two Documents that refer to no others; out comes a Contrast, which writes itself for people and for programs.
// What may be a secret is left out: of that only whether it differs is told. Lines of a file are in it where everybody
// may read the file, in both configs.
package contrast

import (
	"path"
	"slices"
	"strconv"
	"strings"

	"github.com/glowplug-os/glowplug/config"
	"github.com/glowplug-os/glowplug/internal/diag"
	"github.com/glowplug-os/glowplug/internal/document"
	"github.com/glowplug-os/glowplug/internal/history"
	"github.com/glowplug-os/glowplug/internal/language"
	"github.com/glowplug-os/glowplug/internal/tree"
)

// A Contrast is what two configs differ in: no Entries where they say the same.
type Contrast struct{ Entries []Entry }

// An Effect is what becomes of something from the first config to the second.
type Effect string

// The effects.
const (
	Added   Effect = "add"
	Removed Effect = "remove"
	Changed Effect = "change"
)

func effectOf(was, now bool) Effect {
	switch {
	case !was:
		return Added
	case !now:
		return Removed
	}
	return Changed
}

// An Entry is an item of a list that only one config has, or that differs.
type Entry struct {
	Effect Effect
	Called string // "disk /dev/vda, partition 1"; "" for the config, of what belongs to no entry
	// Path is that in the second config, or in the first where only that has it: "$.storage.files.0".
	Path     string
	Was, Now diag.Place // without a document where it is not
	Values   []Value

	wasPath, nowPath string
}

// A Value of an entry that only one config has, or that differs.
type Value struct {
	Effect   Effect
	Path     string // below that of the entry: "contents", "groups"
	Was, Now string // without what may be a secret; "" where it is not
	Hidden   bool   // something is left out
	Order    bool   // the items of a list are the same, in another order; there is no Was and no Now
	// Settings are names of those in which the text of a unit differs.
	Settings []string
	// Lines are those of a content that go, come and stay, as package report has them.
	Lines []string
}

// Compare brings both configs to the newest version and compares them.
func Compare(a, b *document.Document) Contrast {
	was, now := a.Upgrade().At("$", tree.Index{}), b.Upgrade().At("$", tree.Index{})
	c := &comparison{was: newReaders(was), now: newReaders(now), same: config.NewSames()}
	c.begin(Entry{Effect: Changed, Path: "$", Was: was.Place(), Now: now.Place(), wasPath: "$", nowPath: "$"})
	c.value(part{}, language.Config(), was, now)
	out := Contrast{}
	for _, e := range c.entries {
		if e.Effect != Changed || len(e.Values) > 0 {
			out.Entries = append(out.Entries, e)
		}
	}
	return out
}

// Fields gives the fields in which the entries differ that stand at two paths, or in which these are, if they are one
// entry.
func (c *Contrast) Fields() func(was, now string) []string {
	by := map[string]*Entry{}
	for i := range c.Entries {
		if e := &c.Entries[i]; e.Effect == Changed && e.Called != "" {
			by[e.wasPath] = e
		}
	}
	return func(was, now string) (names []string) {
		e := by[was]
		for ; e == nil && was != ""; e = by[was] {
			was = was[:max(strings.LastIndexByte(was, '.'), 0)]
		}
		if e == nil || now != e.nowPath && !strings.HasPrefix(now, e.nowPath+".") {
			return nil
		}
		for _, v := range e.Values {
			names = append(names, v.Path)
		}
		return slices.Compact(names)
	}
}

type comparison struct {
	was, now readers
	same     config.Sames
	entries  []Entry
}

// A part of both configs: an entry, and the path below it.
type part struct {
	entry    int
	at       string
	open     bool      // everybody may read content that stands here, in both
	was, now tree.Node // the innermost entries that it is in
}

func (p part) below(name string) part {
	p.at = language.Join(p.at, name)
	return p
}

func (c *comparison) begin(e Entry) part {
	c.entries = append(c.entries, e)
	return part{entry: len(c.entries) - 1}
}

func (c *comparison) say(p part, v Value) {
	v.Path = p.at
	c.entries[p.entry].Values = append(c.entries[p.entry].Values, v)
}

// value compares what stands at one place. A node that does not exist says nothing.
func (c *comparison) value(p part, s *language.Shape, was, now tree.Node) {
	switch {
	case s.Kind == tree.List:
		c.list(p, s, was, now)
	case isResource(s):
		c.resource(p, s, was, now)
	case s.Kind == tree.Object:
		c.object(p, s, was, now, "")
	default:
		c.scalar(p, s, was, now)
	}
}

// object compares the members, but for one.
func (c *comparison) object(p part, s *language.Shape, was, now tree.Node, but string) {
	for _, m := range s.Members {
		if m.Name != but {
			c.value(p.below(m.Name), m, was.Get(m.Name), now.Get(m.Name))
		}
	}
}

func (c *comparison) scalar(p part, s *language.Shape, was, now tree.Node) {
	a, b := c.meaning(s, was, p.was), c.meaning(s, now, p.now)
	if a == b {
		return
	}
	v := Value{Effect: effectOf(was.Exists(), now.Exists())}
	if was.Exists() {
		v.show(&v.Was, s, was)
	}
	if now.Exists() {
		v.show(&v.Now, s, now)
	}
	if v.Effect == Changed && isUnit(s) {
		v.Settings = settings(was.Text(), now.Text())
	}
	c.say(p, v)
}

func (v *Value) show(as *string, s *language.Shape, n tree.Node) {
	shown, hidden := history.Shown(n, s)
	*as, v.Hidden = shown, v.Hidden || hidden
}

// list compares lists: entries by their keys, texts by themselves, and contents by what they are.
func (c *comparison) list(p part, s *language.Shape, was, now tree.Node) {
	a, b := c.items(s, was), c.items(s, now)
	m := match(a.keys, b.keys)
	switch l := s.Field.List; {
	case l.Key != "":
		m.each(func(i, j int) { c.entry(p, s, a.at(i), b.at(j)) })
	case s.Item.Kind == tree.Object:
		m.pair()
		m.each(func(i, j int) { c.unnamed(p, s, a.at(i), b.at(j)) })
	default:
		m.each(func(i, j int) { c.text(p, s, a.at(i), b.at(j)) })
	}
	same := c.same.At(s.Field.Path)
	if same.Ordered && m.reordered() && !(a.settled(same) && b.settled(same)) {
		c.say(p, Value{Effect: Changed, Order: true})
	}
}

// unnamed compares items that have no key.
func (c *comparison) unnamed(p part, s *language.Shape, was, now item) {
	i := now.index
	if !now.Exists() {
		i = was.index
	}
	c.value(p.below(strconv.Itoa(i)), s.Item, was.Node, now.Node)
}

// text tells of a text that only one of two lists has. Outside of entries it is an entry itself.
func (c *comparison) text(p part, s *language.Shape, was, now item) {
	switch is, will := was.Exists(), now.Exists(); {
	case is && will:
	case c.entries[p.entry].Called == "":
		c.begin(c.head(p, s, was, now))
	default:
		c.scalar(p, s.Item, was.Node, now.Node)
	}
}

// entry compares items with one key.
func (c *comparison) entry(p part, s *language.Shape, was, now item) {
	inside := c.begin(c.head(p, s, was, now))
	inside.was, inside.now = was.Node, now.Node
	inside.open = s.Path == "storage.files" && c.was.mayAll(was.Node) && c.now.mayAll(now.Node)
	if isResource(s.Item) {
		c.resource(inside, s.Item, was.Node, now.Node)
		return
	}
	c.object(inside, s.Item, was.Node, now.Node, s.Field.List.Key)
}

func (c *comparison) head(p part, s *language.Shape, was, now item) Entry {
	of := c.entries[p.entry]
	e := Entry{Effect: effectOf(was.Exists(), now.Exists()), Was: was.Place(), Now: now.Place(),
		wasPath: language.Join(of.wasPath, p.below(strconv.Itoa(was.index)).at),
		nowPath: language.Join(of.nowPath, p.below(strconv.Itoa(now.index)).at)}
	one := now
	if e.Path = e.nowPath; e.Effect == Removed {
		one, e.Path = was, e.wasPath
	}
	e.Called = document.Entry(s, one.Node)
	if of.Called != "" {
		e.Called = of.Called + ", " + e.Called
	}
	return e
}

// An item of a list.
type item struct {
	tree.Node
	index int
}

// listed are the items of a list, and what each is known by.
type listed struct {
	nodes []tree.Node
	keys  []string
}

func (c *comparison) items(s *language.Shape, list tree.Node) (all listed) {
	for n := range list.Children() {
		all.nodes = append(all.nodes, n)
		all.keys = append(all.keys, c.keyOf(s, n))
	}
	return all
}

// keyOf: paths are known by where they lead, contents by what they are.
func (c *comparison) keyOf(s *language.Shape, n tree.Node) string {
	key := document.KeyOf(s.Field.List, n)
	switch {
	case isResource(s.Item):
		of := contentOf(n)
		return of.identity()
	case s.Field.List.Key != "" && strings.HasPrefix(key, "/") || c.same.At(s.Field.Path).Cleaned:
		return path.Clean(key)
	}
	return key
}

// at gives an item, and for a number below 0 none.
func (l *listed) at(i int) item {
	if i < 0 {
		return item{index: i}
	}
	return item{l.nodes[i], i}
}

// settled: every item says itself what else would depend on those before it.
func (l *listed) settled(same config.Sameness) bool {
	by := same.Settled
	return len(by) > 0 && !slices.ContainsFunc(l.nodes, func(n tree.Node) bool {
		return slices.ContainsFunc(by, func(name string) bool {
			text := n.Get(name).Text()
			return text == "" || text == "0"
		})
	})
}
