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

// Severity says how bad a problem is. Only Error makes a document invalid, and of Advice none but a workstation is
// told.
type Severity uint8

// The severities, in rising order.
const (
	Advice Severity = iota // what is better otherwise: neither a verdict nor an exit code depends on it
	Warning
	Error
)

// String gives the lower-case word used in every output format.
func (s Severity) String() string {
	return [...]string{"advice", "warning", "error"}[s]
}

// A Span is a half-open range of byte offsets in a document.
type Span struct{ Start, End int }

// A Document is a text that problems point into. It must not change once it has been made.
type Document struct {
	Name string // what people call it: a file name, "cmdline", a URL without its secrets
	Text string

	// Secrets, where set, gives the spans whose text must not be shown, sorted and disjoint. It is called at most once,
	// when the first excerpt is drawn. Where it is nil, all that follows an unknown key counts as secret.
	Secrets func() []Span

	// Keys, where set, says whether a key is known, and whether a value below it may be a secret. It is called where
	// Secrets is nil.
	Keys func(key string) (known, secret bool)

	// Silences, where set, tells whether what is reported of this document is silenced.
	Silences func(*Problem) bool

	// Every: each problem is kept, however many are of one code, for who does something about each of them.
	Every bool

	// Snake: the keys are spelled like_this, as those of Butane documents are.
	Snake bool

	// Folded lists the outermost values whose key differs from the key of the schema in case only.
	Folded []Folded

	once    sync.Once
	lines   []int // offset of the first byte of each line
	counted sync.Once
	marks   []int // offset of every characterStep-th character
	masked  sync.Once
	secrets []Span
	ordered sync.Once // Folded is sorted by place
}

// A Folded is a value under a key in the wrong case. Ancestor is the offset of the nearest value above it whose keys
// are all spelled right: there the peer places problems of anything inside of the value (docs/peer/spec.md §1.2).
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

// characterStep is how many characters are counted at most to find the column of one.
const characterStep = 256

// Characters is Position with the column in characters. A byte that is not UTF-8 is one character.
func (d *Document) Characters(offset int) (line, col int) {
	offset = min(max(offset, 0), len(d.Text))
	line, col = d.Position(offset)
	return line, d.characters(offset) - d.characters(offset-col+1) + 1
}

// characters counts the characters that start before an offset.
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
	Span  Span   // of the part, in the value
	Place Place  // of the part in a document; nowhere if that is not known
	Write string // what it should say, where that is certain; "" elsewhere
	Note  string // says at the value's own place what it has to do with this; "" for nothing
}

// A Problem is one thing that is wrong with a document.
type Problem struct {
	Severity Severity
	Code     codes.Code
	Place    Place
	Path     string // "$.storage.files.0.path"; "" where unknown
	Message  string // what is wrong: no capital, no full stop
	Hint     string // what to do about it, each in a line; may be empty
	Related  []Related
	// Inside, where set, is the part of the value at Place that is wrong. The peer knows the value only.
	Inside *Inside
	Fix    *Fix // what to write instead; nil where that is not known, or is more than one value

	// Stricter marks a rule that the peer lacks: an error only for `glowplug validate`, a warning at boot, silent under
	// the peer's names.
	Stricter bool
	// Mends says which other config may still put right what is Stricter and an error.
	Mends Mends
	// Laxer marks the opposite: a warning of ours that is an error under the peer's names.
	Laxer bool
	// PeerOnly marks a problem that is told under the names of the peer alone: we tell it in another way, or the peer
	// reports something because it does not look at all of the document.
	PeerOnly bool
	// More, where it is not 0, makes the problem stand for so many further ones: a document keeps no more problems than
	// people read.
	More int
	// Silenced: those that More stands for are silenced, so that nobody is told of them.
	Silenced bool
}

// Mends says which other config may still put right what is wrong with one.
type Mends uint8

// The others.
const (
	Nothing   Mends = iota
	Replacing       // one that takes the place of this one
	Merging         // one that is merged, over this one or below it
)

// Standing leaves out what our own rules call an error and others put right. Errors of the peer's stay, as it judges
// each config by itself.
func Standing(problems []Problem, others Mends) (all []Problem) {
	if others == Nothing {
		return problems
	}
	for _, p := range problems {
		if m := p.class().mends; m == Nothing || m < others {
			all = append(all, p)
		}
	}
	return all
}

// An Audience is the reader of problems. Audiences are told different things of rules that the peer lacks.
type Audience uint8

const (
	// Workstation is somebody who checks a config: our own rules count like any other.
	Workstation Audience = iota
	// Boot is a machine that is coming up: a rule that only we have gives a warning.
	Boot
	// Peer is a caller that expects the verdicts of Ignition.
	Peer
)

// For gives the problems of a document as an audience is told them: at most Most of them, and last how many more there
// are.
func For(audience Audience, problems []Problem) []Problem {
	return First(All(audience, problems), Most)
}

// All is For of any number of problems.
func All(audience Audience, problems []Problem) (told []Problem) {
	for _, p := range problems {
		switch {
		case p.Silenced, p.Stricter && audience == Peer, p.PeerOnly && audience != Peer,
			p.Severity == Advice && audience != Workstation:
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
	return told
}

// enter moves a problem to the part of the value that is wrong. A part in the same document is shown with the value
// around it, so it needs no note, nor a second excerpt of the same part as a text by itself.
func (p *Problem) enter(part Inside) {
	if p.Inside = nil; part.Place.Doc == nil {
		return
	}
	if part.Place.Doc == p.Place.Doc {
		if part.Write != "" {
			p.Fix = &Fix{Place: part.Place, Old: part.Text[part.Span.Start:part.Span.End], Value: part.Write,
				Bare: true,
				Safe: true, Of: p.Place.Span, At: part.Span.Start}
		}
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

// Sort orders problems by the name of the document and by place; problems of one place keep their order. Problems that
// stand for others come last.
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
