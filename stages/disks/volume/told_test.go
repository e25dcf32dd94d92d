package volume

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/glowplug-os/glowplug/internal/diag"
)

// Invariants: no panic; a text in a pin's config is told, and one that is no JSON is told whole.
func FuzzTold(f *testing.F) {
	f.Add(`{"url":"http://a?sesame","n":[1e400,{"b":"c"}]}`)
	f.Add(`sesame`)
	f.Fuzz(func(t *testing.T, text string) {
		found := told(diag.Secret(`{"url":"sesame","more":` + text + `}`))
		require.NotEmpty(t, found)
		for _, secret := range found {
			require.NotContains(t, secret.String(), "sesame")
		}
		require.NotNil(t, append(told(diag.Secret(text)), ""))
	})
}
