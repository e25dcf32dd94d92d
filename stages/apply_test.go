package stages_test

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/glowplug-os/glowplug/internal/diag"
	"github.com/glowplug-os/glowplug/stages"
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
		Root: t.TempDir(), Name: "x.ign", Text: volumes(3 * diag.Most), DryRun: true, IgnoreUnsupported: true,
		Out: io.Discard,
		Log: slog.New(slog.DiscardHandler), Report: func(problems []diag.Problem) { told = append(told, problems...) },
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

// A full writes what is shown to nowhere.
type full struct{}

func (full) Write([]byte) (int, error) {
	return 0, &fs.PathError{Op: "write", Path: "/dev/stdout", Err: errors.New("no space left on device")}
}

func TestWhereAPlanIsShownIsNotInTheRoot(t *testing.T) {
	a := stages.Application{Root: t.TempDir(), Name: "x.ign", DryRun: true, Out: full{},
		Text: []byte(`{"ignition": {"version": "3.6.0"}, "storage": {"files": [{"path": "/f"}]}}`),
		Log:  slog.New(slog.DiscardHandler), Report: func([]diag.Problem) {}}
	assert.EqualError(t, stages.Apply(t.Context(), a), "write /dev/stdout: no space left on device")
}
