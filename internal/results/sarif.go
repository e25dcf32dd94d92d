package results

import (
	"cmp"
	"io"
	"net/url"
	"path"
	"strings"

	"github.com/glowplug-os/glowplug/internal/codes"
	"github.com/glowplug-os/glowplug/internal/diag"
)

// writeSARIF writes a log of the Static Analysis Results Interchange Format (OASIS, SARIF 2.1.0) with one run. Its
// rules are the codes that occur.
func writeSARIF(w io.Writer, r *Report) error {
	s := sarif{number: map[codes.Code]int{}, rules: []diag.Object{}, results: []diag.Object{}}
	for f, p := range r.each() {
		s.add(f, p)
	}
	// what is not shown is no result, but counts
	invocation := diag.Object{"executionSuccessful", true}
	if s.notes != nil {
		invocation = append(invocation, "toolExecutionNotifications", s.notes)
	}
	driver := diag.Object{"name", r.Program}.With("version", r.Version)
	return diag.Object{
		"$schema", "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json",
		"version", "2.1.0",
		"runs", []diag.Object{{
			"tool", diag.Object{"driver", append(driver, "rules", s.rules)},
			"columnKind", "unicodeCodePoints",
			"invocations", []diag.Object{invocation},
			"results", s.results,
		}},
	}.Write(w)
}

// A sarif is a run that is being put together.
type sarif struct {
	number         map[codes.Code]int // the place of a code in rules
	rules, results []diag.Object
	notes          []diag.Object
}

func (s *sarif) add(f *File, p *diag.Problem) {
	if p.More > 0 {
		s.notes = append(s.notes, diag.Object{"level", sarifLevel(p.Severity),
			"message", diag.Object{"text", diag.Printable(f.file(p)) + ": " + p.Message}})
		return
	}
	number, known := s.number[p.Code]
	if !known {
		number = len(s.rules)
		s.number[p.Code] = number
		s.rules = append(s.rules, sarifRule(p.Code))
	}
	result := diag.Object{"ruleId", string(p.Code), "ruleIndex", number, "level", sarifLevel(p.Severity),
		"message", diag.Object{"text", said(p)}, "locations", []diag.Object{sarifLocation(f, p.Place, p.Path)}}
	var related []diag.Object
	for i, other := range p.Related {
		at := sarifLocation(f, other.Place, other.Path)
		related = append(related, append(diag.Object{"id", i}, append(at, "message",
			diag.Object{"text", diag.OneLine(other.Message)})...))
	}
	if related != nil {
		result = append(result, "relatedLocations", related)
	}
	if p.Fix.MayShow() {
		result = append(result, "fixes", []diag.Object{sarifFix(p)})
	}
	s.results = append(s.results, result)
}

// sarifRule describes a code as docs/problems.md does.
func sarifRule(code codes.Code) diag.Object {
	rule := diag.Object{"id", string(code)}
	row, known := codes.Find(code)
	if !known {
		return rule
	}
	level := "error"
	switch {
	case row.Kind == codes.Advice:
		level = "note"
	case row.Kind.Warns():
		level = "warning"
	}
	return append(rule, "shortDescription", diag.Object{"text", sentence(row.Line)},
		"fullDescription", diag.Object{"text", sentence(row.Why)}, "help", diag.Object{"text", sentence(row.Do)},
		"defaultConfiguration", diag.Object{"level", level})
}

// sentence: SARIF wants descriptions to be whole sentences (3.11.3).
func sentence(text string) string {
	if text == "" {
		return ""
	}
	return strings.ToUpper(text[:1]) + strings.TrimSuffix(text[1:], ".") + "."
}

func sarifLevel(s diag.Severity) string {
	switch s {
	case diag.Error:
		return "error"
	case diag.Warning:
		return "warning"
	}
	return "note"
}

func sarifLocation(f *File, at diag.Place, jsonPath string) diag.Object {
	name := f.Name
	if at.Doc != nil {
		name = at.Doc.Name
	}
	physical := diag.Object{"artifactLocation", diag.Object{"uri", sarifURI(name)}}
	if region := regionOf(at); region.line > 0 {
		physical = append(physical, "region", region.object())
	}
	location := diag.Object{"physicalLocation", physical}
	if jsonPath != "" {
		location = append(location, "logicalLocations", []diag.Object{{"fullyQualifiedName", jsonPath}})
	}
	return location
}

func (r region) object() diag.Object {
	return diag.Object{"startLine", r.line, "startColumn", r.column, "endLine", r.endLine, "endColumn", r.endColumn}
}

func sarifFix(p *diag.Problem) diag.Object {
	at := p.Fix.Place
	return diag.Object{"description", diag.Object{"text", diag.OneLine(cmp.Or(p.Hint, p.Message))},
		"artifactChanges", []diag.Object{{"artifactLocation", diag.Object{"uri", sarifURI(at.Doc.Name)},
			"replacements", []diag.Object{{"deletedRegion", regionOf(at).object(),
				"insertedContent", diag.Object{"text", p.Fix.Text()}}}}}}
}

// sarifURI makes a URI of a path, relative to the folder that the program runs in (RFC 3986).
func sarifURI(name string) string {
	name = slashes(name)
	if path.IsAbs(name) {
		return (&url.URL{Scheme: "file", Path: name}).String()
	}
	return (&url.URL{Path: name}).String()
}
