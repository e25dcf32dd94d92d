package validate

import (
	"fmt"

	"github.com/glowplug-os/glowplug/internal/diag"
)

// A Severity says how bad a problem is. Only Error makes a document invalid.
type Severity int

// The severities, in rising order. Info is for what is no fault; so far no problem has it.
const (
	Info Severity = iota
	Warning
	Error
)

func (s Severity) String() string { return diag.Severity(s).String() }

// A Problem is one thing that is wrong with a document. docs/problems.md lists the codes.
type Problem struct {
	Severity Severity
	// Code names the kind of problem for programs: "path-relative".
	Code string
	// Name is the name of the text, as Read was given it. Lines and columns count from 1, columns in bytes; the end is
	// the first byte after what is wrong. Line is 0 where a problem has no place.
	Name                             string
	Line, Column, EndLine, EndColumn int
	// Path leads to the value: "$.storage.files.0.path".
	Path string
	// Message says what is wrong, Hint what to do, where anything helps.
	Message, Hint string
	// Notes are other places that explain the problem.
	Notes []Note
	// Fix is what to write instead; nil where that is not known, is more than one value, or may not be shown.
	Fix *Fix
}

// A Fix is a text to write in the place of another one, so that a problem is gone; "" only removes that. The place
// counts as that of a Problem does, and has the quotes of a key or a value.
type Fix struct {
	Line, Column, EndLine, EndColumn int
	Text                             string
	// Safe: nothing else can have been meant, so that it can be written without asking.
	Safe bool
}

// A Note is another place that a problem has to do with.
type Note struct {
	Name         string
	Line, Column int
	Path         string
	Message      string
}

// String is the problem in a line, without the hint and the notes.
func (p Problem) String() string {
	where := p.Name
	if p.Line > 0 {
		where = fmt.Sprintf("%s:%d:%d", p.Name, p.Line, p.Column)
	}
	if p.Path != "" {
		where += ": " + p.Path
	}
	return diag.OneLine(fmt.Sprintf("%s: %s: %s", where, p.Severity, p.Message))
}

// Valid reports whether none of the problems is an error.
func Valid(problems []Problem) bool {
	for _, p := range problems {
		if p.Severity == Error {
			return false
		}
	}
	return true
}

// plain turns problems into values of this package.
func plain(found []diag.Problem) []Problem {
	var all []Problem
	for _, f := range found {
		p := Problem{Severity: Severity(f.Severity), Code: string(f.Code), Path: f.Path, Message: f.Message,
			Hint: f.Hint}
		p.Name, p.Line, p.Column = start(f.Place)
		if f.Place.Doc != nil {
			p.EndLine, p.EndColumn = f.Place.Doc.Position(f.Place.Span.End)
		}
		p.Fix = fixed(f.Fix)
		for _, r := range f.Related {
			n := Note{Path: r.Path, Message: r.Message}
			n.Name, n.Line, n.Column = start(r.Place)
			p.Notes = append(p.Notes, n)
		}
		all = append(all, p)
	}
	return all
}

func fixed(f *diag.Fix) *Fix {
	if !f.MayShow() {
		return nil
	}
	fix := &Fix{Text: f.Text(), Safe: f.Safe}
	fix.Line, fix.Column = f.Place.Doc.Position(f.Place.Span.Start)
	fix.EndLine, fix.EndColumn = f.Place.Doc.Position(f.Place.Span.End)
	return fix
}

func start(at diag.Place) (name string, line, column int) {
	if at.Doc == nil {
		return "", 0, 0
	}
	line, column = at.Doc.Position(at.Span.Start)
	return at.Doc.Name, line, column
}
