package releases_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/glowplug-os/glowplug/internal/releases"
)

// Invariants: no panic; a release that is after the last one of a list reads what that reads.
func FuzzIsRelease(f *testing.F) {
	for _, text := range []string{"4.14", "38.20230918.3.0", "", ".", "-1", "99999999999999999999"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		if !releases.IsRelease(text) {
			return
		}
		for _, s := range releases.Systems() {
			newest, _ := s.Reads(s.Newest())
			if v, known := s.Reads(text); s.After(text) {
				require.True(t, known)
				require.Equal(t, newest, v)
			}
		}
	})
}
