package butane

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/glowplug-os/glowplug/internal/codes"
	"github.com/glowplug-os/glowplug/internal/diag"
	"github.com/glowplug-os/glowplug/internal/language"
	"github.com/glowplug-os/glowplug/internal/tree"
)

// check holds a node against a shape. Scalars become what the shape says they are: YAML leaves it to the reader whether
// 0644 is text or a number. It reports whether the node says anything.
//
// context is what stands in the text at the node's path. It is another node where nulls before the node have been
// dropped from its list, and none below an alias or a merge key: the peer looks for unknown keys in the text, by path.
func (t *translation) check(s *language.Shape, n, context tree.Node, a *at) bool {
	if n.Kind() == tree.Null {
		if s.Kind == tree.Object && !s.Labels && a.trail.Name != "" && !t.optional(s) {
			t.report(diag.Warning, codes.NullObject, a.path(), n.Place(), "nothing stands where a mapping belongs; "+
				"it is ignored").Hint = "remove the key, or write what belongs there"
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

// optional: the version of the config can tell an absent object from an empty one, so that null means something there.
func (t *translation) optional(s *language.Shape) bool { return s.Field.Nullable.Has(t.Spec) }

// checkObject goes through the keys that are there. Those that a merge key has brought are values like any other, but
// nobody wrote them here, so they are not looked for in the context.
func (t *translation) checkObject(s *language.Shape, n, context tree.Node, a *at) bool {
	if context.Exists() && (context.Kind() != tree.Object || context.Aliased()) {
		p := t.report(diag.Warning, codes.ContextMismatch, a.path(), context.Place(),
			"an alias or nothing stands here, so keys below it are not looked at")
		p.PeerOnly = true
		context = tree.Node{}
	}
	t.duplicates(n, a, false)
	beside := writtenIn(context)
	for c := range n.Children() {
		if c.Key() == tree.MergeKey && !c.Quoted() && isMerge(c) {
			continue
		}
		m := t.edition.Find(s, c.Key())
		if s.Labels {
			m = &language.Shape{Name: c.Key(), Kind: tree.String}
		}
		if m == nil {
			t.hidden = language.HiddenDropped(t.hidden, s, c)
			t.unknownParts(c, a.with(diag.ShowKey(c.Key()), c))
			continue
		}
		t.check(m, c, beside(c.Key()), a.with(m.Name, c))
	}
	if !s.Labels {
		t.unknownKeys(s, context, a)
	}
	return true
}

// isMerge: a merge key has an empty list in the place of its value.
func isMerge(n tree.Node) bool {
	return n.Kind() == tree.List && !n.First().Exists() && n.Key() == tree.MergeKey
}

// writtenIn is written for many keys of one mapping, or for many mappings that are asked for a key each.
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

// written gives the last member that stands under a key in the text.
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
func (t *translation) checkList(s *language.Shape, n, context tree.Node, a *at) {
	if context.Exists() && (context.Kind() != tree.List || context.Aliased()) {
		if s.Item.Kind == tree.Object && n.First().Exists() {
			t.report(diag.Warning, codes.ContextMismatch, a.path(), context.Place(),
				"an alias stands here, so keys below it are not looked at").PeerOnly = true
		}
		context = tree.Node{}
	}
	beside := context.First()
	i := 0
	for c := range n.Children() {
		if c.Kind() == tree.Null {
			t.report(diag.Warning, codes.NullItem, fmt.Sprintf("%s.%d", a.path(), i), c.Place(),
				"an item says nothing; it is dropped").Stricter = true
			continue
		}
		t.check(s.Item, c, beside, a.item(i, c))
		beside = beside.Next()
		i++
	}
}

// checkScalar turns a scalar into what its field takes. Any scalar can be text, with the spelling that it has: 1.50
// stays 1.50.
func (t *translation) checkScalar(s *language.Shape, n tree.Node, a *at) bool {
	switch s.Kind {
	case tree.Number:
		literal, whole, ok := integer(n)
		if !ok {
			return t.wrongType(s, n, a)
		}
		if digit, base := wrongDigit(n); digit != 0 {
			t.misreadNumber(a, digit, base, literal)
		} else if !whole {
			p := a.warnf(codes.NumberFraction, "the number has a fraction, which is cut off")
			p.Stricter = true
			if p.Hint, p.Fix = "write "+literal, diag.Replace(n.Place(), n.Text(), literal); isMode(a) {
				p.Hint, p.Fix = "write permission bits in octal digits, as 0644", nil
				t.misread(a)
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

// integer reads a number as YAML spells it: decimal, octal with 0 or 0o, hexadecimal, binary, with underscores. The
// peer cuts off fractions, and so do we.
func integer(n tree.Node) (literal string, whole, ok bool) {
	if n.Kind() != tree.Number {
		return "", false, false
	}
	plain := strings.ReplaceAll(n.Text(), "_", "")
	if i, err := strconv.ParseInt(plain, 0, 64); err == nil {
		return strconv.FormatInt(i, 10), true, true
	} else if isRange(err) {
		return "", false, false
	}
	f, err := strconv.ParseFloat(plain, 64)
	if strings.HasSuffix(strings.ToLower(plain), ".inf") {
		f, err = math.Inf(1), nil
		if plain[0] == '-' {
			f = math.Inf(-1)
		}
	}
	switch {
	case err != nil || math.IsNaN(f) || f >= math.MaxInt64:
		return "", false, false
	case f <= math.MinInt64:
		return strconv.FormatInt(math.MinInt64, 10), true, true
	}
	return strconv.FormatInt(int64(f), 10), f == math.Trunc(f), true
}

// wrongDigit finds the first digit of a number that its base has not: 8 in 0899, 2 in 0b12. What starts with 0 is
// octal, but YAML reads it as a decimal number where it cannot be. digit is 0 where nothing is wrong.
func wrongDigit(n tree.Node) (digit byte, base string) {
	plain := strings.TrimLeft(strings.ReplaceAll(n.Text(), "_", ""), "+-")
	for _, b := range []struct{ prefix, last, name string }{{"0o", "7", "octal"}, {"0b", "1", "binary"},
		{"0", "7", "octal"}} {
		rest, found := strings.CutPrefix(plain, b.prefix)
		if !found || n.Quoted() {
			continue
		}
		tail := strings.TrimLeft(rest, "0123456789")
		if tail != "" && n.Kind() != tree.Number || len(tail) == len(rest) {
			return 0, ""
		}
		for i := range len(rest) - len(tail) {
			if rest[i] > b.last[0] {
				return rest[i], b.name
			}
		}
		if tail != "" {
			return tail[0], b.name
		}
		return 0, ""
	}
	return 0, ""
}

// misreadNumber: permission bits that are read in another base than they were written in are others.
func (t *translation) misreadNumber(a *at, digit byte, base, literal string) {
	severity, hint := diag.Warning, "write "+literal
	if isMode(a) {
		severity, hint = diag.Error, "permission bits have the digits 0 to 7, as in 0644"
		t.misread(a)
	}
	p := t.report(severity, codes.NumberDigit, a.path(), a.place(),
		fmt.Sprintf("%q is no %s digit, so the number is read as the decimal %s", digit, base, literal))
	p.Hint, p.Stricter = hint, true
}

func isMode(a *at) bool { return strings.HasSuffix(a.trail.Name, "mode") }

func isRange(err error) bool {
	number, ok := err.(*strconv.NumError)
	return ok && number.Err == strconv.ErrRange
}

// boolean reads true, false and the words of YAML 1.1, which are text everywhere else; "" if it is none of them.
func boolean(n tree.Node) string {
	switch text := n.Text(); {
	case n.Kind() == tree.Bool && (strings.EqualFold(text, "true") || strings.EqualFold(text, "false")):
		return strings.ToLower(text)
	case n.Kind() != tree.Bool && n.Kind() != tree.String: // a tag may call anything a boolean
	case slices.Contains(yesWords(), text):
		return "true"
	case slices.Contains(noWords(), text):
		return "false"
	}
	return ""
}

func yesWords() []string { return []string{"y", "Y", "yes", "Yes", "YES", "on", "On", "ON"} }

func noWords() []string { return []string{"n", "N", "no", "No", "NO", "off", "Off", "OFF"} }

// wrongType reports a value of another kind.
func (t *translation) wrongType(s *language.Shape, n tree.Node, a *at) bool {
	want := map[tree.Kind]string{tree.Object: "a mapping", tree.List: "a list", tree.Number: "a whole number",
		tree.Bool: "true or false", tree.String: "a string"}[s.Kind]
	have := n.Kind().String()
	if n.Kind() == tree.Object {
		have = "a mapping"
	}
	p := t.report(diag.Error, codes.WrongType, a.path(), n.Place(),
		fmt.Sprintf("%s is expected here, not %s", want, have))
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
	return false
}

// unquotes tells whether a text in quotes is what a field takes when it has none: a number in decimal or octal digits,
// or true or false.
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

// mappingOf says how a mapping is written of which only the text that matters most was given.
func mappingOf(s *language.Shape) string {
	for _, key := range []string{"inline", "name", "path", "device", "url", "local"} {
		if s.Member(key) != nil {
			return "write it as a mapping: {" + key + ": …}"
		}
	}
	return ""
}

// duplicates reports equal keys in a mapping; stricter where the peer does not look.
func (t *translation) duplicates(n tree.Node, a *at, stricter bool) {
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
			p := t.report(diag.Error, codes.KeyDuplicate, language.Join(a.path(), c.Key()), c.KeyPlace(),
				fmt.Sprintf("the key %s stands here for the second time", diag.QuoteKey(c.Key())))
			p.Path = language.Join(a.path(), diag.ShowKey(c.Key()))
			p.Hint, p.Stricter = "remove one of the two", stricter
			p.Related = []diag.Related{{Place: before.KeyPlace(), Message: "it stands here first"}}
		}
	}
}

// unknownParts looks for equal keys in what no dialect has, which the peer does not look at.
func (t *translation) unknownParts(n tree.Node, a *at) {
	switch n.Kind() {
	case tree.Object:
		t.duplicates(n, a, true)
		for c := range n.Children() {
			t.unknownParts(c, a.with(diag.ShowKey(c.Key()), c))
		}
	case tree.List:
		i := 0
		for c := range n.Children() {
			t.unknownParts(c, a.item(i, c))
			i++
		}
	}
}

// unknownKeys reports the keys of a mapping of the text that the dialect does not have there.
func (t *translation) unknownKeys(s *language.Shape, context tree.Node, a *at) {
	if context.Kind() != tree.Object {
		return
	}
	var empty tree.Node // the last known key, where nothing stands behind it
	for c := range context.Children() {
		key := c.Key()
		if m := t.edition.Find(s, key); c.Inherited() || m != nil {
			if empty = (tree.Node{}); c.Kind() == tree.Null && !c.Inherited() {
				empty = c
			}
			continue
		}
		p := diag.Problem{Severity: diag.Warning, Code: t.edition.UnknownCode(s, key)}
		if isMerge(c) {
			p.Code, p.PeerOnly = codes.KeyMerge, true
		}
		next, kept := t.problems.Next(p)
		if !kept {
			continue
		}
		next.Place, next.Path, next.Message = c.KeyPlace(), language.Join(a.path(), key),
			fmt.Sprintf("the key %s is not known here; it is ignored", diag.QuoteKey(key))
		if !isMerge(c) {
			next.Path = language.Join(a.path(), diag.ShowKey(key))
			next.Message, next.Hint = t.edition.Explain(s, key)
			if empty.Exists() && t.edition.Find(t.edition.Find(s, empty.Key()), key) != nil {
				next.Hint = fmt.Sprintf("%s belongs below %s: indent it further", key, empty.Key())
			} else {
				next.Fix = t.edition.FixKey(s, context, c)
			}
		}
	}
}
