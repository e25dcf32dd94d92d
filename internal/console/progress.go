package console

import (
	"context"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"time"
)

// How often a screen is brought up to date, and how often a serial line gets a line.
const (
	screenEvery = time.Second
	serialEvery = 10 * time.Second
)

// Progress shows on the consoles what has been going on for long. It goes by the log: a step that has started goes on until the log
// says that it has finished or failed, anything else until the next line. Nothing is shown of what takes no time.
type Progress struct {
	consoles *Consoles
	stop     chan struct{}
	done     sync.WaitGroup

	mu    sync.Mutex
	steps []activity // that have started and not ended, as some go on beside each other
	last  activity   // what the log said since then; without a text nothing
	quiet time.Duration
}

// An activity is something that goes on.
type activity struct {
	what  string
	since time.Duration
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
	now, due := p.elapse()
	switch {
	case now.what == "":
		p.consoles.clear()
	case due || now.since >= 2*screenEvery:
		p.consoles.update(shorten(fmt.Sprintf("ignition: %s (%d s)", now.what, int(now.since/time.Second))), due)
	}
}

// elapse lets one tick pass. It gives what goes on now, and whether a serial line has been without news for long enough: however often
// the log has something new, as where a server is asked again and again, that counts from the last line.
func (p *Progress) elapse() (now activity, due bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for i := range p.steps {
		p.steps[i].since += screenEvery
	}
	p.last.since += screenEvery
	now = p.last
	if now.what == "" && len(p.steps) > 0 {
		now = p.steps[0]
	}
	if now.what == "" {
		p.quiet = 0
		return now, false
	}
	p.quiet += screenEvery
	if due = p.quiet >= serialEvery; due {
		p.quiet = 0
	}
	return now, due
}

// shorten keeps a line from wrapping, which would leave its beginning on the screen.
func shorten(line string) string {
	if runes := []rune(line); len(runes) > columnsMax {
		return string(runes[:columnsMax-3]) + "..."
	}
	return line
}

// note takes up a line of the log.
func (p *Progress) note(line string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	mark, what, marked := strings.Cut(line, "]")
	what = oneLine(what)
	p.last = activity{}
	switch {
	case marked && mark == "[started":
		p.steps = append(p.steps, activity{what: what})
	case marked && (mark == "[finished" || mark == "[failed"):
		// The error stands behind the name of what has failed.
		ended := func(a activity) bool { return what == a.what || strings.HasPrefix(what, a.what+": ") }
		if i := slices.IndexFunc(p.steps, ended); i >= 0 {
			p.steps = slices.Delete(p.steps, i, i+1)
		}
	default:
		p.last.what = oneLine(line)
	}
}

// watching is a handler that tells a Progress of what it passes on.
type watching struct {
	slog.Handler
	progress *Progress
}

// Handle passes a record on. Debug lines tell of details that are over when they are told.
func (w *watching) Handle(ctx context.Context, r slog.Record) error {
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
