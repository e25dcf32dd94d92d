package fetch

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/glowplug-os/glowplug/internal/diag"
	"github.com/glowplug-os/glowplug/internal/logs"
	"github.com/glowplug-os/glowplug/internal/source"
)

// The pauses between attempts double from the first to the longest. Half of each is random, so that machines that boot
// together come to ask one by one (docs/performance.md has the curve).
const (
	firstPause   = 200 * time.Millisecond
	longestPause = 5 * time.Second

	// longestAsked bounds what a server may ask for with Retry-After.
	longestAsked = time.Minute

	// DefaultOtherTotal is the time for a resource of tftp, s3 and arn where a config sets none: the peer does not wait
	// for these for ever.
	DefaultOtherTotal = 5 * time.Minute

	// toldAfter is the attempt whose failure is told to whoever looks on, who need not wait for the first reminder to
	// learn why. One or two that fail are nothing to speak of.
	toldAfter = 3
)

var errUnfinished = errors.New("the server had not sent all of its answer")

// An attempts is the series of attempts at one resource over the network, with the pauses between them and the time for
// all.
type attempts struct {
	*progress
	*patience
	client *Client
	verb   string
	most   int    // how many at most; 0 for as many as there is time for
	count  int    // how many have begun
	pauses int    // since much of the body came; the next one is longer with each
	last   *Error // of the last attempt that has failed; nil for none
}

// attempts prepares those at a URL. The caller calls end.
func (c *Client) attempts(verb, url string, p *patience) *attempts {
	a := &attempts{client: c, verb: verb, patience: p}
	a.progress = newProgress(c.log, verb+" "+source.Redact(url), func() logs.Request {
		return logs.Request{Method: verb, URL: source.Bare(url), Attempts: a.count, Bytes: a.received.Load()}
	})
	return a
}

// until makes attempts until one succeeds or fails for good, or the time is over.
func (a *attempts) until(ctx context.Context, try func() error) error {
	for {
		a.begin()
		err := a.numbered(try())
		failed := retryable(err)
		if failed == nil {
			return err
		}
		if err := a.wait(ctx, failed); err != nil {
			return err
		}
	}
}

// begin counts an attempt. The texts "GET <url>: attempt #<n>" and "GET result: OK" are fixed, as others look for them
// (docs/peer/engine.md Appendix A).
func (a *attempts) begin() {
	a.count++
	a.resume()
	a.await(fmt.Sprintf("an answer to attempt #%d", a.count))
	a.log.Info(fmt.Sprintf("%s: attempt #%d", a.what, a.count))
}

func (a *attempts) result(text string) { a.log.Info(a.verb + " result: " + text) }

// await says what is waited for from here on.
func (a *attempts) await(what string) {
	before := fmt.Sprintf("; attempts: %d", a.count)
	if a.last != nil {
		before += fmt.Sprintf("; last error: %v", a.last)
	}
	a.waitFor(what, before)
}

// numbered notes in an error which attempt it is of.
func (a *attempts) numbered(err error) error {
	var failed *Error
	if errors.As(err, &failed) && failed.Attempt == 0 {
		failed.Attempt = a.count
	}
	return err
}

// wait pauses after an attempt that has failed. Its error is final: out of time, out of attempts, or cancelled.
func (a *attempts) wait(ctx context.Context, failed *Error) error {
	if ctx.Err() != nil {
		return a.late(ctx)
	}
	a.last = failed
	if a.most > 0 && a.count >= a.most {
		return failed.final(nil)
	}
	a.pauses++
	pause := failed.after + a.client.backoff(a.pauses)
	a.tell(ctx, failed, pause.Round(time.Millisecond))
	if err := sleep(ctx, pause); err != nil {
		return a.late(ctx)
	}
	return nil
}

// tell says why an attempt has failed, and when there will be another.
func (a *attempts) tell(ctx context.Context, failed *Error, pause time.Duration) {
	a.log.Info(fmt.Sprintf("%s error: %v; next attempt in %v", a.verb, failed, pause))
	next := fmt.Sprintf("attempt #%d", a.count+1)
	a.await(next)
	if a.count == toldAfter {
		a.log.Log(ctx, logs.LevelRetry, fmt.Sprintf("%s: waiting for %s in %v; last error: %v", a.what, next, pause,
			failed))
	}
}

// backoff is the n-th pause.
func (c *Client) backoff(n int) time.Duration {
	return c.jittered(min(firstPause<<min(n-1, 10), longestPause))
}

// jittered makes half of a pause random: machines that ask at the same time drift apart, and none asks at once again.
func (c *Client) jittered(most time.Duration) time.Duration { return most/2 + c.jitter(most-most/2) }

// sleep pauses, unless nobody waits any more.
func sleep(ctx context.Context, pause time.Duration) error {
	timer := time.NewTimer(pause)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return &Error{Kind: KindCancelled, Err: context.Cause(ctx)}
	}
}

// late says that the time is over, or that nobody waits any more. What an attempt ended with that was cut off by this
// explains nothing, so the error before it is named.
func (a *attempts) late(ctx context.Context) *Error {
	last := errUnfinished
	if a.last != nil {
		last = a.last
	}
	err := &Error{Kind: KindTime, Attempt: a.count}
	cause := context.Cause(ctx)
	passed := a.passed(cause, a.count, last)
	switch {
	case passed != nil:
		err.Err = passed
		if diag.Hints(last) == nil { // what is wrong for another reason is not cured by time
			err.Err = diag.WithHint(err.Err, a.hint(last))
		}
	case ctx.Err() == context.DeadlineExceeded:
		err.Err = fmt.Errorf("could not be fetched in time (attempts: %d): %w; %w", a.count, cause, last)
	default:
		err.Kind = KindCancelled
		err.Err = fmt.Errorf("%w while waiting for %s (%v, attempts: %d)", cause, a.now(), a.age(), a.count)
		if a.last != nil {
			err.Err = fmt.Errorf("%w; last error: %w", err.Err, last)
		}
	}
	return err
}
