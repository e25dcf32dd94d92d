package check

import (
	"slices"
	"strings"

	"github.com/glowplug-os/glowplug/internal/advice"
	"github.com/glowplug-os/glowplug/internal/diag"
	"github.com/glowplug-os/glowplug/internal/load"
	"github.com/glowplug-os/glowplug/internal/order"
	"github.com/glowplug-os/glowplug/internal/tree"
)

// rounds is how often a text is read again: a mistake may hide another one, as each mistake in JSON hides all that
// follows.
const rounds = 20

// few: up to so many fixes are tried one by one where all together do not give the tree that they should.
const few = 20

// fixed applies the safe fixes of a text's problems, and tells how many. The text that comes out is read as the same
// tree plus the fixes; where that is not so, the text stays as it is. Each fix that is made is told, and what keeps
// others from being made.
func fixed(name, text string, o load.Options, told ...func(string)) (out string, count int) {
	tell := func(line string) {
		for _, to := range told {
			to(line)
		}
	}
	o.Every = true
	for range rounds {
		r := load.ReadWith(tree.NewArena(), name, text, o)
		fixes := safeFixes(r)
		if r.Text.Text != text { // it was in another encoding
			if len(fixes) > 0 {
				tell(diag.Printable(name) + ": nothing is written into a text in UTF-16; save it as UTF-8 first")
			}
			break
		}
		next, made := mended(text, fixes)
		for _, f := range made {
			tell("fixed " + change(f))
		}
		if len(made) == 0 {
			if len(fixes) > 0 {
				tell(diag.Printable(name) + ": " + diag.Count(len(fixes), "fix") +
					" would change more than one value, so it is left to you")
			}
			break
		}
		text, count = next, count+len(made)
	}
	return text, count
}

// change says what a fix replaces, and by what.
func change(f *diag.Fix) string {
	if !f.MayShow() {
		return f.Place.String()
	}
	was := f.Place.Doc.Text[f.Place.Span.Start:f.Place.Span.End]
	if f.Text() == "" {
		return f.Place.String() + ": " + diag.Printable(was) + " removed"
	}
	return f.Place.String() + ": " + diag.Printable(was) + " → " + diag.Printable(f.Text())
}

// safeFixes are those of a text, in their order, none within another. They are of all its problems, so that the text is
// not read again for each few of them.
func safeFixes(r load.Result) (fixes []*diag.Fix) {
	advice.Give(r.Problems)
	for _, p := range diag.All(diag.Workstation, r.Problems) {
		if p.Fix != nil && p.Fix.Safe && p.Fix.Place.Doc == r.Text && p.Fix.Fits() {
			fixes = append(fixes, p.Fix)
		}
	}
	order.Stably(fixes, func(a, b *diag.Fix) int { return a.Place.Span.Start - b.Place.Span.Start })
	return slices.CompactFunc(fixes, func(next, before *diag.Fix) bool {
		return next.Place.Span.Start < before.Place.Span.End
	})
}

// mended applies all fixes, or those of a few that can be applied; made are those.
func mended(text string, fixes []*diag.Fix) (out string, made []*diag.Fix) {
	if out := written(text, fixes); len(fixes) > 0 && sameBut(text, out, fixes) {
		return out, fixes
	}
	if len(fixes) > few {
		return text, nil
	}
	var good []*diag.Fix
	for _, f := range fixes {
		if try := append(slices.Clone(good), f); sameBut(text, written(text, try), try) {
			good = try
		}
	}
	return written(text, good), good
}

// written gives the text with the fixes in it.
func written(text string, fixes []*diag.Fix) string {
	var b strings.Builder
	at := 0
	for _, f := range fixes {
		b.WriteString(text[at:f.Place.Span.Start] + f.Text())
		at = f.Place.Span.End
	}
	b.WriteString(text[at:])
	return b.String()
}

// sameBut tells whether two texts are read as the same tree, but for what the fixes replace, which has their values. A
// comma too many is none to YAML, so such a text is read as that. What is JSON stays JSON.
func sameBut(old, out string, fixes []*diag.Fix) bool {
	before, wasJSON := parsed(old)
	after, isJSON := parsed(out)
	if !before.Exists() || !after.Exists() || wasJSON && !isJSON {
		return false
	}
	c := comparison{map[diag.Span]*diag.Fix{}, map[diag.Span][]*diag.Fix{}}
	for _, f := range fixes {
		switch {
		case f.Of != diag.Span{}:
			c.parts[f.Of] = append(c.parts[f.Of], f)
		case !f.Gone:
			c.left[f.Place.Span] = f
		}
	}
	return c.same(before, after) && len(c.left)+len(c.parts) == 0
}

// parsed reads a text as JSON, or else as YAML; nothing of what is neither.
func parsed(text string) (root tree.Node, json bool) {
	doc := &diag.Document{Text: text}
	root, problem := tree.NewArena().ParseJSON(doc)
	if problem != nil {
		root, _ = tree.NewArena().ParseYAML(doc)
	}
	return root, problem == nil
}

// A comparison compares two trees; left are the fixes whose places it has not met, and parts those of parts of scalars,
// by the scalar and in their order.
type comparison struct {
	left  map[diag.Span]*diag.Fix
	parts map[diag.Span][]*diag.Fix
}

// met takes the fix of a place out of left, nil where there is none.
func (c comparison) met(span diag.Span) *diag.Fix {
	f := c.left[span]
	delete(c.left, span)
	return f
}

func (c comparison) same(a, b tree.Node) bool {
	if a.IsMember() != b.IsMember() {
		return false
	}
	if a.IsMember() {
		key := a.Key()
		if f := c.met(a.KeyPlace().Span); f != nil {
			key = f.Value
		}
		if key != b.Key() {
			return false
		}
	}
	if a.Kind() < tree.List && b.Kind() < tree.List {
		if f := c.met(a.Span()); f != nil {
			return b.Text() == f.Value
		}
		if parts := c.parts[a.Span()]; parts != nil {
			delete(c.parts, a.Span())
			return b.Text() == replaced(a.Text(), parts)
		}
		return a.Kind() == b.Kind() && (a.Kind() <= tree.Null || a.Text() == b.Text())
	}
	return a.Kind() == b.Kind() && c.children(a, b)
}

// replaced gives a value with its parts as the fixes want them.
func replaced(value string, parts []*diag.Fix) string {
	var b strings.Builder
	at := 0
	for _, f := range parts {
		if f.At < at || f.At+len(f.Old) > len(value) {
			return value
		}
		b.WriteString(value[at:f.At] + f.Value)
		at = f.At + len(f.Old)
	}
	return b.String() + value[at:]
}

func (c comparison) children(a, b tree.Node) bool {
	x, y := a.First(), b.First()
	for ; x.Exists() && y.Exists(); x, y = x.Next(), y.Next() {
		if !c.same(x, y) {
			return false
		}
	}
	return !x.Exists() && !y.Exists()
}
