package diag

import (
	"cmp"
	"fmt"
	"slices"
	"sort"
	"strings"
	"sync"
	"unicode/utf8"

	"github.com/glowplug-os/glowplug/internal/codes"
	"github.com/glowplug-os/glowplug/internal/order"
)

// Severity says how bad a problem is. Only Error makes a document invalid.
type Severity uint8

// The severities, in rising order.
const (
	Info Severity = iota
	Warning
	Error
)

// String gives the lower-case word used in every output format.
func (s Severity) String() string {
	return [...]string{"info", "warning", "error"}[s]
}

// A Span is a half-open range of byte offsets in a document.
type Span struct{ Start, End int }

// A Document is a text that problems point into. It must not change once it has been made.
type Document struct {
	Name string // what people call it: a file name, "cmdline", a URL without its secrets
	Text string

	// Secrets, where set, returns the spans whose text must not be shown, sorted and disjoint. It is asked at most
	// once, when the first excerpt is drawn. Where it is nil what follows a key that is not known
	// counts as secret.
	Secrets func() []Span

	// Keys, where set, says whether a key is known, and whether what stands below it may be a secret. It is asked where
	// Secrets is nil.
	Keys func(key string) (known, secret bool)

	// Snake: the keys are spelled like_this, as those of Butane documents are.
	Snake bool

	// Folded lists the outermost values whose key differs from the schema in case only, with the place that the peer
	// reports for anything inside them (docs/peer/spec.md §1.2).
	Folded []Folded

	once    sync.Once
	lines   []int // offset of the first byte of each line
	counted sync.Once
	marks   []int // offset of every characterStep-th character
	masked  sync.Once
	secrets []Span
	ordered sync.Once // Folded, by their places
}

// A Folded is a value under a key of the wrong case, and where its nearest well-spelled ancestor starts.
type Folded struct {
	Span     Span
	Ancestor int
}

// foldedAround finds the folded value that a span lies in.
func (d *Document) foldedAround(span Span) (f Folded, found bool) {
	d.ordered.Do(func() {
		order.By(d.Folded, func(a, b Folded) int { return a.Span.Start - b.Span.Start })
	})
	i := sort.Search(len(d.Folded), func(i int) bool { return d.Folded[i].Span.Start > span.Start })
	if i == 0 || span.End > d.Folded[i-1].Span.End {
		return Folded{}, false
	}
	return d.Folded[i-1], true
}

// Position gives the 1-based line and column (in bytes) of an offset. An offset past the end is the place
// right after the last byte.
func (d *Document) Position(offset int) (line, col int) {
	d.once.Do(func() {
		d.lines = append(d.lines, 0)
		for i := 0; ; {
			n := strings.IndexByte(d.Text[i:], '\n')
			if n < 0 {
				return
			}
			i += n + 1
			d.lines = append(d.lines, i)
		}
	})
	offset = min(max(offset, 0), len(d.Text))
	i, found := slices.BinarySearch(d.lines, offset)
	if !found {
		i--
	}
	return i + 1, offset - d.lines[i] + 1
}

// characterStep is how many characters are counted anew at most to place one of them.
const characterStep = 256

// Characters is Position with the column in characters, of which a byte that is not UTF-8 is one.
func (d *Document) Characters(offset int) (line, col int) {
	offset = min(max(offset, 0), len(d.Text))
	line, col = d.Position(offset)
	return line, d.characters(offset) - d.characters(offset-col+1) + 1
}

// characters counts those that start before an offset.
func (d *Document) characters(offset int) int {
	d.counted.Do(func() {
		number := 0
		for at := range d.Text {
			if number%characterStep == 0 {
				d.marks = append(d.marks, at)
			}
			number++
		}
	})
	i := sort.Search(len(d.marks), func(i int) bool { return d.marks[i] > offset }) - 1
	if i < 0 {
		return 0
	}
	return i*characterStep + utf8.RuneCountInString(d.Text[d.marks[i]:offset])
}

// line returns the bounds of a 1-based line without its line break.
func (d *Document) line(number int) Span {
	start := d.lines[number-1]
	end := len(d.Text)
	if number < len(d.lines) {
		end = d.lines[number] - 1
	}
	return Span{start, len(strings.TrimSuffix(d.Text[start:end], "\r")) + start}
}

// A Place is a span in a document. The zero Place is nowhere.
type Place struct {
	Doc  *Document
	Span Span
}

// String gives "name:line:col", printable, the name alone for a document without text, or "" for nowhere.
func (p Place) String() string {
	if p.Doc == nil {
		return ""
	}
	if p.Doc.Text == "" {
		return Printable(p.Doc.Name)
	}
	line, col := p.Doc.Position(p.Span.Start)
	return fmt.Sprintf("%s:%d:%d", Printable(p.Doc.Name), line, col)
}

// Related is another place that explains a problem.
type Related struct {
	Place   Place
	Path    string
	Message string
}

// FirstHere is what Related says of the first of two things that are the same, in the order of the rules.
const FirstHere = "it is first defined here"

// An Inside is a part of a value that is a text of its own: a line of a unit, say.
type Inside struct {
	Text  string // the value
	Span  Span   // in it
	Place Place  // in a document, or nowhere if that is not known
	Note  string // says at the value's own place what it has to do with this; "" for nothing
}

// A Problem is one thing that is wrong with a document.
type Problem struct {
	Severity Severity
	Code     codes.Code
	Place    Place
	Path     string // "$.storage.files.0.path"; "" where unknown
	Message  string // what is wrong: no capital, no full stop
	Hint     string // what to do about it; may be empty
	Related  []Related
	// Inside, where set, is the part that is meant of the value at Place. The peer knows the value only.
	Inside *Inside
	Fix    *Fix // what to write instead; nil where that is not known, or is more than one value

	// Stricter marks a rule that the peer lacks: an error only for `glowplug validate`, a warning at boot, silent under
	// the peer's names.
	Stricter bool
	// Laxer marks the opposite: a warning of ours that is an error under the peer's names.
	Laxer bool
	// PeerOnly marks what only the peer says: beside another problem that says the same, or because it does not look at
	// all of the document.
	PeerOnly bool
	// More, where it is not 0, is how many further problems this one stands for: a document keeps no more of them than
	// people read.
	More int
}

// An Audience is who problems are told to. What they are told of rules that the peer has not differs.
type Audience uint8

const (
	// Workstation is somebody who checks a config: our own rules count like any other.
	Workstation Audience = iota
	// Boot is a machine that is coming up: what only we find wrong is a warning.
	Boot
	// Peer is a caller that expects the verdicts of Ignition.
	Peer
)

// For gives the problems of a document as an audience is told them: at most as many as Most says, and what stands for
// the others.
func For(audience Audience, problems []Problem) []Problem {
	var told []Problem
	for _, p := range problems {
		switch {
		case p.Stricter && audience == Peer, p.PeerOnly && audience != Peer:
			continue
		case p.Stricter && audience == Boot:
			p.Severity = min(p.Severity, Warning)
		case p.Laxer && audience == Peer:
			p.Severity = Error
		}
		if p.Inside != nil && audience != Peer {
			p.enter(*p.Inside)
		}
		told = append(told, p)
	}
	return first(told)
}

// enter moves a problem to the part of the value that is meant. Where that is in the same document, it is shown in the
// midst of the value, which needs no note; nor does the same part, shown as a text of its own.
func (p *Problem) enter(part Inside) {
	if p.Inside = nil; part.Place.Doc == nil {
		return
	}
	if part.Place.Doc == p.Place.Doc {
		p.Related = slices.DeleteFunc(slices.Clone(p.Related), func(r Related) bool {
			return r.Place.Doc != p.Place.Doc && r.Place.Doc != nil && r.Place.Doc.Text == part.Text
		})
	} else if part.Note != "" {
		p.Related = append([]Related{{Place: p.Place, Path: p.Path, Message: part.Note}}, p.Related...)
	}
	p.Place = part.Place
}

// Error makes a Problem an error whose text is "place: message", in one line.
func (p Problem) Error() string {
	where := p.Place.String()
	if p.Path != "" {
		where = strings.TrimPrefix(where+": "+Printable(p.Path), ": ")
	}
	return strings.TrimPrefix(where+": "+OneLine(p.Message), ": ")
}

// A Fault is what a check of a single value finds, before anyone knows where the value stands.
type Fault struct {
	Code          codes.Code
	Message, Hint string
	Write         string // the value that it should have been, where that is known; it may be secret as the value is
	At            int    // byte offset inside the value; -1 where the whole value is meant
}

func (f *Fault) Error() string { return f.Message }

// Fatal reports whether any problem is an error.
func Fatal(problems []Problem) bool {
	return slices.ContainsFunc(problems, func(p Problem) bool { return p.Severity == Error })
}

// Sort orders problems by document name and place, keeping the order of those at one place. What stands for others
// comes last.
func Sort(problems []Problem) {
	order.Stably(problems, func(a, b Problem) int {
		return cmp.Or(cmp.Compare(min(a.More, 1), min(b.More, 1)), strings.Compare(a.Place.name(), b.Place.name()),
			cmp.Compare(a.Place.Span.Start, b.Place.Span.Start))
	})
}

func (p Place) name() string {
	if p.Doc == nil {
		return ""
	}
	return p.Doc.Name
}
