// Package load goes from bytes to a Config: it finds out which form a text has, reads it, checks it, merges what it refers
// to. Where bytes come from is the business of the fetcher that it is given.
package load

import (
	"strings"

	"github.com/glowplug-os/glowplug/config"
	"github.com/glowplug-os/glowplug/internal/diag"
	"github.com/glowplug-os/glowplug/internal/tree"
	"github.com/glowplug-os/glowplug/validate"
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
		r.fail(diag.Problem{Severity: diag.Error, Code: config.CodeEmpty, Place: diag.Place{Doc: r.Text}, Message: "the config is empty", Hint: `the smallest config is {"ignition": {"version": "` + config.Stable.String() + `"}}`})
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
	broken := brokenObjects(problems)
	for _, p := range validate.Document(doc) {
		if !broken.covers(p.Path) {
			r.Problems = append(r.Problems, p)
		}
	}
	r.Problems = append(append(r.Problems, ignored...), notUTF8(r.Text)...)
	return r
}

func (r *Result) fail(p diag.Problem) { r.Problems = append(r.Problems, p) }

// Valid reports whether an audience may use the config.
func (r *Result) Valid(audience diag.Audience) bool {
	return r.Config != nil && !diag.Fatal(diag.For(audience, r.Problems))
}

// broken holds the objects in which a value was of the wrong kind: what the rules say of them would blame the absence of
// that value.
type broken map[string]bool

func brokenObjects(problems []diag.Problem) broken {
	b := broken{}
	for _, p := range problems {
		b[parent(p.Path)] = true
	}
	return b
}

func parent(path string) string {
	return path[:max(strings.LastIndexByte(path, '.'), 0)]
}

func (b broken) covers(path string) bool {
	for ; len(b) > 0 && path != ""; path = parent(path) {
		if b[path] {
			return true
		}
	}
	return false
}

// notUTF8 reports the first byte that is not UTF-8; such bytes would silently become replacement characters.
func notUTF8(doc *diag.Document) []diag.Problem {
	at := tree.NotUTF8(doc.Text)
	if at < 0 {
		return nil
	}
	return []diag.Problem{{
		Severity: diag.Error, Code: "not-utf8", Place: diag.Place{Doc: doc, Span: diag.Span{Start: at, End: at + 1}}, Path: "$", Stricter: true,
		Message: "the text is not UTF-8 here; other bytes would take the place of this one", Hint: "save the file as UTF-8; put binary content into a base64 data: URL",
	}}
}
