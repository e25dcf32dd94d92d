package history

import (
	"fmt"
	"io"
	"strings"

	"github.com/glowplug-os/glowplug/internal/diag"
)

// An Answer is what is told of what somebody asks about.
type Answer struct {
	Entries []Entry
	// Replaced are references to documents that were taken in the place of those that they stand in.
	Replaced []diag.Place
}

// WriteText tells people.
func (a *Answer) WriteText(w io.Writer, style diag.Style) error {
	var b strings.Builder
	for i := range a.Entries {
		if i > 0 {
			b.WriteByte('\n')
		}
		a.Entries[i].text(&b, style)
	}
	for _, from := range a.Replaced {
		fmt.Fprintf(&b, "%s: what %s refers to has taken the place of all that is there\n",
			style.Paint(diag.Bold, "note"), style.Paint(diag.Cyan, from.String()))
	}
	_, err := io.WriteString(w, b.String())
	return err
}

func (e *Entry) text(b *strings.Builder, style diag.Style) {
	if e.Called != "" {
		fmt.Fprintf(b, "%s (%s)\n", style.Paint(diag.Bold, diag.OneLine(e.Called)), e.Path)
	} else {
		b.WriteString(style.Paint(diag.Bold, e.Path) + "\n")
	}
	for _, d := range e.Displaced {
		var places []string
		for _, p := range d.Places {
			places = append(places, style.Paint(diag.Cyan, p.String()))
		}
		fmt.Fprintf(b, "  in the place of %s (%s)\n", diag.OneLine(d.Called), strings.Join(places, ", "))
	}
	for _, v := range e.Values {
		b.WriteString("  " + v.text(style))
	}
}

func (v *Value) text(style diag.Style) string {
	last := v.Said[len(v.Said)-1]
	text := fmt.Sprintf("%s (%s)\n", diag.OneLine(last.Shown), style.Paint(diag.Cyan, last.Place.String()))
	if v.Path != "" {
		text = v.Path + ": " + text
	}
	over := style.Paint(diag.Yellow, "over")
	for i := len(v.Said) - 2; i >= 0; i-- {
		said := v.Said[i]
		switch place := style.Paint(diag.Cyan, said.Place.String()); {
		case said.Same:
			text += fmt.Sprintf("    also %s\n", place)
		case said.Hidden:
			text += fmt.Sprintf("    %s another, %s (%s)\n", over, diag.OneLine(said.Shown), place)
		default:
			text += fmt.Sprintf("    %s %s (%s)\n", over, diag.OneLine(said.Shown), place)
		}
	}
	return text
}

// PlaceJSON is a place as programs are told it.
type PlaceJSON struct {
	File   string `json:"file"`
	Line   int    `json:"line"`
	Column int    `json:"column"`
}

// ToJSON gives the place for programs.
func ToJSON(p diag.Place) (out PlaceJSON) {
	if p.Doc != nil {
		out.File = p.Doc.Name
		out.Line, out.Column = p.Doc.Position(p.Span.Start)
	}
	return out
}

type saidJSON struct {
	Value  string    `json:"value"`
	Hidden bool      `json:"hidden"`
	Same   bool      `json:"same"`
	At     PlaceJSON `json:"at"`
}

type valueJSON struct {
	Path string `json:"path"`
	saidJSON
	Over []saidJSON `json:"over"` // the latest first
}

type displacedJSON struct {
	Entry string      `json:"entry"`
	At    []PlaceJSON `json:"at"`
}

type entryJSON struct {
	Path      string          `json:"path"`
	Entry     string          `json:"entry"`
	Values    []valueJSON     `json:"values"`
	Displaced []displacedJSON `json:"displaced"`
}

// WriteJSON tells programs.
func (a *Answer) WriteJSON(w io.Writer) error {
	out := struct {
		Entries  []entryJSON `json:"entries"`
		Replaced []PlaceJSON `json:"replaced"`
	}{[]entryJSON{}, places(a.Replaced)}
	for i := range a.Entries {
		out.Entries = append(out.Entries, a.Entries[i].json())
	}
	return diag.EncodeJSON(w, out)
}

func (e *Entry) json() entryJSON {
	out := entryJSON{e.Path, e.Called, []valueJSON{}, []displacedJSON{}}
	for _, v := range e.Values {
		last := len(v.Said) - 1
		each := valueJSON{v.Path, v.Said[last].json(), []saidJSON{}}
		for i := last - 1; i >= 0; i-- {
			each.Over = append(each.Over, v.Said[i].json())
		}
		out.Values = append(out.Values, each)
	}
	for _, d := range e.Displaced {
		out.Displaced = append(out.Displaced, displacedJSON{d.Called, places(d.Places)})
	}
	return out
}

func (s Said) json() saidJSON { return saidJSON{s.Shown, s.Hidden, s.Same, ToJSON(s.Place)} }

func places(all []diag.Place) []PlaceJSON {
	out := []PlaceJSON{}
	for _, p := range all {
		out = append(out, ToJSON(p))
	}
	return out
}
