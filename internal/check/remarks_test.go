package check

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// Invariants: no panic; what a comment says has its place in the text, and the line that it is about is one.
func FuzzRemarks(f *testing.F) {
	f.Add("a: 1 # glowplug: ignore mode-dropped, x\n# glowplug: ignore a b\n\nb: 2\n")
	f.Add("# a # glowplug:ignore\n#glowplug: \r\n#")
	f.Fuzz(func(t *testing.T, text string) {
		lines := strings.Count(text, "\n") + 1
		for _, r := range remarked(text) {
			require.LessOrEqual(t, 0, r.span.Start)
			require.LessOrEqual(t, r.span.Start, r.span.End)
			require.LessOrEqual(t, r.span.End, len(text))
			require.LessOrEqual(t, r.line, lines)
		}
	})
}
