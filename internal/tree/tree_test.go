package tree_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/glowplug-os/glowplug/internal/diag"
	"github.com/glowplug-os/glowplug/internal/tree"
)

// show writes a tree as compact JSON.
func show(t *testing.T, n tree.Node) string {
	t.Helper()
	var b strings.Builder
	write(t, &b, n)
	return b.String()
}

func write(t *testing.T, b *strings.Builder, n tree.Node) {
	quote := func(s string) {
		text, err := json.Marshal(s)
		require.NoError(t, err)
		b.Write(text)
	}
	switch n.Kind() {
	case tree.List, tree.Object:
		b.WriteString(map[tree.Kind]string{tree.List: "[", tree.Object: "{"}[n.Kind()])
		for c := range n.Children() {
			if c != n.First() {
				b.WriteByte(',')
			}
			if c.IsMember() {
				quote(c.Key())
				b.WriteByte(':')
			}
			write(t, b, c)
		}
		b.WriteString(map[tree.Kind]string{tree.List: "]", tree.Object: "}"}[n.Kind()])
	case tree.String:
		quote(n.Text())
	default:
		b.WriteString(n.Text())
	}
}

func TestAnAbsentNodeHasNothing(t *testing.T) {
	var n tree.Node
	assert.False(t, n.Exists())
	assert.Equal(t, tree.Absent, n.Kind())
	assert.Equal(t, "nothing", n.Kind().String())
	assert.Empty(t, n.Text())
	assert.Empty(t, n.Key())
	assert.False(t, n.IsMember())
	assert.Zero(t, n.Len())
	assert.False(t, n.First().Exists())
	assert.False(t, n.Next().Exists())
	assert.False(t, n.Get("x").Exists())
	assert.False(t, n.At(0).Exists())
	assert.Nil(t, n.Document())
	assert.Zero(t, n.Place())
	assert.Zero(t, n.KeyPlace())
}

func TestGetFindsTheLastMemberOfExactlyThatName(t *testing.T) {
	root := mustParse(t, `{"a": 1, "A": 2, "a": 3, "\u0062": 4, "l": [5]}`)
	for key, want := range map[string]string{"a": "3", "A": "2", "b": "4", "c": "", "": ""} {
		assert.Equal(t, want, root.Get(key).Text(), "%q", key)
	}
	assert.False(t, root.Get("l").Get("0").Exists(), "a list has no members")
	assert.False(t, root.Get("a").First().Exists(), "a number has no children")
}

func TestIndexAgreesWithAt(t *testing.T) {
	root := mustParse(t, `[[1, 2, 3], [], {"a": 4, "b": 5}, "x"]`)
	index := tree.Index{}
	for list := range root.Children() {
		for i := -1; i < 4; i++ {
			assert.Equal(t, list.At(i), index.At(list, i), "%s at %d", show(t, list), i)
		}
	}
	assert.Equal(t, "2", index.At(index.At(root, 0), 1).Text())
}

func TestKindsAreNamedAsPeopleDo(t *testing.T) {
	root := mustParse(t, `[null, true, 1, "x", [], {}]`)
	var names []string
	for c := range root.Children() {
		names = append(names, c.Kind().String())
	}
	assert.Equal(t, []string{"null", "a boolean", "a number", "a string", "a list", "an object"}, names)
}

func TestEditing(t *testing.T) {
	for _, c := range []struct {
		claim, text string
		edit        func(root tree.Node)
		want        string
	}{
		{"keep drops the first", `[1,2,3]`, func(n tree.Node) {
			n.Keep(func(c tree.Node) bool {
				return c.Text() != "1"
			})
		}, `[2,3]`},
		{"keep drops the middle", `[1,2,3]`, func(n tree.Node) {
			n.Keep(func(c tree.Node) bool {
				return c.Text() != "2"
			})
		}, `[1,3]`},
		{"keep drops the last", `[1,2,3]`, func(n tree.Node) {
			n.Keep(func(c tree.Node) bool {
				return c.Text() != "3"
			})
		}, `[1,2]`},
		{"keep drops neighbours", `[1,2,3,4]`, func(n tree.Node) {
			n.Keep(func(c tree.Node) bool {
				return c.Text() == "1" || c.Text() == "4"
			})
		}, `[1,4]`},
		{"keep drops all", `[1,2,3]`, func(n tree.Node) { n.Keep(func(tree.Node) bool { return false }) }, `[]`},
		{"keep keeps all", `{"a":1,"b":2}`, func(n tree.Node) {
			n.Keep(func(tree.Node) bool {
				return true
			})
		}, `{"a":1,"b":2}`},
		{"keep on nothing", `[]`, func(n tree.Node) { n.Keep(func(tree.Node) bool { return false }) }, `[]`},
		{"keep and append", `[1,2]`, func(n tree.Node) {
			n.Keep(func(c tree.Node) bool { return c.Text() == "1" })
			n.Append().Add(n.Arena().NewNumber(n, "9"))
		}, `[1,9]`},
		{"rename changes a key", `{"a":1,"b":2}`, func(n tree.Node) { n.First().Rename("c\"") }, `{"c\"":1,"b":2}`},
		{"rename twice", `{"a":1}`, func(n tree.Node) { n.First().Rename("b"); n.First().Rename("c") }, `{"c":1}`},
		{"rename a key with escapes", `{"\u0061\n":1}`, func(n tree.Node) { n.First().Rename("plain") }, `{"plain":1}`},
		{"become turns null into a string", `[null]`, func(n tree.Node) { n.First().Become(tree.String, "") }, `[""]`},
		{"become changes a string with escapes", `["\u0061"]`,
			func(n tree.Node) { n.First().Become(tree.String, `\u0062`) }, `["\\u0062"]`},
		{"become changes a number twice", `[1]`,
			func(n tree.Node) { n.First().Become(tree.Number, "2"); n.First().Become(tree.Number, "3") }, `[3]`},
		{"become replaces a list", `[[1,2]]`, func(n tree.Node) { n.First().Become(tree.Number, "7") }, `[7]`},
		{"become keeps the key", `{"a":1,"b":2}`, func(n tree.Node) { n.First().Become(tree.String, "x") },
			`{"a":"x","b":2}`},
		{"clear empties an object", `[{"a":1},2]`, func(n tree.Node) { n.First().Clear(tree.Object) }, `[{},2]`},
		{"clear turns a scalar into an object", `["\u0061",2]`, func(n tree.Node) { n.First().Clear(tree.Object) },
			`[{},2]`},
		{"clear turns a changed scalar into a list", `[1]`,
			func(n tree.Node) { n.First().Become(tree.String, "x"); n.First().Clear(tree.List) }, `[[]]`},
		{"members are appended", `{"a":1}`, func(n tree.Node) {
			p := n.Append()
			p.AddMember("b", n.Arena().NewString(n, "é\n"))
			p.AddMember("c", n.Arena().NewObject(n))
		}, `{"a":1,"b":"é\n","c":{}}`},
		{"a copied member can get another key", `{"a":1}`,
			func(n tree.Node) { n.Append().AddMember("b", n.First().Copy()) }, `{"a":1,"b":1}`},
		{"take moves all children", `[[1,2],[3],[]]`, func(n tree.Node) {
			p := n.At(1).Append()
			p.Take(n.At(0))
			p.Take(n.At(2))
			p.Add(n.Arena().NewNumber(n, "9"))
		}, `[[],[3,1,2,9],[]]`},
		{"take into something empty", `[[],[1]]`, func(n tree.Node) { n.At(0).Append().Take(n.At(1)) }, `[[1],[]]`},
	} {
		t.Run(c.claim, func(t *testing.T) {
			root := mustParse(t, c.text)
			c.edit(root)
			assert.Equal(t, c.want, show(t, root))
		})
	}
}

func TestEditedNodesKeepTheirPlaces(t *testing.T) {
	root := mustParse(t, `{"a": 12, "b": [3]}`)
	a, b := root.Get("a"), root.Get("b")
	a.Become(tree.String, "a longer text")
	a.Rename("x")
	b.Clear(tree.Object)
	assert.Equal(t, diag.Span{Start: 6, End: 8}, a.Span())
	assert.Equal(t, diag.Span{Start: 1, End: 4}, a.KeyPlace().Span)
	assert.Equal(t, diag.Span{Start: 15, End: 18}, b.Span())

	arena := root.Arena()
	for _, n := range []tree.Node{arena.NewObject(b), arena.NewList(b), arena.NewString(b, "x"),
		arena.NewNumber(b, "1"), b.Copy()} {
		assert.Equal(t, b.Place(), n.Place())
		assert.Same(t, root.Document(), n.Document())
	}
	made := arena.NewString(b, "x")
	made.Rename("k")
	assert.Equal(t, b.Place(), made.KeyPlace(), "a key that nobody wrote stands where its value does")
}

func TestNodesCanBeMadeWithoutADocument(t *testing.T) {
	arena := tree.NewArena()
	root := arena.NewObject(tree.Node{})
	root.Append().AddMember("a", arena.NewString(root, ""))
	assert.Equal(t, `{"a":""}`, show(t, root))
	assert.Empty(t, root.Document().Text)
}

func TestACopyHasTheSameChildrenAndNoSiblings(t *testing.T) {
	root := mustParse(t, `{"a": {"x": 1}, "b": 2}`)
	twin := root.First().Copy()
	assert.Equal(t, `{"x":1}`, show(t, twin))
	assert.Equal(t, "a", twin.Key())
	assert.False(t, twin.Next().Exists())
	twin.Rename("c")
	assert.Equal(t, `{"a":{"x":1},"b":2}`, show(t, root), "the original keeps its key and its sibling")
}

func TestImportCopiesFromAnotherArena(t *testing.T) {
	text := "{\"a\": [1, \"x\\n\", {\"\\u0062\": null}], \"c\": \"\xff\", \"d\": true}"
	from := mustParse(t, text)
	from.Get("d").Become(tree.String, "spelled")
	from.Get("c").Rename("renamed")
	from.Append().AddMember("made", from.Arena().NewNumber(from, "7"))
	want := show(t, from)

	into := tree.NewArena()
	for range 3 { // the numbers of nodes, documents, keys and texts differ between the arenas
		own, problem := into.ParseJSON(&diag.Document{Name: "own", Text: `{"own": [1, 2]}`})
		require.Nil(t, problem)
		own.First().Rename("mine")
		own.First().Become(tree.String, "text")
	}
	copied := into.Import(from)
	assert.Equal(t, want, show(t, copied))
	assert.Same(t, into, copied.Arena())
	assert.Equal(t, from.Get("a").Place(), copied.Get("a").Place())
	assert.Equal(t, from.Get("renamed").KeyPlace(), copied.Get("renamed").KeyPlace())

	part := into.Import(from.Get("a"))
	assert.Equal(t, "a", part.Key())
	assert.False(t, part.Next().Exists(), "a part comes without its siblings")

	copied.Get("a").Clear(tree.List)
	assert.Equal(t, want, show(t, from), "the original stays when the copy is edited")
}

// The way to a node does not count nulls, which have none.
func TestWays(t *testing.T) {
	a := tree.NewArena()
	root, problem := a.ParseJSON(&diag.Document{Text: `{"a": [null, {"b": 1}, null, [2]], "c": null}`})
	require.Nil(t, problem)
	ways := tree.WaysBelow(root)
	list := root.Get("a")
	assert.Equal(t, "$", ways.To(root).String())
	assert.Equal(t, "$.a.0.b", ways.To(list.At(1).Get("b")).String())
	assert.Equal(t, "$.a.1.0", ways.To(list.At(3).First()).String())
	assert.Nil(t, ways.To(list.At(0)))
	assert.Nil(t, ways.To(root.Get("c")))
	other, _ := a.ParseJSON(&diag.Document{Text: `[1]`})
	assert.Nil(t, ways.To(other))
	assert.Nil(t, tree.WaysBelow(list.At(1)).To(root))
}
