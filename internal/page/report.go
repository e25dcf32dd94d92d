package page

import (
	"fmt"
	"io"

	"github.com/glowplug-os/glowplug/internal/bootreport"
	"github.com/glowplug-os/glowplug/internal/diag"
)

// verdicts are the classes of outcomes.
var verdicts = map[bootreport.Outcome]class{bootreport.Done: plain, bootreport.Failed: danger,
	bootreport.Interrupted: changes, bootreport.Running: changes}

// WriteReport writes the page of a report of a first boot.
func WriteReport(w io.Writer, r *bootreport.Report) error {
	d := &draft{}
	d.failures(r)
	d.times(r)
	d.warnings(r)
	d.configs(r)
	head := top.of(heading1.say("What the first boot has done"),
		paragraph.say(r.Headline()).in(verdict, verdicts[r.Outcome]), paragraph.say(r.About()).in(summary))
	if len(d.contents) > 1 {
		head.inside = append(head.inside, contents.of(items.of(d.contents...)).with(label, "Contents"))
	}
	return write(w, r.Headline(), head, middle.of(d.blocks...), bottom.of(paragraph.say(
		"Times count from the begin of the first stage. Steps that are prepared together overlap. Of many things a "+
			"report has those that took longest. There is no content of a file and no password in it.")))
}

// times are the stages, each with what took time in it, as bars below each other.
func (d *draft) times(r *bootreport.Report) {
	begin, end := r.Extent()
	var lines []node
	for i := range r.Stages {
		s := &r.Stages[i]
		words := []node{badgeOf(s), say(" "), strong.say(s.Name)}
		if counts := s.Counts(); counts != "" {
			words = append(words, say(" "), small.say(counts))
		}
		lines = append(lines, timed(s.BeginMicros-begin, s.TookMicros, end-begin, verdicts[s.Outcome],
			header.of(words...).with(scope, "row")))
		for k := range s.Spans {
			span := &s.Spans[k]
			c := calm
			if span.Failed {
				c = danger
			}
			words := []node{say(span.Line())}
			if span.Origin != "" {
				words = append(words, say(" "), small.say(span.Origin))
			}
			lines = append(lines, timed(span.BeginMicros-begin, span.TookMicros, end-begin, c, cell.of(words...)))
		}
		if s.SpansLeftOut > 0 {
			lines = append(lines, row.of(cell.say(fmt.Sprintf("%d shorter ones are not in the report", s.SpansLeftOut)).
				with(across, "4")))
		}
	}
	d.add("Stages", len(r.Stages), broad, grid([]string{"What", "Begins", "Took", "When"}, lines))
}

func badgeOf(s *bootreport.Stage) node {
	return span.say(string(s.Outcome)).in(badge, verdicts[s.Outcome])
}

// timed is a line of the table of times. The bar is for eyes only: the numbers beside it say the same.
func timed(begin, took, whole int64, c class, what node) node {
	from, width := bootreport.Bar(begin, took, whole, shares)
	var parts []node
	for _, part := range []struct {
		share int
		class []class
	}{{from, nil}, {width, []class{c, taken}}, {shares - from - width, nil}} {
		if part.share > 0 {
			parts = append(parts, span.of().in(append(part.class, share(int64(part.share), shares))...))
		}
	}
	return row.of(what, cell.say(bootreport.Seconds(begin)),
		cell.say(bootreport.Seconds(took)), cell.of(span.of(parts...).in(track)))
}

func (d *draft) failures(r *bootreport.Report) {
	for i := range r.Stages {
		f := r.Stages[i].Failure
		if f == nil {
			continue
		}
		var all, hints []node
		if f.Place != "" {
			all = append(all, paragraph.of(say("Asked for at "), code.say(f.Place)))
		}
		for k, cause := range f.Causes {
			all = append(all, paragraph.say(map[bool]string{true: "", false: "because "}[k == 0]+cause))
		}
		for _, hint := range f.Try {
			hints = append(hints, item.say(hint))
		}
		if len(hints) > 0 {
			all = append(all, heading3.say("To try"), items.of(hints...))
		}
		d.add("Failed: "+r.Stages[i].Name, 1, danger, all...)
	}
}

func (d *draft) warnings(r *bootreport.Report) {
	var all []node
	for i := range r.Stages {
		s := &r.Stages[i]
		for _, warning := range s.Warnings {
			all = append(all, item.of(strong.say(s.Name), say(": "+warning)))
		}
		if s.WarningsLeftOut > 0 {
			all = append(all, item.of(strong.say(s.Name),
				say(fmt.Sprintf(": %d more, which are not in the report", s.WarningsLeftOut))))
		}
	}
	if len(all) > 0 {
		d.add("Warnings", r.Warnings(), calm, items.of(all...))
	}
}

func (d *draft) configs(r *bootreport.Report) {
	var all []node
	for i := range r.Configs {
		c := &r.Configs[i]
		all = append(all, row.of(header.say(c.Name).with(scope, "row"), cell.say(c.Version),
			cell.say(diag.Count(c.Bytes, "byte")), cell.of(code.say(c.SHA256))))
	}
	if len(all) > 0 {
		d.add("Configs", len(all), broad, grid([]string{"Name", "Version", "Size", "SHA-256"}, all))
	}
}
