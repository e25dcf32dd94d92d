package console

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/require"

	"github.com/glowplug-os/glowplug/internal/diag"
)

// Invariants: no panic, and an end; a card fits on a screen, and has no character that a terminal obeys.
func FuzzCard(f *testing.F) {
	f.Add("disks", "config.ign:1:2", "sgdisk: exit status 2", "no such device", "plug it in")
	f.Add("a", "", "\x1b[2J\nb", strings.Repeat("é", 100), "\xff\u200b")
	f.Fuzz(func(t *testing.T, stage, place, what, why, hint string) {
		err := fmt.Errorf("%s: %w", what, diag.WithHint(errors.New(why), hint))
		text := NewCard(stage, place, err).String()
		lines := strings.Split(strings.TrimSuffix(text, "\n"), "\n")
		require.LessOrEqual(t, len(lines), linesMax)
		for _, line := range lines {
			require.LessOrEqual(t, len(line), columnsMax)
			require.True(t, utf8.ValidString(line))
			for _, c := range line {
				require.True(t, diag.IsVisible(c), "%q", c)
			}
		}
	})
}
