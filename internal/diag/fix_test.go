package diag_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/glowplug-os/glowplug/internal/diag"
)

func TestFixesAreWrittenInTheNotationOfTheirPlace(t *testing.T) {
	for _, c := range []struct {
		claim, spelled, old, wanted, text string
		bare                              bool
	}{
		{"a string of JSON", `"etc/a"`, "etc/a", "/etc/a", `"/etc/a"`, false},
		{"one with escapes", `"\u0065tc/\"a"`, `etc/"a`, `/etc/"a\`, `"/etc/\"a\\"`, false},
		{"a single-quoted one of YAML", `'it''s'`, "it's", "its'", `'its'''`, false},
		{"a plain one", "etc/a", "etc/a", "/etc/a", "/etc/a", false},
		{"a plain one that needs quotes then", "etc/a", "etc/a", "/etc/a: b", `"/etc/a: b"`, false},
		{"a word that would be a truth value", "a", "a", "Yes", `"Yes"`, false},
		{"a number that was meant as text", "3.4", "3.4", "3.4.0", `"3.4.0"`, false},
		{"a number in quotes", `"0644"`, "0644", "420", "420", true},
		{"one in single quotes", "'0644'", "0644", "0644", "0644", true},
		{"another number", "644", "644", "0644", "0644", true},
		{"the same number", "644", "644", "644", "", true},
		{"what says something else", `"b"`, "a", "c", "", false},
		{"escapes that only YAML has", `"\x61"`, "a", "c", "", false},
		{"what goes over several lines", "a\n  b", "a b", "c", "", false},
		{"a value that needs escapes", `"a"`, "a", "b\n", "", false},
		{"an alias", "*x", "a", "b", "", false},
	} {
		doc := &diag.Document{Text: "x: " + c.spelled + "\n"}
		at := diag.Place{Doc: doc, Span: diag.Span{Start: 3, End: 3 + len(c.spelled)}}
		f := diag.Rewrite(at, c.old, c.wanted)
		if c.bare {
			f = diag.Replace(at, c.old, c.wanted)
		}
		assert.Equal(t, c.text, f.Text(), c.claim)
	}
	assert.Nil(t, diag.Rewrite(diag.Place{}, "a", "a"), "nothing is to be written")
	assert.Empty(t, diag.Rewrite(diag.Place{}, "a", "b").Text(), "nowhere")
}

func TestFixesAreInJSONButNotWhereTheTextIsHidden(t *testing.T) {
	doc := &diag.Document{Name: "a.ign", Text: `{"path": "a/", "b": "c"}`, Secrets: func() []diag.Span {
		return []diag.Span{{Start: 20, End: 23}}
	}}
	place := func(piece string) diag.Place {
		start := strings.Index(doc.Text, piece)
		return diag.Place{Doc: doc, Span: diag.Span{Start: start, End: start + len(piece)}}
	}
	shown := func(f *diag.Fix) string {
		var b strings.Builder
		p := diag.Problem{Severity: diag.Error, Code: "code", Place: f.Place, Message: "m", Fix: f}
		assert.NoError(t, diag.WriteJSON(&b, false, []diag.Problem{p}, 0, 0))
		return b.String()
	}
	out := shown(diag.Rewrite(place(`"a/"`), "a/", "a"))
	for _, part := range []string{`"line": 1`, `"column": 10`, `"endColumn": 14`, `"newText": "\"a\""`,
		`"safe": true`} {
		assert.Contains(t, out[strings.Index(out, `"fix"`):], part)
	}
	assert.NotContains(t, shown(diag.Rewrite(place(`"c"`), "c", "d")), "fix")
}
