package load

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"strings"
	"unsafe"

	"github.com/glowplug-os/glowplug/config"
	"github.com/glowplug-os/glowplug/internal/codes"
	"github.com/glowplug-os/glowplug/internal/diag"
	"github.com/glowplug-os/glowplug/internal/document"
	"github.com/glowplug-os/glowplug/internal/rules"
	"github.com/glowplug-os/glowplug/internal/source"
	"github.com/glowplug-os/glowplug/internal/tree"
)

// maxDepth is how many documents may lead to one, each by a reference of the one before.
const maxDepth = 32

// maxDocuments is how many documents a config can have fetched: references that double at each level would never end.
const maxDocuments = 4096

// A Fetcher gets the documents that a config refers to.
type Fetcher interface {
	// Configure sets time limits, proxies and trust for all later fetches.
	Configure(ctx context.Context, ignition config.Ignition) error
	// Bytes fetches a resource, decompressed and verified.
	Bytes(ctx context.Context, r config.Resource) ([]byte, error)
}

// ErrEmpty is a document of no bytes, or of blanks. At the top it means that there is no config; what a config refers
// to must not be empty.
var ErrEmpty = errors.New("the config is empty")

// ErrAbsent is what a Fetcher gives for a document that is not at hand, to be left out where Loader.Absent is set.
var ErrAbsent = errors.New("it is not at hand")

// A ReferenceError is about a reference from one document to another.
type ReferenceError struct {
	At  diag.Place // of the reference
	Err error
}

func (e *ReferenceError) Error() string { return fmt.Sprintf("%s: %v", e.At, e.Err) }

func (e *ReferenceError) Unwrap() error { return e.Err }

// An InvalidError says that a document was refused.
type InvalidError struct {
	Name     string
	Problems []diag.Problem // as the audience of the Loader is told them
}

// Error names the document and its first error.
func (e *InvalidError) Error() string {
	errors := 0
	first := ""
	for _, p := range e.Problems {
		if p.Severity != diag.Error {
			continue
		}
		if errors == 0 {
			first = p.Error()
		}
		errors += p.Count()
	}
	if errors > 1 {
		return fmt.Sprintf("config is invalid: %s (and %d more)", first, errors-1)
	}
	return "config is invalid: " + first
}

// Hint says how to see all problems.
func (e *InvalidError) Hint() string {
	return "glowplug validate, on any machine, shows every problem of a config at its line"
}

// A Loader reads documents and everything that they refer to. The exported fields are set before use.
type Loader struct {
	Arena    *tree.Arena
	Audience diag.Audience
	Fetcher  Fetcher
	// Report is called with the problems of each document as it is read, and with those of the merged config.
	Report func(problems []diag.Problem)
	// Reference is called for each document that another one refers to, once it has been fetched. name may stand in a
	// log.
	Reference func(url, name string, from diag.Place)
	// Several: the caller merges all that is read and rendered, and judges the whole.
	Several bool
	// Name gives another name to a document that was fetched; nil to leave it.
	Name func(url string) string
	// Absent is called for each document that is not at hand, which is left out then; nil where that ends it all.
	Absent func(from diag.Place)
	// Silences is that of the Options of documents that others refer to; nil for nothing. Where it is set, all problems
	// are reported, however many that are, and Silenced is called with how many more there were that are silenced.
	Silences func(text *diag.Document, butane bool) func(*diag.Problem) bool
	Silenced func(count int)
	// Each is called for each document that has been read as a config; nil for nobody.
	Each func(*document.Document)
	// Replaced is called for a reference to a document that takes the place of the one that refers to it; nil for
	// nobody.
	Replaced func(from diag.Place)

	reported map[told]bool
	fetched  int
	lacks    bool // a document that is not at hand
}

// A told is a problem that has been reported. A problem that a merged config has from one of its documents is equal to
// it.
type told struct {
	code    codes.Code
	message string
	place   diag.Place
}

// Document reads one document and reports what is wrong with it. The text must not change afterwards: it is not copied,
// and strings of the config are parts of it. The error is ErrEmpty or an *InvalidError.
func (l *Loader) Document(name string, text []byte) (*document.Document, error) {
	return l.DocumentWith(name, text, Options{})
}

// DocumentWith is Document with Options for a Butane document. Documents that it refers to have no local files.
func (l *Loader) DocumentWith(name string, text []byte, o Options) (*document.Document, error) {
	if tree.IsBlank(text) {
		return nil, ErrEmpty
	}
	o.Merged = o.Merged || l.Several
	result := ReadWith(l.Arena, name, unsafe.String(unsafe.SliceData(text), len(text)), o)
	for _, p := range result.Problems {
		if p.Silenced && l.Silenced != nil {
			l.Silenced(p.More)
		}
	}
	if l.Each != nil && result.Config != nil {
		l.Each(result.Config)
	}
	return result.Config, l.judge(name, result.Problems)
}

// judge reports problems, and gives an error if one of them is an error.
func (l *Loader) judge(name string, problems []diag.Problem) error {
	problems = l.told(problems)
	l.Tell(problems)
	if diag.Fatal(problems) {
		return &InvalidError{name, problems}
	}
	return nil
}

// told are the problems as the audience is told them.
func (l *Loader) told(problems []diag.Problem) []diag.Problem {
	if l.Silences == nil {
		return diag.For(l.Audience, problems)
	}
	return diag.All(l.Audience, problems)
}

// Tell reports those of the problems that have not been reported yet: a problem of a document is found again in the
// config that the document is merged into.
func (l *Loader) Tell(problems []diag.Problem) {
	var fresh []diag.Problem
	for _, p := range problems {
		if key := (told{p.Code, p.Message, p.Place}); !l.reported[key] {
			if l.reported == nil {
				l.reported = map[told]bool{}
			}
			l.reported[key] = true
			fresh = append(fresh, p)
		}
	}
	if len(fresh) > 0 && l.Report != nil {
		l.Report(fresh)
	}
}

// Render follows a document's references until nothing is left to follow (docs/peer/spec.md §6), and holds the result
// against the rules of the newest version. It is nil where a document that would take the place of all is not at hand.
func (l *Loader) Render(ctx context.Context, doc *document.Document) (*document.Document, error) {
	rendered, err := l.render(ctx, doc, nil)
	if err != nil || rendered == nil {
		return nil, err
	}
	problems := rules.Rules(rendered.Upgrade())
	if l.Several || l.lacks {
		problems = diag.Standing(problems, diag.Merging)
	}
	return rendered, l.judge("the merged config", problems)
}

// A chain is a document, and the documents whose references led to it.
type chain struct {
	up   *chain
	url  string
	from diag.Place
}

func (l *Loader) render(ctx context.Context, doc *document.Document, way *chain) (*document.Document, error) {
	ignition := doc.Config().Ignition
	if ignition.Config.Replace.Source != nil {
		place := doc.At("$.ignition.config.replace.source", tree.Index{}).Place()
		step := &chain{way, *ignition.Config.Replace.Source, place}
		next, err := l.follow(ctx, ignition.Config.Replace, step, "replace")
		if err != nil || next == nil {
			return nil, err
		}
		if l.Replaced != nil {
			l.Replaced(place)
		}
		if err := l.Fetcher.Configure(ctx, next.Config().Ignition); err != nil {
			return nil, err
		}
		return l.render(ctx, next, step)
	}
	if len(ignition.Config.Merge) == 0 {
		return doc, nil
	}
	settings, index := doc.Settings(), tree.Index{}
	var children []*document.Document
	for i, r := range ignition.Config.Merge {
		place := doc.At(fmt.Sprintf("$.ignition.config.merge.%d.source", i), index).Place()
		if r.Source == nil {
			return nil, &ReferenceError{place, errors.New("a config to merge has no source")}
		}
		step := &chain{way, *r.Source, place}
		child, err := l.follow(ctx, r, step, fmt.Sprintf("merge %d", i))
		if err != nil {
			return nil, err
		}
		if child == nil {
			continue
		}
		if err := l.Fetcher.Configure(ctx, document.MergeIgnition(settings, child)); err != nil {
			return nil, err
		}
		if child, err = l.render(ctx, child, step); err != nil {
			return nil, err
		}
		if child == nil {
			continue
		}
		settings = document.Merge(settings, child.Settings())
		children = append(children, child)
	}
	return document.Merge(doc, children...), nil
}

// follow fetches and reads one document that is referred to. An empty one is an error. One that is left out is nil.
func (l *Loader) follow(ctx context.Context, r config.Resource, step *chain, what string) (*document.Document, error) {
	name := documentName(*r.Source, step, what)
	if err := step.check(); err != nil {
		return nil, err
	}
	if l.fetched++; l.fetched > maxDocuments {
		return nil, &ReferenceError{step.from, fmt.Errorf("the config refers to more than %d others", maxDocuments)}
	}
	text, err := l.Fetcher.Bytes(ctx, r)
	if errors.Is(err, ErrAbsent) && l.Absent != nil {
		l.lacks = true
		l.Absent(step.from)
		return nil, nil
	}
	if err != nil {
		return nil, &ReferenceError{step.from, fmt.Errorf("%s: %w", what, err)}
	}
	if l.Name != nil {
		name = cmp.Or(l.Name(*r.Source), name)
	}
	if l.Reference != nil {
		l.Reference(*r.Source, name, step.from)
	}
	if tree.IsBlank(text) {
		return nil, &ReferenceError{step.from,
			fmt.Errorf("%s: the document is empty; leave the reference out, or let it name a config", what)}
	}
	return l.DocumentWith(name, text, Options{Silences: l.Silences, Merged: true})
}

// check refuses a reference to a document of its own chain, and a chain that is too long.
func (c *chain) check() error {
	depth := 0
	for up := c.up; up != nil; up = up.up {
		if up.url == c.url && !strings.HasPrefix(c.url, "data:") {
			return &ReferenceError{c.from, fmt.Errorf("the config refers to itself: %s was fetched on the way here",
				source.Redact(c.url))}
		}
		if depth++; depth >= maxDepth {
			return &ReferenceError{c.from,
				fmt.Errorf("configs refer to each other more than %d levels deep", maxDepth)}
		}
	}
	return nil
}

func documentName(url string, step *chain, what string) string {
	if !strings.HasPrefix(url, "data:") {
		return source.Redact(url)
	}
	name := "config"
	if step.from.Doc != nil {
		name = step.from.Doc.Name
	}
	return name + " (" + what + ")"
}
