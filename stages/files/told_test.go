package files

import (
	"bytes"
	"log/slog"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/glowplug-os/glowplug/config"
	"github.com/glowplug-os/glowplug/internal/plan"
	"github.com/glowplug-os/glowplug/internal/target"
	"github.com/glowplug-os/glowplug/stages/leave"
)

// telling are options of a boot that leaves a report and metrics, and what says which text they get.
func telling(t *testing.T, o Options, image target.Image) (with Options, text *string, log *bytes.Buffer) {
	t.Helper()
	text, log = new(string), new(bytes.Buffer)
	o, _ = withBoot(t, o, Boot{Log: slog.New(slog.NewTextHandler(log, nil))})
	o.NoOwner = !o.Privileged
	o.Boot.Tells = leave.Tells(image)
	for i := range o.Boot.Tells {
		o.Boot.Tells[i].Text = func() string { return *text }
	}
	return o, text, log
}

func TestABootLeavesFilesThatTellOfIt(t *testing.T) {
	dir, o := newRoot(t, policyTree(nil))
	image := target.Image{ReportFile: "/etc/report.json", MetricsDir: "/var/lib/metrics"}
	o, text, log := telling(t, o, image)
	steps, err := Plan(config.Config{}, target.Of(o.Root), o)
	require.NoError(t, err)
	*text = "so far"
	assert.Contains(t, steps.String(), "+ report /etc/report.json")
	require.NoError(t, steps.Run(t.Context(), plan.Options{}))
	assert.Equal(t, "so far", readDeep(t, dir, "etc/report.json"))
	*text = "all of it"
	require.NoError(t, o.Boot.Rewrite(&o.Means))
	for file, mode := range map[string]os.FileMode{"etc/report.json": 0o600, "var/lib/metrics/glowplug.prom": 0o644} {
		assert.Equal(t, "all of it", readDeep(t, dir, file))
		info, err := os.Stat(filepath.Join(dir, file))
		require.NoError(t, err)
		assert.Equal(t, mode, info.Mode(), file)
	}

	o, text, _ = telling(t, o, image)
	again, err := Plan(config.Config{}, target.Of(o.Root), o)
	require.NoError(t, err)
	assert.Contains(t, again.String(), "= report /etc/report.json", "a second run keeps the place")
	assert.Contains(t, again.String(), "= metrics /var/lib/metrics/glowplug.prom")
	*text = "another boot"
	require.NoError(t, again.Run(t.Context(), plan.Options{}))
	require.NoError(t, o.Boot.Rewrite(&o.Means))
	assert.Equal(t, "another boot", readDeep(t, dir, "etc/report.json"), "and writes anew what is in it")
	assert.Empty(t, log.String())
}

// A report that cannot be written is no reason for a machine not to come up.
func TestNothingIsInTheWayOfABootThatTellsOfItself(t *testing.T) {
	for claim, test := range map[string]struct {
		there map[string]string
		cfg   string
		image target.Image
		says  string
	}{
		"a directory is there": {map[string]string{"etc/r/x": ""}, `{}`, target.Image{ReportFile: "/etc/r"},
			"report /etc/r is not written: a directory is there"},
		"a link is there, which may lead anywhere": {map[string]string{"etc/r": "-> /etc/passwd"}, `{}`,
			target.Image{ReportFile: "/etc/r"}, "report /etc/r is not written: a symbolic link is there"},
		"the config has a file there": {nil,
			`{"storage":{"files":[{"path":"/etc/r","contents":{"source":"data:,mine"}}]}}`,
			target.Image{ReportFile: "/etc/r"}, "report /etc/r is not written: the config has something at /etc/r"},
		"the setting is no path": {nil, `{}`, target.Image{MetricsDir: "metrics"},
			"metrics metrics/glowplug.prom is not written: the path is not absolute"},
		"the way there is a file": {map[string]string{"var": "x"}, `{}`, target.Image{MetricsDir: "/var/m"},
			"metrics /var/m/glowplug.prom is not written: "},
	} {
		t.Run(claim, func(t *testing.T) {
			dir, o := newRoot(t, test.there)
			before := snapshot(t, dir)
			o, _, log := telling(t, o, test.image)
			steps, err := Plan(parse(t, test.cfg), target.Of(o.Root), o)
			require.NoError(t, err)
			require.NoError(t, steps.Run(t.Context(), plan.Options{}))
			require.NoError(t, o.Boot.Rewrite(&o.Means))
			assert.Contains(t, log.String(), test.says)
			if test.cfg == `{}` {
				assert.Equal(t, before, snapshot(t, dir))
			} else {
				assert.Equal(t, "mine", readDeep(t, dir, "etc/r"))
			}
		})
	}
}

// The disk may be full by then.
func TestWhatCannotBeWrittenIsAWarning(t *testing.T) {
	dir, o := newRoot(t, nil)
	o, text, log := telling(t, o, target.Image{ReportFile: "/etc/r"})
	steps, err := Plan(config.Config{}, target.Of(o.Root), o)
	require.NoError(t, err)
	*text = "x"
	require.NoError(t, os.RemoveAll(filepath.Join(dir, "etc")))
	require.NoError(t, os.WriteFile(filepath.Join(dir, "etc"), nil, 0o600))
	var events []plan.Event
	require.NoError(t, steps.Run(t.Context(), plan.Options{Tell: func(e plan.Event) { events = append(events, e) }}))
	require.NoError(t, o.Boot.Rewrite(&o.Means))
	assert.Contains(t, log.String(), "report /etc/r is not written: ")
	assert.Equal(t, plan.Keep, events[len(events)-1].Step.Effect)
}
