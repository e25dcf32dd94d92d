package check

import (
	"slices"
	"strings"

	"github.com/glowplug-os/glowplug/internal/codes"
	"github.com/glowplug-os/glowplug/internal/diag"
)

// A remark is a word of a comment that silences a code.
type remark struct {
	code codes.Code // "" where the comment says nothing that silences
	span diag.Span
	line int // that it is about; 0 for none
}

type remarks []remark

// remarked finds the comments "glowplug: ignore CODE, CODE". One behind something stands for its own line, one in a
// line of its own for the next line that is no comment.
func remarked(text string) (found remarks) {
	if !strings.Contains(text, said) {
		return nil
	}
	waiting, number, start := 0, 0, 0 // the first one that has no line yet
	for line := range strings.Lines(text) {
		number++
		at := strings.IndexByte(line, '#')
		alone := at >= 0 && strings.TrimSpace(line[:at]) == ""
		for i := waiting; i < len(found) && !alone; i++ {
			found[i].line = number
		}
		if at >= 0 {
			found = append(found, inComment(line[at:], start+at)...)
		}
		for i := waiting; i < len(found) && !alone; i++ {
			found[i].line = number
		}
		if !alone {
			waiting = len(found)
		}
		start += len(line)
	}
	return found
}

// said is how a comment for this program begins.
const said = "glowplug:"

// inComment finds what a comment says, which may stand behind another; at is its offset.
func inComment(comment string, at int) (found remarks) {
	for part := range strings.SplitAfterSeq(comment, "#") {
		bare := strings.TrimLeft(part, " \t")
		if words, is := strings.CutPrefix(bare, said); is {
			here := at + len(part) - len(bare)
			return listed(strings.TrimSuffix(words, "#"), here+len(said), here)
		}
		at += len(part)
	}
	return nil
}

// listed takes the codes behind the word ignore: one, all behind commas, and known ones. What follows is a reason. at
// is the offset of the text, and of the comment.
func listed(text string, at, comment int) (found remarks) {
	nothing := remarks{{span: diag.Span{Start: comment, End: comment + len(said)}}}
	bare := strings.TrimLeft(text, " \t")
	rest, is := strings.CutPrefix(bare, "ignore")
	if !is || strings.Trim(rest[:min(1, len(rest))], " \t\r\n,") != "" {
		return nothing
	}
	at += len(text) - len(rest)
	for rest != "" {
		word := strings.TrimLeft(rest, ", \t\r\n")
		between := rest[:len(rest)-len(word)]
		at += len(between)
		if end := strings.IndexAny(word, ", \t\r\n"); end >= 0 {
			word = word[:end]
		}
		_, known := codes.Find(codes.Code(word))
		if word == "" || !known && len(found) > 0 && !strings.Contains(between, ",") {
			break
		}
		found = append(found, remark{code: codes.Code(word), span: diag.Span{Start: at, End: at + len(word)}})
		rest, at = rest[len(between)+len(word):], at+len(word)
	}
	if found == nil {
		return nothing
	}
	return found
}

// A spot is where a comment silences a code.
type spot struct {
	code codes.Code
	line int
}

// spots are those of all comments.
func (r remarks) spots() map[spot]bool {
	all := make(map[spot]bool, len(r))
	for _, own := range r {
		all[spot{own.code, own.line}] = false
	}
	return all
}

// A silence is what is ignored in a file: in lines of it by its comments, and in all of it by the project file.
type silence struct {
	shown    string
	own      remarks
	comments map[spot]bool // whether something has stood there
	codes    []codes.Code
	others   map[string]*silence                  // of other files that problems stand in, by what they are called
	ignored  func(name string) (all []codes.Code) // by the project file in another one; nil for nothing
}

// in gives what is silenced in a text; nil for nothing. Only documents in YAML have comments.
func (s *silence) in(text *diag.Document, butane bool) func(*diag.Problem) bool {
	if butane && s.comments == nil {
		s.own = remarked(text.Text)
		s.comments = s.own.spots()
	}
	if len(s.comments)+len(s.codes) == 0 && s.ignored == nil {
		return nil
	}
	return s.has
}

// merged is in of the text of another file, which is merged.
func (s *silence) merged(text *diag.Document, butane bool) func(*diag.Problem) bool {
	if s.of(text.Name).in(text, butane) == nil && len(s.codes) == 0 && s.ignored == nil {
		return nil
	}
	return s.has
}

// of is the silence of another file.
func (s *silence) of(name string) *silence {
	other := s.others[name]
	if other == nil {
		other = &silence{shown: name}
		if s.ignored != nil {
			other.codes = s.ignored(name)
		}
		if s.others == nil {
			s.others = map[string]*silence{}
		}
		s.others[name] = other
	}
	return other
}

// odd tells of the comments that silence none of the problems.
func (s *silence) odd(doc *diag.Document, problems []diag.Problem, unused func(codes.Row) bool) []diag.Problem {
	for i := range problems {
		s.meets(&problems[i])
	}
	return s.own.odd(doc, s.comments, unused)
}

// has tells whether a problem is ignored. What is ignored in the file itself is so wherever a problem of it stands.
func (s *silence) has(p *diag.Problem) bool {
	if s.meets(p) || slices.Contains(s.codes, p.Code) {
		return true
	}
	return s.elsewhere(p.Place.Doc, p) || p.Inside != nil && s.elsewhere(p.Inside.Place.Doc, p)
}

// elsewhere tells whether a problem is ignored in another file, which it or a part of its value stands in.
func (s *silence) elsewhere(doc *diag.Document, p *diag.Problem) bool {
	if doc == nil || doc.Name == s.shown || s.ignored == nil && s.others == nil {
		return false
	}
	other := s.of(doc.Name)
	return other.meets(p) || slices.Contains(other.codes, p.Code)
}

// meets tells whether a comment is about a problem, and notes that it is about something.
func (s *silence) meets(p *diag.Problem) bool {
	if len(s.comments) == 0 || p.Place.Doc == nil || p.Place.Doc.Name != s.shown {
		return false
	}
	line, _ := p.Place.Doc.Position(p.Place.Span.Start)
	at := spot{p.Code, line}
	_, is := s.comments[at]
	if is {
		s.comments[at] = true
	}
	return is
}

// from takes what is ignored out of problems, and counts it with what has been left out before. An error is never
// ignored, and what nobody here is told is not counted.
func (s *silence) from(problems []diag.Problem) (left []diag.Problem, count int) {
	left = slices.DeleteFunc(problems, func(p diag.Problem) bool {
		out := p.Silenced || p.Severity < diag.Error && !p.PeerOnly && p.More == 0 && s.has(&p)
		if out {
			count += p.Count()
		}
		return out
	})
	return left, count
}
