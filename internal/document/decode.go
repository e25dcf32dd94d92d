package document

import (
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"github.com/glowplug-os/glowplug/config"
	"github.com/glowplug-os/glowplug/internal/codes"
	"github.com/glowplug-os/glowplug/internal/cursor"
	"github.com/glowplug-os/glowplug/internal/diag"
	"github.com/glowplug-os/glowplug/internal/language"
	"github.com/glowplug-os/glowplug/internal/order"
	"github.com/glowplug-os/glowplug/internal/tree"
)

// A decoder walks a tree once, fills the model and makes the tree canonical.
type decoder struct {
	edition  *language.Edition
	problems cursor.Log
	ignored  cursor.Log
	unread   map[string]bool // paths of what was spoilt by a value of a wrong kind
	dropped  []diag.Span     // values that the canonical tree does not have any more, and that may hold secrets
	found    []found         // of the members of each object on the way down
	strings  []string        // pointees are cut from slabs: half a million small allocations would be most of the work
	ints     []int
	bools    []bool
}

func (d *decoder) run(root tree.Node) *config.Config {
	c := &config.Config{}
	d.object(root, language.Config(), reflect.ValueOf(c).Elem(), cursor.Root(&d.problems, root), true)
	return c
}

// value reads a node of any shape into v. checked is false below a key in the wrong case, where the peer does not look
// for unknown keys. stays reports whether the node remains in the canonical tree.
func (d *decoder) value(n tree.Node, s *language.Shape, v reflect.Value, at *cursor.At, checked bool) (stays bool) {
	kind := n.Kind()
	if kind == tree.Null && s.Kind != tree.Object {
		return false
	}
	switch s.Kind {
	case tree.Object:
		return d.object(n, s, v, at, checked)
	case kind:
		switch kind {
		case tree.List:
			d.list(n, s, v, at, checked)
		case tree.String:
			setString(v, d.newString(n.Text()))
		case tree.Bool:
			d.bools = append(slab(d.bools), n.Text() == "true")
			v.Set(reflect.ValueOf(&d.bools[len(d.bools)-1]))
		case tree.Number:
			return d.number(n, v, at)
		}
		return true
	}
	d.wrongType(n, s, at)
	return false
}

// slab makes room for one more element without moving the elements that pointers already refer to.
func slab[T any](s []T) []T {
	if len(s) == cap(s) {
		return make([]T, 0, min(max(2*cap(s), 8), 512))
	}
	return s
}

func (d *decoder) newString(text string) *string {
	d.strings = append(slab(d.strings), text)
	return &d.strings[len(d.strings)-1]
}

func setString(v reflect.Value, s *string) {
	if v.Kind() == reflect.Pointer {
		v.Set(reflect.ValueOf(s))
	} else {
		v.SetString(*s)
	}
}

func (d *decoder) number(n tree.Node, v reflect.Value, at *cursor.At) bool {
	i, err := strconv.Atoi(n.Text())
	if err != nil {
		message, hint := "an integer is expected here", "write it without a fraction and without an exponent"
		if errors.Is(err, strconv.ErrRange) {
			message, hint = "the number does not fit into 64 bits", ""
		}
		d.problem(n, at, message, hint)
		return false
	}
	if v.Kind() != reflect.Pointer {
		v.SetInt(int64(i))
		return true
	}
	d.ints = append(slab(d.ints), i)
	v.Set(reflect.ValueOf(&d.ints[len(d.ints)-1]))
	return true
}

func (d *decoder) list(n tree.Node, s *language.Shape, v reflect.Value, at *cursor.At, checked bool) {
	count := n.Len()
	items := reflect.MakeSlice(v.Type(), count, count)
	step, i := at.Below(), 0
	for c := range n.Children() {
		step.MoveToItem(i, c)
		d.item(c, s.Item, items.Index(i), &step, checked)
		i++
	}
	if count > 0 {
		v.Set(items)
	}
}

// item reads an item of a list. A null there is the zero value of an item, and remains in the tree.
func (d *decoder) item(n tree.Node, s *language.Shape, v reflect.Value, at *cursor.At, checked bool) {
	if n.Kind() == tree.Null && s.Kind == tree.String {
		n.Become(tree.String, "")
	}
	if !d.value(n, s, v, at, checked) && s.Kind == tree.Object {
		n.Clear(tree.Object)
	}
}

func (d *decoder) object(n tree.Node, s *language.Shape, v reflect.Value, at *cursor.At, checked bool) (stays bool) {
	switch n.Kind() {
	case tree.Object:
	case tree.Null:
		if checked && !s.Field.Nullable.Has(d.edition.Version) {
			if p, kept := d.ignored.Next(diag.Problem{Severity: diag.Warning, Code: codes.NullObject}); kept {
				p.Place, p.Path, p.Message, p.Hint = n.Place(), at.Path(),
					"null stands where an object belongs; it is ignored", "write {} or leave the key out"
			}
		}
		return false
	default:
		d.wrongType(n, s, at)
		return false
	}
	from := len(d.found)
	others, twice := d.find(n, s)
	if checked && others {
		cursor.UnknownKeys(&d.ignored, at, d.edition, s, n)
	}
	if twice {
		d.unite(n, s, at)
		d.found = d.found[:from]
		d.find(n, s)
	}
	step, i := at.Below(), from
	told := segments{from: len(d.ignored.Kept())}
	n.Keep(func(c tree.Node) bool {
		m, exact := d.found[i].shape, d.found[i].exact
		if i++; m == nil {
			d.dropped = language.HiddenDropped(d.dropped, s, c)
			return false
		}
		if !exact {
			if checked {
				doc := n.Document()
				doc.Folded = append(doc.Folded, diag.Folded{Span: c.Span(), Ancestor: n.Span().Start})
			}
			c.Rename(m.Name)
		}
		step.MoveTo(m.Name, c)
		stays := d.value(c, m, v.FieldByIndex(m.Index), &step, checked && exact)
		told.add(m, s, len(d.ignored.Kept()))
		return stays
	})
	told.sort(d.ignored.Kept())
	d.found = d.found[:from]
	return true
}

// A found is the meaning of the key of a member: a field, spelled right or in another case; shape is nil for an unknown
// key.
type found struct {
	shape *language.Shape
	exact bool
}

// find looks up the keys of an object. others: some key is not spelled as a field is. twice: two members mean the same
// field.
func (d *decoder) find(n tree.Node, s *language.Shape) (others, twice bool) {
	var seen uint64
	for c := range n.Children() {
		m, exact := d.edition.FindFolded(s, c.Key())
		d.found = append(d.found, found{m, exact})
		others = others || !exact
		if m == nil {
			continue
		}
		bit := uint64(1) << (m.Index[len(m.Index)-1] + 16*(len(m.Index)-1))
		twice = twice || seen&bit != 0
		seen |= bit
	}
	return others, twice
}

// segments remembers which warnings belong to which member. They are reported in the order of the model, as the order
// of members in a text has no meaning.
type segments struct {
	from  int
	parts []segment
}

type segment struct{ member, from, to int }

func (s *segments) add(m *language.Shape, of *language.Shape, to int) {
	from := s.from
	if len(s.parts) > 0 {
		from = s.parts[len(s.parts)-1].to
	}
	if to > from {
		s.parts = append(s.parts, segment{slices.Index(of.Members, m), from, to})
	}
}

func (s *segments) sort(problems []diag.Problem) {
	byMember := func(a, b segment) int { return a.member - b.member }
	if slices.IsSortedFunc(s.parts, byMember) {
		return
	}
	to := s.parts[0].from
	before := slices.Clone(problems[to:])
	order.Stably(s.parts, byMember)
	for at := 0; len(s.parts) > 0; s.parts = s.parts[1:] {
		part := s.parts[0]
		at += copy(problems[to+at:], before[part.from-to:part.to-to])
	}
}

// unite makes one member of several that mean the same field: objects are joined, of other values the last one counts.
func (d *decoder) unite(n tree.Node, s *language.Shape, at *cursor.At) {
	first := map[string]*tree.Appender{}
	kept := map[tree.Node]bool{}
	last := map[string]tree.Node{}
	for c := range n.Children() {
		m, _ := d.edition.FindFolded(s, c.Key())
		if m == nil {
			continue
		}
		if before, twice := last[m.Name]; twice {
			d.repeated(c, before, m.Name, at)
		}
		if before, twice := last[m.Name]; !twice || c.Kind() != tree.Null || m.Nullable || before.Kind() == tree.Null {
			last[m.Name] = c // a null leaves alone what cannot be absent
		}
		if _, known := first[m.Name]; !known && m.Kind == tree.Object && c.Kind() == tree.Object {
			first[m.Name] = c.Append()
			kept[c] = true
		}
	}
	n.Keep(func(c tree.Node) bool {
		m, _ := d.edition.FindFolded(s, c.Key())
		if m == nil {
			return true
		}
		if m.Kind != tree.Object {
			if c != last[m.Name] {
				d.dropped = language.HiddenMember(d.dropped, s, c)
			}
			return c == last[m.Name]
		}
		if into, known := first[m.Name]; known && !kept[c] && c.Kind() == tree.Object {
			into.Take(c)
			return false
		}
		return true
	})
}

func (d *decoder) repeated(c, before tree.Node, name string, at *cursor.At) {
	p, kept := d.ignored.Next(diag.Problem{Severity: diag.Error, Code: codes.KeyDuplicate})
	if p.Stricter = true; !kept {
		return
	}
	p.Path = at.Key(name).Path()
	p.Place = c.KeyPlace()
	p.Message, p.Hint = fmt.Sprintf("the key %q stands here for the second time; only this value counts", name),
		"remove one of the two"
	if c.Kind() == tree.Object && before.Kind() == tree.Object {
		p.Message = fmt.Sprintf("the key %q stands here for the second time; both objects are put together", name)
	}
	p.Related = []diag.Related{{Place: before.KeyPlace(), Message: "it stands here first"}}
}

func (d *decoder) wrongType(n tree.Node, s *language.Shape, at *cursor.At) {
	hint := ""
	switch {
	case s.Kind == tree.Number && n.Kind() == tree.String && strings.HasSuffix(s.Path, ".mode"):
		hint = "write permission bits as a decimal number: 420 is 0644, 493 is 0755"
		if bits, err := strconv.ParseInt(n.Text(), 8, 32); err == nil && bits >= 0 {
			hint = fmt.Sprintf("write permission bits as a decimal number: %d", bits)
		}
	case s.Kind == tree.List:
		hint = "put it into brackets: […]"
	case s.Kind == tree.Object && n.Kind() == tree.String:
		hint = objectOf(s)
	case n.Kind() == tree.String && (s.Kind == tree.Number || s.Kind == tree.Bool):
		hint = "remove the quotes"
	}
	d.dropped = language.Hidden(d.dropped, s, n)
	if p := d.problem(n, at, fmt.Sprintf("%s is expected here, not %s", s.Kind, n.Kind()), hint); p != nil {
		p.Fix = unquoted(n, s)
	}
}

// unquoted gives the fix for a number, a truth value or octal permission bits that stand in quotes.
func unquoted(n tree.Node, s *language.Shape) *diag.Fix {
	text := n.Text()
	isNumber := text != "" && len(text) < 19 && strings.Trim(text, "0123456789") == "" && (text == "0" ||
		text[0] != '0')
	switch bits, err := strconv.ParseInt(text, 8, 32); {
	case n.Kind() != tree.String:
	case s.Kind == tree.Number && strings.HasSuffix(s.Path, ".mode"):
		if err == nil && bits >= 0 && bits <= 0o7777 && len(text) >= 3 {
			return diag.Replace(n.Place(), text, strconv.FormatInt(bits, 10))
		}
	case s.Kind == tree.Number && isNumber, s.Kind == tree.Bool && (text == "true" || text == "false"):
		return diag.Replace(n.Place(), text, text)
	}
	return nil
}

// objectOf shows how to write an object of which the text has only the most important value.
func objectOf(s *language.Shape) string {
	for _, known := range []struct{ key, form string }{
		{"source", `write {"source": "data:,…"}, with the text escaped as in a URL`},
		{"name", `write {"name": "…"}`}, {"path", `write {"path": "…"}`}, {"device", `write {"device": "…"}`},
		{"url", `write {"url": "…"}`},
	} {
		if s.Member(known.key) != nil {
			return known.form
		}
	}
	return ""
}

func (d *decoder) problem(n tree.Node, at *cursor.At, message, hint string) *diag.Problem {
	if d.unread == nil {
		d.unread = map[string]bool{}
	}
	d.unread[spoilt(at).Path()] = true
	if p, kept := d.problems.Next(diag.Problem{Severity: diag.Error, Code: codes.WrongType}); kept {
		p.Place, p.Path, p.Message, p.Hint = n.Place(), at.Path(), message, hint
		return p
	}
	return nil
}

// spoilt is what cannot be judged where a value is of a wrong kind, as its absence would be blamed: an item of a list,
// an object in an item, or a section of the config.
func spoilt(at *cursor.At) *cursor.At {
	const section = 3 // storage.files, ignition.config.replace
	depth, inItem := 0, false
	for a := at; a.Up() != nil; a = a.Up() {
		depth++
		inItem = inItem || a.Name() == ""
	}
	if inItem && at.Name() != "" {
		if at = at.Up(); at.Name() == "contents" { // overwrite asks for it
			at = at.Up()
		}
	}
	for ; depth > section && !inItem; depth-- {
		at = at.Up()
	}
	return at
}
