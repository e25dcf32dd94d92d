package stages_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/glowplug-os/glowplug/config"
	"github.com/glowplug-os/glowplug/internal/diag"
	"github.com/glowplug-os/glowplug/internal/plan"
	"github.com/glowplug-os/glowplug/stages"
	"github.com/glowplug-os/glowplug/stages/files"
)

// volumes is a config of that many encrypted volumes, one a line, and two accounts.
func volumes(n int) []byte {
	var b strings.Builder
	b.WriteString(`{"ignition": {"version": "3.6.0"}, "passwd": {"users": [{"name": "a"}, {"name": "b"}]}, ` +
		`"storage": {"luks": [`)
	for i := range n {
		fmt.Fprintf(&b, "%.*s\n{\"name\": \"v%d\", \"device\": \"/dev/d%d\"}", min(i, 1), ",", i, i)
	}
	b.WriteString("]}}")
	return []byte(b.String())
}

func TestWhatADirectoryCannotTakeIsToldUpToALimit(t *testing.T) {
	var told []diag.Problem
	a := stages.Application{
		Request: stages.Request{Name: "x.ign", Text: volumes(3 * diag.Most), Log: slog.New(slog.DiscardHandler),
			Report: func(problems []diag.Problem) { told = append(told, problems...) }},
		Root: t.TempDir(), IgnoreUnsupported: true, Files: files.Options{Accounts: files.LeaveAccounts},
	}
	require.NoError(t, stages.Apply(t.Context(), a))
	require.Len(t, told, diag.Most+1)
	line, _ := told[999].Place.Doc.Position(told[999].Place.Span.Start)
	assert.Equal(t, 1001, line)
	assert.Equal(t, `a directory cannot take this: luks "v999"; it is left out`, told[999].Message)
	assert.Equal(t, "and 2002 more warnings", told[1000].Message)

	a.IgnoreUnsupported, told = false, nil
	err := stages.Apply(t.Context(), a)
	assert.ErrorContains(t, err, `x.ign:2:1: $.storage.luks.0: a directory cannot take this: luks "v0" (and 3001 `+
		`more); --ignore-unsupported goes on without`)
	assert.Empty(t, told)
}

func TestWhoSeesAPlanEndsARunBeforeAnythingIsDone(t *testing.T) {
	dir := t.TempDir()
	require.NoError(t, os.Mkdir(filepath.Join(dir, "d"), 0o755))
	enough := errors.New("write /dev/stdout: no space left on device")
	a := stages.Application{
		Request: stages.Request{Name: "x.ign", Text: []byte(`{"ignition": {"version": "3.6.0"}, "storage": {"files": [
			{"path": "/d", "contents": {"source": "data:,"}}, {"path": "/f"}]}}`), Log: slog.New(slog.DiscardHandler),
			Report: func([]diag.Problem) {}},
		Root: dir,
		Plan: func(ctx context.Context, cfg config.Config, o files.Options) (plan.Plan, error) {
			return stages.PlanAhead(ctx, cfg, o, nil, func(f *stages.Forecast, err error) error {
				assert.Len(t, f.Files.Steps, 1)
				require.ErrorContains(t, err, "file /d ($.storage.files.0): a directory is there")
				return enough
			})
		},
	}
	assert.Equal(t, enough, stages.Apply(t.Context(), a), "and it is not taken for an error of the root")
	left, err := os.ReadDir(dir)
	require.NoError(t, err)
	assert.Len(t, left, 1)
}
