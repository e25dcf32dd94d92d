package page

import (
	"crypto/sha256"
	_ "embed"
	"encoding/base64"
	"fmt"
	"io"
	"strconv"
	"strings"

	"github.com/glowplug-os/glowplug/internal/diag"
	"github.com/glowplug-os/glowplug/internal/report"
)

//go:embed page.css
var sheet string

// style is the style sheet, with a class for each share of a disk.
func style() string {
	var b strings.Builder
	b.WriteString(sheet)
	for n := 1; n <= shares; n++ {
		fmt.Fprintf(&b, ".g%d{flex-grow:%d}\n", n, n)
	}
	return b.String()
}

// policy allows the style sheet and nothing else (Content Security Policy Level 3, section 2.3.1).
func policy() string {
	sum := sha256.Sum256([]byte(style()))
	return "default-src 'none'; style-src 'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) +
		"'; base-uri 'none'; form-action 'none'"
}

// Write writes the page of a plan.
func Write(w io.Writer, p *report.Plan) error {
	d := newDraft(p)
	return write(w, "Plan: "+p.Summary(), d.top(), middle.of(d.blocks...), legend(p))
}

// write writes a page.
func write(w io.Writer, called string, parts ...node) error {
	var b strings.Builder
	b.WriteString("<!DOCTYPE html>\n")
	page := whole.of(
		head.of(
			meta.of().with(charset, "utf-8"),
			meta.of().with(equivalent, "Content-Security-Policy").with(content, policy()),
			meta.of().with(name, "viewport").with(content, "width=device-width, initial-scale=1"),
			meta.of().with(name, "color-scheme").with(content, "light dark"),
			title.say(called),
			styles.of()),
		body.of(parts...)).with(language, "en")
	page.write(&b)
	_, err := io.WriteString(w, b.String())
	return err
}

// A draft is a page that is being made.
type draft struct {
	p        *report.Plan
	blocks   []node
	contents []node
	lost     map[string]string // what goes, by where it is
	layers   *layers
}

func newDraft(p *report.Plan) *draft {
	d := &draft{p: p, lost: map[string]string{}, layers: layersOf(p)}
	for _, l := range p.Destroyed() {
		d.lost[l.Where] = l.What
	}
	d.conflicts()
	d.destroyed()
	for _, each := range p.Sections() {
		d.section(&each)
	}
	d.notes()
	return d
}

// add adds a block under a heading, and a line of the contents.
func (d *draft) add(title string, count int, c class, inside ...node) {
	id := "s" + strconv.Itoa(len(d.blocks)+1)
	h := heading2.say(title).with(identity, id)
	d.blocks = append(d.blocks, section.of(append([]node{h}, inside...)...).in(c).with(labelledBy, id))
	link := anchor.say(title).with(leadsTo, "#"+id)
	d.contents = append(d.contents, item.of(link, say(" "), small.say(strconv.Itoa(count))))
}

// heads are what the page begins with, by the status of the plan.
var heads = map[report.Exit]struct {
	words string
	class class
}{
	report.NothingToDo: {"Nothing to do", calm},
	report.Changing:    {"Something changes", changes},
	report.InTheWay:    {"Something is in the way", danger},
	report.Destroying:  {"Something is destroyed, or may be", danger},
}

func (d *draft) top() node {
	is := heads[d.p.Exit()]
	n := top.of(heading1.say("What the config will do"), paragraph.say(is.words).in(verdict, is.class),
		paragraph.say(d.p.Summary()).in(summary))
	if len(d.contents) > 1 {
		n.inside = append(n.inside, contents.of(items.of(d.contents...)).with(label, "Contents"))
	}
	return n
}

func (d *draft) conflicts() {
	var all []node
	for _, c := range d.p.Conflicts {
		n := item.of(strong.say(diag.OneLine(c.Message)))
		if c.Place != "" {
			n.inside = append(n.inside, say(" at "), code.say(c.Place))
		}
		for _, hint := range c.Hints {
			n.inside = append(n.inside, paragraph.say(diag.OneLine(hint)))
		}
		all = append(all, n)
	}
	if len(all) > 0 {
		d.add("In the way", len(all), danger, items.of(all...).in(plain))
	}
}

func (d *draft) destroyed() {
	var all []node
	for _, l := range d.p.Destroyed() {
		what := diag.OneLine(l.What)
		if what == "" {
			what = "nothing that is known"
		}
		all = append(all, row.of(header.say(l.Where).with(scope, "row"), cell.say(what)))
	}
	if len(all) > 0 {
		d.add("Destroyed", len(all), danger, grid([]string{"What goes", "What it holds"}, all))
	}
}

func (d *draft) notes() {
	var all []node
	for _, note := range d.p.Notes {
		all = append(all, item.say(diag.OneLine(note)))
	}
	if len(all) > 0 {
		d.add("Notes", len(all), calm, items.of(all...))
	}
}

// section shows actions in the way of their topic.
func (d *draft) section(of *report.Section) {
	switch of.Topic {
	case report.OfDisk:
		d.disk(of)
	case report.OfLayers:
		d.stacks(of)
	case report.OfNodes:
		d.add(of.Title, len(of.Actions), calm, treeOf(of.Actions).list())
	default:
		d.add(of.Title, len(of.Actions), calm, actions(of.Actions))
	}
}

// grid is a table: names of its columns, and its rows.
func grid(names []string, all []node) node {
	var first []node
	for _, each := range names {
		first = append(first, header.say(each).with(scope, "col"))
	}
	return table.of(columns.of(row.of(first...)), rows.of(all...))
}

// legend says what the marks mean, and how the plan was made.
func legend(p *report.Plan) node {
	words := "Nothing was changed for this page. It shows of files what everybody may read, and no password. " +
		"“Decided later” is what only the machine can tell when it runs."
	if len(p.Options) > 0 {
		words += " Made with " + strings.Join(p.Options, ", ") + "."
	}
	if p.Fetched {
		words += " What servers have was fetched for it."
	}
	return bottom.of(paragraph.say(words))
}
