package stages

import (
	"context"
	"errors"
	"fmt"
	"io/fs"

	"github.com/glowplug-os/glowplug/config"
	"github.com/glowplug-os/glowplug/internal/codes"
	"github.com/glowplug-os/glowplug/internal/diag"
	"github.com/glowplug-os/glowplug/internal/document"
	"github.com/glowplug-os/glowplug/internal/language"
	"github.com/glowplug-os/glowplug/internal/plan"
	"github.com/glowplug-os/glowplug/internal/root"
	"github.com/glowplug-os/glowplug/internal/target"
	"github.com/glowplug-os/glowplug/internal/tree"
	"github.com/glowplug-os/glowplug/stages/files"
)

// An Application is a config that is applied to a directory.
type Application struct {
	Request
	Root string // the directory
	// Files are the circumstances of the plan, but for what reads the directory and fetches.
	Files             files.Options
	IgnoreUnsupported bool // warn of what a directory cannot take
	// Plan makes the plan that is run; nil for files.Plan.
	Plan func(context.Context, config.Config, files.Options) (plan.Plan, error)
	// Steps hears of what becomes of steps; nil for nobody.
	Steps func(plan.Event)
}

// Apply makes the files and units of a config in a directory by the same plan as the files stage. It is an error,
// unless it is to be ignored, if the config wants what a directory cannot take.
func Apply(ctx context.Context, a Application) error {
	doc, from, err := a.fetched(ctx)
	if err != nil {
		return err
	}
	if err := a.unsupported(doc, *doc.Config()); err != nil {
		return err
	}
	in, err := root.Open(a.Root)
	if errors.Is(err, fs.ErrNotExist) {
		err = diag.WithHint(fmt.Errorf("the root is not there: %w", err),
			"--root names a directory that exists: make it first, with mkdir")
	}
	if err != nil {
		return a.advised(err)
	}
	defer in.Close()
	places := tree.Index{}
	a.Files.Root, a.Files.Fetch, a.Files.Ready = in, from.write, from.ready
	a.Files.Warn = func(origin, what string) {
		a.Report([]diag.Problem{warningAt(doc, places, codes.UnitState, origin, what)})
	}
	return a.placed(doc, a.carryOut(ctx, *doc.Config()))
}

// carryOut plans, and runs the plan.
func (a *Application) carryOut(ctx context.Context, cfg config.Config) (err error) {
	var steps plan.Plan
	if a.Plan != nil {
		steps, err = a.Plan(ctx, cfg, a.Files)
	} else {
		steps, err = files.Plan(cfg, target.Of(a.Files.Root), a.Files)
	}
	if err != nil {
		return err
	}
	if err := steps.Run(ctx, plan.Options{Tell: a.Steps, Flush: a.Files.Root.Sync}); err != nil {
		return err
	}
	return a.Files.Root.Sync()
}

// fetched reads the config, and makes the client one of what it refers to.
func (a *Application) fetched(ctx context.Context) (*document.Document, fetcher, error) {
	doc, from, err := a.load(ctx)
	if err == nil {
		err = from.Configure(ctx, doc.Config().Ignition)
	}
	if err != nil {
		return nil, from, err
	}
	if what := NeedsNetwork(doc.Config()); a.Offline && what != "" {
		return nil, from,
			fmt.Errorf("%s: %s needs the network, which --offline forbids", doc.At(what, tree.Index{}).Place(), what)
	}
	return doc, from, nil
}

// unsupported refuses, or warns of, the parts of a config that this cannot act on.
func (a *Application) unsupported(doc *document.Document, cfg config.Config) error {
	left := files.NotInDirectory(cfg)
	var accounts []files.Unsupported
	if a.Files.Accounts != files.MakeAccounts {
		accounts = files.Unacted(cfg)
	}
	if len(left)+len(accounts) == 0 {
		return nil
	}
	count := len(left) + len(accounts)
	index := tree.Index{} // of all: each finds items of the same lists
	var problems diag.List
	add := func(what string, all []files.Unsupported) {
		for _, u := range all {
			if p, kept := problems.Next(diag.Problem{Severity: diag.Warning, Code: codes.NotApplied}); kept {
				*p = warningAt(doc, index, codes.NotApplied, u.Origin, what+u.What)
			}
		}
	}
	add("a directory cannot take this: ", left)
	add("accounts are not made here: ", accounts)
	if a.IgnoreUnsupported {
		for i := range problems.Kept() {
			problems.Kept()[i].Message += "; it is left out"
		}
		a.Report(diag.For(a.Audience, problems.All()))
		return nil
	}
	more := ""
	if count > 1 {
		more = fmt.Sprintf(" (and %d more)", count-1)
	}
	return fmt.Errorf("%w%s; --ignore-unsupported goes on without", problems.Kept()[0], more)
}

func warningAt(doc *document.Document, index tree.Index, code codes.Code, origin, what string) diag.Problem {
	p := diag.Problem{Severity: diag.Warning, Code: code, Path: origin, Place: doc.At(origin, index).Place(),
		Message: what}
	if p.Place.Doc != nil && p.Place.Doc.Snake {
		p.Path, p.Message = language.SnakePath(p.Path), language.SnakeKeys(p.Message)
	}
	return p
}

// placed puts the place in the config before the error of a step, and says of paths in it that they are within the
// root, as they would be taken for the machine's own.
func (a *Application) placed(doc *document.Document, err error) error {
	index := tree.Index{} // of all: there may be as many errors as entries
	return plan.EachError(err, func(err error) error {
		err = a.advised(err)
		var path *fs.PathError
		within := a.Root != "/" && errors.As(err, &path)
		var step *plan.StepError
		switch {
		case !errors.As(err, &step):
			if within {
				err = fmt.Errorf("in %s: %w", diag.Name(a.Root), err)
			}
			return err
		case within:
			err = &plan.StepError{ID: step.ID, Subject: step.Subject, Origin: step.Origin,
				Err: fmt.Errorf("in %s: %w", diag.Name(a.Root), step.Err)}
		}
		place := doc.At(step.Origin, index).Place()
		switch {
		case step.Origin == "" || place.Doc == nil:
			return err
		case place.Doc.Snake:
			err = spelled(err)
		}
		return &PlacedError{place.String(), err}
	})
}

// A spelledError is an error whose keys are spelled as a Butane document does. Its hints are as well, so it is asked,
// and not unwrapped.
type spelledError struct {
	text string
	err  error
}

func (e *spelledError) Error() string { return e.text }

// Is asks the error behind it.
func (e *spelledError) Is(target error) bool { return errors.Is(e.err, target) }

// As asks the error behind it.
func (e *spelledError) As(target any) bool { return errors.As(e.err, target) }

func spelled(err error) error {
	var own error = &spelledError{language.SnakeKeys(err.Error()), err}
	hints := diag.Hints(err)
	for i := len(hints) - 1; i >= 0; i-- {
		own = diag.WithHint(own, language.SnakeKeys(hints[i]))
	}
	return own
}
