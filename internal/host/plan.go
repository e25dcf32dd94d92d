package host

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"slices"
	"strconv"
	"strings"
	"sync"
	"unicode/utf8"

	"github.com/glowplug-os/glowplug/internal/diag"
)

// An Effect says what a Step does to the machine.
type Effect uint8

// The effects. Deferred is a step whose effect is only known once it runs; its Detail says what decides.
const (
	Keep Effect = iota
	Create
	Change
	Destroy
	Deferred
)

func (e Effect) String() string {
	return [...]string{"keep", "create", "change", "destroy", "deferred"}[e]
}

// Sign gives the one-character form used at the start of a printed step.
func (e Effect) Sign() string { return [...]string{"=", "+", "~", "-", "?"}[e] }

// A State is what a Step's Check finds.
type State uint8

// The states. Conflict comes with an error that says what stands in the way.
const (
	Pending State = iota
	Done
	Conflict
)

// A Step is one change to the machine: it prints itself and does itself.
type Step struct {
	ID      string // stable for a given config
	Effect  Effect
	Subject string // what it is about: "file /etc/hostname"
	Detail  string // how, in a few words; never a secret
	Origin  string // where the config asks for it: "$.storage.files.3"

	// Check tells whether the step is needed. It changes nothing. Absent means Pending.
	Check func(context.Context) (State, error)
	// Prepare gets ready, under a temporary name, what Do will put in place. It is called after Check, and ahead of the
	// Do of steps before this one. Absent means that Do does it all.
	Prepare func(context.Context) error
	// Parallel says that Prepare may run beside that of steps before and after this one: it waits for something that is
	// not this machine, and does nothing that those would notice.
	Parallel bool
	// Do makes the change. It may be called again after it was cut off at any point, always after Prepare where there
	// is one. Absent means nothing to do.
	Do func(context.Context) error
	// Abandon takes back what Prepare has made, if Do will not be called after all.
	Abandon func()
}

// A StepError is a failure of one step, at planning or when it runs.
type StepError struct {
	ID      string
	Subject string
	Origin  string // config path, empty where no single entry is to blame
	Err     error
}

// Error gives `subject (origin): what happened`.
func (e *StepError) Error() string {
	if e.Origin == "" {
		return e.Subject + ": " + e.Err.Error()
	}
	return fmt.Sprintf("%s (%s): %v", e.Subject, e.Origin, e.Err)
}

func (e *StepError) Unwrap() error { return e.Err }

// Fail wraps err as a failure of s. It gives nil for nil, and leaves an error alone that already names a step.
func (s Step) Fail(err error) error {
	var step *StepError
	if err == nil || errors.As(err, &step) {
		return err
	}
	return &StepError{ID: s.ID, Subject: s.Subject, Origin: s.Origin, Err: err}
}

// A Plan is what a stage will do, in order.
type Plan []Step

// subjectColumn bounds the alignment of Print: one very long path must not push every detail off the screen.
const subjectColumn = 56

// Print writes one line a step: sign, subject, detail.
func (p Plan) Print(w io.Writer) error {
	width := 0
	for _, s := range p {
		if n := utf8.RuneCountInString(diag.Printable(s.Subject)); n <= subjectColumn {
			width = max(width, n)
		}
	}
	for _, s := range p {
		line := fmt.Sprintf("%s %-*s  %s", s.Effect.Sign(), width, diag.Printable(s.Subject), diag.OneLine(s.Detail))
		if _, err := io.WriteString(w, strings.TrimRight(line, " ")+"\n"); err != nil {
			return err
		}
	}
	return nil
}

func (p Plan) String() string {
	var b strings.Builder
	_ = p.Print(&b)
	return b.String()
}

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

// Show gives a path or name as it may stand in a line of text: quoted if it holds blanks or anything that a terminal
// would not show as it is.
func Show(name string) string {
	quoted := strconv.Quote(name)
	if name == "" || strings.ContainsAny(name, " \u00a0") || len(quoted) != len(name)+2 {
		return quoted
	}
	return name
}
