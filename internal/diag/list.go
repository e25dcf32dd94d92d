package diag

import (
	"strconv"

	"github.com/glowplug-os/glowplug/internal/codes"
)

// Most is how many problems of one document are shown, errors before all others. A document can have millions, and
// nobody reads them.
const Most = 1000

// A class is what decides who is told of a problem, and how.
type class struct {
	severity                  Severity
	stricter, laxer, peerOnly bool
}

func (p *Problem) class() class { return class{p.Severity, p.Stricter, p.Laxer, p.PeerOnly} }

// A List collects the problems of a document. It keeps the first ones of each code and counts the rest, so that whoever
// reports need not write down what nobody will read. The zero List is empty.
type List struct {
	kept  []Problem
	codes map[codes.Code]int // how many of a code are kept
	more  map[class]int      // how many are not
	spare Problem            // the last one that was not kept: who reports it may still say of what class it is
	lent  bool               // it has not been counted yet
}

// Next adds a problem and reports whether it is kept. If it is, the caller is to fill it in; if not, what is written to
// it is looked at no further than its severity and to whom it is told. It is valid until the next call.
func (l *List) Next(like Problem) (p *Problem, kept bool) {
	l.settle()
	if !l.Takes(like.Code) {
		l.spare, l.lent = like, true
		return &l.spare, false
	}
	if l.codes == nil {
		l.codes = map[codes.Code]int{}
	}
	l.codes[like.Code]++
	l.kept = append(l.kept, like)
	return &l.kept[len(l.kept)-1], true
}

// Takes reports whether the next problem of a code will be kept. There are twice as many as are shown, because half of
// them may be for another audience.
func (l *List) Takes(code codes.Code) bool { return l.codes[code] < 2*Most }

// Skip counts problems that are not added because they would not be kept.
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
}

// Add adds a problem that is there already, or what stands for several.
func (l *List) Add(all ...Problem) {
	for _, p := range all {
		if p.More > 0 {
			l.Skip(p, p.More)
		} else {
			l.Next(p)
		}
	}
}

// Kept gives the problems that are kept, to be looked at and changed, but not to be added to.
func (l *List) Kept() []Problem { return l.kept }

// Retain drops the problems from a position on for which keep is false, and from the first position on those that are
// only counted too.
func (l *List) Retain(from int, keep func(*Problem) bool) {
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

// All gives the problems, and last what stands for those that were not kept.
func (l *List) All() []Problem {
	l.settle()
	all := l.kept[:len(l.kept):len(l.kept)]
	for _, c := range classes() {
		if n := l.more[c]; n > 0 {
			all = append(all, others(c, n))
		}
	}
	return all
}

// classes lists all there are, errors first.
func classes() (all []class) {
	for _, severity := range severities() {
		for i := range 8 {
			all = append(all, class{severity, i&1 != 0, i&2 != 0, i&4 != 0})
		}
	}
	return all
}

// severities lists them from the worst down.
func severities() []Severity { return []Severity{Error, Warning, Info} }

// others is a Problem that stands for others.
func others(c class, count int) Problem {
	noun := c.severity.String()
	if count > 1 && c.severity > Info {
		noun += "s"
	}
	return Problem{Severity: c.severity, Message: "and " + strconv.Itoa(count) + " more " + noun,
		More: count, Stricter: c.stricter, Laxer: c.laxer, PeerOnly: c.peerOnly}
}

// Count is how many problems it is: one, or as many as it stands for.
func (p *Problem) Count() int { return max(p.More, 1) }

// first gives the problems that are shown: the first errors, as far as there is room the first of the others, and what
// stands for the rest, by severity.
func first(problems []Problem) []Problem {
	var count, room [Error + 1]int
	for i := range problems {
		if problems[i].More == 0 {
			count[problems[i].Severity]++
		}
	}
	left := Most
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
