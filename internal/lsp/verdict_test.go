package lsp_test

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/glowplug-os/glowplug/internal/check"
	"github.com/glowplug-os/glowplug/internal/cli"
	"github.com/glowplug-os/glowplug/internal/codes"
	"github.com/glowplug-os/glowplug/internal/diag"
)

// validated is what `glowplug validate` says of a file, a line for each problem.
func validated(t *testing.T, args ...string) (lines []string) {
	t.Helper()
	var out, errs strings.Builder
	c := check.Validate("glowplug validate")
	cli.Run(context.Background(), &cli.Process{Name: c.Called, Args: append([]string{"--format", "json"}, args...),
		Out: &diag.Screen{To: &out}, Err: &diag.Screen{To: &errs}}, []cli.Program{{Command: c}})
	require.Empty(t, errs.String())
	var got struct {
		More     int
		Problems []struct {
			Severity, Code, File, Message    string
			Line, Column, EndLine, EndColumn int
		}
	}
	require.NoError(t, json.Unmarshal([]byte(out.String()), &got))
	for _, p := range got.Problems {
		place := "elsewhere"
		if p.File == args[len(args)-1] && p.Line > 0 {
			place = fmt.Sprintf("%d:%d", p.Line, p.Column)
		}
		lines = append(lines, fmt.Sprintf("%s %s[%s] %s", place, p.Severity, p.Code, p.Message))
	}
	if got.More > 0 {
		lines = append(lines, fmt.Sprintf("and %d more errors", got.More))
	}
	return lines
}

// What an editor shows is what a pipeline says: the same problems in the same order at the same places.
func TestAnEditorShowsWhatValidateSays(t *testing.T) {
	c := started(t, noRoot)
	local, err := filepath.Abs("../../examples/files")
	require.NoError(t, err)
	c.ask("initialize", fmt.Sprintf(`{"capabilities": {"general": {"positionEncodings": ["utf-8"]}}, `+
		`"initializationOptions": {"files-dir": %q, "target": "fcos:36"}}`, local))
	dir, said := t.TempDir(), 0
	for name, text := range texts(t) {
		file := filepath.Join(dir, fmt.Sprintf("%d.ign", said))
		require.NoError(t, os.WriteFile(file, []byte(text), 0o600))
		want := validated(t, "--files-dir", local, "--target", "fcos:36", file)
		var got []string
		for _, d := range c.open("file://"+file, text).Diagnostics {
			got = append(got, shown(d))
		}
		for i := range want {
			want[i] = strings.TrimPrefix(want[i], "elsewhere ")
			if i < len(got) && want[i] == strings.SplitN(got[i], " ", 2)[1] {
				got[i] = want[i]
			}
		}
		require.Len(t, got, len(want), name)
		for i := range want {
			require.Equal(t, want[i], got[i], name)
		}
		said += 1 + len(got)
	}
	assert.Greater(t, said, 500)
}

// shown is a diagnostic in the words of validated.
func shown(d diagnostic) string {
	message, _, _ := strings.Cut(d.Message, "\n")
	if d.Code == "" {
		return message
	}
	return fmt.Sprintf("%d:%d %s[%s] %s", d.Range.Start.Line+1, d.Range.Start.Character+1,
		[]string{"", "error", "warning", "advice"}[d.Severity], d.Code, message)
}

// texts are examples of configs, and of problems.
func texts(t *testing.T) map[string]string {
	t.Helper()
	all := map[string]string{
		"very many problems": `{"ignition": {"version": "3.6.0"}, "storage": {"files": [` +
			strings.Repeat(`{"path": "a"},`, 10_000) + `{}]}}`,
		"line ends of another system": strings.ReplaceAll(good+"a: 1\nb: 2\n# 😀\nstorage: {x: 1}\n", "\n", "\r\n"),
		"a mark of byte order":        "\ufeff{\"ignition\": {\"version\": \"3.6.0\"}, \"a\": 1}",
		"no text":                     "",
		"binary":                      "\x00\x01\x02",
		"nested":                      strings.Repeat(`{"a":`, 20_000),
		"ignored":                     good + "# glowplug: ignore key-unknown\na: 1\nb: 1\n",
	}
	names, err := filepath.Glob("../../examples/*.[bi]*")
	require.NoError(t, err)
	require.NotEmpty(t, names)
	for _, name := range names {
		text, err := os.ReadFile(name)
		require.NoError(t, err)
		all[name] = string(text)
	}
	for _, row := range codes.Rows() {
		all[string(row.Code)+", wrong"], all[string(row.Code)+", right"] = row.Show().Wrong, row.Show().Right
	}
	// what an editor sends is UTF-8
	maps.DeleteFunc(all, func(_, text string) bool { return !utf8.ValidString(text) })
	return all
}
