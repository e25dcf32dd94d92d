package drift

import (
	"encoding/json"
	"fmt"
	"io"
	"strings"

	"github.com/glowplug-os/glowplug/internal/diag"
)

// linesShown is how many lines of a text people are shown.
const linesShown = 60

// WriteText tells people.
func (r *Report) WriteText(w io.Writer) error {
	var b strings.Builder
	fmt.Fprintln(&b, r.Summary())
	for _, part := range []struct {
		title string
		of    []*Item
	}{{"Differs", r.of(Differs)}, {"Not known", r.of(NotKnown)}} {
		if len(part.of) > 0 {
			fmt.Fprintf(&b, "\n%s\n", part.title)
		}
		for _, i := range part.of {
			i.text(&b)
		}
	}
	if len(r.Notes) > 0 {
		b.WriteString("\nNotes\n")
	}
	for _, note := range r.Notes {
		fmt.Fprintf(&b, "  %s\n", diag.OneLine(note))
	}
	_, err := io.WriteString(w, b.String())
	return err
}

func (i *Item) text(b *strings.Builder) {
	fmt.Fprintf(b, "  %s\n", i.title())
	for _, each := range i.Findings {
		fmt.Fprintf(b, "      %s\n", diag.OneLine(each))
	}
	for _, line := range i.Lines[:min(len(i.Lines), linesShown)] {
		fmt.Fprintf(b, "        %s\n", diag.Printable(line))
	}
	if more := len(i.Lines) - linesShown; more > 0 {
		fmt.Fprintf(b, "        … and %s\n", diag.Count(more, "more line"))
	}
}

// title is the subject with its place.
func (i *Item) title() string {
	if i.Place == "" {
		return diag.Printable(i.Subject)
	}
	return diag.Printable(i.Subject) + " (" + diag.Printable(i.Place) + ")"
}

// Version is that of the JSON, of which schema.json is the JSON Schema. It counts up when a key goes or changes its
// meaning; keys may be added at any time.
const Version = 1

// The types of the JSON: what a program reads has names of its own, which stay when those of the code do not.
type (
	jsonReport struct {
		Version int        `json:"version"`
		Summary string     `json:"summary"`
		Exit    Exit       `json:"exit"`
		Items   []jsonItem `json:"items"`
		Notes   []string   `json:"notes"`
	}
	jsonItem struct {
		ID         string   `json:"id"`
		Subject    string   `json:"subject"`
		State      string   `json:"state"`
		Findings   []string `json:"findings,omitempty"`
		Origin     string   `json:"origin,omitempty"`
		Place      string   `json:"place,omitempty"`
		Difference []string `json:"difference,omitempty"`
	}
)

// WriteJSON tells programs.
func (r *Report) WriteJSON(w io.Writer) error {
	out := jsonReport{Version: Version, Summary: r.Summary(), Exit: r.Exit(), Items: []jsonItem{},
		Notes: append([]string{}, r.Notes...)}
	for _, i := range r.Items {
		out.Items = append(out.Items, jsonItem{ID: i.ID, Subject: i.Subject, State: i.State.String(),
			Findings: i.Findings, Origin: i.Origin, Place: i.Place, Difference: i.Lines})
	}
	e := json.NewEncoder(w)
	e.SetIndent("", "  ")
	e.SetEscapeHTML(false)
	return e.Encode(out)
}
