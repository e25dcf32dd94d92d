package main

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/glowplug-os/glowplug/config"
	"github.com/glowplug-os/glowplug/internal/advice"
	"github.com/glowplug-os/glowplug/internal/check"
	"github.com/glowplug-os/glowplug/internal/cli"
	"github.com/glowplug-os/glowplug/internal/diag"
	"github.com/glowplug-os/glowplug/internal/document"
	"github.com/glowplug-os/glowplug/internal/handoff"
	"github.com/glowplug-os/glowplug/internal/load"
	"github.com/glowplug-os/glowplug/internal/process"
	"github.com/glowplug-os/glowplug/internal/rules"
	"github.com/glowplug-os/glowplug/internal/tree"
	"github.com/glowplug-os/glowplug/providers"
)

// effectiveOptions say what configs are made of.
type effectiveOptions struct {
	filesDir, platform string
	maps               check.Maps
	base               []string
}

func (o *effectiveOptions) rows() []cli.Option {
	return []cli.Option{
		{Long: "files-dir", Short: 'd', Value: "DIR", Set: cli.Text(&o.filesDir),
			Words: "the folder of the local files that Butane documents name"},
		{Long: "map", Value: "URL=FILE|URL/=DIR", Set: o.maps.Take, Several: true, Words: check.MapWords},
		{Long: "base", Value: "DIR", Several: true,
			Set: func(dir string) error { o.base = append(o.base, dir); return nil },
			Words: "put what an image wants below all: the configs in base.d of DIR, such as " +
				"/usr/lib/ignition; of several the first counts, as at boot"},
		{Long: "platform", Value: "ID", Values: providers.IDs(), Set: cli.Text(&o.platform),
			Words: "with --base: those in base.platform.d/ID too"},
	}
}

// merging says how configs are merged, for notes of commands.
const merging = "Of several configs each is put over those before it, as a config is over the one that merges it. " +
	"Configs that are to be merged come from the document itself or from files that --map names."

// judge checks what the rows cannot.
func (o *effectiveOptions) judge(configs []string) error {
	switch first := slices.Index(configs, "-"); {
	case len(configs) == 0:
		return cli.Misuse("no config is given; - is standard input")
	case first >= 0 && slices.Contains(configs[first+1:], "-"):
		return cli.Misuse("standard input can be read once only")
	case o.platform != "" && len(o.base) == 0:
		return cli.Misuse("--platform is about what --base has; name a folder with --base")
	case o.platform != "" && !slices.Contains(providers.IDs(), o.platform):
		return cli.Misuse("--platform: %w", providers.Unknown(o.platform))
	}
	return nil
}

// An effective config is what a machine would have of several.
type effective struct {
	*document.Document
	newest   config.Version // among those of the documents that it is made of
	replaced []diag.Place   // references to documents that took the place of those that they stand in
	end      func()         // ends the limits of memory that were for reading
}

// pace sets them for a text.
func (e *effective) pace(text []byte) {
	if end := load.PaceCollector(text); e.end == nil {
		e.end = end // what was before the first text
	}
}

// read makes the effective config, and shows problems of at least a severity. Heard may be nil.
func (o *effectiveOptions) read(ctx context.Context, p *cli.Process, configs []string, least diag.Severity,
	heard document.Listener) (*effective, error) {
	e := &effective{}
	at := check.AtHand{Maps: o.maps, Files: map[string]string{}}
	l := &load.Loader{Arena: tree.NewArena(), Audience: diag.Workstation, Fetcher: &at,
		Name:   func(url string) string { return at.Files[url] },
		Report: func(problems []diag.Problem) { tell(p.Err, problems, least) },
		Each: func(doc *document.Document) {
			e.newest = max(e.newest, doc.Version)
			doc.Listen(heard)
		},
		Replaced: func(from diag.Place) { e.replaced = append(e.replaced, from) }}
	all, err := o.layers(ctx, p, l, configs, e.pace)
	if invalid := (*load.InvalidError)(nil); errors.As(err, &invalid) {
		return nil, fmt.Errorf("%s is invalid", diag.Printable(invalid.Name))
	}
	if errors.Is(err, load.ErrAbsent) {
		err = diag.WithHint(err, "nothing is fetched; --map URL=FILE says which file stands for it")
	}
	if err != nil {
		return nil, err
	}
	e.Document = all[0]
	if len(all) > 1 {
		e.Document = document.Merge(all[0], all[1:]...)
	}
	if l.Several {
		problems := diag.For(diag.Workstation, rules.Rules(e.Upgrade()))
		l.Tell(problems)
		if diag.Fatal(problems) {
			return nil, errors.New("the merged config is invalid")
		}
	}
	e.Followed()
	return e, nil
}

// layers are the documents that lie over each other.
func (o *effectiveOptions) layers(ctx context.Context, p *cli.Process, l *load.Loader, configs []string,
	pace func(text []byte)) (all []*document.Document, err error) {
	documents, err := load.Folder(o.filesDir)
	if err != nil {
		return nil, err
	}
	documents.Lint = tree.Unseen
	base, err := l.Base(o.base, o.platform, func(file string) {
		fmt.Fprintf(p.Err, "warning: %s is a link to a file that is not there; it is left out\n", file)
	})
	if err != nil {
		return nil, err
	}
	l.Several = base != nil || len(configs) > 1
	if base != nil {
		all = append(all, base)
	}
	for _, name := range configs {
		shown, text, err := process.ReadUntil(ctx, p, name)
		if err != nil {
			return nil, fmt.Errorf("reading the config: %w", err)
		}
		pace(text)
		doc, err := l.DocumentWith(shown, text, documents)
		if err == nil && !handoff.IsConfig(name) {
			doc, err = l.Render(ctx, doc)
		}
		switch {
		case errors.Is(err, load.ErrEmpty):
			return nil, fmt.Errorf("%s: %w", diag.Name(shown), err)
		case err != nil:
			return nil, err
		}
		all = append(all, doc)
	}
	return all, nil
}

// tell shows problems of at least a severity.
func tell(to *diag.Screen, problems []diag.Problem, least diag.Severity) {
	problems = slices.DeleteFunc(slices.Clone(problems), func(p diag.Problem) bool { return p.Severity < least })
	diag.Sort(problems)
	advice.Give(problems)
	style := diag.Style{Color: to.Colors}
	for _, problem := range problems {
		fmt.Fprintln(to, style.Text(problem))
	}
}
