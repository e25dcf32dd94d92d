package main

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"

	"github.com/glowplug-os/glowplug/config"
	"github.com/glowplug-os/glowplug/internal/check"
	"github.com/glowplug-os/glowplug/internal/cli"
	"github.com/glowplug-os/glowplug/internal/codes"
	"github.com/glowplug-os/glowplug/internal/device"
	"github.com/glowplug-os/glowplug/internal/diag"
	"github.com/glowplug-os/glowplug/internal/document"
	"github.com/glowplug-os/glowplug/internal/engine"
	"github.com/glowplug-os/glowplug/internal/facts"
	"github.com/glowplug-os/glowplug/internal/process"
	"github.com/glowplug-os/glowplug/internal/push"
	"github.com/glowplug-os/glowplug/internal/report"
	"github.com/glowplug-os/glowplug/internal/scene"
	"github.com/glowplug-os/glowplug/internal/target"
	"github.com/glowplug-os/glowplug/internal/tree"
	"github.com/glowplug-os/glowplug/stages"
	"github.com/glowplug-os/glowplug/stages/against"
	"github.com/glowplug-os/glowplug/stages/files"
)

func (o *factsOptions) run(ctx context.Context, p *cli.Process) error {
	if o.fetchTimeout < 0 {
		return cli.Misuse("--fetch-timeout: %v is below 0, which is no time to wait", o.fetchTimeout)
	}
	if none, err := o.receiver(p); none || err != nil {
		return err
	}
	o.noContent = true
	q, err := o.question(p)
	if err != nil {
		return err
	}
	opened := &opened{}
	defer opened.close()
	if err := o.look(&q, opened); err != nil {
		return err
	}
	if err := engine.Decide(p, o.root == "", &q); err != nil {
		return err
	}
	doc, err := o.note(ctx, p, q)
	if err != nil {
		return told(err)
	}
	if o.send == "" {
		return doc.Write(p.Out)
	}
	var text bytes.Buffer
	if err := doc.Write(&text); err != nil {
		return err
	}
	pusher := push.Pusher{Version: p.Version}
	return pusher.Push(ctx, o.send, text.Bytes())
}

// receiver finds out where facts go to; none if an image is asked that has nobody for them.
func (o *factsOptions) receiver(p *cli.Process) (none bool, err error) {
	switch o.send {
	case "":
		return false, nil
	case "image":
		if o.send, err = engine.FactsURL(p); o.send == "" || err != nil {
			return true, err
		}
		if err := push.Check(o.send); err != nil {
			return true, fmt.Errorf("distribution settings: factsURL: %w", err)
		}
	default:
		if err := push.Check(o.send); err != nil {
			return true, cli.Misuse("--send: %w", err)
		}
	}
	return false, nil
}

// note takes the facts: of all that is usual, and of what a plan of the config looks at.
func (o *factsOptions) note(ctx context.Context, p *cli.Process, q stages.Question) (*facts.Document, error) {
	wanted, rendered, err := o.wanted(ctx, p, q)
	if err != nil {
		return nil, err
	}
	c := facts.Circumstances{Rendered: rendered, Boot: o.root == "", Images: len(o.disks) > 0,
		Unprivileged: q.Unprivileged,
		Today:        engine.Today(p), Systemctl: hasSystemctl(q.Files)}
	if q.Root == nil {
		c.Rootless = q.Rootless
	}
	c.Of(q.Files.Identity, q.Files.Image)
	var of *config.Config
	if wanted != nil {
		of = wanted.Document().Config()
	}
	r, err := facts.NewRecorder(of, c, rand.Reader)
	if err != nil {
		return nil, err
	}
	m, devices, err := recorded(r, q.Machine)
	if err != nil {
		return nil, err
	}
	if err := q.Seal(); err != nil {
		return nil, err
	}
	q.Seal = nil
	if wanted != nil {
		if err := look(ctx, m, wanted, c.Today); err != nil {
			return nil, err
		}
		r.Unasked(scene.Unasked(devices))
	}
	return r.Document(), o.lookAround(ctx, m, q, c.Today)
}

// wanted reads the config that facts are for; nil for none.
func (o *factsOptions) wanted(ctx context.Context, p *cli.Process, q stages.Question) (of *stages.Reading,
	rendered bool, err error) {
	if o.config == "" {
		return nil, false, nil
	}
	if err := engine.ReadConfig(ctx, p, o.config, &q); err != nil {
		return nil, false, err
	}
	of, err = q.Read(ctx)
	return of, q.Rendered, err
}

// recorded is a machine whose looks are noted, and its devices themselves.
func recorded(r *facts.Recorder, m stages.Machine) (noted stages.Machine, devices scene.Scene, err error) {
	if m.Devices != nil {
		if devices, err = m.Devices(config.Storage{}); err != nil {
			return m, nil, err
		}
		now := r.Scene(devices)
		m.Devices = func(config.Storage) (scene.Scene, error) { return now, nil }
	}
	if m.Root != nil {
		m.Root, m.Protection = r.Root(m.Root), r.Protection(m.Protection)
	}
	if m.CommandLine != nil {
		r.CommandLine(*m.CommandLine)
	}
	return m, devices, nil
}

// look has all look at a machine who will look at the facts: planners, and what holds a config against an image. What
// is in the way is for the plan to tell.
func look(ctx context.Context, m stages.Machine, of *stages.Reading, today int64) error {
	ordinary := false
	here := func(now *stages.Question) {
		now.Machine, now.Seal, ordinary = m, nil, !now.Files.Identity.Privileged
	}
	_, _, err := of.On(ctx, here)
	if err == nil && ordinary { // what they may not give away keeps much from being looked at, but with --no-owner
		_, _, err = of.On(ctx, func(now *stages.Question) { here(now); now.Files.NoOwner = true })
	}
	if err != nil || m.Root == nil {
		return err
	}
	if image, err := imageOf(m.Root, today); err == nil { // an image with settings that are none is judged by nobody
		image.Systemd()
		image.Judge(ctx, of.Document())
	}
	return nil
}

// lookAround notes what is usual, whatever the config.
func (o *factsOptions) lookAround(ctx context.Context, m stages.Machine, q stages.Question, today int64) error {
	q.Name, q.Text, q.Report = "facts", []byte(facts.Usual), func([]diag.Problem) {}
	of, err := q.Read(ctx)
	if err == nil {
		err = look(ctx, m, of, today)
	}
	if err != nil {
		return err
	}
	if m.Root != nil {
		facts.List(m.Root, m.Protection)
	}
	if m.Devices == nil {
		return nil
	}
	devices, err := m.Devices(config.Storage{})
	nodes := slices.Sorted(maps.Keys(o.disks))
	if len(nodes) == 0 {
		nodes = (&device.Devices{}).Scene().Nodes()
	}
	if err == nil {
		facts.Inspect(devices, nodes)
	}
	return err
}

// imageOf is a root as an image.
func imageOf(in target.Whole, today int64) (*against.Image, error) {
	image := &against.Image{Root: in, Today: today}
	var err error
	image.Decided, image.Tools, err = engine.ImageOf(in)
	return image, err
}

// readFacts reads a file of facts.
func readFacts(ctx context.Context, p *cli.Process, file string) (*facts.Document, error) {
	name, text, err := factsText(ctx, p, file)
	if err != nil {
		return nil, err
	}
	return parseFacts(name, text)
}

func factsText(ctx context.Context, p *cli.Process, file string) (name string, text []byte, err error) {
	if name, text, err = process.ReadUntil(ctx, p, file); err != nil {
		return "", nil, fmt.Errorf("reading the facts: %w", err)
	}
	return name, text, nil
}

func parseFacts(name string, text []byte) (*facts.Document, error) {
	doc, err := facts.Parse(text)
	if err != nil {
		return nil, diag.WithHint(fmt.Errorf("%s: %w", diag.Name(name), err), "glowplug facts writes such a file")
	}
	return doc, nil
}

// replayed makes a question that of the machine which facts are of.
func replayed(q *stages.Question, doc *facts.Document, r *facts.Replay) {
	c := doc.Circumstances
	q.Machine = stages.Machine{Root: r.Root(), Rootless: diag.Printable(c.Rootless), Protection: r.Protection,
		CommandLine: r.CommandLine()}
	if devices := r.Scene(); devices != nil {
		q.Devices = func(config.Storage) (scene.Scene, error) { return devices, nil }
	}
	q.Boot, q.Unprivileged, q.Marked, q.Texts = c.Boot && q.Root != nil, c.Unprivileged, false, false
	q.Files.Identity, q.Files.Image, q.Files.Enable = c.Identity(), c.Decided(), q.Files.Enable && !c.Boot
	q.Files.Users.Today, q.Files.Users.FirstBoot = c.Today, c.Boot
	q.Foresee = func(f *stages.Forecast, with files.Options) []string {
		return foreseen(f, with, c.Boot, c.Systemctl)
	}
}

// A lackError is a plan that facts do not suffice for.
type lackError struct{ looks []string }

func (e *lackError) Error() string {
	return "not known: the facts lack " + strings.Join(e.looks, ", and ")
}

// lacking tells what facts lack, if that is the error, whose exit code it gives.
func lacking(p *cli.Process, err error) error {
	lack := (*lackError)(nil)
	if !errors.As(err, &lack) {
		return err
	}
	for _, look := range lack.looks {
		fmt.Fprintf(p.Err, "not known: %s\n", look)
	}
	fmt.Fprintln(p.Err, "the facts lack this, so there is no plan; take them again with this version: "+
		"glowplug facts --for CONFIG")
	return cli.ExitError(report.Destroying)
}

// onNoted plans a config on facts.
func onNoted(ctx context.Context, of *stages.Reading, r *facts.Replay, doc *facts.Document) (*report.Plan,
	[]diag.Problem, error) {
	plan, problems, err := of.On(ctx, func(q *stages.Question) { replayed(q, doc, r) })
	if lacks := r.Lacks(); len(lacks) > 0 {
		return nil, nil, &lackError{lacks}
	}
	return plan, problems, err
}

// ready reads the config that is planned on facts, once for all machines.
func ready(ctx context.Context, p *cli.Process, config string, q stages.Question) (*stages.Reading, *facts.Wanted,
	error) {
	if err := engine.ReadConfig(ctx, p, config, &q); err != nil {
		return nil, nil, err
	}
	sealing := q.Seal
	q.Seal = nil
	of, wanted, err := wish(ctx, q)
	if err != nil {
		return nil, nil, err
	}
	return of, wanted, sealing()
}

// wish is a config that is read, and what facts have to know of it.
func wish(ctx context.Context, q stages.Question) (*stages.Reading, *facts.Wanted, error) {
	of, err := q.Read(ctx)
	if err != nil {
		return nil, nil, err
	}
	wanted, err := facts.WantedOf(of.Document().Config())
	return of, wanted, err
}

// readyFor is ready for one machine. Facts may be for what a fetch stage has left of a config, which is not merged
// again; whether this is that one is seen when it is read so.
func readyFor(ctx context.Context, p *cli.Process, doc *facts.Document, config string, q stages.Question) (
	*stages.Reading, *facts.Wanted, error) {
	if !doc.Circumstances.Rendered {
		return ready(ctx, p, config, q)
	}
	if err := engine.ReadConfig(ctx, p, config, &q); err != nil {
		return nil, nil, err
	}
	sealing, left := q.Seal, q
	left.Seal, left.Rendered, left.Report = nil, true, func([]diag.Problem) {}
	of, wanted, err := wish(ctx, left)
	if err != nil || !wanted.Is(doc.For) {
		q.Seal = nil
		if of, wanted, err = wish(ctx, q); err != nil {
			return nil, nil, err
		}
	}
	return of, wanted, sealing()
}

// withFacts reads facts and the config that is planned on them: side by side, except where the facts may be of what a
// fetch stage has left, for then they tell how the config is to be read.
func withFacts(ctx context.Context, p *cli.Process, file, config string, q stages.Question) (doc *facts.Document,
	of *stages.Reading, wanted *facts.Wanted, err error) {
	name, text, err := factsText(ctx, p, file)
	if err != nil {
		return nil, nil, nil, err
	}
	parse := sync.OnceValues(func() (*facts.Document, error) { return parseFacts(name, text) })
	if !bytes.Contains(text, []byte(`"rendered"`)) {
		go parse()
		of, wanted, err = ready(ctx, p, config, q)
	}
	doc, failed := parse()
	switch {
	case failed != nil:
		return nil, nil, nil, failed
	case of == nil && err == nil, doc.Circumstances.Rendered:
		of, wanted, err = readyFor(ctx, p, doc, config, q)
	}
	return doc, of, wanted, err
}

// onFacts plans the machine that facts are of.
func (o *planOptions) onFacts(ctx context.Context, p *cli.Process, config string, q stages.Question) error {
	q.Files.Enable = !o.noPreset
	doc, of, wanted, err := withFacts(ctx, p, o.facts, config, q)
	if err != nil {
		return err
	}
	r := facts.NewReplay(doc, wanted)
	plan, problems, err := onNoted(ctx, of, r, doc)
	if err != nil {
		return lacking(p, err)
	}
	plan.Notes = append(plan.Notes, unnoticed(r.Unnoticed())...)
	plan.Options = given(option{"--root", !doc.Circumstances.Boot},
		option{"--disk", doc.Circumstances.Images}, option{"--no-owner", o.noOwner},
		option{"--no-preset", o.noPreset})
	return o.tell(p, plan, problems)
}

// notedImage is the root that facts are of, for what validate holds against it.
func notedImage(ctx context.Context, p *cli.Process, file string) (check.Image, error) {
	doc, err := readFacts(ctx, p, file)
	if err != nil {
		return check.Image{}, err
	}
	if doc.Root == nil {
		return check.Image{}, fmt.Errorf("%s: there is no root in the facts, %s", diag.Name(file),
			diag.Printable(doc.Circumstances.Rootless))
	}
	unasked, err := facts.WantedOf(&config.Config{})
	if err != nil {
		return check.Image{}, err
	}
	systemd := 0
	if image, err := imageOf(facts.NewReplay(doc, unasked).Root(), 0); err == nil {
		systemd = image.Systemd()
	}
	return check.Image{Systemd: systemd, End: func() {}, Judge: func(of *document.Document) []diag.Problem {
		return judgeNoted(ctx, doc, of)
	}}, nil
}

// judgeNoted says what of a config the root of facts cannot have.
func judgeNoted(ctx context.Context, doc *facts.Document, of *document.Document) (all []diag.Problem) {
	unjudged := func(why string) []diag.Problem {
		return []diag.Problem{{Severity: diag.Warning, Code: codes.ImageUnjudged, Path: "$",
			Message: "the config is not held against the facts: " + why,
			Hint:    "take them again with this version: glowplug facts --for CONFIG",
			Place:   of.At("$", tree.Index{}).Place()}}
	}
	wanted, err := facts.WantedOf(of.Config())
	if err != nil {
		return unjudged(err.Error())
	}
	r := facts.NewReplay(doc, wanted)
	image, err := imageOf(r.Root(), doc.Circumstances.Today)
	if err == nil {
		all = image.Judge(ctx, of)
	}
	if lacks := r.Lacks(); len(lacks) > 0 {
		return unjudged("they lack " + strings.Join(lacks, ", and "))
	}
	if err != nil {
		return unjudged(err.Error())
	}
	return all
}
