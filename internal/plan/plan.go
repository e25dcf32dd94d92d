// Package plan is what a stage will do: Steps, which print themselves, check themselves and do themselves, and running
// them in order. It touches nothing itself; the functions of the steps do, which planners put there.
//
// Run takes steps in order. Those that have a Prepare are taken up to 128 at a time: each is checked and prepared
// (files are written under temporary names), then Flush brings all to disk, and then each Do gives one its name. Steps
// that are Parallel are prepared beside each other. The first failure ends the run; nothing is rolled back, and running
// the same plan again goes on where it stopped.
package plan

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
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
	// Do makes the change. Where it finds that nothing is to be done it may give ErrUnchanged: the step is then
	// Finished as one that keeps what is there. It may be called again after it was cut off at any point, always after
	// Prepare where there is one. Absent means nothing to do.
	Do func(context.Context) error
	// Abandon takes back what Prepare has made, if Do will not be called after all.
	Abandon func()
}

// ErrUnchanged is what Do gives where there was nothing to do, which only Do could find out.
var ErrUnchanged = errors.New("nothing was to be done")

// Name is what a step does and to what, for logs: "create file /etc/hostname".
func (s Step) Name() string { return s.Effect.String() + " " + s.Subject }

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

// An UnlikeError is about what is there, is not what an entry has, and may not go.
type UnlikeError struct {
	Err         error
	Differences []string // between the two; for people
}

func (e *UnlikeError) Error() string { return e.Err.Error() }

func (e *UnlikeError) Unwrap() error { return e.Err }

// EachError makes something else of an error or, where errors.Join has put several together, of each of them.
func EachError(err error, change func(error) error) error {
	all := diag.Errors(err)
	for i, each := range all {
		all[i] = change(each)
	}
	if len(all) == 1 {
		return all[0]
	}
	return errors.Join(all...)
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
