package check

import (
	"slices"
	"strings"

	"github.com/glowplug-os/glowplug/internal/codes"
	"github.com/glowplug-os/glowplug/internal/diag"
)

// An ignoring is what comments of a document in YAML silence, by line.
type ignoring map[int][]codes.Code

// ignores finds the comments "glowplug: ignore CODE, CODE". One behind something stands for its own line, one in a line
// of its own for the next line that is no comment.
func ignores(text string) ignoring {
	const mark = "glowplug: ignore "
	if !strings.Contains(text, mark) {
		return nil
	}
	found := ignoring{}
	var waiting []codes.Code
	number := 0
	for line := range strings.Lines(text) {
		number++
		before, comment, commented := strings.Cut(line, "#")
		alone := commented && strings.TrimSpace(before) == ""
		if !alone {
			found[number] = append(found[number], waiting...)
			waiting = nil
		}
		for commented {
			if rest, is := strings.CutPrefix(strings.TrimLeft(comment, " \t"), mark); is {
				listed := listedCodes(rest)
				if alone {
					waiting = append(waiting, listed...)
				} else {
					found[number] = append(found[number], listed...)
				}
				break
			}
			_, comment, commented = strings.Cut(comment, "#")
		}
	}
	return found
}

// listedCodes takes the codes up to the first word that is none.
func listedCodes(text string) (all []codes.Code) {
	for word := range strings.FieldsFuncSeq(text, func(r rune) bool { return strings.ContainsRune(", \t\r\n", r) }) {
		if _, known := codes.Find(codes.Code(word)); !known {
			return all
		}
		all = append(all, codes.Code(word))
	}
	return all
}

// silence takes out of the problems of a text what its comments ignore, and counts it. An error is never ignored, and
// what nobody here is told is not counted.
func (i ignoring) silence(name string, problems []diag.Problem) (left []diag.Problem, count int) {
	all := len(problems)
	if len(i) == 0 {
		return problems, 0
	}
	left = slices.DeleteFunc(problems, func(p diag.Problem) bool {
		if p.Severity == diag.Error || p.PeerOnly || p.Place.Doc == nil || p.Place.Doc.Name != name {
			return false
		}
		line, _ := p.Place.Doc.Position(p.Place.Span.Start)
		return slices.Contains(i[line], p.Code)
	})
	return left, all - len(left)
}
