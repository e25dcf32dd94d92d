package lsp

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/glowplug-os/glowplug/internal/codes"
	"github.com/glowplug-os/glowplug/internal/diag"
	"github.com/glowplug-os/glowplug/internal/tree"
)

// path is where an entry is: its keys, and * for items.
func (o *outline) path(at int32) string {
	var steps []string
	for ; at > 0; at = o.entries[at].parent {
		if e := &o.entries[at]; e.item {
			steps = append([]string{"*"}, steps...)
		} else {
			steps = append([]string{o.name(e)}, steps...)
		}
	}
	return strings.Join(steps, ".")
}

// written are the texts of the repository: examples of configs, and what shows the codes.
func written(t *testing.T) map[string]string {
	t.Helper()
	all := map[string]string{}
	names, err := filepath.Glob("../../examples/*.[bi]*")
	require.NoError(t, err)
	for _, name := range names {
		text, err := os.ReadFile(name)
		require.NoError(t, err)
		all[filepath.Base(name)] = string(text)
	}
	require.NotEmpty(t, all)
	for _, row := range codes.Rows() {
		all[string(row.Code)+" wrong"], all[string(row.Code)+" right"] = row.Show().Wrong, row.Show().Right
	}
	return all
}

// The outline needs no text that can be parsed. Of one that can it sees each key where the parser sees it, and at the
// same path.
func TestTheOutlineSeesTheKeysThatTheParserSees(t *testing.T) {
	seen := 0
	for name, text := range written(t) {
		doc := &diag.Document{Name: name, Text: text}
		root, problem := tree.NewArena().ParseJSON(doc)
		if problem != nil {
			var problems []diag.Problem
			if root, problems = tree.NewArena().ParseYAML(doc); diag.Fatal(problems) || root.Kind() != tree.Object {
				continue
			}
		}
		o := outlined(text)
		var walk func(n tree.Node, path string)
		walk = func(n tree.Node, path string) {
			if n.Aliased() || n.Inherited() {
				return
			}
			for c := range n.Children() {
				if c.Inherited() {
					continue
				}
				below := strings.TrimPrefix(path+".*", ".")
				if c.IsMember() {
					below = strings.TrimPrefix(path+"."+c.Key(), ".")
					span := c.KeyPlace().Span
					got := o.spot(span.Start)
					assert.Equal(t, atKey, got.part, "%s: %s", name, below)
					assert.Equal(t, below, o.path(got.entry), name)
					assert.Equal(t, span, o.entries[got.entry].key, "%s: %s", name, below)
					seen++
				}
				if c.Kind() < tree.List && c.Kind() != tree.Null && text[c.Span().Start] != '|' {
					got := o.spot(c.Span().Start + 1)
					assert.Equal(t, below, o.path(got.entry), "%s: the value", name)
				}
				walk(c, below)
			}
		}
		walk(root, "")
	}
	assert.Greater(t, seen, 500)
}

// Who looks at the blanks again for each bracket, or at the lines again for each of them, takes hours for these.
func TestBlanksAreReadOnce(t *testing.T) {
	const many = 8 << 20
	for claim, text := range map[string]string{
		"lines in brackets":      "a: [" + strings.Repeat("\n", many),
		"lines in quotes":        "a: \"" + strings.Repeat("\n", many),
		"lines in single quotes": "a: {b: '" + strings.Repeat("\r", many),
		"lines in a block":       "a: |\n" + strings.Repeat("\n", many),
		"blanks behind brackets": `{"a":` + strings.Repeat("[", many/32) + strings.Repeat("]", many/32) +
			strings.Repeat(" ", 2*many),
	} {
		assert.NotEqual(t, atKey, outlined(text).spot(len(text)).part, claim)
	}
}

// Whatever a text is: nothing panics, what an entry is in comes before it, and all places are in the text.
func FuzzOutline(f *testing.F) {
	for _, text := range []string{"", "{", "[", "a", "a:", "- a", "- - {", "{\"a\": [}", "a: |\n b\n\n c",
		"a: \"b\n  c\nd: 1", "%\n---\na: b # c\n  d\n- e", "{a: b, 'c': [d", "\ufeffa: b",
		"'a': b\n\"c", "{\"a\" \"b\" : ]}", "a: &b !c {d}\n e"} {
		f.Add(text, 3)
	}
	f.Fuzz(func(t *testing.T, text string, at int) {
		o := outlined(text)
		for i, e := range o.entries {
			require.Less(t, int(e.parent), i)
			for _, s := range []diag.Span{e.key, e.value, {Start: e.at, End: len(text)}} {
				require.True(t, 0 <= s.Start && s.Start <= s.End && s.End <= len(text), "%v", e)
			}
			if i > 0 {
				require.LessOrEqual(t, o.entries[i-1].at, e.at)
			}
		}
		v := view{o, o.schema()}
		at = min(max(at, 0), len(text))
		x := newIndex(text, utf16Units)
		c := completer{view: &v, index: x, at: at}
		c.offer(v.spot(at))
		o.symbols(x)
		// all text that JSON has is UTF-8
		if utf8.ValidString(text) && (at == len(text) || utf8.RuneStart(text[at])) {
			require.LessOrEqual(t, x.offset(x.position(at)), at)
		}
	})
}
