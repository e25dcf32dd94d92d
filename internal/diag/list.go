package diag

import (
	"strconv"

	"github.com/glowplug-os/glowplug/internal/codes"
)

// Most is how many problems of one document are shown, errors before all others. A document can have millions, and
// nobody reads them.
const Most = 1000

// A class is all that decides who is told of a problem, and as what.
type class struct {
	severity                  Severity
	stricter, laxer, peerOnly bool
	mends                     Mends
}

func (p *Problem) class() class {
	c := class{p.Severity, p.Stricter, p.Laxer, p.PeerOnly, Nothing}
	if p.Stricter && p.Severity == Error {
		c.mends = p.Mends
	}
	return c
}

// A List collects the problems of a document. It keeps the first ones of each code and counts the others, so that
// reports which nobody will read cost nothing. The zero List is empty.
type List struct {
	kept  []Problem
	codes map[codes.Code]int // how many problems of a code are kept
	more  map[class]int      // how many problems of a class are not kept
	spare Problem            // the last problem that was not kept: its class may still change
	lent  bool               // spare has not been counted yet

	// Of a code in a document that silences problems, what is silenced takes no room from the others.
	loud     map[codes.Code]int // how many of those that are kept of a full code are not silenced; -1: no more are kept
	trial    bool               // the last one that is kept is of a full code, and has not been judged yet
	silenced int                // how many are not kept because they are silenced
}

// Next adds a problem like the given one, and reports whether it is kept. The caller fills in p if it is kept;
// otherwise only the severity and the audience marks of p count. p is valid until the next call.
func (l *List) Next(like Problem) (p *Problem, kept bool) {
	l.settle()
	if !l.Takes(like.Code) {
		l.spare, l.lent = like, true
		return &l.spare, false
	}
	if l.codes == nil {
		l.codes = map[codes.Code]int{}
	}
	l.trial = l.full(like.Code)
	l.codes[like.Code]++
	l.kept = append(l.kept, like)
	return &l.kept[len(l.kept)-1], true
}

// Takes reports whether the next problem of a code would be kept. Twice as many are kept as are shown, because half of
// them may be for another audience.
// Where problems can be silenced, each is taken until it is known whether it is.
func (l *List) Takes(code codes.Code) bool { return !l.full(code) || l.tries(code) }

func (l *List) full(code codes.Code) bool { return l.codes[code] >= 2*Most }

// tries tells whether problems of a full code may be silenced where they stand, or are all kept.
func (l *List) tries(code codes.Code) bool {
	loud, known := l.loud[code]
	if !known {
		if l.loud == nil {
			l.loud = map[codes.Code]int{}
		}
		loud = l.countLoud(code)
		l.loud[code] = loud
	}
	return loud >= 0
}

func (l *List) countLoud(code codes.Code) int {
	loud, can := 0, false
	for i := range l.kept {
		p := &l.kept[i]
		if p.Code != code {
			continue
		}
		can = can || p.Place.Doc != nil && (p.Place.Doc.Silences != nil || p.Place.Doc.Every)
		if !p.isSilenced() {
			loud++
		}
	}
	if !can {
		return -1
	}
	return loud
}

// isSilenced: an error never is, and neither is what nobody here is told.
func (p *Problem) isSilenced() bool {
	doc := p.Place.Doc
	return p.Severity < Error && !p.PeerOnly && doc != nil && doc.Silences != nil && doc.Silences(p)
}

// try keeps the last problem, of a full code, if it is not silenced and there is room.
func (l *List) try() {
	last := l.kept[len(l.kept)-1]
	silenced := last.isSilenced()
	every := last.Place.Doc != nil && last.Place.Doc.Every
	if !silenced && (l.loud[last.Code] < 2*Most || every) {
		l.loud[last.Code]++
		return
	}
	l.kept = l.kept[:len(l.kept)-1]
	l.codes[last.Code]--
	if silenced {
		l.silenced++
		return
	}
	l.Skip(last, 1)
}

// Skip counts problems that the caller has not made because they would not be kept.
func (l *List) Skip(like Problem, count int) {
	l.settle()
	if count > 0 {
		if l.more == nil {
			l.more = map[class]int{}
		}
		l.more[like.class()] += count
	}
}

func (l *List) settle() {
	if l.lent {
		l.lent = false
		l.Skip(l.spare, 1)
	}
	if l.trial {
		l.trial = false
		l.try()
	}
}

// Add adds problems that are there already; one with More stands for several.
func (l *List) Add(all ...Problem) {
	for _, p := range all {
		switch {
		case p.Silenced:
			l.silenced += p.More
		case p.More > 0:
			l.Skip(p, p.More)
		default:
			l.Next(p)
		}
	}
}

// Kept gives the problems that are kept. The caller may change them, but not add any.
func (l *List) Kept() []Problem { return l.kept }

// Settled is Kept without the last problem if that is silenced, where silenced ones are no longer kept. It ends the
// validity of what Next has given.
func (l *List) Settled() []Problem {
	l.settle()
	return l.kept
}

// Retain drops the kept problems, from the position from on, for which keep is false. From position 0 it also drops
// those that are only counted.
func (l *List) Retain(from int, keep func(*Problem) bool) {
	l.settle()
	from = min(from, len(l.kept))
	rest := l.kept[:from]
	for i := from; i < len(l.kept); i++ {
		if p := &l.kept[i]; keep(p) {
			rest = append(rest, *p)
		} else {
			l.codes[p.Code]--
		}
	}
	l.kept = rest
	for c, n := range l.more {
		if p := others(c, n); from == 0 && !keep(&p) {
			delete(l.more, c)
		}
	}
}

// All gives the problems, and last the ones that stand for problems which were not kept.
func (l *List) All() []Problem {
	l.settle()
	all := l.kept[:len(l.kept):len(l.kept)]
	for _, c := range classes() {
		if n := l.more[c]; n > 0 {
			all = append(all, others(c, n))
		}
	}
	if l.silenced > 0 {
		all = append(all, Problem{More: l.silenced, Silenced: true})
	}
	return all
}

// classes lists all classes, errors first.
func classes() (all []class) {
	for _, severity := range severities() {
		for i := range 8 {
			for m := range Merging + 1 {
				all = append(all, class{severity, i&1 != 0, i&2 != 0, i&4 != 0, m})
			}
		}
	}
	return all
}

// severities lists the severities, the worst first.
func severities() []Severity { return []Severity{Error, Warning, Advice} }

// others makes a Problem that stands for count others of a class.
func others(c class, count int) Problem {
	noun := c.severity.String()
	if count > 1 && c.severity > Advice {
		noun += "s"
	}
	return Problem{Severity: c.severity, Message: "and " + strconv.Itoa(count) + " more " + noun,
		More: count, Stricter: c.stricter, Mends: c.mends, Laxer: c.laxer, PeerOnly: c.peerOnly}
}

// Count is how many problems this one is: 1, or as many as it stands for.
func (p *Problem) Count() int { return max(p.More, 1) }

// First gives the problems of a document that are shown where no more than most are: errors first, then as many others
// as there is room for; and for each severity one that stands for the rest.
func First(problems []Problem, most int) []Problem {
	var count, room [Error + 1]int
	for i := range problems {
		if problems[i].More == 0 {
			count[problems[i].Severity]++
		}
	}
	left := most
	for _, severity := range severities() {
		room[severity] = min(count[severity], left)
		left -= room[severity]
	}
	var rest [Error + 1]int
	var shown []Problem
	var doc *Document
	for _, p := range problems {
		if p.More == 0 && room[p.Severity] > 0 {
			room[p.Severity]--
			shown, doc = append(shown, p), p.Place.Doc
			continue
		}
		rest[p.Severity] += p.Count()
	}
	for _, severity := range severities() {
		if rest[severity] > 0 {
			p := others(class{severity: severity}, rest[severity])
			p.Place.Doc = doc
			shown = append(shown, p)
		}
	}
	return shown
}
