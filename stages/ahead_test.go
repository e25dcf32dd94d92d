package stages

import (
	"context"
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/glowplug-os/glowplug/internal/plan"
	"github.com/glowplug-os/glowplug/internal/report"
	"github.com/glowplug-os/glowplug/internal/root"
	"github.com/glowplug-os/glowplug/internal/target"
	"github.com/glowplug-os/glowplug/internal/tool"
	"github.com/glowplug-os/glowplug/stages/files"
	"github.com/glowplug-os/glowplug/stages/users"
)

// planted makes a directory with files, and opens it.
func planted(t *testing.T, texts map[string]string) *root.Root {
	t.Helper()
	dir := t.TempDir()
	for name, text := range texts {
		at := filepath.Join(dir, name)
		require.NoError(t, os.MkdirAll(filepath.Dir(at), 0o755))
		require.NoError(t, os.WriteFile(at, []byte(text), 0o755))
	}
	in, err := root.Open(dir)
	require.NoError(t, err)
	t.Cleanup(func() { _ = in.Close() })
	return in
}

const rootAccount = "root:x:0:0:root:/root:/bin/sh\n"

func TestWhatARunThatWasCutOffHasLeftIsFinishedOnceThePlanIsSeen(t *testing.T) {
	in := planted(t, map[string]string{"etc/passwd": rootAccount,
		"etc/.glowplug-1": rootAccount + "new:x:1:1::/:/bin/sh\n",
		users.Record:      `[{"temp": "/etc/.glowplug-1", "name": "/etc/passwd"}]`})
	o := files.Options{Means: target.Means{Root: in, NoOwner: true}, Accounts: files.MakeAccounts}
	cfg := configOf(t, `{'storage': {'files': [{'path': '/f'}]}}`)
	enough := errors.New("enough")
	_, err := PlanAhead(t.Context(), cfg, o, nil, func(*Forecast, error) error { return enough })
	require.ErrorIs(t, err, enough)
	text, err := in.ReadFile("/etc/passwd", 1000)
	require.NoError(t, err)
	assert.Equal(t, rootAccount, string(text), "nothing is done before")

	seen := ""
	steps, err := PlanAhead(t.Context(), cfg, o, nil, func(f *Forecast, err error) error {
		seen = f.Report(false).Summary()
		return err
	})
	require.NoError(t, err)
	assert.Equal(t, "1 file", seen)
	assert.Equal(t, "+ file /f  empty, 0644\n", steps.String())
	text, err = in.ReadFile("/etc/passwd", 1000)
	require.NoError(t, err)
	assert.Contains(t, string(text), "new:x:1:1")
}

func TestAccountsByToolsAreSeenAsEditsAndMadeBeforeTheRestIsPlanned(t *testing.T) {
	in := planted(t, map[string]string{"etc/passwd": rootAccount, "etc/group": "root:x:0:\n",
		"useradd": "#!/bin/sh\necho 'core:x:1234:100::/home/core:/bin/sh' >>\"$2/etc/passwd\"\n"})
	o := files.Options{Accounts: files.MakeAccounts, Means: target.Means{Root: in,
		Identity: target.Identity{Privileged: true}, Image: target.Image{Accounts: target.ShadowUtils},
		Tools: tool.New(map[string]string{"useradd": filepath.Join(in.Dir(), "useradd")},
			slog.New(slog.DiscardHandler))}}
	cfg := configOf(t, `{'passwd': {'users': [{'name': 'core', 'noCreateHome': true}]},
		'storage': {'files': [{'path': '/f', 'user': {'name': 'core'}}]}}`)
	var done report.Done
	hear := func(e plan.Event) { done.Hear(report.Files, e) }
	owner := func(p plan.Plan) string { return p[len(p)-1].Detail }
	steps, err := PlanAhead(t.Context(), cfg, o, hear, func(f *Forecast, err error) error {
		require.NoError(t, err)
		assert.Equal(t, "1 file; 1 user", f.Report(false).Summary())
		assert.Contains(t, owner(f.Files.Steps), "owner 1000:0")
		assert.Equal(t, "nothing to do", done.SoFar().Summary())
		return nil
	})
	require.NoError(t, err)
	assert.Equal(t, "1 user", done.SoFar().Summary())
	require.Len(t, steps, 1)
	assert.Contains(t, owner(steps), "owner 1234:0", "the id that the tool has chosen")
}

func TestWhatIsInTheWayOfAccountsByToolsIsTheirsToTell(t *testing.T) {
	in := planted(t, map[string]string{"etc/passwd": rootAccount, "useradd": "#!/bin/sh\nexit 3\n"})
	o := files.Options{Accounts: files.MakeAccounts, Means: target.Means{Root: in,
		Image: target.Image{Accounts: target.ShadowUtils}, NoOwner: true,
		Tools: tool.New(map[string]string{"useradd": filepath.Join(in.Dir(), "useradd")},
			slog.New(slog.DiscardHandler))}}
	_, err := PlanAhead(context.Background(), configOf(t, `{'passwd': {'users': [{'name': 'core',
		'primaryGroup': 'absent'}]}}`), o, nil,
		func(_ *Forecast, err error) error {
			require.ErrorContains(t, err, "absent")
			return nil
		})
	require.ErrorContains(t, err, "user core ($.passwd.users.0): ")
	require.ErrorContains(t, err, "status 3")
}
