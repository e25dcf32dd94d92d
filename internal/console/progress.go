package console

import (
	"context"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"time"
)

// How often a screen is brought up to date, and how often a serial line gets a line.
const (
	screenEvery = time.Second
	serialEvery = 10 * time.Second
)

// Progress shows on the consoles what has been going on for long. It goes by the log: what is worth a line there is what is being
// done, until the next one. Nothing is shown of what takes no time.
type Progress struct {
	consoles *Consoles
	stop     chan struct{}
	done     sync.WaitGroup

	mu    sync.Mutex
	now   string
	since time.Duration // that it has been going on, in ticks
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
	p.mu.Lock()
	p.since += screenEvery
	now, since := p.now, p.since
	p.mu.Unlock()
	if now == "" {
		p.consoles.clear()
		return
	}
	if since < 2*screenEvery {
		return
	}
	line := fmt.Sprintf("ignition: %s (%d s)", now, int(since/time.Second))
	p.consoles.update(shorten(line), since%serialEvery == 0)
}

// shorten keeps a line from wrapping, which would leave its beginning on the screen.
func shorten(line string) string {
	if runes := []rune(line); len(runes) > columnsMax {
		return string(runes[:columnsMax-3]) + "..."
	}
	return line
}

func (p *Progress) begin(what string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.now, p.since = what, 0
}

// watching is a handler that tells a Progress of what it passes on.
type watching struct {
	slog.Handler
	progress *Progress
}

// Handle passes a record on. Debug lines tell of details that are over when they are told.
func (w *watching) Handle(ctx context.Context, r slog.Record) error {
	if r.Level >= slog.LevelInfo {
		text := strings.TrimSpace(strings.TrimPrefix(r.Message, "[started]"))
		if strings.HasPrefix(text, "[") {
			text = "" // [finished], [failed]: what comes next is not known yet
		}
		w.progress.begin(oneLine(text))
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
