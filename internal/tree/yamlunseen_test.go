package tree

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/glowplug-os/glowplug/internal/codes"
	"github.com/glowplug-os/glowplug/internal/diag"
)

func TestCharactersThatNobodySeesAreNamed(t *testing.T) {
	large := strings.Repeat("# of a large text\n- a\n", 20_000)
	for _, c := range []struct{ claim, text, want string }{
		{"a no-break space for an indent", "a: b\n\u00a0\u00a0c: d\n", "2:1 U+00A0 (no-break space) is part of a key"},
		{"before a colon", "a\u00a0: b\n", "1:2 U+00A0 (no-break space) is part of a key"},
		{"behind a value", "a: b\u00a0# c\n", "1:5 U+00A0 (no-break space) is part of a value without quotes"},
		{"before a value", "a: \u3000b\n", "1:4 U+3000 (ideographic space) is part of a value without quotes"},
		{"as the only text of a value", "a: \u00a0\n", "1:4 U+00A0 (no-break space) is part of a value without quotes"},
		{"in an item", "- \u200ba\n", "1:3 U+200B (zero width space) is part of a value without quotes"},
		{"a mark of direction", "a: b\u202e\n", "1:5 U+202E is part of a value without quotes"},
		{"a line separator", "a: b\u2028 c\n", "1:5 U+2028 (line separator) is part of a value without quotes"},
		{"in brackets", "a: [b, c\u00a0]\n", "1:9 U+00A0 (no-break space) is part of a value without quotes"},
		{"in a large text", large + "- b\u00a0\n", "40001:4 U+00A0 (no-break space) is part of a value without quotes"},
		{"a joiner between plain letters", "a: b\u200dc\n",
			"1:5 U+200D (zero width joiner) is part of a value without quotes"},
		{"a joiner in a picture, and a space", "a: 👩\u200d🚀\u00a0\n",
			"1:15 U+00A0 (no-break space) is part of a value without quotes"},
		{"a joiner in a picture", "a: 👩\u200d🚀\n", ""},
		{"in quotes", "a: 'b\u00a0'\n\"c\u00a0\": d\n", ""},
		{"in a block", "a: |\n  b\u00a0\n", ""},
		{"in a comment", "a: b # \u00a0\n", ""},
		{"behind an anchor that is used again", "a: &a 'b\u00a0'\nc: *a\n", ""},
		{"a byte order mark", "\ufeffa: b\n", ""},
	} {
		t.Run(c.claim, func(t *testing.T) {
			root, problems := NewArena().ParseYAML(&diag.Document{Name: "x", Text: c.text})
			require.Empty(t, problems)
			problems = Unseen(root)
			told := ""
			for _, p := range problems {
				assert.Equal(t, codes.InvisibleCharacter, p.Code)
				assert.True(t, p.Stricter)
				told += strings.TrimPrefix(p.Place.String(), "x:") + strings.TrimPrefix(p.Message, "the character")
			}
			assert.Equal(t, c.want, told)
		})
	}
}
