package plan

import (
	"context"
	"errors"
	"slices"
)

// A Turn is what becomes of a step while its plan runs.
type Turn uint8

// The turns. A step that is needed is Started, then Awaited whenever the run comes to wait for it, to get it ready or
// to do it, and then Finished or Failed: the error that Run gives says why. One that is not needed is Kept, and nothing
// else.
const (
	Started Turn = iota
	Awaited
	Finished
	Kept
	Failed
)

// An Event tells what becomes of a step.
type Event struct {
	Turn Turn
	Step Step
	Done int // how many steps of the plan are over, those that are kept among them
	All  int // how many it has
}

// Options are the circumstances of running a plan.
type Options struct {
	// Tell hears of what becomes of the steps: one event at a time, when it happens. Steps are Finished and Kept in the
	// order of the plan. Nil for nobody.
	Tell func(Event)
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

// A run is a plan being run.
type run struct {
	Options
	plan Plan
	done int // steps that are over
}

// Run does the steps in order. A step whose Check says Done is passed over; the first failure ends the run and is a
// *StepError. Nothing is rolled back: running the same plan again goes on where this one stopped.
func (p Plan) Run(ctx context.Context, o Options) error {
	if o.Tell == nil {
		o.Tell = func(Event) {}
	}
	if o.Flush == nil {
		o.Flush = func() error { return nil }
	}
	r := &run{Options: o, plan: p}
	for r.done < len(p) {
		if err := r.batch(ctx, p[r.done:r.end()]); err != nil {
			return err
		}
	}
	return nil
}

// end is where the steps end that are prepared together from here on.
func (r *run) end() int {
	end := r.done + 1
	for r.plan[r.done].Prepare != nil && end < len(r.plan) && end-r.done < together && r.plan[end].Prepare != nil {
		end++
	}
	return end
}

func (r *run) tell(turn Turn, s Step) {
	r.Tell(Event{Turn: turn, Step: s, Done: r.done, All: len(r.plan)})
}

// over counts a step that is done.
func (r *run) over(turn Turn, s Step) {
	r.done++
	r.tell(turn, s)
}

// batch checks and prepares some steps, then does them. Where one cannot be prepared the ones before it are done all
// the same: what a run that fails has done does not depend on how steps are put together.
func (r *run) batch(ctx context.Context, steps Plan) error {
	states, failed := r.prepare(ctx, steps)
	left := steps
	defer func() {
		for _, s := range left {
			if s.Abandon != nil {
				s.Abandon()
			}
		}
	}()
	if steps[0].Prepare != nil && slices.Contains(states, Pending) {
		if err := r.Flush(); err != nil {
			return err
		}
	}
	for k, state := range states {
		if err := r.finish(ctx, steps[k], state); err != nil {
			return steps[k].Fail(err)
		}
		left = steps[k+1:]
	}
	return failed
}

// prepare checks and prepares steps, and gives the states of those before the first that failed, with its error.
// Nothing of what comes after a failure outlasts the call but what Abandon takes back.
func (r *run) prepare(ctx context.Context, steps Plan) ([]State, error) {
	states := make([]State, len(steps))
	row := newRow(ctx, len(steps))
	for k, s := range steps {
		state, needed, err := r.begin(ctx, s)
		if states[k] = state; err != nil {
			row.fail(k, err)
			break
		}
		if !needed {
			continue
		}
		get := func(ctx context.Context) {
			if err := s.Prepare(ctx); err != nil {
				row.fail(k, err)
			}
		}
		r.tell(Awaited, s)
		if !s.Parallel {
			get(ctx)
		} else {
			row.start(k, get)
		}
		if row.failedBefore(k + 1) {
			break
		}
	}
	for k, ready := range row.ready {
		if ready != nil && !row.failedBefore(k) {
			r.tell(Awaited, steps[k])
			<-ready
		}
	}
	row.all.Wait()
	row.stop(0)
	if row.err == nil {
		return states, nil
	}
	failed := steps[row.first]
	r.tell(Failed, failed)
	return states[:row.first], failed.Fail(row.err)
}

// begin checks a step and tells whether it has to be prepared.
func (r *run) begin(ctx context.Context, s Step) (state State, prepare bool, err error) {
	if err := context.Cause(ctx); err != nil {
		return Pending, false, err
	}
	if state, err = s.check(ctx); err != nil {
		return state, false, err
	}
	if state == Done || s.Do == nil {
		return Done, false, nil
	}
	r.tell(Started, s)
	return state, s.Prepare != nil, nil
}

// finish does a step that is not done yet.
func (r *run) finish(ctx context.Context, s Step, state State) error {
	if state == Done {
		r.over(Kept, s)
		return nil
	}
	r.tell(Awaited, s)
	switch err := s.Do(ctx); {
	case errors.Is(err, ErrUnchanged):
		s.Effect, s.Check = Keep, nil // which would find the same again
	case err != nil:
		r.tell(Failed, s)
		return err
	}
	r.over(Finished, s)
	return nil
}

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
