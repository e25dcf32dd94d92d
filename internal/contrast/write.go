package contrast

import (
	"fmt"
	"io"
	"strings"

	"github.com/glowplug-os/glowplug/internal/diag"
	"github.com/glowplug-os/glowplug/internal/history"
	"github.com/glowplug-os/glowplug/internal/report"
)

// sign is that of a plan for what is made, changed and taken away.
func (e Effect) sign() string {
	switch e {
	case Added:
		return "+"
	case Removed:
		return "-"
	}
	return "~"
}

func (e Effect) paint(s diag.Style, text string) string {
	switch e {
	case Added:
		return s.Paint(diag.Green, text)
	case Removed:
		return s.Paint(diag.Red, text)
	}
	return s.Paint(diag.Yellow, text)
}

// WriteText tells people.
func (c *Contrast) WriteText(w io.Writer, style diag.Style) error {
	var b strings.Builder
	for i := range c.Entries {
		c.Entries[i].text(&b, style)
	}
	if len(c.Entries) == 0 {
		b.WriteString("no difference\n")
	}
	_, err := io.WriteString(w, b.String())
	return err
}

func (e *Entry) text(b *strings.Builder, style diag.Style) {
	called := e.Called
	if called == "" {
		called = "settings"
	}
	b.WriteString(e.Effect.paint(style, e.Effect.sign()+" "+diag.OneLine(called)))
	switch e.Effect {
	case Added:
		b.WriteString(" (" + e.Now.String() + ")\n")
	case Removed:
		b.WriteString(" (" + e.Was.String() + ")\n")
	default:
		b.WriteString(" (" + e.Now.String() + ", was " + e.Was.String() + ")\n")
	}
	for i := range e.Values {
		e.Values[i].text(b, style)
	}
}

func (v *Value) text(b *strings.Builder, style diag.Style) {
	head := ""
	if v.Path != "" {
		head = " " + v.Path + ":"
	}
	b.WriteString("    " + v.Effect.paint(style, v.Effect.sign()+head) + " " + v.words() + "\n")
	lines, more := report.Cut(v.Lines)
	for _, line := range lines {
		text := diag.Printable(line)
		switch line[0] {
		case '+':
			text = style.Paint(diag.Green, text)
		case '-':
			text = style.Paint(diag.Red, text)
		}
		b.WriteString("        " + strings.TrimRight(text, " ") + "\n")
	}
	if more > 0 {
		fmt.Fprintf(b, "        … and %s\n", diag.Count(more, "more line"))
	}
}

// words say what a value is and was.
func (v *Value) words() string {
	was, now := diag.OneLine(v.Was), diag.OneLine(v.Now)
	switch {
	case v.Order:
		return "in another order"
	case v.Effect == Added:
		return now
	case v.Effect == Removed:
		return was
	case len(v.Settings) > 0:
		return "differs in " + strings.Join(v.Settings, ", ") + ", and is not shown"
	case was == now && was == diag.Redacted:
		return "differs, and is not shown"
	case was == now && v.Hidden:
		return now + ", which differs in what is not shown"
	}
	return now + ", was " + was
}

type entryJSON struct {
	Effect Effect             `json:"effect"`
	Entry  string             `json:"entry"`
	Path   string             `json:"path"`
	Was    *history.PlaceJSON `json:"was"`
	Now    *history.PlaceJSON `json:"now"`
	Values []valueJSON        `json:"values"`
}

type valueJSON struct {
	Effect     Effect   `json:"effect"`
	Path       string   `json:"path"`
	Was        *string  `json:"was"`
	Now        *string  `json:"now"`
	Hidden     bool     `json:"hidden"`
	Order      bool     `json:"order"`
	Settings   []string `json:"settings"`
	Difference []string `json:"difference"`
}

// Version is that of the JSON, of which schema.json is the JSON Schema. It counts up when a key goes or changes its
// meaning; keys may be added at any time.
const Version = 1

// WriteJSON tells programs.
func (c *Contrast) WriteJSON(w io.Writer) error {
	out := struct {
		Version int         `json:"version"`
		Entries []entryJSON `json:"entries"`
	}{Version, []entryJSON{}}
	for i := range c.Entries {
		out.Entries = append(out.Entries, c.Entries[i].json())
	}
	return diag.EncodeJSON(w, out)
}

func (e *Entry) json() entryJSON {
	out := entryJSON{e.Effect, e.Called, e.Path, placeJSON(e.Was), placeJSON(e.Now), []valueJSON{}}
	for _, v := range e.Values {
		each := valueJSON{v.Effect, v.Path, nil, nil, v.Hidden, v.Order, append([]string{}, v.Settings...),
			append([]string{}, v.Lines...)}
		if v.Effect != Added && !v.Order {
			each.Was = &v.Was
		}
		if v.Effect != Removed && !v.Order {
			each.Now = &v.Now
		}
		out.Values = append(out.Values, each)
	}
	return out
}

func placeJSON(p diag.Place) *history.PlaceJSON {
	if p.Doc == nil {
		return nil
	}
	out := history.ToJSON(p)
	return &out
}
