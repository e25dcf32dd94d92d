package tree_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/glowplug-os/glowplug/internal/diag"
	"github.com/glowplug-os/glowplug/internal/tree"
)

// However a text is written, what reads "here" in it is found where it was written.
func TestPartsOfTextsHaveTheirOwnPlaces(t *testing.T) {
	for name, text := range map[string]string{
		"JSON":                          `{"a": "x\ny here\tz"}`,
		"JSON, escapes":                 `{"a": "\u0041\ud83d\ude00\u00e9\\\"\/\u000a here z"}`,
		"YAML, a block":                 "a: |\n  x\n\n  here z\n",
		"YAML, a block with blanks":     "a: |2-\n    x\n   y  \n\n\n   here z\n\nb: c\n",
		"YAML, a folded block":          "a: >\n  x\n  y\n\n  w here\n  z\n",
		"YAML, in double quotes":        `a: "x\n\x41\N\_\L here z"`,
		"YAML, double quotes, lines":    "a: \"x\n  y \\\n  w\n\n  here z\"\n",
		"YAML, in single quotes":        "a: 'x''y here z'\n",
		"YAML, single quotes, lines":    "a: 'x\n  y''\n\n  here z'\n",
		"YAML, plain":                   "a: x here z\n",
		"YAML, plain, lines":            "a: x\n  y\n\n  here z\n",
		"YAML, many characters":         "a: |\n" + strings.Repeat("  some text ä\n", 500) + "  here z\n",
		"YAML, line ends of other kind": "a: |\r\n  x\r\n  here z\r\n",
	} {
		doc := &diag.Document{Text: text}
		var root tree.Node
		if strings.HasPrefix(name, "JSON") {
			root, _ = tree.NewArena().ParseJSON(doc)
		} else {
			root, _ = tree.NewArena().ParseYAML(doc)
		}
		node := root.Get("a")
		at := strings.Index(node.Text(), "here")
		place, ok := node.Inset().Place(diag.Span{Start: at, End: at + 4})
		require.True(t, ok, name)
		assert.Equal(t, "here", text[place.Span.Start:place.Span.End], name)
		assert.Equal(t, strings.Index(text, "here"), place.Span.Start, name)
	}
}

func TestWhatIsNotAsItWasWrittenHasNoPlaces(t *testing.T) {
	root, problem := tree.NewArena().ParseJSON(&diag.Document{Text: `{"a": "x", "b": ""}`})
	require.Nil(t, problem)
	root.Get("a").Become(tree.String, "y")
	for _, key := range []string{"a", "b"} {
		_, ok := root.Get(key).Inset().Place(diag.Span{Start: 0, End: 1})
		assert.False(t, ok, key)
	}
}
