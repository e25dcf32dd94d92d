package validate

import (
	"bytes"
	"fmt"
	"io/fs"

	"github.com/glowplug-os/glowplug/config"
	"github.com/glowplug-os/glowplug/internal/advice"
	"github.com/glowplug-os/glowplug/internal/codes"
	"github.com/glowplug-os/glowplug/internal/diag"
	"github.com/glowplug-os/glowplug/internal/document"
	"github.com/glowplug-os/glowplug/internal/load"
	"github.com/glowplug-os/glowplug/internal/rules"
	"github.com/glowplug-os/glowplug/internal/tree"
)

// An Audience is the reader of problems. docs/deviations.md says which rules are for which audience.
type Audience int

// The audiences.
const (
	// Workstation is a person who can still change the config: every rule counts, and what a machine could do only in
	// part is an error.
	Workstation Audience = iota
	// Boot is a machine that reads the config: a rule that Ignition lacks gives a warning. It has no local files.
	Boot
	// Peer is a caller of Ignition or Butane, who expects their verdicts and places.
	Peer
)

// Options say how a text is read, and for whom it is judged.
type Options struct {
	// Files holds the local files that a Butane document may name; nil where there are none. Symbolic links in trees
	// need an fs.ReadLinkFS.
	Files fs.FS
	// Audience is who is told of the problems.
	Audience Audience
}

// A Document is a text that has been read as a config. It does not change.
type Document struct {
	doc      *document.Document
	audience Audience
}

// Read reads a config in JSON, or a Butane document in YAML, and holds it against the language and against every rule
// of its version. What is wrong comes in the order of the text. The document is nil where there is an error. Of a
// config that refers to others, errors that are ours alone are left out where these may put them right; Merge tells of
// them. name is what problems call the text, such as a file name.
func Read(name string, text []byte, o Options) (*Document, []Problem) {
	r := load.ReadWith(tree.NewArena(), name, string(text),
		load.Options{Files: o.Files, FilesDir: "/", Local: o.Audience != Boot, Lint: tree.Unseen,
			Rules: rules.Further})
	if o.Audience == Workstation {
		advice.Give(r.Problems)
	}
	return judged(r.Config, r.Problems, o.Audience)
}

// judged gives what an audience is told, and the document if it may be used.
func judged(doc *document.Document, found []diag.Problem, audience Audience) (*Document, []Problem) {
	told := diag.For(audience.internal(), found)
	diag.Sort(told)
	if doc == nil || diag.Fatal(told) {
		return nil, plain(told)
	}
	return &Document{doc, audience}, plain(told)
}

func (a Audience) internal() diag.Audience {
	switch a {
	case Boot:
		return diag.Boot
	case Peer:
		return diag.Peer
	}
	return diag.Workstation
}

// Merge lays configs over each other, each over what is there by then. The result is of the newest version among them.
// It is held against the rules of that version, as a whole, for the audience of the parent; it is nil where there is an
// error. The documents that it is made of stay as they are. Where one of them is nil, as Read gives it of a text with
// an error, that is an error too.
func Merge(parent *Document, children ...*Document) (*Document, []Problem) {
	for i, d := range append([]*Document{parent}, children...) {
		if d == nil {
			return nil, []Problem{missing(i + 1)}
		}
	}
	version := parent.doc.Version
	arena := tree.NewArena()
	var over []*document.Document
	for _, child := range children {
		version = max(version, child.doc.Version)
		over = append(over, child.doc.In(arena))
	}
	merged := document.Merge(parent.doc.In(arena), over...).At("$", tree.Index{})
	merged.Get("ignition").Get("version").Become(tree.String, version.String())
	doc, problems, ignored := document.Decode(merged)
	if doc != nil {
		problems = append(problems, rules.Rules(doc)...)
	}
	return judged(doc, append(problems, ignored...), parent.audience)
}

// missing is the problem of a document to merge that is nil.
func missing(number int) Problem {
	return Problem{Severity: Error, Code: string(codes.Unreadable),
		Message: fmt.Sprintf("document %d of those to merge is nil: its text has an error", number),
		Hint:    "merge only what Read gives without an error"}
}

// Config gives the config of the document, in the newest shape: of a Butane document, the config that it is converted
// to. It is a copy, which the caller may change.
func (d *Document) Config() *config.Config { return d.doc.In(tree.NewArena()).Config() }

// Version is the version of the config: that of the document, or of what a Butane document becomes.
func (d *Document) Version() config.Version { return d.doc.Version }

// JSON is the config in JSON, for Ignition, without what says nothing. Of a Butane document for OpenShift it is the
// config alone, without the MachineConfig around it.
func (d *Document) JSON() []byte {
	return bytes.TrimSuffix(document.Encode(d.doc.At("$", tree.Index{}), d.doc.Version, false), []byte("\n"))
}
