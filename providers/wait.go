package providers

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/glowplug-os/glowplug/internal/fetch"
	"github.com/glowplug-os/glowplug/internal/logs"
	"github.com/glowplug-os/glowplug/internal/tree"
)

// reminder is how often the log says what is waited for.
const reminder = 30 * time.Second

// poll tries until something is there, or there is an error. While it waits it says so now and then: what for, and
// since when.
func poll[T any](
	ctx context.Context, m *Machine, what string, every time.Duration, try func() (T, bool, error),
) (v T, err error) {
	err = m.waitFor(ctx, what, every, func() (found bool, err error) {
		v, found, err = try()
		return found, err
	})
	return v, err
}

// waitFor is poll for all types in one, of which each would have a copy.
func (m *Machine) waitFor(ctx context.Context, what string, every time.Duration, try func() (bool, error)) error {
	var since string
	defer logs.Begin(m.Log, logs.Activity{What: func() string { return "waiting for " + what }, Wait: true})()
	for waited := time.Duration(0); ; waited += every {
		if found, err := try(); err != nil || found {
			return err
		}
		if waited == 0 {
			since = m.Now().UTC().Format(time.RFC3339)
			m.Log.Info("waiting for " + what)
		} else if waited%reminder < every {
			m.Log.Info(fmt.Sprintf("waiting since %s (%v) for %s", since, waited.Round(time.Second), what))
		}
		if err := sleep(ctx, every); err != nil {
			return fmt.Errorf("waiting for %s: %w", what, err)
		}
	}
}

// told says now and then that a source has not answered yet, whose own calls do not. It ends with the context, whatever
// they do then.
func told(what string, ask finder) finder {
	return func(ctx context.Context, m *Machine) (Document, error) {
		var answer outcome
		done := make(chan struct{})
		go func() {
			defer close(done)
			answer.document, answer.err = ask(ctx, m)
		}()
		since := m.Now().UTC().Format(time.RFC3339)
		defer logs.Begin(m.Log, logs.Activity{What: func() string { return "waiting for " + what }, Wait: true})()
		for waited := reminder; ; waited += reminder {
			select {
			case <-done:
				return answer.document, answer.err
			case <-ctx.Done():
				return Document{}, fmt.Errorf("waiting for %s: %w", what, context.Cause(ctx))
			case <-time.After(reminder):
				m.Log.Info(fmt.Sprintf("waiting since %s (%v) for %s", since, waited, what))
			}
		}
	}
}

var errNoDevice = errors.New("it did not appear")

// appearing bounds a wait for something to appear. No limit is for ever.
func appearing(ctx context.Context, limit time.Duration) (context.Context, context.CancelFunc) {
	if limit == 0 {
		return ctx, func() {}
	}
	return context.WithTimeoutCause(ctx, limit, fmt.Errorf("%w within %v", errNoDevice, limit))
}

// sleep waits, or says why the context ended first.
func sleep(ctx context.Context, wait time.Duration) error {
	timer := time.NewTimer(wait)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// How long the rest of a race goes on after an answer that is not a config.
const (
	afterNone = 5 * time.Second // one source says that there is no config, or has refused to give one
	// all that could answer have failed, or one was refused; what only waits for a device may still find it
	afterErrors = 30 * time.Second
	settling    = 5 * time.Second // for those that lost to clean up
)

// glance is a wait that is over after one look, for where another place has answered already: what was put in before
// the machine started is there by then.
const glance = time.Nanosecond

// orElse asks another source where the first has no config or has failed, as a config counts more than none. Where the
// other has none either, it is the first's word that counts.
func orElse(ctx context.Context, m *Machine, d Document, err error, other finder) (Document, error) {
	none := errors.Is(err, ErrNone)
	if ctx.Err() != nil || err == nil && !tree.IsBlank(d.Text) {
		return d, err
	}
	failing := err != nil && !none
	if failing {
		m.Log.Warn("another place is looked at, as this one has failed")
	}
	found, failed := other(ctx, m)
	switch {
	case failed == nil && !tree.IsBlank(found.Text):
		if failing {
			m.Log.Warn("passed over: " + err.Error())
		}
		return found, nil
	case failed != nil && !errors.Is(failed, ErrNone):
		m.Log.Info("passed over: " + failed.Error())
	}
	return d, err
}

// isAnswer tells an error about an answer from one of the way to it: the same request would be answered in the same way
// again.
func isAnswer(err error) bool {
	kind := fetch.KindOf(err)
	return kind == fetch.KindStatus || kind == fetch.KindMissing || kind == fetch.KindContent
}

// A contender is a source in a race.
type contender struct {
	ask   finder
	waits bool          // for something to appear: it may well never end
	delay time.Duration // before it starts
}

type outcome struct {
	document Document
	err      error
	waits    bool
}

// A race asks several sources at once. The first config wins. A source that has none ends the race only after a moment,
// in which another may come up with a config; and only if all that can answer have failed, the race has failed.
type race struct {
	contenders []contender
	// more, where not nil, is asked every second for further contenders.
	more func() []contender
	// failed judges the errors where no source had an answer.
	failed func(m *Machine, errs error) error
}

// A course is a race under way.
type course struct {
	race
	m        *Machine
	results  chan outcome
	askers   int // that have not answered
	waiters  int
	none     bool
	errs     []error
	patience <-chan time.Time
}

// run is the race as a source.
func (r race) run(ctx context.Context, m *Machine) (Document, error) {
	running, stop := context.WithCancel(ctx)
	c := &course{race: r, m: m, results: make(chan outcome)}
	defer c.settle()
	defer stop()
	c.start(running, r.contenders)
	var second <-chan time.Time
	if r.more != nil {
		c.start(running, r.more())
		ticker := time.NewTicker(time.Second)
		defer ticker.Stop()
		second = ticker.C
	}
	for {
		select {
		case o := <-c.results:
			if d, err, over := c.take(ctx, o); over {
				return d, err
			}
		case <-second:
			c.start(running, r.more())
		case <-c.patience:
			return Document{}, c.verdict(ctx)
		case <-ctx.Done():
			return Document{}, c.verdict(ctx)
		}
	}
}

func (c *course) start(ctx context.Context, all []contender) {
	for _, e := range all {
		if e.waits {
			c.waiters++
		} else {
			c.askers++
		}
		go func() {
			o := outcome{waits: e.waits, err: sleep(ctx, e.delay)}
			if o.err == nil {
				o.document, o.err = e.ask(ctx, c.m)
			}
			c.results <- o
		}()
	}
}

// take notes an outcome; over says that it decides the race.
func (c *course) take(ctx context.Context, o outcome) (d Document, err error, over bool) {
	if o.waits {
		c.waiters--
	} else {
		c.askers--
	}
	switch {
	case o.err == nil && !tree.IsBlank(o.document.Text):
		return o.document, nil, true
	case o.err == nil, errors.Is(o.err, ErrNone):
		if !c.none {
			c.none, c.patience = true, time.After(afterNone)
		}
	case ctx.Err() != nil: // it was ended, which says nothing of what it has
	default:
		c.m.Log.Info("passed over: " + o.err.Error())
		c.errs = append(c.errs, o.err)
	}
	if c.askers+c.waiters == 0 {
		return d, c.verdict(ctx), true
	}
	if c.patience == nil {
		c.patience = c.lose(o.err)
	}
	return d, nil, false
}

// lose gives the time that is left after an error. As long as somebody may yet answer there is no hurry; but where one
// was refused the others will hardly fare better.
func (c *course) lose(err error) <-chan time.Time {
	switch {
	case c.askers > 0 && !isAnswer(err):
		return nil
	case c.waiters == 0:
		return time.After(afterNone)
	}
	return time.After(afterErrors)
}

// verdict is for when nobody had a config. A race that was ended has none.
func (c *course) verdict(ctx context.Context) error {
	if ctx.Err() != nil {
		return errors.Join(append(c.errs, context.Cause(ctx))...)
	}
	if c.none {
		return ErrNone
	}
	errs := errors.Join(c.errs...)
	if c.failed != nil && c.waiters == 0 {
		return c.failed(c.m, errs)
	}
	return errs
}

// settle lets the losers end, so that they leave nothing mounted, but not for long.
func (c *course) settle() {
	limit := time.After(settling)
	for ; c.askers+c.waiters > 0; c.askers-- {
		select {
		case <-c.results:
		case <-limit:
			left := c.askers + c.waiters
			go func() {
				for range left {
					<-c.results
				}
			}()
			return
		}
	}
}
