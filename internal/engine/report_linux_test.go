package engine

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/glowplug-os/glowplug/internal/bootreport"
	"github.com/glowplug-os/glowplug/internal/journal"
	"github.com/glowplug-os/glowplug/internal/target"
)

func TestWhichStagesBelongToOneBoot(t *testing.T) {
	t.Parallel()
	after := func(names ...string) *bootreport.Report {
		r := &bootreport.Report{BootID: "this"}
		for _, name := range names {
			r.Stages = append(r.Stages, bootreport.Stage{Name: name})
		}
		return r
	}
	for _, test := range []struct {
		claim, stage, boot string
		before             *bootreport.Report
		want               bool
	}{
		{"fetch goes on after fetch-offline", "fetch", "this", after("fetch-offline"), true},
		{"without it, it begins", "fetch", "this", after("fetch-offline", "fetch", "files"), false},
		{"a later stage goes on", "disks", "this", after("fetch"), true},
		{"also after a failure, or by hand", "disks", "this", after("fetch", "disks"), true},
		{"another boot is another one", "disks", "next", after("fetch"), false},
		{"no stage is before", "fetch", "this", after(), false},
	} {
		assert.Equal(t, test.want, goesOn(test.before, test.stage, test.boot), test.claim)
	}
}

func TestTheKernelCommandLineSaysBeforeTheImageWhereReportsGo(t *testing.T) {
	t.Parallel()
	line := filepath.Join(t.TempDir(), "cmdline")
	d := distribution{KernelCommandLine: line, ReportURL: "https://image/"}
	name, to := d.reportURL()
	assert.Equal(t, "distribution settings: reportURL https://image/", name+" "+to, "there is none")
	for text, want := range map[string]string{"quiet": "https://image/", "glowplug.report.url=": "https://image/",
		"glowplug.report.url=https://a/ glowplug.report.url=https://b/": "https://b/"} {
		require.NoError(t, os.WriteFile(line, []byte(text), 0o600))
		_, to = d.reportURL()
		assert.Equal(t, want, to, text)
	}
}

// docs/reports.md lists what this gives.
func TestTheFieldsOfTheJournalsEntryAreInTheDocs(t *testing.T) {
	t.Parallel()
	s := &bootreport.Stage{Name: "files", Outcome: bootreport.Failed, BeginMicros: 5, TookMicros: 7,
		Steps: map[string]int{"create": 2}, Warnings: []string{"x"}, WarningsLeftOut: 3,
		Failure: &bootreport.Failure{Place: "web.bu:1:2", Causes: []string{"file /a", "no room"}}}
	fields := stageFields(s)
	var got []string
	docs, err := os.ReadFile("../../docs/reports.md")
	require.NoError(t, err)
	for _, f := range fields {
		got = append(got, f.Name+"="+f.Value)
		documented := strings.Replace(f.Name, "_CREATE", "_…", 1)
		assert.Contains(t, string(docs), "| `"+documented+"` |")
	}
	assert.Equal(t, []string{"GLOWPLUG_STAGE=files", "GLOWPLUG_OUTCOME=failed", "GLOWPLUG_BEGIN_USEC=5",
		"GLOWPLUG_TOOK_USEC=7", "GLOWPLUG_WARNINGS=4", "GLOWPLUG_STEPS_CREATE=2", "GLOWPLUG_PLACE=web.bu:1:2",
		"GLOWPLUG_CAUSE=file /a: no room"}, got)
	_, err = journal.Encode(fields)
	require.NoError(t, err, "journald would drop a field")
}

func TestHelpNamesTheFileThatIsTheDefault(t *testing.T) {
	t.Parallel()
	assert.Equal(t, target.DefaultReportFile, reportFileWords)
}
