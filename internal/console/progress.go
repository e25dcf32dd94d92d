package console

import (
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"time"

	"github.com/glowplug-os/glowplug/internal/diag"
	"github.com/glowplug-os/glowplug/internal/logs"
	"github.com/glowplug-os/glowplug/internal/plan"
)

// How often a screen is brought up to date, and how often a serial line gets a line.
const (
	screenEvery = time.Second
	serialEvery = 10 * time.Second
)

// Progress shows on the consoles what has been going on for long: what is waited for, else the step, else the program
// that runs. It hears of steps (Step) and of activities (Watch), and does not show what takes no time.
type Progress struct {
	consoles *Consoles
	stop     chan struct{}
	done     sync.WaitGroup

	mu    sync.Mutex
	going []*activity // the longest first, as some go on beside or within each other
	quiet time.Duration
}

// A rank says what is shown rather: the lower.
type rank int

const (
	waiting rank = iota
	step
	working
)

// An activity is something that goes on.
type activity struct {
	key   any // the ID of a step, or a *logs.Activity
	rank  rank
	what  func() string
	since time.Duration
}

// Watch begins to show, and gives a handler that passes records on to next. What begins and ends is no line of a log,
// which next may leave out by its level.
func Watch(c *Consoles, next slog.Handler) (*Progress, slog.Handler) {
	p := &Progress{consoles: c, stop: make(chan struct{})}
	p.done.Go(p.run)
	return p, logs.Watch(next, logs.TellsActivity, func(r slog.Record) {
		if a := logs.ActivityOf(r); a != nil {
			p.other(a, r.Level == logs.LevelBegin)
		}
	})
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
	now := slices.MinFunc(p.going, func(a, b *activity) int { return int(a.rank - b.rank) })
	p.quiet += screenEvery
	if due = p.quiet >= serialEvery; due {
		p.quiet = 0
	}
	return diag.OneLine(now.what()), now.since, due
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

// Step takes up what becomes of a step.
func (p *Progress) Step(e plan.Event) {
	switch e.Turn {
	case plan.Started:
		p.begin(&activity{key: e.Step.ID, rank: step, what: e.Step.Name})
	case plan.Finished, plan.Failed:
		p.end(e.Step.ID)
	}
}

// other takes up an activity.
func (p *Progress) other(a *logs.Activity, begins bool) {
	switch {
	case !begins:
		p.end(a)
	case a.Wait:
		p.begin(&activity{key: a, rank: waiting, what: a.What})
	default:
		p.begin(&activity{key: a, rank: working, what: a.What})
	}
}

func (p *Progress) begin(a *activity) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.going = append(p.going, a)
}

func (p *Progress) end(key any) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if i := slices.IndexFunc(p.going, func(a *activity) bool { return a.key == key }); i >= 0 {
		p.going = slices.Delete(p.going, i, i+1)
	}
}
