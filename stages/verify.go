package stages

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"

	"github.com/glowplug-os/glowplug/config"
	"github.com/glowplug-os/glowplug/internal/diag"
	"github.com/glowplug-os/glowplug/internal/document"
	"github.com/glowplug-os/glowplug/internal/drift"
	"github.com/glowplug-os/glowplug/internal/language"
	"github.com/glowplug-os/glowplug/internal/plan"
	"github.com/glowplug-os/glowplug/internal/tree"
	"github.com/glowplug-os/glowplug/stages/disks"
	"github.com/glowplug-os/glowplug/stages/units"
)

// Verify says in what a machine differs from a config that was carried out on it. It asks the planners that a boot
// asks, of a config that has nothing made again: what they keep is as described. It changes nothing.
func Verify(ctx context.Context, q Question) (*drift.Report, error) {
	m, e, f, refused, err := q.comparison(ctx)
	if err != nil {
		return nil, err
	}
	f.settle(e.storage, m.devices)
	v := newVerification(&q, &m, e, f)
	switch {
	case q.CommandLine != nil:
		v.arguments(&m.config.KernelArguments, []string{*q.CommandLine})
	case q.AtRest:
		v.arguments(&m.config.KernelArguments, q.Boots)
	}
	for _, a := range f.Disks.Actions() {
		v.disk(a)
	}
	for _, s := range f.Mounts {
		v.mount(&s)
	}
	v.files()
	v.conflicts(m.failed, drift.NotKnown)
	v.conflicts(refused, drift.Differs)
	v.remaining(refused)
	v.beside()
	v.enablement()
	v.doubts()
	Place(m.doc, v.items)
	return &drift.Report{Items: v.items, Notes: q.unverified(m.config, m.devices != nil, v.notes)}, nil
}

// Place says of items where the document has them that the report is about, and by its own keys.
func Place(doc *document.Document, items []*drift.Item) {
	index := tree.Index{}
	for _, i := range items {
		if i.Origin == "" {
			continue
		}
		place := doc.At(i.Origin, index).Place()
		i.Place = place.String()
		if place.Doc != nil && place.Doc.Snake {
			i.Origin = language.SnakePath(i.Origin)
		}
	}
}

// comparison plans the config as planners compare it with what is there. What they refuse is no error of it.
func (q *Question) comparison(ctx context.Context) (m matter, e *expected, f *Forecast, refused, err error) {
	r, err := q.Read(ctx)
	if err != nil {
		return m, nil, nil, nil, err
	}
	if m, err = q.matter(ctx, r.doc, r.from); err != nil {
		return m, nil, nil, nil, err
	}
	e = expect(m.config, m.devices, m.got.has)
	o := q.circumstances(ctx, m.config)
	o.Storage = &e.storage
	f, refused = Plan(ctx, e.config, m.devices, q.Root, o)
	return m, e, f, refused, context.Cause(ctx)
}

// A verification collects what is found out of each entry.
type verification struct {
	q      *Question
	m      *matter
	e      *expected
	f      *Forecast
	t      *teller
	items  []*drift.Item
	by     map[string]*drift.Item // items by their IDs
	heard  map[string]bool        // those of which a planner has said anything
	named  map[string]bool        // those of which it has to
	left   map[string][]plan.Result
	partly map[string]bool // disks of which partitions differ
	notes  []string
}

func newVerification(q *Question, m *matter, e *expected, f *Forecast) *verification {
	v := &verification{q: q, m: m, e: e, f: f, by: map[string]*drift.Item{}, heard: map[string]bool{},
		named: map[string]bool{}, partly: map[string]bool{}, left: f.Files.Results()}
	v.t = newTeller(f.Root, f.Trees, v.left, q.Texts)
	for _, each := range entriesOf(&m.config) {
		lists, is := each.of(q)
		if is {
			v.item(each.origin, each.subject, each.origin)
			v.named[each.origin] = lists
		}
	}
	return v
}

// item is the one of an ID, which is begun if there is none.
func (v *verification) item(id, subject, origin string) *drift.Item {
	if i := v.by[id]; i != nil {
		return i
	}
	i := &drift.Item{ID: id, Subject: subject, Origin: origin}
	v.by[id] = i
	v.items = append(v.items, i)
	return i
}

// of is the item that a step is about: of its entry or, without one, its own.
func (v *verification) of(s *plan.Step) *drift.Item {
	if entry := entryAt(v.e.origin(s.Origin)); entry != "" {
		v.heard[entry] = true
		return v.item(entry, s.Subject, entry)
	}
	return v.item(s.ID, s.Subject, s.Origin)
}

// mount tells whether the directory of a mount is there.
func (v *verification) mount(s *plan.Step) {
	switch i := v.of(s); s.Effect {
	case plan.Keep:
	case plan.Deferred:
		i.Find(drift.NotKnown, s.Detail)
	default:
		i.Find(drift.Differs, "the directory that it is mounted at is not there")
	}
}

// arguments compares with the command line of the kernel that runs, or with those that a kernel will have.
func (v *verification) arguments(k *config.KernelArguments, lines []string) {
	unlike, all := map[string]int{}, arguments(k, "", v.q.Texts)
	for _, line := range lines {
		for _, a := range arguments(k, line, v.q.Texts) {
			if a.Effect != plan.Keep {
				unlike[a.Origin]++
			}
		}
	}
	for _, a := range all {
		if a.Origin == "" {
			continue
		}
		i := v.item(a.Origin, a.Subject, a.Origin)
		v.heard[a.Origin] = true
		what := "is not there"
		if strings.HasPrefix(a.Origin, "$.kernelArguments.shouldNotExist.") {
			what = "is there"
		}
		switch n := unlike[a.Origin]; {
		case v.q.BootsUnknown != nil:
			i.Find(drift.NotKnown, v.q.BootsUnknown.Error())
		case n > 0 && n < len(lines):
			i.Find(drift.Differs, fmt.Sprintf("%s, in %d of %s", what, n, diag.Count(len(lines), "boot entry")))
		case n > 0:
			i.Find(drift.Differs, what)
		}
	}
}

// overwriteHint is what a refusal says that goes by a setting of the config.
const overwriteHint = ", and overwrite is not set"

// conflicts are what planners refuse: mostly as what is there is something else. State is what it counts as otherwise.
func (v *verification) conflicts(err error, state drift.State) {
	if err == nil {
		return
	}
	for _, each := range diag.Errors(err) {
		s, is := plan.Step{ID: "all", Subject: "the machine"}, state
		var step *plan.StepError
		if errors.As(each, &step) {
			s = plan.Step{ID: step.ID, Subject: step.Subject, Origin: step.Origin}
			each = step.Err
		}
		what := strings.TrimSuffix(v.q.advised(each).Error(), overwriteHint)
		unlike, unknown := (*plan.UnlikeError)(nil), (*disks.NotKnownError)(nil)
		switch {
		case errors.As(each, &unlike):
			is, what = v.unlike(&s, unlike, what)
		case errors.Is(each, fs.ErrPermission):
			is, what = drift.NotKnown, what+"; root may look at it"
		case errors.As(each, &unknown) && errors.Is(each, fs.ErrNotExist):
			what = unknown.Err.Error()
		case errors.As(each, &unknown):
			is = drift.NotKnown
		}
		v.of(&s).Find(is, what)
	}
}

// unlike says how what is there differs. Of a filesystem that cannot be looked at while it is verified it is not known
// what options of its maker have made it.
func (v *verification) unlike(s *plan.Step, err *plan.UnlikeError, otherwise string) (drift.State, string) {
	if v.e.unseen[s.Origin] {
		return drift.NotKnown, "it depends on what differs, or is not known"
	}
	words := strings.ReplaceAll(strings.Join(err.Differences, "; "), ", want ", ", not ")
	return drift.Differs, cmp.Or(words, otherwise)
}

// enablement tells of units whether they are enabled and disabled as the config has them.
func (v *verification) enablement() {
	if v.f.Root == nil {
		return
	}
	all, err := units.Enablements(v.m.config.Systemd.Units, v.f.Root)
	v.conflicts(err, drift.NotKnown)
	for _, each := range all {
		i := v.item(each.Origin, "unit "+diag.Name(each.Name), each.Origin)
		what := each.Why
		if !strings.HasSuffix(i.Subject, diag.Name(each.Name)) { // the config names it by an alias
			what = diag.Name(each.Name) + " " + what
		}
		switch each.Is {
		case units.Otherwise:
			i.Find(drift.Differs, what)
		case units.Unknown:
			i.Find(drift.NotKnown, what)
		case units.Hindered:
			v.notes = append(v.notes, fmt.Sprintf("unit %s cannot be as the config has it: %s", diag.Name(each.Name),
				what))
		}
	}
}

// doubts are about entries of which nothing could be found out.
func (v *verification) doubts() {
	for _, i := range v.items {
		if why := v.e.unsure[i.ID]; why != "" {
			i.Find(drift.NotKnown, why)
		} else if v.named[i.ID] && !v.heard[i.ID] {
			i.Find(drift.NotKnown, "it depends on what differs, or is not known")
		}
	}
}

// unverified says what of a config was not looked at, and why.
func (q *Question) unverified(cfg config.Config, devices bool, more []string) []string {
	notes := slices.DeleteFunc(q.leftOut(cfg, devices), func(note string) bool {
		return strings.HasPrefix(note, "glowplug apply ")
	})
	for i, note := range notes {
		notes[i] = strings.TrimSuffix(note, "; --disk and --image name images of disks")
	}
	return append(notes, more...)
}
