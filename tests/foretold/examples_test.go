package foretold

import (
	"log/slog"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/glowplug-os/glowplug/internal/cli"
	"github.com/glowplug-os/glowplug/internal/diag"
	"github.com/glowplug-os/glowplug/internal/engine"
	"github.com/glowplug-os/glowplug/internal/load"
	"github.com/glowplug-os/glowplug/internal/target"
	"github.com/glowplug-os/glowplug/stages"
	"github.com/glowplug-os/glowplug/stages/files"
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
				p, err := ForStage(t.Context(), dir, name, func(q *stages.Question) {
					q.Documents, q.Files.NoOwner = documents, true
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
			apply(t, dir, name, documents, &deeds)
			assert.Empty(t, Deeds(plan.Of("files"), deeds))
			assert.Empty(t, plan.Trees(before, look()))
			again := ask()
			assert.Empty(t, rows.Empty(again, text))
			assert.Zero(t, again.Exit)
		})
	}
}

func apply(t *testing.T, dir, name string, documents load.Options, deeds *[]Deed) {
	t.Helper()
	require.NoError(t, engine.Apply(t.Context(), &cli.Process{Env: os.Getenv, Now: time.Now}, name,
		stages.Application{Request: stages.Request{Documents: documents, Offline: true,
			Log: slog.New(slog.DiscardHandler), Report: func([]diag.Problem) {}},
			Root: dir, IgnoreUnsupported: true, Steps: Heard(deeds),
			Files: files.Options{Accounts: files.MakeAccounts, Means: target.Means{NoOwner: true}}}))
}
