package bootreport

import (
	"bytes"
	"log/slog"
	"slices"
	"sync"
	"time"

	"github.com/glowplug-os/glowplug/internal/logs"
	"github.com/glowplug-os/glowplug/internal/plan"
)

// How much is kept of a stage: spans, warnings, bytes of a text that others have written; and of a boot: configs.
const (
	spansMost    = 500
	warningsMost = 100
	lineMost     = 1000
	configsMost  = 500
)

// waitLeastMicros is how long a wait takes at least: what was there at once was not waited for.
const waitLeastMicros = 1000

// A Recorder adds one stage to a report. It may be told by several goroutines at once. Nil records nothing.
type Recorder struct {
	now func() time.Duration // since the kernel's start

	mu     sync.Mutex
	report Report
	stage  *Stage
	open   map[any]Span // by the id of a step, or an activity
}

// Begin begins a stage: of a boot that has begun, or where before is nil of one that About tells of.
func Begin(before *Report, about Report, stage string, now func() time.Duration) *Recorder {
	r := &Recorder{now: now, report: about, open: map[any]Span{}}
	if before != nil {
		r.report = *before
	}
	stages := r.report.Stages[max(0, len(r.report.Stages)-stagesMost+1):]
	r.report.Version = Version
	r.report.Stages = append(slices.Clone(stages),
		Stage{Name: stage, Outcome: Running, BeginMicros: now().Microseconds()})
	r.stage = &r.report.Stages[len(r.report.Stages)-1]
	r.report.judge()
	return r
}

// Config notes a text that went in. Those of an earlier stage are left out, as a stage that reads configs reads all.
func (r *Recorder) Config(c Config) {
	if r == nil {
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if c.Name = shortened(c.Name); len(r.report.Configs) < configsMost {
		r.report.Configs = append(r.report.Configs, c)
	}
}

// NoConfigs forgets those of an earlier stage.
func (r *Recorder) NoConfigs() {
	if r == nil {
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.report.Configs = nil
}

// Step hears what becomes of a step.
func (r *Recorder) Step(e plan.Event) {
	if r == nil {
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	switch e.Turn {
	case plan.Started:
		r.begin(e.Step.ID, Span{Kind: Step, What: shortened(e.Step.Name()), Origin: shortened(e.Step.Origin)})
		return
	case plan.Awaited:
		return
	case plan.Failed:
		r.end(e.Step.ID, func(s *Span) { s.Failed = true })
		return
	case plan.Finished:
		r.end(e.Step.ID, func(s *Span) { s.What = shortened(e.Step.Name()) })
	}
	if r.stage.Steps == nil {
		r.stage.Steps = map[string]int{}
	}
	r.stage.Steps[e.Step.Effect.String()]++
}

// activity takes up what begins and ends beside steps.
func (r *Recorder) activity(a *logs.Activity, begins bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	kind := Program
	switch {
	case a.Request != nil:
		kind = Request
	case a.Wait:
		kind = Wait
	}
	switch {
	case !begins:
		r.end(a, func(s *Span) { s.ask(a) })
	case kind == Request:
		r.begin(a, Span{Kind: kind})
	default:
		r.begin(a, Span{Kind: kind, What: shortened(a.What())})
	}
}

// ask takes what is known of a request once it has ended.
func (s *Span) ask(a *logs.Activity) {
	if a.Request == nil {
		return
	}
	q := a.Request()
	s.What, s.Attempts, s.Bytes = shortened(q.Method+" "+q.URL), q.Attempts, q.Bytes
}

func (r *Recorder) begin(key any, s Span) {
	s.BeginMicros = r.now().Microseconds()
	r.open[key] = s
}

func (r *Recorder) end(key any, change func(*Span)) {
	s, known := r.open[key]
	if !known {
		return
	}
	delete(r.open, key)
	s.TookMicros = max(0, r.now().Microseconds()-s.BeginMicros)
	if s.Kind == Wait && s.TookMicros < waitLeastMicros {
		return
	}
	change(&s)
	if r.stage.Spans = append(r.stage.Spans, s); len(r.stage.Spans) >= 2*spansMost {
		r.stage.prune(spansMost)
	}
}

func (r *Recorder) warn(text string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(r.stage.Warnings) == warningsMost {
		r.stage.WarningsLeftOut++
		return
	}
	r.stage.Warnings = append(r.stage.Warnings, shortened(text))
}

// End ends the stage, if it has not ended already. Failure is of one that has failed.
func (r *Recorder) End(how Outcome, failure *Failure) {
	if r == nil {
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.stage.Outcome == how {
		return
	}
	r.stage.Outcome, r.stage.TookMicros = how, max(0, r.now().Microseconds()-r.stage.BeginMicros)
	if failure != nil {
		f := Failure{Place: shortened(failure.Place)}
		for _, cause := range failure.Causes {
			f.Causes = append(f.Causes, shortened(cause))
		}
		for _, hint := range failure.Try {
			f.Try = append(f.Try, shortened(hint))
		}
		r.stage.Failure = &f
	}
	r.stage.prune(spansMost)
	r.report.judge()
}

// Stage is the stage as far as it has come.
func (r *Recorder) Stage() Stage {
	r.mu.Lock()
	defer r.mu.Unlock()
	return *r.stage
}

// JSON is the document as far as the boot has come.
func (r *Recorder) JSON() string {
	return r.written(func(all *Report, b *bytes.Buffer) { _ = all.WriteJSON(b) })
}

// Metrics are those of Prometheus, likewise.
func (r *Recorder) Metrics() string {
	return r.written(func(all *Report, b *bytes.Buffer) { _ = all.WriteMetrics(b) })
}

func (r *Recorder) written(write func(*Report, *bytes.Buffer)) string {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.stage.Outcome == Running {
		r.stage.TookMicros = max(0, r.now().Microseconds()-r.stage.BeginMicros)
	}
	var b bytes.Buffer // writing to which does not fail
	write(&r.report, &b)
	return b.String()
}

// Watch gives a handler that passes records on, and has the recorder hear of warnings and of what begins and ends.
func (r *Recorder) Watch(to slog.Handler) slog.Handler {
	wants := func(level slog.Level) bool { return logs.TellsActivity(level) || warns(level) }
	return logs.Watch(to, wants, func(record slog.Record) {
		if a := logs.ActivityOf(record); a != nil {
			r.activity(a, record.Level == logs.LevelBegin)
		} else if warns(record.Level) {
			r.warn(record.Message)
		}
	})
}

func warns(level slog.Level) bool { return slog.LevelWarn <= level && level < slog.LevelError }
