package stages

import (
	"fmt"
	"io/fs"
	"log/slog"
	"net/url"
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/glowplug-os/glowplug/internal/diag"
	"github.com/glowplug-os/glowplug/tests/trees"
)

// applied is what a config that is applied leaves in /f.
func applied(t *testing.T, text string, rendered bool) string {
	t.Helper()
	dir := t.TempDir()
	require.NoError(t, Apply(t.Context(), Application{Root: dir, Request: Request{Name: "c", Text: []byte(text),
		Rendered: rendered, Audience: diag.Workstation, Log: slog.New(slog.DiscardHandler),
		Report: func(all []diag.Problem) { assert.Empty(t, all) }}}))
	content, err := os.ReadFile(filepath.Join(dir, "f"))
	require.NoError(t, err)
	return string(content)
}

func TestWhoHasNoRightToSomethingIsToldWhoHas(t *testing.T) {
	t.Parallel()
	denied := fmt.Errorf("a file: %w", &fs.PathError{Op: "open", Path: "/f", Err: syscall.EACCES})
	for _, test := range []struct {
		err          error
		unprivileged bool
		hints        int
	}{{denied, true, 1}, {denied, false, 0}, {diag.WithHint(denied, "known"), true, 1}, {fs.ErrNotExist, true, 0}} {
		r := Request{Unprivileged: test.unprivileged}
		err := r.advised(test.err)
		assert.Len(t, diag.Hints(err), test.hints)
		assert.EqualError(t, err, test.err.Error())
	}
}

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
			Report: func(all []diag.Problem) { assert.Empty(t, all) }}, Machine: Machine{Root: trees.Fake{}}})
		require.NoError(t, err)
		require.Len(t, p.Actions, 1)
		assert.Equal(t, want, p.Actions[0].Detail)
		assert.Equal(t, map[bool]string{true: "a", false: "ab"}[rendered], applied(t, text, rendered))
	}
	_, _, err := Foretell(t.Context(), Question{Request: Request{Name: "c", Text: []byte(text[:20]), Rendered: true,
		Log: slog.New(slog.DiscardHandler)}})
	require.ErrorContains(t, err, "the config of the fetch stage: ")
}
