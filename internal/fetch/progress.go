package fetch

import (
	"context"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/glowplug-os/glowplug/internal/diag"
	"github.com/glowplug-os/glowplug/internal/logs"
)

// remindEvery is how often it is told what is waited for.
const remindEvery = 30 * time.Second

// A progress tells those who look on what a fetch over the network waits for: the log now and then, and the consoles
// whenever they ask.
type progress struct {
	log   *slog.Logger
	what  string // "GET URL", without secrets
	began time.Time

	waiting  atomic.Pointer[waiting]
	received atomic.Int64 // bytes of the body

	over     func() // tells the consoles that it has ended
	reminder *time.Timer
	mu       sync.Mutex // of reminding
	ended    bool
}

// A waiting is what is waited for, and how the attempts before went.
type waiting struct{ what, before string }

// newProgress begins to tell. The caller calls end.
func newProgress(log *slog.Logger, what string, request func() logs.Request) *progress {
	p := &progress{log: log, what: what, began: time.Now()}
	p.waitFor("the first attempt", "")
	p.reminder = time.AfterFunc(remindEvery, p.remind)
	p.over = logs.Begin(log, logs.Activity{What: func() string { return p.what + ": " + p.now() },
		Why:  func() string { return strings.TrimPrefix(p.waiting.Load().before, "; ") },
		Wait: true, Request: request})
	return p
}

func (p *progress) end() {
	p.reminder.Stop()
	p.over()
	p.mu.Lock()
	defer p.mu.Unlock()
	p.ended = true
}

// waitFor says what is waited for from here on.
func (p *progress) waitFor(what, before string) { p.waiting.Store(&waiting{what, before}) }

// age is how long it has gone on.
func (p *progress) age() time.Duration { return time.Since(p.began).Round(100 * time.Millisecond) }

// now is what is waited for.
func (p *progress) now() string {
	what := p.waiting.Load().what
	if n := p.received.Load(); n > 0 {
		what += ", " + diag.Count(n, "byte") + " so far"
	}
	return what
}

// remind is for whoever looks at a console that seems dead.
func (p *progress) remind() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.ended {
		return
	}
	p.log.Log(context.Background(), logs.Waiting, fmt.Sprintf("%s: waiting since %s (%v) for %s", p.what,
		p.began.UTC().Format(time.RFC3339), time.Since(p.began).Round(time.Second),
		p.now()+p.waiting.Load().before))
	p.reminder.Reset(remindEvery)
}
