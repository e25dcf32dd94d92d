package tree

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/glowplug-os/glowplug/internal/diag"
)

// all shows all that is known of a document: what it is, what is wrong with it, and where.
func all(text string, size int) string {
	var b strings.Builder
	root, problems := NewArena().parseYAML(&diag.Document{Text: text}, size)
	for _, p := range problems {
		fmt.Fprintf(&b, "%s %v %s: %s (%s)\n", p.Code, p.Place.Span, p.Path, p.Message, p.Hint)
		for _, r := range p.Related {
			fmt.Fprintf(&b, "  %v: %s\n", r.Place.Span, r.Message)
		}
	}
	describe(&b, root, 0)
	return b.String()
}

func describe(b *strings.Builder, n Node, depth int) {
	fmt.Fprintf(b, "%*s%v %v %q %v %q %v%v%v\n", depth, "", n.Kind(), n.Span(), n.Key(), n.KeyPlace().Span, n.Text(),
		n.Quoted(), n.Aliased(), n.Inherited())
	for c := range n.Children() {
		describe(b, c, depth+1)
	}
}

// severalParts are texts that are cut at many places.
var severalParts = []string{
	"a: 1\nb: 2\n---\nc:\n  - d\n  - e\n  - f\n", "a: 1\nb: 2\n---\nc: [d,\n  e, f, g]\nh: \"i\n",
	"a: 1\n--- {b: c,\n d: e}\n", "a: 1\nb: 2\n... x\nc: 3\n", "a: 1\n...\n%YAML 1.1\n---\nb: 2\nc: 3\n",
	"a: &x 1\nb: 2\n---\nc: *x\nd: 3\n", "[a,\nb]\n---\nc\n", "a: 1\nb: 2\n--- # c\n&x\nd: e\nf: *x\n",
	"a: 1\n---x\nb: 2\n", "a: 1\n---\n---\nb: *x\n", "a: 1\n---\nb: 2\n c: 3\nd: 4\n", "a: 1\nb: 2\n---\n\x01\n",
	"a: 1\n---\nb: [c, d, e, f]\n---\ng: h\n", "a: 1\n<<: b\nc: d\n... x\n", "a: 1\n<<: b\nc: d\n---\ne: f\n",
	"a: [b, c, d, e, ä,\n  f, g, h, i], j\n", "a: {b: c, d: e, f: g, h: [i, j, k], l: m}\nn: [o, p, q, r, s\nt: u\n",
	"a: [b, c, d, e]\nf: \"g\n", "a:\n  <<: {b: 1}\n  c: 2\n  d: 3\n",
	"'a b':\n  \"c\": 1\n  d e/f.g-h: 2\n/i:\n  ? j\n  : k\n  ? l\n",
	"a:\n  \"b: c\n  d: e\"\nf:\n  'g': h\n  'i: j': k\n", "%YAML 1.1\n# a\n---\nb: c\nd: e\n",
	"%YAML 3.1\n---\nb: c\nd: e\n", "%TAG !e! tag:example.com,2026:\n---\nb: !e!c d\ne: f\n",
	"a: [:b, !c d, ! e, !<f> g, !!str h, i: !j [k, l], :m]\n", "a: [b, c,\nd, e, f]\ng: [h, i\n",
	"a: {b: [c, d, e, f]}\n- g\n", "a : 1\na b : 2\nb  c: 3\n. d: 4\n-e: 5\n",
	"a:\nb:\n  c: &d e\nf:\n    g: 0\n    h: *d\n    i: 0\n j\n", "a:\n  - b: *c\n  - d: e\n    f\n  - g: h\n",
	"a: 1\nb: 2\nc: [1,\n2]\nd: x\n  y\ne:\n  - 1\n  - a: b\n    c: d\nf:\n- 1\n- 2\ng: |\n  a\n\n  b\n" +
		"h: >-\n  c\n  d\n",
	"---\n# comment\na:\n  b:\n    - c\n    # comment\n    - d # comment\n\n  e: f\n",
	"\ufeffa: ä\nb: ö\nc: \"ü\n  ß\"\nd: 'x\n\n  y'\n",
	"a: &a 1\nb: *a\nc: &b [x, y]\nd: *b\ne: *b\nf: &a 2\ng: *a\n",
	"a: &a {x: 1}\nb: {<<: *a, y: 2}\nc:\n  <<: *a\n  z: 3\n",
	"a: &a {x: 1}\n<<: *a\ny: 2\n",
	"a: &a {x: 1, y: 2}\nb:\n  x: 0\n  <<: *a\n  z: 3\n  <<: {w: 4}\n  v: 5\n",
	"a: 1\n<<: [{b: 2},\n {c: 3}]\nd: 4\nb: 5\n",
	"a: &a {x: &b {y: 1}}\nc: {<<: *a, d: 1, e: 2, <<: [*a, {f: 3}], y: 4, g: 5}\nh: {<<: {x: 1}, i: 2}\n",
	"a: &a x\nb: &b {x: 1}\nc:\n  *a : 2\n  <<: *b\n  d: 3\n", "a: 1\n<<: b\nc: 2\nd: \"e\n",
	"a: 1\n<<: b\nc: 2\nd: e\n",
	"a: 1\n[b]: 2\nc: !!binary \"?\"\nd: e\nf: [g, {[h]: i}, j]\n", "a: !!binary \"?\"\nb:\n  - c\n d\n",
	"? a\n: b\n? c\n: d\n", "? a\n? b\n", "- a\n- b\n-\n- - c\n  - d\n-\n  e: f\n",
	"a: 1\r\nb: 2\r\nc:\r\n  - d\r\n  - e\r\n", "a: b\u2028c: d\ne: f\u0085g: h\ni: j\n", "a: b\rc: d\ne: f\n",
	"a: \"x\nb: 1\nc: y\"\nd: 2\n", "a: [x,\nb,\nc: 1\n]\nd: 2\n", "a: 1\nb: [\n]\n",
	"a: 1\n---\nb: 2\n", "a: 1\n...\n---\nb: 2\n", "a: 1\n...\n", "%YAML 1.2\n---\na: 1\nb: 2\n",
	"a: 1\nb: \"2\nc: 3\n", "a: 1\n b: 2\nc: 3\n", "a:\n  - 1\n  - 2\n - 3\nb: 4\n", "a:\n  - 1\n  - 2\n  b: 3\n",
	"a:\n    - 1\n    - 2\n  - 3\n  - 4\n",
	"a: 1\n\tb: 2\nc: 3\n", "a: b\n\tc\nd: e\n", "- a\n\t- b\n- c\n", "a: 1\nb\nc: 3\n", "a: *b\nb: &b 1\n",
	"a: 1\nb: *x\n", "a: &x 1\nb: *x\nc: *y\n",
	"a: !!binary YQ==\nb: !!str 1\nc: !!set {x}\n", "!!map\na: 1\nb: 2\n", "&a\na: 1\nb: 2\n",
	"a: &x\n  b: 1\n  c: 2\nd: *x\n", "a: !!seq\n- 1\n- 2\n",
	"a: |2\n   x\n  y\nb: |+\n  z\n\n\nc: 1\n", "a:\n  b: |\n    x\n   y\n  c: d\n", "a: {\n}\n", "{a: 1,\nb: 2}\n",
	"[a,\nb]\n", "a\nb\nc\n", "'a'\n", "|\n a\n b\n", "",
	"# nothing\n", "a: b: c\nd: e\n", "a: 1\na: 2\na: 3\n", "1: 2\n~: 3\ntrue: 4\n? [a]\n: 5\n", "a: 1\n{b: 2}: 3\n",
	"a:\n  1: 2\n  3: 4\n", "a:\nb:\nc:\n", "a:\n  # only\nb: 1\n",
	"a: 0644\nb: 0o7\nc: 1e3\nd: .5\ne: 0\nf: 007\ng: True\nh: ~\ni: null\nj: 12\n", "a: \x01\nb: 2\n",
	"a: 1\nb: \xff\n",
	"a:\n  - \"x\"\n  - 'y'\n  - ''\n  - \"\"\n  - \"a\\n\"\n  - 'it''s'\n", "a:\n- x\n-\ty\n",
	"a: b #c\nd: e# f\n#g: h\n", "a:\n  - x\n#\n  - y\n   #\n  - z\n",
	"a: |\n# x\nb: 1\n", "a:\n  b: 1\n...\n", "a: 'x\n---\ny'\n", "a:\n  - b: c\n  d: e\n", "b: 1\n  c: 2\n",
	"  a: 1\n  b: 2\n", "  a: 1\nb: 2\n", "  - a\n  - b\n- c\n", "-a\n-b\n", "- a\n-b\n- c\n", "- a\nb: c\n",
	"a: 1\n- b\n",
	"a: [b, c, 'd, e', \"f, g\", h i, [j, k], {l: m, n}, o: p, , q]\nr: s\n",
	"a: [b, c, 'd, e', \"f, g\", h i, [j, k], {l: m, n}, o: p, ä, q,]\nr: s\n",
	"{a: b, \"c\": [d, e,], f:, g: {h: i, \"j\":\"k, l\"}, m:\"n, o\", p}\n", "[[a, b], [c, [d, [e, f]]], [], {}]\n",
	"a: [\n  b, # c, d\n  e\n]\n", "a: {\n  b: [c,\n    d],\n  e: f\n}\n",
	"a: [b,\nc: d\n]\n", "a:\n  [b, c,\n   d]\ne: {f: g,\n  h: i}\n", "- [a, b]\n- {c: d}\n-\n  [e, f]\n",
	"- a: b\n  c:\n  - d\n  - e: f\n    g: h\n  i: j\n- k: [l,\n  m]\n- - n\n  - o\n",
	"a: [b, c d, e]]\n", "a: [b, \"c]\n", "a: [b, c] d\n", "a: [b, c]: d\n", "a: [[b]: c, d]\n", "a: [b #c, d\n, e]\n",
	"a: [b#c, d]\n", "a: [b,#c\n d]\n", "a: [b}, c]\n", "a: {b, c: d]\n", "a: [&x b, *x, &y [c, d], *y]\n",
	"a: [? b, ? c : d, :e, : f, !x g, - h]\n", "a: {b: &x {c: d}, <<: *x, e: f}\n",
	"a: [it's, so 'b, c' it is, d\"e, f\"]\n", "{\n  \"a\": {\n    \"b\": [\"c\", \"d\"],\n    \"e\": 1\n  }\n}\n",
	"\ufeff{a: b, c: d}\n", "[a, b] # c\n# d\n",
	"a: [b,\r\n  c,\r\n  d]\r\n", "a: [ä, ö, [ü, ß]]\nb: ä\n", "a: [b\u2028, c]\n", "a: [b,\n\tc, d]\n",
	"a: [b, c\n---\n]\n", "a: [*b, c]\n", "#c\na: [b\nc]:",
	"#\xff\na: b\n", "a: b\n#\x01\nc: d\n", "a:\n# \xff\n- b\n- c\n", "a: [b,\n c] #\x01\nd: e\n",
	"# ä\na:\n# ö\n- b\n", "---\n#\x01\na: b\n",
	"a: [[b, c] #\x01\n, d]\n", "{a: b}\n#\x01\n", "a: [b, \"c\n d, e\", 'f\n\n g', h\n i]\n",
}

// However a text is cut into parts, it reads as it does in one.
func FuzzYAMLInParts(f *testing.F) {
	for _, text := range severalParts {
		f.Add(text, uint8(1))
		f.Add(text, uint8(4))
		f.Add("x:\n  y:\n"+strings.ReplaceAll("\n"+text, "\n", "\n    "), uint8(2))
	}
	f.Fuzz(func(t *testing.T, text string, size uint8) {
		whole := all(text, 1<<20)
		require.Equal(t, whole, all(text, int(size)/8))
	})
}

// A text of many parts reads as if it were read at once, with the mistake in the last part.
func TestLargeYAMLInPartsHasItsMistakesWhereTheyAre(t *testing.T) {
	long := strings.Repeat("    - path: /a\n      mode: 0644\n", 1_000)
	for _, end := range []string{"", "    - path: \"b\n", "    - path: b\n     mode: 1\n", "    - path: *x\n",
		"   - path: b\n", "    - \tb\n", "x: 1\n", "y: |\n  a\n b\n", "- a\n"} {
		text := "storage:\n  files:\n" + long + end
		assert.True(t, all(text, 1<<20) == all(text, 1<<10), "%q", end)
	}
}
