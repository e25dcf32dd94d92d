package plan

import (
	"context"
	"errors"
	"log/slog"
	"slices"
	"sync"
)

// RunOptions are the circumstances of running a plan.
type RunOptions struct {
	// Log gets a line when a step starts, finishes and fails. Nil for none.
	Log *slog.Logger
	// Before is called when the run comes to wait for a step, to get it ready or to do it, with the number of steps
	// done so far. Nil for nobody.
	Before func(done int, s Step)
	// After is called after each step that is done, with the number of steps done so far. Its error stops the run.
	After func(done int, s Step) error
	// Flush writes to disk what steps have prepared, before any of it is put in place: a name must not outlive a power
	// cut that its content does not.
	Flush func() error
}

// together is how many steps are prepared before the first of them is done. Each holds a descriptor meanwhile. At most
// abreast of them are being prepared at one time.
const (
	together = 128
	abreast  = 16
)

// Run does the steps in order. A step whose Check says Done is passed over; the first failure ends the run and is a
// *StepError. Nothing is rolled back: running the same plan again goes on where this one stopped.
func (p Plan) Run(ctx context.Context, o RunOptions) error {
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.Flush == nil {
		o.Flush = func() error { return nil }
	}
	if o.Before == nil {
		o.Before = func(int, Step) {}
	}
	for i := 0; i < len(p); {
		end := i + 1
		for p[i].Prepare != nil && end < len(p) && end-i < together && p[end].Prepare != nil {
			end++
		}
		if err := p.batch(ctx, i, end, o); err != nil {
			return err
		}
		i = end
	}
	return nil
}

// batch checks and prepares some steps, then does them. Where one cannot be prepared the ones before it are done all
// the same: what a run that fails has done does not depend on how steps are put together.
func (p Plan) batch(ctx context.Context, from, to int, o RunOptions) error {
	states, failed := prepare(ctx, p[from:to], o.Log, func(s Step) { o.Before(from, s) })
	prepared := slices.ContainsFunc(states, func(s State) bool { return s == Pending }) && p[from].Prepare != nil
	done := 0
	defer func() {
		for _, s := range p[from+done : to] {
			if s.Abandon != nil {
				s.Abandon()
			}
		}
	}()
	if prepared {
		if err := o.Flush(); err != nil {
			return err
		}
	}
	for k, state := range states {
		s := p[from+k]
		if state != Done {
			o.Before(from+k, s)
		}
		if err := s.finish(ctx, state, o.Log); err != nil {
			return s.Fail(err)
		}
		done++
		if o.After == nil {
			continue
		}
		if err := o.After(from+done, s); err != nil {
			return s.Fail(err)
		}
	}
	return failed
}

// prepare checks and prepares steps, and gives the states of those before the first that failed, with its error.
// Nothing of what comes after a failure outlasts the call but what Abandon takes back.
func prepare(ctx context.Context, steps Plan, log *slog.Logger, before func(Step)) ([]State, error) {
	states := make([]State, len(steps))
	r := newRow(ctx, len(steps))
	for k, s := range steps {
		state, needed, err := s.begin(ctx, log)
		if states[k] = state; err != nil {
			r.fail(k, err)
			break
		}
		if !needed {
			continue
		}
		get := func(ctx context.Context) {
			if err := s.Prepare(ctx); err != nil {
				r.fail(k, err)
			}
		}
		before(s)
		if !s.Parallel {
			get(ctx)
		} else {
			r.start(k, get)
		}
		if r.failedBefore(k + 1) {
			break
		}
	}
	for k, ready := range r.ready {
		if ready != nil && !r.failedBefore(k) {
			before(steps[k])
			<-ready
		}
	}
	r.all.Wait()
	r.stop(0)
	if r.err == nil {
		return states, nil
	}
	s := steps[r.first]
	log.Error("[failed]   " + s.name() + ": " + r.err.Error())
	return states[:r.first], s.Fail(r.err)
}

// A row is steps being prepared beside each other. The first failure in their order counts, whichever comes first in
// time.
type row struct {
	ctx   context.Context
	slots chan struct{}
	all   sync.WaitGroup
	ready []chan struct{} // by step, closed when it is over; nil for those not started

	mu      sync.Mutex
	cancels []context.CancelFunc // by step; nil for those not started
	first   int                  // the first step that failed
	err     error                // its error; nil for none
}

func newRow(ctx context.Context, steps int) *row {
	return &row{ctx: ctx, slots: make(chan struct{}, abreast), ready: make([]chan struct{}, steps),
		cancels: make([]context.CancelFunc, steps), first: steps}
}

// start runs get for step k as soon as there is room.
func (r *row) start(k int, get func(context.Context)) {
	r.slots <- struct{}{}
	ctx, cancel := context.WithCancel(r.ctx)
	r.mu.Lock()
	r.cancels[k] = cancel
	r.mu.Unlock()
	ready := make(chan struct{})
	r.ready[k] = ready
	r.all.Go(func() {
		defer func() { <-r.slots; close(ready) }()
		if !r.failedBefore(k) {
			get(ctx)
		}
	})
}

// fail notes that step k has failed, and stops those after it, which are in vain.
func (r *row) fail(k int, err error) {
	r.mu.Lock()
	earliest := k < r.first
	if earliest {
		r.first, r.err = k, err
	}
	r.mu.Unlock()
	if earliest {
		r.stop(k + 1)
	}
}

func (r *row) failedBefore(k int) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.first < k
}

// stop cancels the steps from k on.
func (r *row) stop(k int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, cancel := range r.cancels[k:] {
		if cancel != nil {
			cancel()
		}
	}
}

// begin checks a step and tells whether it has to be prepared.
func (s Step) begin(ctx context.Context, log *slog.Logger) (state State, prepare bool, err error) {
	if err := context.Cause(ctx); err != nil {
		return Pending, false, err
	}
	if state, err = s.check(ctx); err != nil {
		return state, false, err
	}
	if state == Done || s.Do == nil {
		log.Debug("[kept]     " + s.name())
		return Done, false, nil
	}
	log.Info("[started]  " + s.name())
	return state, s.Prepare != nil, nil
}

// finish does a step that is not done yet.
func (s Step) finish(ctx context.Context, state State, log *slog.Logger) error {
	if state == Done {
		return nil
	}
	if err := s.Do(ctx); err != nil {
		log.Error("[failed]   " + s.name() + ": " + err.Error())
		return err
	}
	log.Info("[finished] " + s.name())
	return nil
}

func (s Step) name() string { return s.Effect.String() + " " + s.Subject }

// check makes sure that a conflict is never taken for anything but an error.
func (s Step) check(ctx context.Context) (State, error) {
	if s.Check == nil {
		return Pending, nil
	}
	state, err := s.Check(ctx)
	if state == Conflict && err == nil {
		err = errors.New("what is there stands in the way")
	}
	return state, err
}
