// Package load goes from bytes to a Config: it finds out which form a text has, reads it, checks it, merges what it refers
// to. Where bytes come from is the business of the fetcher that it is given.
package load

import (
	"github.com/glowplug-os/glowplug/config"
	"github.com/glowplug-os/glowplug/internal/diag"
	"github.com/glowplug-os/glowplug/internal/tree"
	"github.com/glowplug-os/glowplug/validate"
	"runtime/debug"
)

// A Result is a text that has been read and judged.
type Result struct {
	Text *diag.Document
	// Config is nil where the text could not be read as a config of a known version at all.
	Config *config.Document
	// Problems stand in the order of the rules; see diag.For for what an audience is told.
	Problems []diag.Problem
}

// Read reads and judges one text by the rules of its own version. Texts whose configs are to be merged must share an arena.
func Read(arena *tree.Arena, name, text string) Result {
	r := Result{Text: &diag.Document{Name: name, Text: text}}
	if text == "" {
		r.fail(config.EmptyText(r.Text))
		return r
	}
	root, problem := parse(arena, r.Text)
	if problem != nil {
		r.fail(*problem)
		return r
	}
	doc, problems, ignored := config.Decode(root)
	r.Config, r.Problems = doc, problems
	if doc == nil {
		return r
	}
	r.Problems = append(append(r.Problems, validate.Document(doc)...), ignored...)
	if problem := tree.NotUTF8(r.Text); problem != nil {
		r.fail(*problem)
	}
	return r
}

func (r *Result) fail(p diag.Problem) { r.Problems = append(r.Problems, p) }

// Valid reports whether an audience may use the config.
func (r *Result) Valid(audience diag.Audience) bool {
	return r.Config != nil && !diag.Fatal(diag.For(audience, r.Problems))
}

// PaceCollector sets how much garbage the process lets stand, given the size of the document that it works on. What a small
// one leaves behind is not worth a collection; the peak of a large one is kept near what is really needed.
func PaceCollector(size int) {
	const large = 4 << 20
	if size < large {
		debug.SetGCPercent(400)
	} else {
		debug.SetGCPercent(5)
	}
}
