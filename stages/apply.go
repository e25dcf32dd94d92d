package stages

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"time"

	"github.com/glowplug-os/glowplug/config"
	"github.com/glowplug-os/glowplug/internal/codes"
	"github.com/glowplug-os/glowplug/internal/diag"
	"github.com/glowplug-os/glowplug/internal/document"
	"github.com/glowplug-os/glowplug/internal/fetch"
	"github.com/glowplug-os/glowplug/internal/language"
	"github.com/glowplug-os/glowplug/internal/load"
	"github.com/glowplug-os/glowplug/internal/plan"
	"github.com/glowplug-os/glowplug/internal/root"
	"github.com/glowplug-os/glowplug/internal/target"
	"github.com/glowplug-os/glowplug/internal/tool"
	"github.com/glowplug-os/glowplug/internal/tree"
	"github.com/glowplug-os/glowplug/stages/files"
	"github.com/glowplug-os/glowplug/stages/users"
)

// An Application is a config that is applied to a directory.
type Application struct {
	Root string // the directory
	Name string // what the config is called in messages
	Text []byte // the config
	// Documents says how a Butane document is read: where its local files are.
	Documents load.Options

	DryRun            bool // print the plan and write nothing
	IgnoreUnsupported bool // warn of what a directory cannot take
	Offline           bool // fetch nothing
	// Idle is how long a server may send nothing where the config sets no time for a resource; 0 is for ever.
	Idle     time.Duration
	NoOwner  bool // leave owners as they come
	NoPreset bool // do not have systemctl enable units; the preset file is written

	Accounts bool  // make groups and users, which ignition-apply does not
	Today    int64 // the date that new passwords get, in days since 1970-01-01
	Image    target.Image

	Audience diag.Audience
	Version  string // told to servers
	Tools    *tool.Set
	Identity target.Identity

	Out io.Writer // takes the plan of a dry run
	// Adapt makes of a plan what can be done here; nil for all of it.
	Adapt func(plan.Plan, files.Options) plan.Plan
	// Steps hears of what becomes of steps; nil for nobody.
	Steps func(plan.Event)

	Log    *slog.Logger
	Report func([]diag.Problem)
}

// Apply makes the files and units of a config in a directory by the same plan as the files stage. It is an error,
// unless it is to be ignored, if the config wants what a directory cannot take.
func Apply(ctx context.Context, a Application) error {
	doc, from, err := a.load(ctx)
	if err != nil {
		return err
	}
	cfg := *doc.Config()
	if err := a.unsupported(doc, cfg); err != nil {
		return err
	}
	in, err := root.Open(a.Root)
	if errors.Is(err, fs.ErrNotExist) {
		err = diag.WithHint(fmt.Errorf("the root is not there: %w", err),
			"--root names a directory that exists: make it first, with mkdir")
	}
	if err != nil {
		return err
	}
	defer in.Close()
	if !a.DryRun && a.Accounts {
		if err := in.Recover(users.Record); err != nil {
			return err
		}
	}
	places := tree.Index{}
	opts := files.Options{Accounts: a.accounts(), Enable: !a.NoPreset,
		Users: users.Options{Today: a.Today},
		Means: target.Means{Root: in, Tools: a.Tools, Fetch: from.write, Identity: a.Identity, NoOwner: a.NoOwner,
			Image: a.Image,
			Warn: func(origin, what string) {
				a.Report([]diag.Problem{warningAt(doc, places, codes.UnitState, origin, what)})
			}}}
	steps, err := a.carryOut(ctx, cfg, opts)
	if err == nil && a.DryRun {
		return steps.Print(a.Out)
	}
	return a.placed(doc, err)
}

// carryOut plans, and runs the plan unless it is only to be shown.
func (a *Application) carryOut(ctx context.Context, cfg config.Config, o files.Options) (plan.Plan, error) {
	if err := accountsByTools(ctx, cfg, o, a.Steps); err != nil {
		return nil, err
	}
	steps, err := files.Plan(cfg, target.Of(o.Root), o)
	if err != nil || a.DryRun {
		return steps, err
	}
	if a.Adapt != nil {
		steps = a.Adapt(steps, o)
	}
	if err := steps.Run(ctx, plan.Options{Tell: a.Steps, Flush: o.Root.Sync}); err != nil {
		return nil, err
	}
	return nil, o.Root.Sync()
}

// accounts says what is done about groups and users. What the root's own tools would do is shown as edits of ours.
func (a *Application) accounts() files.Accounts {
	switch {
	case !a.Accounts && a.IgnoreUnsupported:
		return files.LeaveAccounts
	case !a.Accounts:
		return files.RefuseAccounts
	case a.Image.Accounts == target.ShadowUtils && !a.DryRun:
		return files.MadeByTools
	}
	return files.MakeAccounts
}

// load reads the config and everything that it refers to.
func (a *Application) load(ctx context.Context) (*document.Document, fetcher, error) {
	client := fetch.New(a.Log, a.Version)
	client.Clock = clock()
	client.Unprotected = func(string) error { return errUnprotected } // the URL stands before it already
	client.Offline = a.Offline
	from := fetcher{Client: client, idle: a.Idle}
	loader := load.Loader{Arena: tree.NewArena(), Audience: a.Audience, Fetcher: from, Report: a.Report}
	defer load.PaceCollector(a.Text)()
	doc, err := loader.DocumentWith(a.Name, a.Text, a.Documents)
	if err != nil {
		return nil, from, err
	}
	if err := from.Configure(ctx, doc.Config().Ignition); err != nil {
		return nil, from, err
	}
	if doc, err = loader.Render(ctx, doc); err != nil {
		return nil, from, err
	}
	if err := from.Configure(ctx, doc.Config().Ignition); err != nil {
		return nil, from, err
	}
	if what := needsNetwork(doc.Config()); a.Offline && what != "" {
		return nil, from,
			fmt.Errorf("%s: %s needs the network, which --offline forbids", doc.At(what, tree.Index{}).Place(), what)
	}
	return doc, from, nil
}

// unsupported refuses, or warns of, the parts of a config that this cannot act on.
func (a *Application) unsupported(doc *document.Document, cfg config.Config) error {
	left := files.NotInDirectory(cfg)
	var accounts []files.Unsupported
	if !a.Accounts {
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
	return plan.EachError(err, func(err error) error {
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
		place := doc.At(step.Origin, tree.Index{}).Place()
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
