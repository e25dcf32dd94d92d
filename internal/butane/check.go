package butane

import (
	"fmt"
	"strings"

	"github.com/glowplug-os/glowplug/internal/codes"
	"github.com/glowplug-os/glowplug/internal/cursor"
	"github.com/glowplug-os/glowplug/internal/diag"
	"github.com/glowplug-os/glowplug/internal/language"
	"github.com/glowplug-os/glowplug/internal/tree"
)

// A reader holds a document against the shape of its dialect.
type reader struct{ *translation }

// check holds a node against a shape. Scalars become what the shape says they are: YAML leaves it to the reader whether
// 0644 is text or a number. check reports whether the node says anything.
//
// context is what stands in the text at the path of the node. It is another node where nulls before the node have been
// dropped from its list, and no node below an alias or a merge key: the peer looks for unknown keys in the text, by
// path.
func (t reader) check(s *language.Shape, n, context tree.Node, a *cursor.At) bool {
	if n.Kind() == tree.Null {
		if s.Kind == tree.Object && !s.Labels && a.Name() != "" && !t.optional(s) {
			a.Warnf(codes.NullObject, "nothing stands where a mapping belongs; it is ignored").
				Advise("remove the key, or write what belongs there")
		}
		return false
	}
	switch s.Kind {
	case tree.Object:
		if n.Kind() != tree.Object {
			return t.wrongType(s, n, a)
		}
		return t.checkObject(s, n, context, a)
	case tree.List:
		if n.Kind() != tree.List {
			return t.wrongType(s, n, a)
		}
		t.checkList(s, n, context, a)
		return true
	}
	if n.Kind() >= tree.List {
		return t.wrongType(s, n, a)
	}
	return t.checkScalar(s, n, a)
}

// checkObject goes through the keys of a mapping. Keys that a merge key has brought are values like any other, but do
// not stand here in the text, so they are not looked for in the context.
func (t reader) checkObject(s *language.Shape, n, context tree.Node, a *cursor.At) bool {
	if context.Exists() && (context.Kind() != tree.Object || context.Aliased()) {
		a.Warnf(codes.ContextMismatch,
			"an alias or nothing stands here, so keys below it are not looked at").PeerOnly = true
		context = tree.Node{}
	}
	t.duplicates(n, a, false)
	beside := writtenIn(context)
	for c := range n.Children() {
		if tree.IsMerge(c) && !c.Quoted() {
			continue
		}
		m := t.edition.Find(s, c.Key())
		if s.Labels {
			m = &language.Shape{Name: c.Key(), Kind: tree.String}
		}
		if m == nil {
			t.hidden = language.HiddenDropped(t.hidden, s, c)
			t.unknownParts(c, a.Member(diag.ShowKey(c.Key()), c))
			continue
		}
		t.check(m, c, beside(c.Key()), a.Member(m.Name, c))
	}
	if !s.Labels && context.Kind() == tree.Object {
		cursor.UnknownKeys(&t.log, a, t.edition, s, context)
	}
	return true
}

// writtenIn makes the function written for one mapping. Where a mapping has many keys, they are put into an index once.
func writtenIn(context tree.Node) func(key string) tree.Node {
	const few = 16
	if context.Kind() != tree.Object || context.At(few) == (tree.Node{}) {
		return func(key string) tree.Node { return written(context, key) }
	}
	members := map[string]tree.Node{}
	for c := range context.Children() {
		if !c.Inherited() {
			members[c.Key()] = c
		}
	}
	return func(key string) tree.Node { return members[key] }
}

// written gives the last member of a mapping with a key, as the text has it.
func written(context tree.Node, key string) tree.Node {
	var found tree.Node
	if context.Kind() != tree.Object {
		return found
	}
	for c := range context.Children() {
		if !c.Inherited() && c.Key() == key {
			found = c
		}
	}
	return found
}

// checkList: the peer drops nulls from lists before it looks at anything, but counts them when it looks for a place.
func (t reader) checkList(s *language.Shape, n, context tree.Node, a *cursor.At) {
	if context.Exists() && (context.Kind() != tree.List || context.Aliased()) {
		if s.Item.Kind == tree.Object && n.First().Exists() {
			a.Warnf(codes.ContextMismatch, "an alias stands here, so keys below it are not looked at").PeerOnly = true
		}
		context = tree.Node{}
	}
	beside := context.First()
	i := 0
	for c := range n.Children() {
		if c.Kind() == tree.Null {
			// at the list, for the next item takes its number
			a.Warnf(codes.NullItem, "an item says nothing; it is dropped").Strictly().Place = c.Place()
			continue
		}
		t.check(s.Item, c, beside, a.Listed(i, c))
		beside = beside.Next()
		i++
	}
}

// checkScalar turns a scalar into what its field takes. Any scalar can be text, with the spelling that it has: 1.50
// stays 1.50.
func (t reader) checkScalar(s *language.Shape, n tree.Node, a *cursor.At) bool {
	switch s.Kind {
	case tree.Number:
		literal, whole, ok := integer(n)
		if !ok {
			return t.wrongType(s, n, a)
		}
		if digit, base := wrongDigit(n); digit != 0 {
			t.misreadNumber(a, digit, base, literal)
		} else if !whole {
			p := a.Warnf(codes.NumberFraction, "the number has a fraction, which is cut off").Strictly()
			if isMode(a) {
				p.Hint = "write permission bits in octal digits, as 0644"
				misread(t.translation, a)
			} else {
				p.Hint, p.Fix = "write "+literal, diag.Replace(n.Place(), n.Text(), literal)
			}
		}
		if literal != n.Text() {
			n.Become(tree.Number, literal)
		}
	case tree.Bool:
		literal := boolean(n)
		if literal == "" {
			return t.wrongType(s, n, a)
		}
		if literal != n.Text() || n.Kind() != tree.Bool {
			n.Become(tree.Bool, literal)
		}
	case tree.String:
		if n.Kind() != tree.String {
			n.Become(tree.String, n.Text())
		}
	}
	return true
}

// misreadNumber warns of permission bits that are read in another base than they were probably meant in.
func (t reader) misreadNumber(a *cursor.At, digit byte, base, literal string) {
	severity, hint := diag.Warning, "write "+literal
	if isMode(a) {
		severity, hint = diag.Error, "permission bits have the digits 0 to 7, as in 0644"
		misread(t.translation, a)
	}
	a.Report(severity, codes.NumberDigit, "%q is no %s digit, so the number is read as the decimal %s", digit, base,
		literal).Advise("%s", hint).Strictly()
}

func isMode(a *cursor.At) bool { return strings.HasSuffix(a.Name(), "mode") }

// wrongType reports a value of another kind.
func (t reader) wrongType(s *language.Shape, n tree.Node, a *cursor.At) bool {
	want := map[tree.Kind]string{tree.Object: "a mapping", tree.List: "a list", tree.Number: "a whole number",
		tree.Bool: "true or false", tree.String: "a string"}[s.Kind]
	have := n.Kind().String()
	if n.Kind() == tree.Object {
		have = "a mapping"
	}
	p := a.Errorf(codes.WrongType, "%s is expected here, not %s", want, have)
	digit, base := wrongDigit(n)
	switch {
	case s.Kind == tree.List:
		p.Hint = "write it as an item: start its line with a dash, or put it into brackets"
	case s.Kind == tree.Object && n.Kind() == tree.String:
		p.Hint = mappingOf(s)
	case n.Quoted() && (s.Kind == tree.Number || s.Kind == tree.Bool):
		p.Hint = "remove the quotes"
		if n.Kind() == tree.String && unquotes(s.Kind, n.Text()) {
			p.Fix = diag.Replace(n.Place(), n.Text(), n.Text())
		}
	case s.Kind == tree.Number && digit != 0:
		p.Message = fmt.Sprintf("a whole number is expected here, and %q is no %s digit", digit, base)
	case s.Kind == tree.Number && n.Kind() == tree.Number:
		p.Message = "a whole number of at most 64 bits is expected here"
	}
	t.hidden = language.Hidden(t.hidden, s, n)
	t.wrong[n] = true
	return false
}

// unquotes tells whether a text in quotes would be right without them: a number in decimal or octal digits, or true or
// false.
func unquotes(kind tree.Kind, text string) bool {
	if kind == tree.Bool {
		return text == "true" || text == "false"
	}
	digits := "0123456789"
	if strings.HasPrefix(text, "0") {
		digits = "01234567"
	}
	return text != "" && len(text) < 19 && strings.Trim(text, digits) == ""
}

// mappingOf shows how to write a mapping of which the text has only the most important value.
func mappingOf(s *language.Shape) string {
	for _, key := range []string{"inline", "name", "path", "device", "url", "local"} {
		if s.Member(key) != nil {
			return "write it as a mapping: {" + key + ": …}"
		}
	}
	return ""
}

// duplicates reports equal keys in a mapping; stricter where the peer does not look for them.
func (t reader) duplicates(n tree.Node, a *cursor.At, stricter bool) {
	var many map[string]tree.Node
	for c, i := n.First(), 0; c.Exists(); c, i = c.Next(), i+1 {
		var before tree.Node
		if i < 16 && many == nil {
			for b := n.First(); b != c && !before.Exists(); b = b.Next() {
				if b.Key() == c.Key() {
					before = b
				}
			}
		} else {
			if many == nil {
				many = map[string]tree.Node{}
				for b := n.First(); b != c; b = b.Next() {
					many[b.Key()] = b
				}
			}
			before = many[c.Key()]
			many[c.Key()] = c
		}
		if before.Exists() && !c.Inherited() {
			p := a.Member(diag.ShowKey(c.Key()), c).Errorf(codes.KeyDuplicate,
				"the key %s stands here for the second time", diag.QuoteKey(c.Key())).Advise("remove one of the two")
			p.Place, p.Stricter = c.KeyPlace(), stricter
			p.Related = []diag.Related{{Place: before.KeyPlace(), Message: "it stands here first"}}
		}
	}
}

// unknownParts looks for equal keys in parts that no dialect has. The peer does not look there.
func (t reader) unknownParts(n tree.Node, a *cursor.At) {
	switch n.Kind() {
	case tree.Object:
		t.duplicates(n, a, true)
		for c := range n.Children() {
			t.unknownParts(c, a.Member(diag.ShowKey(c.Key()), c))
		}
	case tree.List:
		i := 0
		for c := range n.Children() {
			t.unknownParts(c, a.Listed(i, c))
			i++
		}
	}
}

// drop removes keys that the dialect does not have, and values of a wrong kind. An item of a list is replaced by an
// empty one, so that the numbers of the items after it stay.
func (t reader) drop(s *language.Shape, n tree.Node) {
	if s.Labels || n.Kind() < tree.List {
		return
	}
	if n.Kind() == tree.Object {
		n.Keep(func(c tree.Node) bool { return t.edition.Find(s, c.Key()) != nil && !t.wrong[c] })
	}
	for c := range n.Children() {
		switch m := s.Item; {
		case m == nil:
			t.drop(t.edition.Find(s, c.Key()), c)
		case !t.wrong[c]:
			t.drop(m, c)
		case m.Kind == tree.Object:
			c.Clear(tree.Object)
		default:
			c.Become(m.Kind, "")
		}
	}
}
