package report

import (
	"io"
	"reflect"
	"slices"
	"strings"

	"github.com/glowplug-os/glowplug/internal/diag"
	"github.com/glowplug-os/glowplug/internal/plan"
	"github.com/glowplug-os/glowplug/internal/scene"
)

// WriteText tells people: - is what only the first plan has, + what only the second one has.
func (c *Comparison) WriteText(w io.Writer, style diag.Style) error {
	t := &comparisonText{Comparison: c, style: style}
	switch was, now := c.Was.Summary(), c.Now.Summary(); {
	case c.None():
		t.line("no difference: %s", now)
	case was == now:
		t.line("%s", now)
	default:
		t.line("- %s", was)
		t.line("+ %s", now)
	}
	told(t, "Destroyed", c.Destroyed, Loss.line)
	told(t, "In the way", c.Conflicts, Conflict.line)
	for _, s := range c.sections() {
		t.section(s)
	}
	told(t, "Notes", c.Notes, diag.OneLine)
	_, err := io.WriteString(w, t.String())
	return err
}

type comparisonText struct {
	text
	*Comparison
	style diag.Style
}

// sign writes a line behind its sign.
func (t *comparisonText) sign(sign byte, text string) {
	t.line("  %s", t.style.Paint(paint(sign), string(sign)+" "+text))
}

func paint(sign byte) diag.Paint {
	switch sign {
	case '-':
		return diag.Red
	case '+':
		return diag.Green
	}
	return diag.Yellow
}

// line is a loss in words.
func (l Loss) line() string {
	if what := diag.OneLine(l.What); what != "" {
		return diag.Printable(l.Where) + ": " + what
	}
	return diag.Printable(l.Where)
}

// line is a conflict in words, with its place.
func (c Conflict) line() string {
	line := diag.OneLine(c.Message)
	if c.Place != "" {
		line = c.Place + ": " + line
	}
	return line
}

func told[T any](t *comparisonText, title string, o Only[T], line func(T) string) {
	if o.none() {
		return
	}
	t.heading(title)
	for _, each := range o.Was {
		t.sign('-', line(each))
	}
	for _, each := range o.Now {
		t.sign('+', line(each))
	}
}

// A comparisonSection is a Section of either plan.
type comparisonSection struct {
	title    string
	disk     string
	was, now *Layout // as the disk will be, by either plan
	pairs    []Pair
}

// sections are those in which the plans differ, in the order in which they are shown.
func (c *Comparison) sections() (all []*comparisonSection) {
	of := map[Topic]map[string]*comparisonSection{}
	order := [len(topics)][]*comparisonSection{}
	for _, p := range c.Pairs {
		a := p.Now
		if a == nil {
			a = p.Was
		}
		topic, disk := a.topic(), ""
		if topic == OfDisk {
			disk = a.Group
		}
		if of[topic] == nil {
			of[topic] = map[string]*comparisonSection{}
		}
		s := of[topic][disk]
		if s == nil {
			s = &comparisonSection{title: topics[topic].title + disk, disk: disk}
			of[topic][disk], order[topic] = s, append(order[topic], s)
		}
		s.pairs = append(s.pairs, p)
	}
	all = slices.Concat(order[:]...)
	was, now := c.Was.layouts(), c.Now.layouts()
	for _, s := range all {
		s.was, s.now = was[s.disk].end(now[s.disk]), now[s.disk].end(was[s.disk])
	}
	return all
}

// layouts are the disks of a plan.
func (p *Plan) layouts() map[string]*DiskChange {
	all := map[string]*DiskChange{}
	for _, s := range p.Sections() {
		if s.Disk != nil && s.Disk.After != nil {
			all[s.Disk.Name] = s.Disk
		}
	}
	return all
}

// end is how a disk will be: as it is, as far as another plan knows that, where nothing is done to it.
func (d *DiskChange) end(other *DiskChange) *Layout {
	switch {
	case d != nil:
		return d.After
	case other != nil:
		return other.Before
	}
	return nil
}

func (t *comparisonText) section(s *comparisonSection) {
	t.heading(diag.Printable(s.title))
	if s.was != nil && s.now != nil && !reflect.DeepEqual(s.was, s.now) {
		t.line("    was     %s", diag.OneLine(s.was.Bar()))
		t.line("    now     %s %s", diag.OneLine(s.now.Bar()), scene.Bytes(s.now.Bytes))
	}
	for i := range s.pairs {
		t.pair(&s.pairs[i])
	}
}

func (t *comparisonText) pair(p *Pair) {
	a, b := p.Was, p.Now
	switch {
	case b == nil:
		t.alone('-', a)
		return
	case a == nil:
		t.alone('+', b)
		return
	case a.words() == b.words():
		t.sign('~', b.words())
	default:
		t.sign('-', a.words())
		t.sign('+', b.words())
	}
	if len(p.Fields) > 0 {
		t.line("        the configs differ in %s", strings.Join(p.Fields, ", "))
	}
	if !slices.Equal(a.Outcomes, b.Outcomes) {
		t.outcomes(b.Outcomes)
	}
	if !slices.Equal(a.Sources, b.Sources) {
		t.sources(b.Sources)
	}
	t.changes(p.Changes)
}

// alone is an action that only one of the plans has.
func (t *comparisonText) alone(sign byte, a *Action) {
	t.sign(sign, a.words())
	t.outcomes(a.Outcomes)
	t.sources(a.Sources)
	t.changes(a.Changes)
}

// words are what an action does.
func (a *Action) words() string {
	words := a.verb() + " " + diag.Printable(a.Subject)
	if detail := diag.OneLine(a.Detail); detail != "" {
		words += ": " + detail
	}
	return words
}

func (a *Action) verb() string {
	switch {
	case a.Effect == plan.Deferred:
		return "perhaps"
	case a.Effect == plan.Destroy && a.isNode():
		return "replace"
	}
	return a.Effect.String()
}
