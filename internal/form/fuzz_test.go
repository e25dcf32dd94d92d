package form_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/glowplug-os/glowplug/internal/form"
)

// Invariants: no panic; base64 is undone the same way where it is recognized and where it is asked for, and what is
// called a form has a name.
func FuzzForm(f *testing.F) {
	for _, text := range []string{`{"ignition":{}}`, "#cloud-config\n", "e30=\n", "\x1f\x8b", "variant: fcos\n",
		"\xef\xbb\xbf# a\n---\nversion: 1\n", "eyJhIjox\r\n\r\nfQ"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		if found, ok := form.Of(text); ok {
			require.NotEmpty(t, found.What)
		}
		if inner, ok := form.InBase64([]byte(text)); ok {
			again, err := form.Base64([]byte(text))
			require.NoError(t, err)
			require.Equal(t, string(again), string(inner))
		}
		_ = form.NamesVariant(text)
	})
}
