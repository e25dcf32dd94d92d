package tree

import (
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/glowplug-os/glowplug/internal/diag"
)

func TestMistakesSayWhatToWrite(t *testing.T) {
	table, err := os.ReadFile("testdata/mistakes.txt")
	require.NoError(t, err)
	cases := strings.Split(strings.ReplaceAll(string(table), `\u00a0`, "\u00a0"), "### ")[1:]
	require.Greater(t, len(cases), 50)
	for _, c := range cases {
		claim, rest, _ := strings.Cut(c, "\n")
		text, want, found := strings.Cut(rest, "=> ")
		require.True(t, found, claim)
		t.Run(claim, func(t *testing.T) {
			_, problems := NewArena().ParseYAML(&diag.Document{Name: "x", Text: text})
			require.Len(t, problems, 1)
			p := problems[0]
			said := strings.Replace(strings.TrimPrefix(p.Error(), "x:"), ": ", " ", 1)
			assert.Equal(t, want, said+"\n=> "+p.Hint+"\n")
		})
	}
}

// Lines end as they may.
func TestMistakesAreAtTheirPlaceInOtherTexts(t *testing.T) {
	for claim, change := range map[string]func(string) string{
		"lines that end as on Windows": func(text string) string { return strings.ReplaceAll(text, "\n", "\r\n") },
		"below a marker":               func(text string) string { return "---\n" + text },
		"behind a byte order mark":     func(text string) string { return "\ufeff" + text },
		"with a wide character above":  func(text string) string { return "# ä\u3042\n" + text },
	} {
		for _, c := range []struct{ text, at string }{
			{"variant: fcos\nversion 1.5.0\nstorage: {}\n", "version"},
			{"version 1.5.0\nstorage: {}\n", "version"},
			{"storage:\n  files:\n    - path: a\n    path /etc\n", "path /etc"},
			{"a: [b,\n  {c: d]\n", "{"},
			{"a: \"b\nc: d\n", "\"b"},
		} {
			text := change(c.text)
			_, problems := NewArena().ParseYAML(&diag.Document{Name: "x", Text: text})
			require.Len(t, problems, 1, claim)
			assert.Equal(t, strings.Index(text, c.at), problems[0].Place.Span.Start, "%s: %q", claim, text)
		}
	}
}
