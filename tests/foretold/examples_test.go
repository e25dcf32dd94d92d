package foretold

import (
	"log/slog"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/glowplug-os/glowplug/internal/diag"
	"github.com/glowplug-os/glowplug/internal/engine"
	"github.com/glowplug-os/glowplug/internal/load"
	"github.com/glowplug-os/glowplug/internal/target"
	"github.com/glowplug-os/glowplug/stages"
	"github.com/glowplug-os/glowplug/stages/files"
	"github.com/glowplug-os/glowplug/stages/users"
)

// remote is the example with a file of a server.
const remote = "remote-file.ign"

func TestExamplesAreDoneAsTheyAreForetold(t *testing.T) {
	rows, err := Exceptions()
	require.NoError(t, err)
	var all []string
	for _, form := range []string{"*.ign", "*.bu"} {
		some, err := filepath.Glob("../../examples/" + form)
		require.NoError(t, err)
		all = append(all, some...)
	}
	require.Greater(t, len(all), 6)
	for _, name := range all {
		t.Run(filepath.Base(name), func(t *testing.T) {
			if filepath.Base(name) == remote {
				t.Skip("nobody asks its server")
			}
			text, err := os.ReadFile(name)
			require.NoError(t, err)
			documents, err := load.Folder("../../examples/files")
			require.NoError(t, err)
			dir := t.TempDir()
			ask := func() Plan {
				p, err := ForStage(t.Context(), dir, text, func(q *stages.Question) {
					q.Name, q.Documents, q.Files.NoOwner = name, documents, true
				})
				require.NoError(t, err)
				return p
			}
			look := func() Tree {
				tree, err := Look(dir)
				require.NoError(t, err)
				return tree
			}
			plan, before := ask(), look()
			var deeds []Deed
			apply(t, dir, name, text, documents, &deeds)
			assert.Empty(t, Deeds(plan.Of("files"), deeds))
			assert.Empty(t, plan.Trees(before, look()))
			again := ask()
			assert.Empty(t, rows.Empty(again))
			assert.Zero(t, again.Exit)
		})
	}
}

func apply(t *testing.T, dir, name string, text []byte, documents load.Options, deeds *[]Deed) {
	t.Helper()
	id, err := engine.Identity()
	require.NoError(t, err)
	require.NoError(t, stages.Apply(t.Context(), stages.Application{
		Request: stages.Request{Name: name, Text: text, Documents: documents, Offline: true,
			Log: slog.New(slog.DiscardHandler), Report: func([]diag.Problem) {}},
		Root: dir, IgnoreUnsupported: true, Steps: Heard(deeds),
		Files: files.Options{Accounts: files.MakeAccounts, Means: target.Means{NoOwner: true, Identity: id},
			Users: users.Options{Today: time.Now().Unix() / (24 * 60 * 60)}}}))
}
