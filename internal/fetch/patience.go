package fetch

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/glowplug-os/glowplug/internal/diag"
)

var (
	errDeadline = errors.New("out of time")
	errIdle     = errors.New("no answer and no byte for too long")
	errSlow     = errors.New("too few bytes for the time")
)

// A server that sends a byte now and then is not waited for without end: in all it may take slowly times as long as it
// may send nothing, and a second more for each KiB that has come.
const (
	slowly    = 5
	perSecond = 1 << 10
)

// A patience is the time for a resource: for all of it, or for a wait. 0 is none.
type patience struct {
	total time.Duration // for all attempts and the body
	idle  time.Duration // without an answer that can be used, and without a byte of it

	timer  *time.Timer // ends the context; nil for none
	paused bool        // it is not the server that is waited for
	since  time.Time   // where not paused: when the last wait began
	waited time.Duration
	bytes  int64       // that have come
	slow   atomic.Bool // the timer is not about the time without a byte
}

// within bounds a context by the time for a resource; otherwise is the total where nothing bounds it.
func (s *session) within(
	ctx context.Context, otherwise time.Duration,
) (context.Context, *patience, context.CancelFunc) {
	p := &patience{total: s.settings.Total}
	if p.total != 0 || s.settings.Idle <= 0 {
		p.total = cmp.Or(p.total, otherwise)
		ctx, stop := bounded(ctx, p.total)
		return ctx, p, stop
	}
	ctx, stop := context.WithCancelCause(ctx)
	p.idle = s.settings.Idle
	p.since = time.Now()
	p.timer = time.AfterFunc(p.idle, func() {
		if p.slow.Load() {
			stop(errSlow)
		}
		stop(errIdle)
	})
	return ctx, p, func() {
		p.timer.Stop()
		stop(nil)
	}
}

// bounded ends a context after a time. One below zero has passed; 0 is none.
func bounded(ctx context.Context, total time.Duration) (context.Context, context.CancelFunc) {
	if total == 0 {
		return ctx, func() {}
	}
	return context.WithTimeoutCause(ctx, total, errDeadline)
}

// heard says that the server has sent something.
func (p *patience) heard() {
	if p.timer == nil {
		return
	}
	if !p.paused {
		p.waited += time.Since(p.since)
	}
	p.paused, p.since = false, time.Now()
	left := slowly*p.idle + time.Duration(p.bytes/perSecond)*time.Second - p.waited
	p.slow.Store(left < p.idle)
	p.timer.Reset(max(min(left, p.idle), 0))
}

// pause says that so many bytes have come, and that nothing is asked of the server for now: whoever writes what came
// may take longer than a server may.
func (p *patience) pause(bytes int) {
	if p.timer != nil {
		p.paused = true
		p.timer.Stop()
		p.waited += time.Since(p.since)
		p.bytes += int64(bytes)
	}
}

// resume says that the server is waited for, from now on if it was not.
func (p *patience) resume() {
	if p.paused {
		p.heard()
	}
}

// hint is what can be done about the last error of those that a limit has ended: mostly, to allow for more time.
func (p *patience) hint(last error) string {
	if errors.Is(last, syscall.ECONNREFUSED) {
		return hintRefused
	}
	if p.idle > 0 {
		return hintIdle
	}
	return hintTime
}

// passed says which limit has ended a wait; nil where it was none of these.
func (p *patience) passed(cause error, attempts int, last error) error {
	switch cause {
	case errDeadline:
		return fmt.Errorf("could not be fetched in time (%v, attempts: %d): %w", p.total, attempts, last)
	case errIdle:
		return fmt.Errorf("no answer and no byte for %v (attempts: %d): %w", p.idle, attempts, last)
	case errSlow:
		return fmt.Errorf("only %s in %v (attempts: %d): %w", diag.Count(p.bytes, "byte"), p.waited.Round(time.Second),
			attempts, last)
	}
	return nil
}
