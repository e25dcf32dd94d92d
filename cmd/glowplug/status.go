package main

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/glowplug-os/glowplug/internal/diag"
	"github.com/glowplug-os/glowplug/internal/logs"
	"github.com/glowplug-os/glowplug/internal/plan"
	"github.com/glowplug-os/glowplug/internal/report"
)

// A status tells on standard error how a run goes. On a terminal it writes one line over and over, with what is done or
// waited for; elsewhere it writes lines, now and then, with what is waited for.
type status struct {
	to       io.Writer
	terminal bool
	quiet    bool // only what is wrong
	width    func() int
	now      func() time.Time

	mu     sync.Mutex
	step   plan.Event // the last step that was waited for
	since  time.Time
	going  []activity // the longest first
	line   bool       // the screen has a line that is to be written over
	done   report.Done
	stop   chan struct{}
	ticker sync.WaitGroup
}

// An activity is something that has begun and not ended, and when it began.
type activity struct {
	*logs.Activity
	since time.Time
}

// begin has the line written again with every tick, until end.
func (s *status) begin(ticks <-chan time.Time) {
	s.since = s.now()
	s.stop = make(chan struct{})
	s.ticker.Go(func() {
		for {
			select {
			case <-s.stop:
				return
			case <-ticks:
				s.tick()
			}
		}
	})
}

// end clears the line.
func (s *status) end() {
	close(s.stop)
	s.ticker.Wait()
	s.say("")
}

func (s *status) tick() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.show()
}

// say writes text that stays.
func (s *status) say(text string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.line {
		text = diag.EraseLine + text
	}
	s.line = false
	_, _ = io.WriteString(s.to, text)
}

// hear notes an event of a step of files.
func (s *status) hear(e plan.Event) { s.hearOf(report.Files, e) }

// hearOf notes an event of a step of a stage.
func (s *status) hearOf(stage report.Stage, e plan.Event) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.done.Hear(stage, e)
	if e.Turn == plan.Awaited {
		s.step, s.since = e, s.now()
		s.show()
	}
}

// show writes the line over the last one.
func (s *status) show() {
	if !s.terminal || s.quiet {
		return
	}
	l := progress{step: s.step, what: s.step.Step.Subject, age: s.now().Sub(s.since)}
	if i := slices.IndexFunc(s.going, func(a activity) bool { return a.Wait }); i >= 0 {
		a := s.going[i]
		l.what, l.age = a.What(), s.now().Sub(a.since)
		if a.Why != nil {
			l.why = a.Why()
		}
	} else if len(s.going) > 0 {
		l.what, l.age = s.going[0].What(), s.now().Sub(s.going[0].since)
	}
	if l.what == "" {
		return
	}
	_, _ = io.WriteString(s.to, diag.EraseLine+l.text(s.width()-1))
	s.line = true
}

// A progress is the content of the line.
type progress struct {
	step      plan.Event // All is 0 where no plan runs yet
	what, why string
	age       time.Duration
}

// text makes the line, in so many columns: the middle of what is waited for, as of a URL, is left out.
func (p progress) text(columns int) string {
	front := ""
	if p.step.All > 0 {
		front = fmt.Sprintf("%d of %d: ", p.step.Done+1, p.step.All)
	}
	behind := ""
	if seconds := int(p.age / time.Second); seconds > 0 {
		behind = fmt.Sprintf(" (%d s)", seconds)
	}
	if p.why != "" {
		behind += "; " + diag.OneLine(p.why)
	}
	what := diag.OneLine(p.what)
	behind = shortened(behind, max(columns/2, columns-len([]rune(front+what))))
	return shortened(front+shortened(what, columns-len([]rune(front+behind)))+behind, columns)
}

// shortened leaves out characters in the middle, so that room is enough.
func shortened(text string, room int) string {
	runes := []rune(text)
	if len(runes) <= room {
		return text
	}
	room = max(room-1, 0)
	return string(runes[:room/2]) + "…" + string(runes[len(runes)-(room-room/2):])
}

// activity notes that something begins or ends.
func (s *status) activity(a *logs.Activity, begins bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if begins {
		s.going = append(s.going, activity{a, s.now()})
		return
	}
	s.going = slices.DeleteFunc(s.going, func(each activity) bool { return each.Activity == a })
}

// Enabled is true for records that a person is to see: little of what goes well.
func (s *status) Enabled(_ context.Context, level slog.Level) bool {
	switch level {
	case logs.LevelBegin, logs.LevelEnd:
		return true
	case logs.Waiting, logs.LevelRetry:
		return !s.quiet
	}
	return level >= slog.LevelWarn
}

// Handle shows a record as a plain line.
func (s *status) Handle(_ context.Context, r slog.Record) error {
	if a := logs.ActivityOf(r); a != nil {
		s.activity(a, r.Level == logs.LevelBegin)
		return nil
	}
	before := ""
	if r.Level == slog.LevelWarn {
		before = "warning: "
	}
	s.say(before + diag.OneLine(r.Message) + "\n")
	return nil
}

// WithAttrs and WithGroup change nothing: lines have neither.
func (s *status) WithAttrs([]slog.Attr) slog.Handler { return s }

// WithGroup changes nothing.
func (s *status) WithGroup(string) slog.Handler { return s }

// planned says what a run will do, unless it will do nothing.
func (s *status) planned(p *report.Plan) {
	if !s.quiet && p.Exit() != report.NothingToDo {
		s.say("planned: " + p.Summary() + "\n")
	}
}

// finish says what a run has done.
func (s *status) finish(err error) {
	s.end()
	if s.quiet {
		return
	}
	if err == nil {
		s.say(s.done.Over().Summary() + "\n")
	} else if done := s.done.SoFar(); done.Exit() != report.NothingToDo {
		s.say("before it failed: " + done.Summary() + "\n")
	}
}

// report shows problems of a config.
func (s *status) report(style diag.Style, problems []diag.Problem) {
	var text strings.Builder
	for _, problem := range problems {
		fmt.Fprintln(&text, style.Text(problem))
	}
	s.say(text.String())
}
