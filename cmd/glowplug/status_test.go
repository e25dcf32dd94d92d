package main

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/glowplug-os/glowplug/internal/diag"
	"github.com/glowplug-os/glowplug/internal/logs"
	"github.com/glowplug-os/glowplug/internal/plan"
)

// A clock is one that tests move.
type clock struct{ time.Time }

func (c *clock) now() time.Time { return c.Time }

func (c *clock) pass(d time.Duration) { c.Time = c.Add(d) }

func onTerminal(out *bytes.Buffer) (*status, *clock) {
	c := &clock{time.Unix(0, 0)}
	return &status{to: out, terminal: true, width: func() int { return 80 }, now: c.now}, c
}

// last is the line that is seen.
func last(out *bytes.Buffer) string {
	all := strings.Split(out.String(), diag.EraseLine)
	return all[len(all)-1]
}

func awaited(done, all int, subject string) plan.Event {
	return plan.Event{Turn: plan.Awaited, Done: done, All: all, Step: plan.Step{ID: "file:/x", Subject: subject}}
}

func TestALineSaysWhatIsWaitedForWithTheLastErrorAttemptsAndTime(t *testing.T) {
	var out bytes.Buffer
	s, c := onTerminal(&out)
	log := slog.New(s)
	s.hear(awaited(2, 14, "file /etc/x"))
	assert.Equal(t, "3 of 14: file /etc/x", last(&out))
	c.pass(7 * time.Second)
	s.tick()
	assert.Equal(t, "3 of 14: file /etc/x (7 s)", last(&out))
	end := logs.Begin(log, logs.Activity{Wait: true, What: func() string { return "GET http://h/x: an answer" },
		Why: func() string { return "attempts: 3; last error: no\nroute" }})
	endTool := logs.Begin(log, logs.Activity{What: func() string { return "running systemctl" }})
	c.pass(2 * time.Second)
	s.tick()
	assert.Equal(t, `3 of 14: GET http://h/x: an answer (2 s); attempts: 3; last error: no; route`, last(&out))
	end()
	s.tick()
	assert.Equal(t, "3 of 14: running systemctl (2 s)", last(&out))
	endTool()
	log.Warn("odd")
	assert.Equal(t, "warning: odd\n", last(&out), "in place of the line")
	log.Warn("odd")
	assert.Equal(t, "warning: odd\nwarning: odd\n", last(&out), "which is gone by then")
}

func TestBeforeAPlanRunsALineSaysWhatIsFetched(t *testing.T) {
	var out bytes.Buffer
	s, _ := onTerminal(&out)
	s.tick()
	assert.Empty(t, out.String())
	logs.Begin(slog.New(s), logs.Activity{Wait: true, What: func() string { return "GET http://h/x" }})
	s.tick()
	assert.Equal(t, "GET http://h/x", last(&out))
}

func TestALineIsNeverWiderThanTheTerminal(t *testing.T) {
	t.Parallel()
	p := progress{step: awaited(2, 14, ""), what: "GET http://host/" + strings.Repeat("x", 200) + "/end: the body",
		why: "attempts: 3; last error: " + strings.Repeat("y", 200), age: time.Minute}
	for columns := 1; columns < 200; columns++ {
		assert.LessOrEqual(t, len([]rune(p.text(columns))), columns)
	}
	p.why = "attempts: 3; last error: EOF"
	assert.Equal(t, "3 of 14: GET http://host/xx…xxxxx/end: the body (60 s); attempts: 3; last error: EOF",
		p.text(84), "a URL gives way in its middle")
}

func TestOnlyATerminalGetsTheLine(t *testing.T) {
	for claim, change := range map[string]func(*status){
		"a file":  func(s *status) { s.terminal = false },
		"--quiet": func(s *status) { s.quiet = true },
	} {
		var out bytes.Buffer
		s, _ := onTerminal(&out)
		change(s)
		s.hear(awaited(2, 14, "file /etc/x"))
		s.tick()
		assert.Empty(t, out.String(), claim)
	}
}

func finished(id string, effect plan.Effect) plan.Event {
	return plan.Event{Turn: plan.Finished, Step: plan.Step{ID: id, Effect: effect,
		Do: func(context.Context) error { return nil }}}
}

func TestTheEndSaysWhatWasDone(t *testing.T) {
	for claim, test := range map[string]struct {
		quiet  bool
		events []plan.Event
		err    error
		want   string
	}{
		"all":     {false, []plan.Event{finished("file:/a", plan.Create)}, nil, "1 file\n"},
		"nothing": {false, nil, nil, "nothing to do\n"},
		"what failed": {false, []plan.Event{finished("file:/a", plan.Create)}, errors.New("no"),
			"before it failed: 1 file\n"},
		"what failed at once":   {false, nil, errors.New("no"), ""},
		"--quiet":               {true, []plan.Event{finished("file:/a", plan.Create)}, nil, ""},
		"--quiet and a failure": {true, []plan.Event{finished("file:/a", plan.Create)}, errors.New("no"), ""},
	} {
		t.Run(claim, func(t *testing.T) {
			var out bytes.Buffer
			s := &status{to: &out, quiet: test.quiet, now: time.Now}
			s.begin(nil)
			for _, e := range test.events {
				s.hear(e)
			}
			s.finish(test.err)
			assert.Equal(t, test.want, out.String())
		})
	}
}
