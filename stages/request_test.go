package stages

import (
	"log/slog"
	"net/url"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/glowplug-os/glowplug/internal/diag"
	"github.com/glowplug-os/glowplug/tests/trees"
)

// What a fetch stage leaves lists the children that are merged into it already.
func TestARenderedConfigIsNotMergedAgain(t *testing.T) {
	t.Parallel()
	child := url.PathEscape(
		`{"ignition": {"version": "3.0.0"}, "storage": {"files": [{"path": "/f", "append": [{"source": "data:,b"}]}]}}`)
	text := `{"ignition": {"version": "3.4.0", "config": {"merge": [{"source": "data:,` + child + `"}]}},
		"storage": {"files": [{"path": "/f", "append": [{"source": "data:,a"}]}]}}`
	for want, rendered := range map[string]bool{"inline and inline, 0644": false, "inline, 0644": true} {
		p, _, err := Foretell(t.Context(), Question{Request: Request{Name: "c", Text: []byte(text), Rendered: rendered,
			Audience: diag.Workstation, Log: slog.New(slog.DiscardHandler),
			Report: func(all []diag.Problem) { assert.Empty(t, all) }}, Root: trees.Fake{},
			Seal: func() error { return nil }})
		require.NoError(t, err)
		require.Len(t, p.Actions, 1)
		assert.Equal(t, want, p.Actions[0].Detail)
	}
	_, _, err := Foretell(t.Context(), Question{Request: Request{Name: "c", Text: []byte(text[:20]), Rendered: true,
		Log: slog.New(slog.DiscardHandler)}})
	require.ErrorContains(t, err, "the config of the fetch stage: ")
}
