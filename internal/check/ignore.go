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

// silence takes out of the problems of a text what its comments ignore, and counts it. An error is never ignored, and
// what nobody here is told is not counted.
func (r remarks) silence(name string, problems []diag.Problem) (left []diag.Problem, count int) {
	all := len(problems)
	if len(r) == 0 {
		return problems, 0
	}
	silenced := map[spot]bool{}
	for _, own := range r {
		silenced[spot{own.code, own.line}] = own.code != ""
	}
	left = slices.DeleteFunc(problems, func(p diag.Problem) bool {
		return p.Severity < diag.Error && !p.PeerOnly && silenced[spotOf(name, p)]
	})
	return left, all - len(left)
}

// A spot is a line of a text where there is a problem of a code.
type spot struct {
	code codes.Code
	line int
}

// spotOf gives the spot of a problem in a text, the zero spot of others.
func spotOf(name string, p diag.Problem) spot {
	if p.Place.Doc == nil || p.Place.Doc.Name != name {
		return spot{}
	}
	line, _ := p.Place.Doc.Position(p.Place.Span.Start)
	return spot{p.Code, line}
}
