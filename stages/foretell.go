package stages

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/glowplug-os/glowplug/config"
	"github.com/glowplug-os/glowplug/internal/codes"
	"github.com/glowplug-os/glowplug/internal/diag"
	"github.com/glowplug-os/glowplug/internal/document"
	"github.com/glowplug-os/glowplug/internal/language"
	"github.com/glowplug-os/glowplug/internal/plan"
	"github.com/glowplug-os/glowplug/internal/report"
	"github.com/glowplug-os/glowplug/internal/root"
	"github.com/glowplug-os/glowplug/internal/scene"
	"github.com/glowplug-os/glowplug/internal/target"
	"github.com/glowplug-os/glowplug/internal/tree"
	"github.com/glowplug-os/glowplug/stages/disks"
	"github.com/glowplug-os/glowplug/stages/files"
	"github.com/glowplug-os/glowplug/stages/leave"
)

// A Machine is what a config is planned on, as planners may look at it.
type Machine struct {
	// Devices gives the devices of a config's disks, once it is known; nil where nothing is to be said of disks.
	Devices func(config.Storage) (scene.Scene, error)
	Root    target.Whole // nil where nothing is to be said of files
	// Rootless says why Root is nil, after "entries of the config, ".
	Rootless string
	// Protection tells what keeps a path of the root from being changed.
	Protection func(at string) (root.Protection, error)
	// AtRest: it does not run, so what is not open or not mounted says nothing.
	AtRest bool
	// CommandLine is the running kernel's; nil where nothing is to be said of kernel arguments.
	CommandLine *string
	// Boots are the command lines of what starts a machine that does not run. BootsUnknown is why they are not known,
	// or nil.
	Boots        []string
	BootsUnknown error
}

// A Question is a config of which somebody wants to know what it will do.
type Question struct {
	Request
	Machine
	Files  files.Options
	Random io.Reader
	// Seal takes from the process what changes a machine. It is called when all is fetched and open; nil for nothing.
	Seal func() error

	// Foresee says what the plan will leave undone, beside what it says itself, and takes out what cannot be done here;
	// nil for nothing.
	Foresee func(*Forecast, files.Options) []string

	// Boot: what a first boot leaves in the root is planned too.
	Boot bool

	Fetch bool // get contents, verify them, and compare with what is there
	Texts bool // what is in files may be shown
	// Marked: the plan gets digests, by which it is compared with another one.
	Marked bool
}

// Foretell says what a config will do, and what is in its way, each at its place in the config. It changes nothing.
func Foretell(ctx context.Context, q Question) (*report.Plan, []diag.Problem, error) {
	r, err := q.Read(ctx)
	if err != nil {
		return nil, nil, err
	}
	return r.On(ctx, func(*Question) {})
}

// A Reading is the config of a question, with all that it is merged of.
type Reading struct {
	q    Question
	doc  *document.Document
	from fetcher
}

// Read reads the config.
func (q *Question) Read(ctx context.Context) (*Reading, error) {
	q.Late = true
	doc, from, err := q.load(ctx)
	if err != nil {
		return nil, err
	}
	return &Reading{*q, doc, from}, nil
}

// Of is Read of a config that is read, is found valid, and has all that it is merged of.
func (q *Question) Of(ctx context.Context, doc *document.Document) (*Reading, error) {
	q.Late = true
	from := q.fetcher()
	if err := from.Configure(ctx, doc.Config().Ignition); err != nil {
		return nil, err
	}
	return &Reading{*q, doc, from}, nil
}

// Document is the config. Nobody changes it.
func (r *Reading) Document() *document.Document { return r.doc }

// On is Foretell for a config that is read, on the machine that adapt puts into the question. It may be called several
// times, and at the same time, if the question has neither Fetch nor Seal.
func (r *Reading) On(ctx context.Context, adapt func(*Question)) (*report.Plan, []diag.Problem, error) {
	q := r.q
	adapt(&q)
	return q.on(ctx, r.doc, r.from)
}

func (q *Question) on(ctx context.Context, doc *document.Document, from fetcher) (*report.Plan, []diag.Problem, error) {
	m, err := q.matter(ctx, doc, from)
	if err != nil {
		return nil, nil, err
	}
	cfg, devices, got := m.config, m.devices, m.got
	f, err := Plan(ctx, cfg, devices, q.Root, q.circumstances(ctx, cfg))
	err = errors.Join(m.failed, err)
	if ended := context.Cause(ctx); ended != nil {
		return nil, nil, ended
	}
	f.settle(cfg.Storage, devices)
	var foreseen []string
	if q.Foresee != nil && q.Root != nil {
		foreseen = q.Foresee(f, q.Files)
	}
	p := f.Report(q.Texts)
	if q.CommandLine != nil {
		p.Actions = append(arguments(&cfg.KernelArguments, *q.CommandLine, q.Texts), p.Actions...)
	}
	got.tell(p, m.wanted)
	p.Fetched = q.Fetch && len(m.wanted) > 0
	if err := q.mark(ctx, f, p); err != nil {
		return nil, nil, err
	}
	p.Notes = slices.Concat(q.leftOut(cfg, devices != nil), p.Notes, foreseen, f.untried())
	if !q.Fetch {
		p.Notes = append(p.Notes, m.from.trust.note()...)
	}
	problems := Conflicts(m.doc, plan.EachError(err, q.advised))
	p.Conflicts = reported(problems)
	return p, problems, nil
}

func (q *Question) seal() error {
	if q.Seal == nil {
		return nil
	}
	return q.Seal()
}

// A matter is what a Question is about, once all is read and fetched.
type matter struct {
	doc     *document.Document
	config  config.Config
	from    fetcher
	devices scene.Scene // nil where nothing is to be said of disks
	wanted  map[string][]remote
	got     *fetched
	failed  error // joins what could not be fetched
}

// matter fetches all, and then takes from the process what changes a machine.
func (q *Question) matter(ctx context.Context, doc *document.Document, from fetcher) (m matter, err error) {
	m.doc, m.from, m.config = doc, from, *doc.Config()
	if q.Devices != nil {
		if m.devices, err = q.Devices(m.config.Storage); err != nil {
			return m, plan.EachError(err, q.advised)
		}
	}
	m.wanted = q.remotes(m.config.Storage)
	if q.Fetch {
		m.got, m.failed = fetchAll(ctx, m.from, m.wanted)
		m.failed = errors.Join(authoritiesFail(m.from.trust.get(ctx)), m.failed)
	}
	q.Files.Fetch, q.Files.Fetched = m.got.write(m.from), m.got.has
	return m, cmp.Or(context.Cause(ctx), q.seal())
}

// circumstances are those of a plan of a config.
func (q *Question) circumstances(ctx context.Context, cfg config.Config) Circumstances {
	o := Circumstances{Files: q.Files, Random: q.Random, Protection: q.Protection}
	if q.Boot {
		o.Boot = func(f *Forecast) *leave.Boot { return q.boot(ctx, cfg, f) }
	}
	return o
}

// reported are problems as a plan has them.
func reported(problems []diag.Problem) (all []report.Conflict) {
	for _, each := range problems {
		c := report.Conflict{Message: each.Message, Origin: each.Path, Place: each.Place.String(),
			Unknown: each.Code == codes.NotKnown}
		if each.Hint != "" {
			c.Hints = strings.Split(each.Hint, "\n")
		}
		all = append(all, c)
	}
	return all
}

// remotes are the contents from servers, of what is planned.
func (q *Question) remotes(s config.Storage) map[string][]remote {
	if q.Devices == nil {
		s.Luks = nil
	}
	if q.Root == nil {
		s.Files = nil
	}
	return remotes(s)
}

// mark gives a plan digests, if it is to have some.
func (q *Question) mark(ctx context.Context, f *Forecast, p *report.Plan) error {
	if !q.Marked {
		return nil
	}
	salt := make([]byte, report.SaltBytes)
	if _, err := io.ReadFull(q.Random, salt); err != nil {
		return err
	}
	return f.Mark(ctx, p, salt)
}

// Conflicts are errors of planning as problems of the config.
func Conflicts(doc *document.Document, err error) (all []diag.Problem) {
	if err == nil {
		return nil
	}
	index := tree.Index{}
	for _, each := range diag.Errors(err) {
		p := diag.Problem{Severity: diag.Error, Code: codes.InTheWay, Message: each.Error(),
			Hint: strings.Join(diag.Hints(each), "\n")}
		if unknown := (*disks.NotKnownError)(nil); errors.As(each, &unknown) {
			p.Code = codes.NotKnown
		}
		var step *plan.StepError
		if errors.As(each, &step) {
			p.Path, p.Message = step.Origin, fmt.Sprintf("%s: %v", step.Subject, step.Err)
			if step.Origin != "" {
				p.Place = doc.At(step.Origin, index).Place()
			}
		}
		if p.Place.Doc != nil && p.Place.Doc.Snake {
			p.Path, p.Message = language.SnakePath(p.Path), language.SnakeKeys(p.Message)
			p.Hint = language.SnakeKeys(p.Hint)
		}
		all = append(all, p)
	}
	diag.Sort(all)
	return all
}

// leftOut says what of a config was not planned, and why.
func (q *Question) leftOut(cfg config.Config, devices bool) (notes []string) {
	unfit := len(files.NotInDirectory(cfg))
	if unfit > 0 && !devices {
		notes = append(notes, fmt.Sprintf("disks, filesystems and kernel arguments: %s of the config, "+
			"of which a directory says nothing; --disk and --image name images of disks", diag.Count(unfit, "entry")))
	}
	switch {
	case unfit == 0 || q.Root == nil || q.Boot:
	case devices:
		notes = append(notes, fmt.Sprintf("glowplug apply takes a directory, which cannot have %s of the config, or "+
			"images, with the root that is on them: not both, as this plan does", diag.Count(unfit, "entry")))
	default:
		notes = append(notes, fmt.Sprintf("glowplug apply refuses this config, as a directory cannot take %s of it; "+
			"with --ignore-unsupported it goes on without", diag.Count(unfit, "entry")))
	}
	s := cfg.Storage
	n := len(s.Directories) + len(s.Files) + len(s.Links) + len(cfg.Systemd.Units) + len(files.Unacted(cfg))
	if q.Root == nil && n > 0 {
		notes = append(notes, fmt.Sprintf("accounts, files and units: %s of the config, %s", diag.Count(n, "entry"),
			q.Rootless))
	}
	k := cfg.KernelArguments
	if n := len(k.ShouldExist) + len(k.ShouldNotExist); devices && q.CommandLine == nil && !q.AtRest && n > 0 {
		why := "of which images of disks say nothing"
		if q.Root == nil {
			why, _, _ = strings.Cut(q.Rootless, ";") // the rest is about directories
		}
		notes = append(notes, fmt.Sprintf("kernel arguments: %s of the config, %s", diag.Count(n, "entry"), why))
	}
	return notes
}

// untried says of what is kept that it may turn out otherwise.
func (f *Forecast) untried() (notes []string) {
	for _, a := range f.Actions() {
		if n := len(a.Outcomes); a.Effect == plan.Keep && n > 0 {
			notes = append(notes, fmt.Sprintf("%s: %s, but if there is %s: %s", a.Subject, a.Detail,
				a.Outcomes[n-1].Found, a.Outcomes[n-1].Verdict))
		}
	}
	return notes
}
