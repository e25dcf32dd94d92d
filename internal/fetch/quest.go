package fetch

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/glowplug-os/glowplug/internal/diag"
	"github.com/glowplug-os/glowplug/internal/logs"
	"github.com/glowplug-os/glowplug/internal/source"
)

// The waits between attempts are half fixed and half random, up to a bound that doubles from the first to the longest,
// so that machines that boot together come to ask one by one (docs/performance.md has the curve).
const (
	firstWait   = 200 * time.Millisecond
	longestWait = 5 * time.Second

	// longestAsked bounds what a server may ask for with Retry-After.
	longestAsked = time.Minute

	// DefaultOtherTotal is the total of tftp, s3 and arn where a config has none: the peer does not wait for these for
	// ever.
	DefaultOtherTotal = 5 * time.Minute

	// tellEvery is how often a wait is told of.
	tellEvery = 30 * time.Second

	// toldAfter is the attempt whose failure is told to whoever looks on, who need not wait for the first reminder to
	// learn why. One or two that fail are nothing to speak of.
	toldAfter = 3

	// goodProgress is how much of a body has to come for the waits to begin small again.
	goodProgress = 1 << 20
)

var errDeadline = errors.New("out of time")

// again marks an error that another attempt may cure.
type again struct {
	error
	after time.Duration // the server wants to be left alone that long
}

func (a again) Unwrap() error { return a.error }

// A quest is the way to one resource over the network: its attempts, its deadline, and what the console is told of
// them.
type quest struct {
	client   *Client
	verb     string
	shown    string // the URL without secrets
	total    time.Duration
	tries    int // how many attempts at most; 0 for as many as there is time for
	attempts int
	waits    int   // since it last went well
	last     error // nil if no attempt has failed

	began  time.Time
	doing  atomic.Pointer[errand]
	got    atomic.Int64 // bytes of the body
	teller *time.Timer
	over   func()     // the consoles are told that it has ended
	mu     sync.Mutex // of telling
	ended  bool
}

// within bounds a context by the total of a resource. A negative one has passed; 0 is none.
func within(ctx context.Context, total time.Duration) (context.Context, context.CancelFunc) {
	if total == 0 {
		return ctx, func() {}
	}
	return context.WithTimeoutCause(ctx, total, errDeadline)
}

// quest begins one. The caller calls end.
func (c *Client) quest(verb, url string, total time.Duration) *quest {
	q := &quest{client: c, verb: verb, shown: source.Redact(url), total: total, began: time.Now()}
	q.now("the first attempt")
	q.teller = time.AfterFunc(tellEvery, q.tell)
	q.over = logs.Begin(c.log, logs.Activity{What: func() string {
		return q.verb + " " + q.shown + ": " + q.awaited()
	}, Wait: true})
	return q
}

// end has nothing more told.
func (q *quest) end() {
	q.teller.Stop()
	q.over()
	q.mu.Lock()
	defer q.mu.Unlock()
	q.ended = true
}

// An errand is what is waited for, and how it went before.
type errand struct{ what, before string }

// now notes what is waited for from here on.
func (q *quest) now(what string) {
	before := fmt.Sprintf("; attempts: %d", q.attempts)
	if q.last != nil {
		before += fmt.Sprintf("; last error: %v", q.last)
	}
	q.doing.Store(&errand{what, before})
}

// tell says what is waited for and since when, again and again, for whoever looks at a console that seems dead.
func (q *quest) tell() {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.ended {
		return
	}
	q.client.log.Log(context.Background(), logs.Waiting, fmt.Sprintf("%s %s: waiting since %s (%v) for %s",
		q.verb, q.shown, q.began.UTC().Format(time.RFC3339), time.Since(q.began).Round(time.Second),
		q.awaited()+q.doing.Load().before))
	q.teller.Reset(tellEvery)
}

// awaited is what is waited for just now.
func (q *quest) awaited() string {
	what := q.doing.Load().what
	if n := q.got.Load(); n > 0 {
		what += fmt.Sprintf(", %d bytes so far", n)
	}
	return what
}

// attempt counts one. The texts "GET <url>: attempt #<n>" and "GET result: OK" are fixed, as others look for them
// (docs/peer/engine.md Appendix A).
func (q *quest) attempt() {
	q.attempts++
	q.now(fmt.Sprintf("an answer to attempt #%d", q.attempts))
	q.client.log.Info(fmt.Sprintf("%s %s: attempt #%d", q.verb, q.shown, q.attempts))
}

func (q *quest) result(text string) { q.client.log.Info(q.verb + " result: " + text) }

// wait waits after an attempt that failed. Its error is final: out of time, out of attempts, or cancelled.
func (q *quest) wait(ctx context.Context, failed again) error {
	if ctx.Err() != nil {
		return q.late(ctx)
	}
	q.last = failed.error
	if q.tries > 0 && q.attempts >= q.tries {
		return failed.error
	}
	q.waits++
	wait := failed.after + q.client.pause(q.waits)
	q.client.log.Info(fmt.Sprintf("%s error: %v; next attempt in %v", q.verb, failed.error,
		wait.Round(time.Millisecond)))
	q.now(fmt.Sprintf("attempt #%d", q.attempts+1))
	if q.attempts == toldAfter {
		q.client.log.Log(ctx, logs.LevelRetry, fmt.Sprintf("%s %s: waiting for attempt #%d in %v; last error: %v",
			q.verb, q.shown, q.attempts+1, wait.Round(time.Millisecond), failed.error))
	}
	timer := time.NewTimer(wait)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return q.late(ctx)
	}
}

// pause is how long to wait the n-th time.
func (c *Client) pause(n int) time.Duration {
	return c.spread(min(firstWait<<min(n-1, 10), longestWait))
}

// spread makes half of a wait random: machines that ask at the same time drift apart, and none asks at once again.
func (c *Client) spread(most time.Duration) time.Duration { return most/2 + c.jitter(most-most/2) }

// late says what was waited for in vain. The error of an attempt that the deadline itself cut off explains nothing,
// so last is the one before it, nil if there was none.
func (q *quest) late(ctx context.Context) error {
	last := q.last
	if last == nil {
		last = errors.New("the server had not sent all of its answer")
	}
	switch cause := context.Cause(ctx); {
	case cause == errDeadline:
		err := fmt.Errorf("could not be fetched in time (%v, attempts: %d): %w", q.total, q.attempts, last)
		if diag.Hints(last) == nil { // what is wrong for another reason is not cured by time
			err = diag.WithHint(err, adviseTime)
		}
		return err
	case ctx.Err() == context.DeadlineExceeded:
		return fmt.Errorf("could not be fetched in time (attempts: %d): %w; %w", q.attempts, cause, last)
	case q.last != nil:
		return fmt.Errorf("%w (attempts: %d; last error: %w)", cause, q.attempts, q.last)
	default:
		return cause
	}
}
