package bootreport

import (
	"bytes"
	"encoding/json"
	"fmt"
	"log/slog"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/glowplug-os/glowplug/internal/logs"
	"github.com/glowplug-os/glowplug/internal/plan"
)

// A clock is moved by tests.
type clock struct{ at time.Duration }

func (c *clock) now() time.Duration { return c.at }

func (c *clock) pass(d time.Duration) { c.at += d }

var about = Report{BootID: "b", Began: time.Unix(1<<30, 0).UTC(), Platform: "qemu", Glowplug: "1.2.3", Kernel: "6.1"}

// of gives a report as others read it.
func of(t *testing.T, r *Recorder) *Report {
	t.Helper()
	text := r.JSON()
	schema, err := os.ReadFile("schema.json")
	require.NoError(t, err)
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(schema))
	require.NoError(t, err)
	compiler := jsonschema.NewCompiler()
	require.NoError(t, compiler.AddResource("schema.json", doc))
	compiled, err := compiler.Compile("schema.json")
	require.NoError(t, err)
	value, err := jsonschema.UnmarshalJSON(strings.NewReader(text))
	require.NoError(t, err)
	require.NoError(t, compiled.Validate(value), text)
	read, err := Parse([]byte(text))
	require.NoError(t, err, text)
	return read
}

// boot is a first boot of two stages, the second of which ends as it is told.
func boot(t *testing.T, how Outcome, failure *Failure) *Recorder {
	t.Helper()
	c := &clock{at: 2 * time.Second}
	r := Begin(nil, about, "fetch", c.now)
	r.Config(Config{Name: "qemu user data", Version: "3.4.0", SHA256: strings.Repeat("a", 64), Bytes: 120})
	log := slog.New(r.Watch(slog.DiscardHandler))
	end := logs.Begin(log, logs.Activity{What: func() string { return "not asked" }, Wait: true,
		Request: func() logs.Request {
			return logs.Request{Method: "GET", URL: "https://h/web.ign", Attempts: 3, Bytes: 120}
		}})
	c.pass(time.Second)
	end()
	r.End(Done, nil)

	c.pass(time.Second / 2)
	r = Begin(of(t, r), Report{BootID: "not looked at"}, "files", c.now)
	log = slog.New(r.Watch(slog.DiscardHandler))
	step := plan.Step{ID: "file:/a", Effect: plan.Create, Subject: "file /a\x1b[2J", Origin: "$.storage.files.0"}
	r.Step(plan.Event{Turn: plan.Started, Step: step})
	end = logs.Begin(log, logs.Activity{What: func() string { return "running setfiles" }})
	log.WithGroup("files").Warn("odd\nthing")
	c.pass(time.Second)
	end()
	r.Step(plan.Event{Turn: plan.Kept, Step: plan.Step{ID: "x"}})
	if failure != nil {
		r.Step(plan.Event{Turn: plan.Failed, Step: step})
	} else {
		r.Step(plan.Event{Turn: plan.Finished, Step: step})
	}
	c.pass(time.Second)
	r.End(how, failure)
	return r
}

func TestAReportTellsWhatStagesDid(t *testing.T) {
	r := of(t, boot(t, Done, nil))
	want := about
	want.Version, want.Outcome, want.Configs = 1, Done, r.Configs
	want.Stages = []Stage{
		{Name: "fetch", Outcome: Done, BeginMicros: 2e6, TookMicros: 1e6, Spans: []Span{{Kind: Request,
			What: "GET https://h/web.ign", BeginMicros: 2e6, TookMicros: 1e6, Attempts: 3, Bytes: 120}}},
		{Name: "files", Outcome: Done, BeginMicros: 3.5e6, TookMicros: 2e6,
			Steps: map[string]int{"create": 1, "keep": 1}, Warnings: []string{"odd; thing"}, Spans: []Span{
				{Kind: Step, What: `create file /a\x1b[2J`, BeginMicros: 3.5e6, TookMicros: 1e6,
					Origin: "$.storage.files.0"},
				{Kind: Program, What: "running setfiles", BeginMicros: 3.5e6, TookMicros: 1e6}}},
	}
	if want.Stages[1].Spans[0].Kind != r.Stages[1].Spans[0].Kind { // they began at once
		want.Stages[1].Spans[0], want.Stages[1].Spans[1] = want.Stages[1].Spans[1], want.Stages[1].Spans[0]
	}
	assert.Equal(t, &want, r)
	assert.Equal(t, "qemu user data", r.Configs[0].Name)
}

func TestHowABootHasEnded(t *testing.T) {
	stages := func(outcomes ...Outcome) (all []Stage) {
		for i, o := range outcomes {
			all = append(all, Stage{Name: []string{"fetch", "files", "umount"}[i], Outcome: o})
		}
		return all
	}
	for claim, test := range map[string]struct {
		stages []Stage
		want   Outcome
	}{
		"it is done with its files stage":            {stages(Done, Done), Done},
		"and after that":                             {stages(Done, Done, Running), Done},
		"before, it is running":                      {stages(Done), Running},
		"one that was killed has not ended":          {stages(Done, Running), Running},
		"what runs after a failure does not mend it": {stages(Done, Failed, Done), Failed},
		"what fails at the end counts":               {stages(Done, Done, Failed), Failed},
		"a shutdown is no failure":                   {stages(Interrupted), Interrupted},
	} {
		r := &Report{Stages: test.stages}
		r.judge()
		assert.Equal(t, test.want, r.Outcome, claim)
	}
}

func TestPeopleSeeWhenWhatTookTime(t *testing.T) {
	var b strings.Builder
	failure := &Failure{Place: "web.bu:3:5", Causes: []string{"file /a", "no space left"}, Try: []string{"reboot"}}
	require.NoError(t, of(t, boot(t, Failed, failure)).WriteText(&b, false))
	text := strings.ReplaceAll(b.String(), strings.Repeat("a", 64), "DIGEST")
	lines := strings.Split(text, "\n")
	if strings.Contains(lines[7], "setfiles") { // they began at once
		lines[7], lines[8] = lines[8], lines[7]
	}
	assert.Equal(t, `The first boot has failed in its stage files: 3.500 s in 2 stages
begun 2004-01-10T13:37:04Z by the machine's clock, platform qemu, glowplug 1.2.3, kernel 6.1, boot b
config qemu user data: version 3.4.0, 120 bytes, sha256 DIGEST
    begin      took  |                        |
  0.000 s   1.000 s  |######                  |  fetch
  0.000 s   1.000 s  |######                  |    GET https://h/web.ign, 3 attempts, 120 bytes
  1.500 s   2.000 s  |          ##############|  files: FAILED (keep 1)
  1.500 s   1.000 s  |          #######       |    create file /a\x1b[2J: FAILED
  1.500 s   1.000 s  |          #######       |    running setfiles
warning: files: odd; thing
failed: files
  asked for at web.bu:3:5
  file /a
  because no space left
  try: reboot
`, strings.Join(lines, "\n"))
}

func TestABarIsInItsColumns(t *testing.T) {
	for _, whole := range []int64{-1, 0, 1, 10, microsMost} {
		for _, begin := range []int64{-5, 0, 1, 9, 10, 11, microsMost} {
			for _, took := range []int64{0, 1, 10, microsMost} {
				from, width := Bar(begin, took, whole, 24)
				assert.True(t, from >= 0 && width > 0 && from+width <= 24, "%d %d of %d: %d %d", begin, took, whole,
					from, width)
			}
		}
	}
}

func TestOfManySpansTheLongestStay(t *testing.T) {
	c := &clock{}
	r := Begin(nil, about, "files", c.now)
	log := slog.New(r.Watch(slog.DiscardHandler))
	for i := range 5000 {
		s := plan.Step{ID: fmt.Sprint(i), Subject: fmt.Sprint("file /", i)}
		r.Step(plan.Event{Turn: plan.Started, Step: s})
		c.pass(time.Duration(1+i%10) * time.Millisecond)
		r.Step(plan.Event{Turn: map[bool]plan.Turn{true: plan.Failed, false: plan.Finished}[i == 0], Step: s})
		log.Warn("once more")
		r.Config(Config{Name: "x"})
	}
	r.End(Done, nil)
	s := r.Stage()
	assert.Len(t, s.Spans, spansMost)
	assert.Equal(t, 4500, s.SpansLeftOut)
	assert.True(t, s.Spans[0].Failed, "what failed stays, however short")
	for i := range s.Spans[1:] {
		assert.EqualValues(t, 10_000, s.Spans[1+i].TookMicros)
		assert.Less(t, s.Spans[i].BeginMicros, s.Spans[1+i].BeginMicros)
	}
	assert.Len(t, s.Warnings, warningsMost)
	assert.Equal(t, 4900, s.WarningsLeftOut)
	assert.Equal(t, 4999, s.Steps["keep"])
	assert.Len(t, r.report.Configs, configsMost)

	var few, all strings.Builder
	require.NoError(t, r.report.WriteText(&few, false))
	assert.Contains(t, few.String(), "4992 shorter ones; --all shows them")
	assert.Contains(t, few.String(), "keep file /0: FAILED")
	require.NoError(t, r.report.WriteText(&all, true))
	assert.Contains(t, all.String(), "4500 shorter ones are not in the report")
}

func TestWhatWasThereAtOnceWasNotWaitedFor(t *testing.T) {
	c := &clock{}
	r := Begin(nil, about, "disks", c.now)
	log := slog.New(r.Watch(slog.DiscardHandler))
	for _, took := range []time.Duration{time.Millisecond - 1, time.Millisecond} {
		end := logs.Begin(log, logs.Activity{What: func() string { return "waiting for /dev/x" }, Wait: true})
		c.pass(took)
		end()
	}
	assert.Len(t, r.Stage().Spans, 1)
}

func TestAStageThatIsKilledIsRunningInTheReport(t *testing.T) {
	c := &clock{}
	r := Begin(nil, about, "disks", c.now)
	c.pass(time.Second)
	read := of(t, r)
	assert.Equal(t, []Stage{{Name: "disks", Outcome: Running, TookMicros: 1e6}}, read.Stages)
	assert.Equal(t, Running, read.Outcome)
	var b strings.Builder
	require.NoError(t, read.WriteText(&b, false))
	assert.Contains(t, b.String(), "The first boot has not ended: 1.000 s in 1 stage so far")
	assert.Contains(t, b.String(), "disks: RUNNING")
}

func TestARecorderThatIsNoneRecordsNothing(t *testing.T) {
	var r *Recorder
	r.Config(Config{})
	r.NoConfigs()
	r.Step(plan.Event{})
	r.End(Done, nil)
}

func TestMetrics(t *testing.T) {
	r := of(t, boot(t, Done, nil))
	r.Kernel = "6\\1\"\n"
	var b strings.Builder
	require.NoError(t, r.WriteMetrics(&b))
	var samples []string
	for line := range strings.Lines(b.String()) {
		if line[0] != '#' {
			samples = append(samples, strings.TrimSuffix(line, "\n"))
		}
	}
	assert.Equal(t, []string{
		`glowplug_first_boot_info{outcome="done",platform="qemu",glowplug="1.2.3",kernel="6\\1\""} 1`,
		"glowplug_first_boot_begin_timestamp_seconds 1073741824",
		"glowplug_first_boot_duration_seconds 3.500000",
		"glowplug_first_boot_warnings 1",
		`glowplug_first_boot_stage_duration_seconds{stage="fetch"} 1.000000`,
		`glowplug_first_boot_stage_duration_seconds{stage="files"} 2.000000`,
		`glowplug_first_boot_steps{effect="create"} 1`, `glowplug_first_boot_steps{effect="change"} 0`,
		`glowplug_first_boot_steps{effect="destroy"} 0`, `glowplug_first_boot_steps{effect="deferred"} 0`,
		`glowplug_first_boot_steps{effect="keep"} 1`,
	}, samples)
	for _, m := range metrics {
		assert.Contains(t, b.String(), "# HELP "+m.name+" "+m.help+"\n# TYPE "+m.name+" gauge\n"+m.name)
	}
}

func TestWhatIsNoReportIsRefused(t *testing.T) {
	stage := func(text string) string { return `{"version":1,"outcome":"done","stages":[` + text + `]}` }
	for text, want := range map[string]string{
		"":                                      "it is empty",
		" \n":                                   "it is empty",
		"{\n  \"version\": 1,":                  "2:15: unexpected end of JSON input",
		"{\n  \"version\": 1,\n x}":             "3:2: invalid character 'x'",
		`{"version":"1"}`:                       "1:15: json: cannot unmarshal string",
		`{}`:                                    "it has no version: it is no report",
		`{"ignition":{}}`:                       "it has no version",
		`[]`:                                    "json: cannot unmarshal array",
		`{"version":2,"stages":{}}`:             "version 2, and this program reads version 1",
		`{"version":1,"outcome":"x"}`:           `the outcome "x" is not known`,
		stage(`{}`):                             "stages.0: it has no name",
		stage(`{"name":"a"}`):                   `stages.0: the outcome "" is not known`,
		stage(strings.Repeat("{},", 64) + "{}"): "65 stages, and no boot has more than 64",
		stage(`{"name":"a","outcome":"done","beginMicros":-1}`):                           "its time is none of a boot",
		stage(`{"name":"a","outcome":"done","tookMicros":9223372036854775807}`):           "its time is none of a boot",
		stage(`{"name":"a","outcome":"done","spansLeftOut":-1}`):                          "less than nothing",
		stage(`{"name":"a","outcome":"done","steps":{"keep":-1}}`):                        `there are -1 of "keep"`,
		stage(`{"name":"a","outcome":"done","spans":[{"kind":"x"}]}`):                     "spans.0: ",
		stage(`{"name":"a","outcome":"done","spans":[{"kind":"step","beginMicros":-1}]}`): "spans.0: ",
		`{"version":1} {}`:          "invalid character '{' after top-level value",
		strings.Repeat(" ", 17<<20): "larger than 16777216 bytes, which no report is",
	} {
		_, err := Parse([]byte(text))
		require.ErrorContains(t, err, want, text[:min(len(text), 99)])
	}
}

// FuzzParse: what is taken is shown without a character that a terminal obeys, is written and read again as the same,
// and its bars are in their columns.
func FuzzParse(f *testing.F) {
	f.Add([]byte(`{"version":1,"outcome":"done","began":"2026-12-01T00:00:00Z","stages":[{"name":"a\u001b[2J",
		"outcome":"failed","beginMicros":1,"tookMicros":2,"steps":{"keep":1},"spans":[{"kind":"step","what":"\u0085",
		"failed":true}],"warnings":["\n"],"failure":{"place":"\u202e","causes":["x"],"try":["y"]}}]}`))
	f.Add([]byte(`{"version":1,"outcome":"running","configs":[{"name":"\\"}]}`))
	f.Add([]byte(`{"version":1,`))
	f.Fuzz(func(t *testing.T, text []byte) {
		r, err := Parse(text)
		if err != nil {
			return
		}
		for _, write := range []func(*bytes.Buffer) error{
			func(b *bytes.Buffer) error { return r.WriteText(b, true) },
			func(b *bytes.Buffer) error { return r.WriteMetrics(b) },
			func(b *bytes.Buffer) error { return r.WriteJSON(b) },
		} {
			var b bytes.Buffer
			require.NoError(t, write(&b))
			for _, c := range b.String() {
				require.False(t, c < ' ' && c != '\n' || 0x7f <= c && c < 0xa0 || c == '\u202e', "%q", b.String())
			}
		}
		var once, twice bytes.Buffer
		require.NoError(t, r.WriteJSON(&once))
		again, err := Parse(once.Bytes())
		require.NoError(t, err)
		require.NoError(t, again.WriteJSON(&twice))
		require.Equal(t, once.String(), twice.String())
		require.True(t, json.Valid(once.Bytes()))
	})
}

func TestMetricsAreInTheDocs(t *testing.T) {
	docs, err := os.ReadFile("../../docs/reports.md")
	require.NoError(t, err)
	for _, m := range metrics {
		assert.Contains(t, string(docs), "| `"+m.name+"` |")
	}
}
