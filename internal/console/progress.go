package console

import (
	"context"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/glowplug-os/glowplug/internal/diag"
	"github.com/glowplug-os/glowplug/internal/logs"
)

// How often a screen is brought up to date, and how often a serial line gets a line.
const (
	screenEvery = time.Second
	serialEvery = 10 * time.Second
)

// Progress shows on the consoles what has been going on for long: what is waited for, else the step, else the program
// that runs. It goes by the log, and shows nothing that the log does not say to go on, nor what takes no time.
type Progress struct {
	consoles *Consoles
	stop     chan struct{}
	done     sync.WaitGroup

	mu    sync.Mutex
	going []*activity // the longest first, as some go on beside or within each other
	quiet time.Duration
}

// An activity is something that goes on.
type activity struct {
	step  string         // the name of a step; empty for another activity
	other *logs.Activity // nil for a step
	since time.Duration
}

// rank says what is shown rather: the lower.
func (a *activity) rank() int {
	switch {
	case a.other == nil:
		return 1
	case a.other.Wait:
		return 0
	}
	return 2
}

func (a *activity) what() string {
	if a.other == nil {
		return a.step
	}
	return diag.OneLine(a.other.What())
}

// Watch begins to show, and gives a handler that passes records on to next.
func Watch(c *Consoles, next slog.Handler) (*Progress, slog.Handler) {
	p := &Progress{consoles: c, stop: make(chan struct{})}
	p.done.Go(p.run)
	return p, &watching{next, p}
}

// Close ends it and takes its line off the screens.
func (p *Progress) Close() {
	close(p.stop)
	p.done.Wait()
	p.consoles.clear()
}

func (p *Progress) run() {
	ticks := time.NewTicker(screenEvery)
	defer ticks.Stop()
	for {
		select {
		case <-p.stop:
			return
		case <-ticks.C:
			p.tick()
		}
	}
}

func (p *Progress) tick() {
	what, since, due := p.elapse()
	switch {
	case what == "":
		p.consoles.clear()
	case due || since >= 2*screenEvery:
		p.consoles.update(progressLine(what, since), due)
	}
}

// elapse lets one tick pass. It gives what goes on now and for how long, and whether a serial line has been without
// news for long enough: however often that changes, as where one file is fetched after the other, this counts from the
// last line.
func (p *Progress) elapse() (what string, since time.Duration, due bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(p.going) == 0 {
		p.quiet = 0
		return "", 0, false
	}
	for _, a := range p.going {
		a.since += screenEvery
	}
	now := slices.MinFunc(p.going, func(a, b *activity) int { return a.rank() - b.rank() })
	p.quiet += screenEvery
	if due = p.quiet >= serialEvery; due {
		p.quiet = 0
	}
	return now.what(), now.since, due
}

// progressLine keeps a line from wrapping, which would leave its beginning on the screen.
func progressLine(what string, since time.Duration) string {
	const before = "ignition: "
	age := fmt.Sprintf(" (%d s)", int(since/time.Second))
	if runes, room := []rune(what), columnsMax-len(before)-len(age); len(runes) > room {
		what = string(runes[:room-3]) + "..."
	}
	return before + what + age
}

// note takes up a line of the log.
func (p *Progress) note(line string) {
	mark, what, marked := strings.Cut(line, "]")
	what = diag.OneLine(what)
	switch {
	case marked && mark == "[started":
		p.begin(&activity{step: what})
	case marked && (mark == "[finished" || mark == "[failed"):
		// The error stands behind the name of what has failed.
		p.end(func(a *activity) bool {
			return a.other == nil && (what == a.step || strings.HasPrefix(what, a.step+": "))
		})
	}
}

func (p *Progress) begin(a *activity) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.going = append(p.going, a)
}

func (p *Progress) end(ended func(*activity) bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if i := slices.IndexFunc(p.going, ended); i >= 0 {
		p.going = slices.Delete(p.going, i, i+1)
	}
}

// watching is a handler that tells a Progress of what it passes on.
type watching struct {
	slog.Handler
	progress *Progress
}

// Enabled takes what begins and ends as well.
func (w *watching) Enabled(ctx context.Context, level slog.Level) bool {
	return level == logs.LevelBegin || level == logs.LevelEnd || w.Handler.Enabled(ctx, level)
}

// Handle passes a record on, if it is one for the log.
func (w *watching) Handle(ctx context.Context, r slog.Record) error {
	if other := logs.ActivityOf(r); other != nil {
		if r.Level == logs.LevelBegin {
			w.progress.begin(&activity{other: other})
		} else {
			w.progress.end(func(a *activity) bool { return a.other == other })
		}
		return nil
	}
	if r.Level >= slog.LevelInfo {
		w.progress.note(r.Message)
	}
	return w.Handler.Handle(ctx, r)
}

// WithGroup and WithAttrs keep watching.
func (w *watching) WithGroup(name string) slog.Handler {
	return &watching{w.Handler.WithGroup(name), w.progress}
}

// WithAttrs keeps watching.
func (w *watching) WithAttrs(attrs []slog.Attr) slog.Handler {
	return &watching{w.Handler.WithAttrs(attrs), w.progress}
}
