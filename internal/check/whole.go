package check

import (
	"context"
	"errors"
	"strings"

	"github.com/glowplug-os/glowplug/config"
	"github.com/glowplug-os/glowplug/internal/codes"
	"github.com/glowplug-os/glowplug/internal/diag"
	"github.com/glowplug-os/glowplug/internal/document"
	"github.com/glowplug-os/glowplug/internal/load"
	"github.com/glowplug-os/glowplug/internal/rules"
	"github.com/glowplug-os/glowplug/internal/source"
	"github.com/glowplug-os/glowplug/internal/tree"
)

// A whole is a config with those that it refers to, as far as they are at hand.
type whole struct {
	*verdict
	at     *AtHand // what is merged
	top    *load.Result
	own    *silence
	inner  map[string]diag.Place // of what stands in a document: the place of the reference, by the name of the text
	named  map[string]diag.Place // of every text that is merged: the first reference to one of that name
	found  []diag.Problem
	absent int
	hushed int // how many problems are silenced and not among those found
}

// whole judges what a valid text makes with all that it refers to: by the rules, and by what makes a machine of it,
// which asks for the whole. It spoils the result.
func (v *verdict) whole(r *load.Result, own *silence) *whole {
	w := &whole{verdict: v, top: r, own: own, at: &AtHand{v.options.maps, map[string]string{}},
		inner: map[string]diag.Place{}, named: map[string]diag.Place{}}
	if !r.Valid(diag.Workstation) {
		return w
	}
	doc := r.Config
	if refers(doc.Config()) {
		if merged := w.merge(); merged != nil {
			doc = merged
		}
	}
	if !diag.Fatal(w.found) {
		w.judge(doc)
	}
	if r.Butane != nil {
		r.Butane.Blame(w.found)
	}
	return w
}

// refers tells whether a config has others merged, or in its place.
func refers(cfg *config.Config) bool {
	return len(cfg.Ignition.Config.Merge) > 0 || cfg.Ignition.Config.Replace.Source != nil
}

// merge gives the merged config; nil where it is not at hand, or is not valid.
func (w *whole) merge() *document.Document {
	loader := load.Loader{Arena: tree.NewArena(), Audience: diag.Workstation, Fetcher: w.at, Report: w.tell,
		Reference: w.referred, Name: func(url string) string { return w.at.Files[url] },
		Absent: func(diag.Place) { w.absent++ }, Silences: w.silences, Silenced: func(count int) { w.hushed += count }}
	doc, err := loader.Render(context.Background(), w.top.Config)
	var reference *load.ReferenceError
	if errors.As(err, &reference) {
		w.found = append(w.found, diag.Problem{Severity: diag.Error, Code: codes.ReferenceFailed, Stricter: true,
			Place: reference.At, Path: "$.ignition.config", Message: reference.Err.Error(),
			Hint: strings.Join(diag.Hints(err), "; ")})
	}
	if err != nil || doc == nil {
		return nil
	}
	if w.absent == 0 {
		doc.Followed()
	}
	return doc
}

// judge asks what takes the whole. Where a part is missing nobody knows what it would change: of that a root says that
// it cannot judge it.
func (w *whole) judge(doc *document.Document) {
	if doc != w.top.Config {
		w.tell(rules.Further(doc))
	}
	o := w.options
	if len(o.maps) > 0 {
		w.tell(rules.Contents(doc, o.maps.fetched))
	}
	if o.Plan != nil || w.verdict.judge != nil {
		defer w.unpaced(w.top.Text.Text)()
	}
	if o.Plan != nil && w.absent == 0 && !diag.Fatal(w.found) {
		w.tell(o.Plan(doc))
	}
	if w.verdict.judge != nil && !diag.Fatal(w.found) {
		w.tell(w.verdict.judge(doc))
	}
}

// referred notes where a text is referred to.
func (w *whole) referred(url, name string, from diag.Place) {
	if _, inline := source.Inline(url); inline {
		w.inner[name] = from
	}
	if _, known := w.named[name]; !known {
		w.named[name] = from
	}
}

// silences is what is silenced in a file that is merged. What stands within another text is silenced where that refers
// to it.
func (w *whole) silences(text *diag.Document, butane bool) func(*diag.Problem) bool {
	if w.isInner(diag.Place{Doc: text}) {
		return nil
	}
	return w.own.merged(text, butane)
}

// tell collects problems. What is in a text within another is shown at the reference; a Butane document has told its
// warnings already.
func (w *whole) tell(problems []diag.Problem) {
	for _, p := range problems {
		if p.Severity < diag.Error && w.top.Butane != nil && w.isInner(p.Place) {
			continue
		}
		w.found = append(w.found, w.placed(p))
	}
}

func (w *whole) isInner(at diag.Place) bool {
	if at.Doc == nil {
		return false
	}
	_, inner := w.inner[at.Doc.Name]
	return inner
}

func (w *whole) placed(p diag.Problem) diag.Problem {
	if w.isInner(p.Place) {
		here := diag.Related{Place: p.Place, Path: p.Path, Message: "it is here"}
		p.Place, p.Related = w.inner[p.Place.Doc.Name], append([]diag.Related{here}, p.Related...)
		p.Message = "in the config to merge: " + p.Message
		return w.placed(p)
	}
	return p
}

// fresh are the problems that the text itself does not have already.
func (w *whole) fresh() (all []diag.Problem) {
	type key struct {
		code    codes.Code
		message string
		place   diag.Place
	}
	told := map[key]bool{}
	for _, p := range w.top.Problems {
		told[key{p.Code, p.Message, p.Place}] = true
	}
	for _, p := range w.found {
		if k := (key{p.Code, p.Message, p.Place}); !told[k] {
			told[k] = true
			all = append(all, p)
		}
	}
	if w.hushed > 0 {
		all = append(all, diag.Problem{More: w.hushed, Silenced: true})
	}
	return all
}
