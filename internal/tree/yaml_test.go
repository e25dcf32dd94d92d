package tree_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.yaml.in/yaml/v4"

	"github.com/glowplug-os/glowplug/internal/codes"
	"github.com/glowplug-os/glowplug/internal/diag"
	"github.com/glowplug-os/glowplug/internal/tree"
)

func parseYAML(text string) (tree.Node, []diag.Problem) {
	return tree.NewArena().ParseYAML(&diag.Document{Name: "a.bu", Text: text})
}

// outline writes a tree as compact JSON-like text, with the source of each scalar that is not what it says in ‹›.
func outline(n tree.Node) string {
	var parts []string
	switch n.Kind() {
	case tree.Object:
		for c := range n.Children() {
			parts = append(parts, c.Key()+": "+outline(c))
		}
		return "{" + strings.Join(parts, ", ") + "}"
	case tree.List:
		for c := range n.Children() {
			parts = append(parts, outline(c))
		}
		return "[" + strings.Join(parts, ", ") + "]"
	}
	text := fmt.Sprintf("%q", n.Text())
	if n.Kind() != tree.String {
		text = strings.ToLower(n.Kind().String()[strings.LastIndexByte(n.Kind().String(), ' ')+1:]) + "(" +
			n.Text() + ")"
	}
	span := n.Span()
	if source := n.Document().Text[span.Start:span.End]; source != n.Text() {
		text += "‹" + source + "›"
	}
	return text
}

func TestYAMLBecomesTheSameNodes(t *testing.T) {
	for name, c := range map[string]struct{ text, want string }{
		"scalars have the kind that they look like": {"a: 1\nb: 0644\n" +
			"c: yes\nd: true\ne: ~\nf:\ng: 1.5\nh: 2020-01-01\n",
			`{a: number(1), b: number(0644), c: "yes", d: boolean(true), e: null(~), f: null(), g: number(1.5), ` +
				`h: "2020-01-01"}`},
		"quotes make text of anything": {`{a: "1", b: 'it''s', c: "x\ty"}`,
			`{a: "1"‹"1"›, b: "it's"‹'it''s'›, c: "x\ty"‹"x\ty"›}`},
		"a tag makes text of a number": {"a: !!str 12\nb: 3\n", `{a: "12"‹!!str 12›, b: number(3)}`},
		"binary is decoded":            {"a: !!binary aGk=\n", `{a: "hi"‹!!binary aGk=›}`},
		"a literal block ends with its last line": {"a: |\n  x\n\n   y\n\nb: 1\n",
			`{a: "x\n\n y\n"‹|` + "\n  x\n\n   y" + `›, b: number(1)}`},
		"a literal block of nothing is its mark": {"a: |\nb: 1\n", `{a: ""‹|›, b: number(1)}`},
		"a folded block": {"a: >-\n  x\n  y\nb: 1\n",
			`{a: "x y"‹>-` + "\n  x\n  y" + `›, b: number(1)}`},
		"plain text goes over lines": {"a: x\n  y\n\n  z\nb: 1\n",
			`{a: "x y\nz"‹x` + "\n  y\n\n  z" + `›, b: number(1)}`},
		"an alias is where it stands":          {"a: &x {b: 1}\nc: *x\n", `{a: {b: number(1)}, c: {b: number(1)‹*x›}}`},
		"a scalar with an anchor starts there": {"a: &x 5\nb: *x\n", `{a: number(5)‹&x 5›, b: number(5)‹*x›}`},
		"a merge key brings what is not there": {"a: &x {b: 1, c: 2}\nd:\n  <<: *x\n  c: 3\n",
			`{a: {b: number(1), c: number(2)}, d: {<<: [], c: number(3), b: number(1)‹*x›}}`},
		"of several merges the first one wins": {"- &x {b: 1}\n- &y {b: 2, c: 3}\n- <<: [*x, *y]\n",
			`[{b: number(1)}, {b: number(2), c: number(3)}, {<<: [], b: number(1)‹*x›, c: number(3)‹*y›}]`},
		"a quoted merge key is a key":  {`{"<<": 1}`, `{<<: number(1)}`},
		"equal keys are both there":    {"a: 1\na: 2\n", `{a: number(1), a: number(2)}`},
		"keys are text":                {"1: a\ntrue: b\n", `{1: "a", true: "b"}`},
		"a text of comments is null":   {"# nothing\n", `null()`},
		"a byte order mark is no text": {"\ufeffa: 1\n", `{a: number(1)}`},
		"lines may end as on Windows": {"a: 1\r\nb: |\r\n  x\r\n  y\r\nc: 2\r\n",
			`{a: number(1), b: "x\ny\n"‹|` + "\r\n  x\r\n  y" + `›, c: number(2)}`},
		"columns count characters": {"{ä: 'ö', ü: é}", `{ä: "ö"‹'ö'›, ü: "é"}`},
		"JSON is YAML": {`{"a": [1, "x", null, false, {}]}`,
			`{a: [number(1), "x"‹"x"›, null(null), boolean(false), {}]}`},
		"a line separator ends a line and is text": {"a: |\n  x\u2028  y\nb: 1\n",
			`{a: "x\u2028y\n"‹|` + "\n  x\u2028  y" + `›, b: number(1)}`},
		"a comment after a value is no part of it": {"a: x # c\nb: [1, # c\n  2]\n",
			`{a: "x", b: [number(1), number(2)]}`},
		"an empty value with a tag ends at the tag": {"a: !!str\nb: 1\n", `{a: ""‹!!str›, b: number(1)}`},
	} {
		t.Run(name, func(t *testing.T) {
			root, problems := parseYAML(c.text)
			require.Empty(t, problems)
			assert.Equal(t, c.want, outline(root))
		})
	}
}

func TestCollectionsEndWhereTheirTextDoes(t *testing.T) {
	text := "a:\n  - {b: 1}\n  -\n    c: [x,\n      y ]\nd: {}\n"
	root, problems := parseYAML(text)
	require.Empty(t, problems)
	spell := func(n tree.Node) string { return text[n.Span().Start:n.Span().End] }
	assert.Equal(t, strings.TrimSuffix(text, "\n"), spell(root))
	assert.Equal(t, "- {b: 1}\n  -\n    c: [x,\n      y ]", spell(root.Get("a")))
	assert.Equal(t, "{b: 1}", spell(root.Get("a").At(0)))
	assert.Equal(t, "[x,\n      y ]", spell(root.Get("a").At(1).Get("c")))
	assert.Equal(t, "{}", spell(root.Get("d")))
	key := root.Get("a").At(1).Get("c").KeyPlace().Span
	assert.Equal(t, "c", text[key.Start:key.End])
}

func TestYAMLThatIsWrongIsExplained(t *testing.T) {
	for name, c := range map[string]struct{ text, at, message string }{
		"a tab":                         {"a:\n\tb: 1\n", "2:1", "a tab stands where YAML takes spaces only"},
		"a colon too many":              {"a: b: c\n", "1:5", "a colon makes a mapping where none can stand"},
		"a quote that is not closed":    {"a: \"b\nc: 1\n", "1:4", "a quote is not closed"},
		"a list that is not closed":     {"a: [1, 2\nb: 1\n", "1:4", "a bracket is not closed"},
		"indentation that fits nothing": {"a:\n    b: 1\n  c: 2\n", "3:3", "the line does not fit to those around it"},
		"an alias for nothing": {"a: *x\n", "1:4",
			"the alias stands for nothing: no anchor before it has its name"},
		"an alias inside of its anchor": {"a: &x [*x]\n", "1:8", "the alias *x stands inside of what it stands for"},
		"a list as a key":               {"? [a]\n: 1\n", "1:3", "a list or a mapping stands where a key belongs"},
		"a merge of text": {"a: &x 1\nb: {<<: *x}\n", "2:9",
			"a merge key takes a mapping, or a list of mappings"},
		"a character that starts a line": {"a: @x\n", "1:4", "this character cannot start a value"},
		"control characters": {"a: b\nc: \x01\n", "2:4",
			"the text is not UTF-8, or has control characters"},
		"text that is not UTF-8": {"ä: \xff\n", "1:5", "the text is not UTF-8, or has control characters"},
		"binary that is none":    {"a: !!binary '?'\n", "1:4", "what is marked as !!binary is not base64"},
	} {
		t.Run(name, func(t *testing.T) {
			root, problems := parseYAML(c.text)
			require.False(t, root.Exists())
			require.Len(t, problems, 1)
			assert.Equal(t, c.message, problems[0].Message)
			assert.Equal(t, codes.YAMLSyntax, problems[0].Code)
			if c.at != "" {
				assert.Equal(t, "a.bu:"+c.at, problems[0].Place.String())
			}
		})
	}
}

func TestOnlyTheFirstDocumentCounts(t *testing.T) {
	for name, c := range map[string]struct{ text, at string }{
		"a second document":              {"a: 1\n---\nb: 2\n", "a.bu:2:1"},
		"a second document that is none": {"a: 1\n---\nb: {\n", "a.bu:4:1"},
	} {
		t.Run(name, func(t *testing.T) {
			root, problems := parseYAML(c.text)
			assert.Equal(t, "{a: number(1)}", outline(root))
			require.Len(t, problems, 1)
			assert.True(t, problems[0].Stricter)
			assert.Equal(t, c.at, problems[0].Place.String())
		})
	}
	_, problems := parseYAML("---\na: 1\n...\n")
	assert.Empty(t, problems)
}

func TestAliasesThatMultiplyAreRefused(t *testing.T) {
	var values, merges strings.Builder
	values.WriteString("a0: &a0 [x, x]\n")
	merges.WriteString("a0: &a0 {}\n")
	for i := 1; i < 40; i++ {
		fmt.Fprintf(&values, "a%d: &a%d [*a%d, *a%d]\n", i, i, i-1, i-1)
		fmt.Fprintf(&merges, "a%d: &a%d {<<: [*a%d, *a%d]}\n", i, i, i-1, i-1)
	}
	for name, text := range map[string]string{"values": values.String(), "merges": merges.String()} {
		t.Run(name, func(t *testing.T) {
			_, problems := parseYAML(text)
			require.Len(t, problems, 1)
			assert.Equal(t, "aliases stand for more than 500000 values", problems[0].Message)
		})
	}
}

func TestDeepNestingIsRefused(t *testing.T) {
	_, problems := parseYAML(strings.Repeat("[", 20000) + strings.Repeat("]", 20000))
	require.Len(t, problems, 1)
	assert.Equal(t, diag.Error, problems[0].Severity)
}

func TestUTF16IsRead(t *testing.T) {
	assert.Equal(t, "a: ä\n", tree.Text16("\xff\xfea\x00:\x00 \x00\xe4\x00\n\x00"))
	assert.Equal(t, "a: ä\n", tree.Text16("\xfe\xff\x00a\x00:\x00 \x00\xe4\x00\n"))
	for _, text := range []string{"", "a", "a: 1", "\xff\xfea"} {
		assert.Equal(t, text, tree.Text16(text))
	}
}

func TestDerivedNodesKnowWhereTheyComeFrom(t *testing.T) {
	root, problems := parseYAML("a: &x\n  b: 1\nc: *x\n")
	require.Empty(t, problems)
	tracer := root.Arena().NewTracer()
	derived := tracer.Object(root)
	derived.Append().AddMember("B", tracer.Same(root.Get("c").Get("b")))
	assert.Equal(t, root.Get("c").Get("b"), tracer.Origin(derived.Get("B").Copy().Place()))
	assert.False(t, tracer.Origin(root.Place()).Exists())
	tracer.Settle(derived)
	assert.Equal(t, "a.bu:3:4", derived.Get("B").Place().String())
	assert.Equal(t, "1", derived.Get("B").Text())
	assert.False(t, tracer.Origin(derived.Get("B").Place()).Exists())
}

// Whatever the text is: nothing panics; there is a tree or an error; everything lies in the text, what is below
// something lies in it, and what follows something lies behind it; the source of a scalar in quotes means that scalar,
// that of a plain one on a line is what it says; the tree has the values that the library reads; and JSON means the
// same as to the JSON reader.
func FuzzYAML(f *testing.F) {
	for _, seed := range []string{
		"", "a: 1", "a:\n  - b: |\n      x\n    c: >-\n      y\n      z\n",
		"{a: &x [1, 'b', \"c\\n\"], d: *x, <<: {e: 1}}", "? a\n: b\n", "- - 1\n  - &b !!str 2\n-\n",
		"a: \u2028b\n", "\ufeffä: 'ö' # c\n", "a: x\n  y\n\n  z\n", "%YAML 1.2\n---\na: 1\n...\n---\nb\n",
		`{"a":[1,-2.5e3,"\u00e9",null,true]}`, "a: !!binary aGk=\n", "a: !x {b: !y c}\n",
		"x: &a {<<: *a}", "'a''b': \"\\\n c\"\n", "a: |2-\n   x\n\n\n", "k: >+\n\n  a\n\n   b\n\nl: 1\n",
		"\"a\\\n  b\": c", "a: [b, c: d, ? e]\n",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		root, problems := parseYAML(text)
		require.Equal(t, root.Exists(), !diag.Fatal(diag.For(diag.Peer, problems)))
		for _, p := range problems {
			require.True(t, 0 <= p.Place.Span.Start && p.Place.Span.Start <= p.Place.Span.End &&
				p.Place.Span.End <= len(text))
			require.NotEmpty(t, diag.Style{}.Text(p))
		}
		if !root.Exists() {
			return
		}
		inside(t, text, root, 0, len(text))
		if json.Valid([]byte(text)) && utf8.ValidString(text) {
			fromJSON, problem := tree.NewArena().ParseJSON(&diag.Document{Text: text})
			if problem == nil {
				sameValues(t, fromJSON, root)
			}
		}
	})
}

// inside checks a node and all below it; from is where what stands before it ends.
func inside(t *testing.T, text string, n tree.Node, from, to int) int {
	span := n.Span()
	if n.Aliased() {
		return max(from, span.End)
	}
	require.True(t, from <= span.Start && span.Start <= span.End && span.End <= to, "%s %q at %v, not in %d to %d",
		n.Kind(), n.Text(), span, from, to)
	at := span.Start
	for c := range n.Children() {
		if c.Inherited() {
			continue
		}
		if n.Kind() == tree.Object {
			key := c.KeyPlace().Span
			require.True(t, at <= key.Start && key.Start <= key.End && key.End <= span.End,
				"key %q at %v, not in %d to %d", c.Key(), key, at, span.End)
			at = key.End
		}
		at = inside(t, text, c, at, span.End)
	}
	source := text[span.Start:span.End]
	switch {
	case n.Kind() >= tree.List || source == "":
	case source[0] == '"' || source[0] == '\'':
		var again yaml.Node
		require.NoError(t, yaml.Unmarshal([]byte(source), &again), "%q", source)
		if len(again.Content) == 1 && !strings.ContainsAny(source, "\n\r\u0085\u2028\u2029") {
			require.Equal(t, n.Text(), again.Content[0].Value)
		}
	case !n.Quoted() && source[0] != '&' && source[0] != '!' && !strings.ContainsAny(source, "\n\r\u0085\u2028\u2029"):
		require.Equal(t, n.Text(), source)
	}
	return span.End
}

func sameValues(t *testing.T, want, have tree.Node) {
	if want.Kind() == tree.Number || have.Kind() == tree.Number {
		require.Equal(t, want.Text(), have.Text())
		return
	}
	require.Equal(t, want.Kind(), have.Kind())
	w, h := want.First(), have.First()
	for ; w.Exists() && h.Exists(); w, h = w.Next(), h.Next() {
		if w.Key() == tree.MergeKey {
			return
		}
		require.Equal(t, w.Key(), h.Key())
		sameValues(t, w, h)
	}
	require.Equal(t, w.Exists(), h.Exists())
	if want.Kind() == tree.String {
		require.Equal(t, want.Text(), have.Text())
	}
}
