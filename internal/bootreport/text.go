package bootreport

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/glowplug-os/glowplug/internal/diag"
)

// barColumns is how wide the bars of a waterfall are, and spansShown how many spans each stage has in it, unless all
// are wanted: the whole is to fit on a console.
const (
	barColumns = 24
	spansShown = 8
)

// WriteText writes the report for people: a line for each stage, and for what took longest in it, with a bar that
// shows when. All shows all that is known.
func (r *Report) WriteText(w io.Writer, all bool) error {
	t := &texter{all: all}
	t.begin, t.end = r.Extent()
	t.head(r)
	t.line("    begin      took  |%-*s|", barColumns, "")
	for i := range r.Stages {
		t.stage(&r.Stages[i])
	}
	for i := range r.Stages {
		t.told(&r.Stages[i])
	}
	_, err := io.WriteString(w, t.b.String())
	return err
}

// Headline says in a sentence how the boot has ended.
func (r *Report) Headline() string {
	begin, end := r.Extent()
	took := Seconds(end-begin) + " in " + diag.Count(len(r.Stages), "stage")
	switch r.Outcome {
	case Done:
		return "The first boot is done: " + took
	case Failed:
		i := slices.IndexFunc(r.Stages, func(s Stage) bool { return s.Outcome == Failed })
		if i < 0 { // as only somebody else writes
			return "The first boot has failed: " + took
		}
		return "The first boot has failed in its stage " + diag.OneLine(r.Stages[i].Name) + ": " + took
	case Interrupted:
		return "The machine was shut down during its first boot: " + took
	}
	return "The first boot has not ended: " + took + " so far"
}

// About says what the boot was of.
func (r *Report) About() string {
	parts := []string{"begun " + r.Began.UTC().Format(time.RFC3339) + " by the machine's clock"}
	for _, each := range [][2]string{{"platform", r.Platform}, {"glowplug", r.Glowplug}, {"kernel", r.Kernel},
		{"boot", r.BootID}} {
		if each[1] != "" {
			parts = append(parts, each[0]+" "+diag.OneLine(each[1]))
		}
	}
	return strings.Join(parts, ", ")
}

// Line says what a config was.
func (c *Config) Line() string {
	return diag.OneLine(c.Name + ": version " + c.Version + ", " + diag.Count(c.Bytes, "byte") + ", sha256 " + c.SHA256)
}

// Counts says what became of the steps of a stage; "" of none.
func (s *Stage) Counts() string {
	var parts []string
	for _, effect := range effects {
		if n := s.Steps[effect]; n > 0 {
			parts = append(parts, fmt.Sprintf("%s %d", effect, n))
		}
	}
	return strings.Join(parts, ", ")
}

// Line is the span in words.
func (s *Span) Line() string {
	text := diag.OneLine(s.What)
	if s.Attempts > 1 {
		text += ", " + diag.Count(s.Attempts, "attempt")
	}
	if s.Bytes > 0 {
		text += ", " + diag.Count(s.Bytes, "byte")
	}
	if s.Failed {
		text += ": FAILED"
	}
	return text
}

// A texter puts the text together.
type texter struct {
	b          strings.Builder
	all        bool
	begin, end int64
}

func (t *texter) line(format string, args ...any) {
	t.b.WriteString(strings.TrimRight(fmt.Sprintf(format, args...), " ") + "\n")
}

func (t *texter) head(r *Report) {
	t.line("%s", r.Headline())
	t.line("%s", r.About())
	for i := range r.Configs {
		if i == spansShown && !t.all {
			t.line("%s more; --all shows them", diag.Count(len(r.Configs)-i, "config"))
			break
		}
		t.line("config %s", r.Configs[i].Line())
	}
}

// span writes a line with a bar.
func (t *texter) span(begin, took int64, what string) {
	from, width := Bar(begin-t.begin, took, t.end-t.begin, barColumns)
	t.line("%9s %9s  |%-*s|  %s", Seconds(begin-t.begin), Seconds(took), barColumns,
		strings.Repeat(" ", from)+strings.Repeat("#", width), what)
}

// Bar gives where in so many columns a span begins, and how many it takes, which is at least one.
func Bar(begin, took, whole int64, columns int) (from, width int) {
	if whole <= 0 {
		return 0, 1
	}
	at := func(micros int64) int {
		return int(float64(columns) * float64(min(max(micros, 0), whole)) / float64(whole))
	}
	from = min(at(begin), columns-1)
	return from, max(1, at(begin+took)-from)
}

// Seconds are microseconds as people read them.
func Seconds(micros int64) string { return fmt.Sprintf("%.3f s", float64(micros)/1e6) }

func (t *texter) stage(s *Stage) {
	words := diag.OneLine(s.Name)
	if s.Outcome != Done {
		words += ": " + strings.ToUpper(string(s.Outcome))
	}
	if counts := s.Counts(); counts != "" {
		words += " (" + counts + ")"
	}
	t.span(s.BeginMicros, s.TookMicros, words)
	shown, left := s.Spans, s.SpansLeftOut
	if !t.all {
		shown = s.Longest(spansShown)
		left += len(s.Spans) - len(shown)
	}
	for i := range shown {
		t.span(shown[i].BeginMicros, shown[i].TookMicros, "  "+shown[i].Line())
	}
	switch {
	case left == 0:
	case left == s.SpansLeftOut:
		t.line("%*s%d shorter ones are not in the report", 9+1+9+2+barColumns+2+4, "", left)
	default:
		t.line("%*s%d shorter ones; --all shows them", 9+1+9+2+barColumns+2+4, "", left)
	}
}

// Longest are the spans that took longest, and those that failed before them, as they began: so many at most.
func (s *Stage) Longest(most int) []Span {
	if len(s.Spans) <= most {
		return s.Spans
	}
	kept := Stage{Spans: slices.Clone(s.Spans)}
	kept.prune(most)
	return kept.Spans
}

// told writes what a stage has to say beside its times.
func (t *texter) told(s *Stage) {
	for _, warning := range s.Warnings {
		t.line("warning: %s: %s", diag.OneLine(s.Name), diag.OneLine(warning))
	}
	if s.WarningsLeftOut > 0 {
		t.line("warning: %s: %d more, which are not in the report", diag.OneLine(s.Name), s.WarningsLeftOut)
	}
	if f := s.Failure; f != nil {
		t.line("failed: %s", diag.OneLine(s.Name))
		if f.Place != "" {
			t.line("  asked for at %s", diag.OneLine(f.Place))
		}
		for i, cause := range f.Causes {
			t.line("  %s%s", map[bool]string{true: "", false: "because "}[i == 0], diag.OneLine(cause))
		}
		for _, hint := range f.Try {
			t.line("  try: %s", diag.OneLine(hint))
		}
	}
}
