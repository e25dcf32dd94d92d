// Package host is the machine: tools, rooted paths, and the Steps that plans are made of. It is the only package that
// runs processes, and the only one that changes a target root.
//
// It does not know what a config is: a planner decides, a Step carries the decision, and this package does it without
// leaving the root.
package host

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"strconv"
	"strings"
	"unicode/utf8"
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

// String gives the word for an effect: keep, create, change, destroy or deferred.
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
	// Do makes the change. It may be called again after it was cut off at any point. Absent means nothing to do.
	Do func(context.Context) error
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

// Unwrap gives what happened.
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
		if n := utf8.RuneCountInString(s.Subject); n <= subjectColumn {
			width = max(width, n)
		}
	}
	for _, s := range p {
		line := fmt.Sprintf("%s %-*s  %s", s.Effect.Sign(), width, s.Subject, s.Detail)
		if _, err := io.WriteString(w, strings.TrimRight(line, " ")+"\n"); err != nil {
			return err
		}
	}
	return nil
}

// String gives what Print writes.
func (p Plan) String() string {
	var b strings.Builder
	_ = p.Print(&b)
	return b.String()
}

// RunOptions are the circumstances of running a plan.
type RunOptions struct {
	// Log gets a line when a step starts, finishes and fails. Nil for none.
	Log *slog.Logger
	// After is called after each step that is done, with the number of steps done so far. Its error stops the run.
	After func(done int, s Step) error
}

// Run does the steps in order. A step whose Check says Done is passed over; the first failure ends the run and is a
// *StepError. Nothing is rolled back: running the same plan again goes on where this one stopped.
func (p Plan) Run(ctx context.Context, o RunOptions) error {
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	for i, s := range p {
		if err := s.run(ctx, o.Log); err != nil {
			return s.Fail(err)
		}
		if o.After == nil {
			continue
		}
		if err := o.After(i+1, s); err != nil {
			return s.Fail(err)
		}
	}
	return nil
}

// run does one step. The words in brackets, padded to one width, are those of the peer's log (reference: engine §16).
func (s Step) run(ctx context.Context, log *slog.Logger) error {
	if err := context.Cause(ctx); err != nil {
		return err
	}
	name := s.Effect.String() + " " + s.Subject
	state, err := s.check(ctx)
	if err != nil {
		log.Error("[failed]   " + name + ": " + err.Error())
		return err
	}
	if state == Done || s.Do == nil {
		log.Debug("[kept]     " + name)
		return nil
	}
	log.Info("[started]  " + name)
	if err := s.Do(ctx); err != nil {
		log.Error("[failed]   " + name + ": " + err.Error())
		return err
	}
	log.Info("[finished] " + name)
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

// Show gives a path or name as it may stand in a line of text: quoted if it holds blanks or anything that a terminal
// would not show as it is.
func Show(name string) string {
	quoted := strconv.Quote(name)
	if name == "" || strings.ContainsAny(name, " \u00a0") || len(quoted) != len(name)+2 {
		return quoted
	}
	return name
}
