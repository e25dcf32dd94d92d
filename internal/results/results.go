// Package results writes what was found in files in the forms that other tools read.
package results

import (
	"io"
	"iter"
	"path"
	"path/filepath"

	"github.com/glowplug-os/glowplug/internal/diag"
)

// A File is what was found in one file.
type File struct {
	Name     string // as people call it
	Problems []diag.Problem
	Ignored  int // how many others a comment silences
	Absent   int // how many configs that it refers to were not at hand
	Invalid  bool
}

// A Report is what was found in all files, in the order in which they were named.
type Report struct {
	Program string // what found it, as in "glowplug validate"
	Version string // of the program
	Files   []File
}

// Valid reports whether all files are.
func (r *Report) Valid() bool { return r.Invalid() == 0 }

// Invalid counts the files that are.
func (r *Report) Invalid() (count int) {
	for _, f := range r.Files {
		if f.Invalid {
			count++
		}
	}
	return count
}

// All gives the problems of all files.
func (r *Report) All() (all []diag.Problem) {
	for _, f := range r.Files {
		all = append(all, f.Problems...)
	}
	return all
}

// each goes through the problems of all files, with the file that each was found in.
func (r *Report) each() iter.Seq2[*File, *diag.Problem] {
	return func(yield func(*File, *diag.Problem) bool) {
		for i := range r.Files {
			f := &r.Files[i]
			for k := range f.Problems {
				if !yield(f, &f.Problems[k]) {
					return
				}
			}
		}
	}
}

// A Format is a form of a report.
type Format struct {
	Name  string
	Words string // what it is
	Log   bool   // it stands in a log, where a summary may follow
	Write func(w io.Writer, r *Report) error
}

// Formats lists the forms, but for text, which is for people.
func Formats() []Format {
	return []Format{
		{"line", "a problem a line, FILE:LINE:COL: KIND[CODE] MESSAGE ($.path)", false, writeLines},
		{"json", "an object of valid and problems", false, writeJSON},
		{"sarif", "SARIF 2.1.0, for code scanning", false, writeSARIF},
		{"github", "annotations of a GitHub workflow", true, writeGitHub},
		{"gitlab", "a code quality report of GitLab", false, writeGitLab},
		{"junit", "JUnit's XML, a test case a file", false, writeJUnit},
	}
}

// Of finds the form of a name.
func Of(name string) (f Format, known bool) {
	for _, f := range Formats() {
		if f.Name == name {
			return f, true
		}
	}
	return Format{}, false
}

// Ignored counts what comments silence.
func (r *Report) Ignored() (count int) {
	for _, f := range r.Files {
		count += f.Ignored
	}
	return count
}

// Absent counts configs that others refer to and that were not at hand.
func (r *Report) Absent() (count int) {
	for _, f := range r.Files {
		count += f.Absent
	}
	return count
}

func writeJSON(w io.Writer, r *Report) error {
	return diag.WriteJSON(w, r.Valid(), r.All(), r.Ignored(), r.Absent())
}

// file is the name of the file that a problem is in, which may be one that the file names.
func (f *File) file(p *diag.Problem) string {
	if p.Place.Doc != nil {
		return p.Place.Doc.Name
	}
	return f.Name
}

// A region is a part of a text: lines and columns count from 1, columns in characters, and the end is the first
// character after it. The zero region is the whole file.
type region struct{ line, column, endLine, endColumn int }

func regionOf(p diag.Place) (r region) {
	if p.Doc == nil || p.Doc.Text == "" {
		return region{}
	}
	r.line, r.column = p.Doc.Characters(p.Span.Start)
	r.endLine, r.endColumn = p.Doc.Characters(max(p.Span.End, p.Span.Start))
	return r
}

// said is the message of a problem, and its hint in a line of its own.
func said(p *diag.Problem) string {
	text := diag.OneLine(p.Message)
	if p.Hint != "" {
		text += "\nhint: " + diag.OneLine(p.Hint)
	}
	return text
}

// slashes writes a path as tools compare it with those of a repository.
func slashes(name string) string { return path.Clean(filepath.ToSlash(name)) }

// put writes a text; what cannot be written to need not be where there is none.
func put(w io.Writer, text string) error {
	if text == "" {
		return nil
	}
	_, err := io.WriteString(w, text)
	return err
}
