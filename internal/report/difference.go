package report

import (
	"fmt"
	"strings"
)

const (
	// linesMost bounds what is compared line by line, which takes time and room as its square.
	linesMost = 1000
	// around is how many lines are shown before and after a change.
	around = 2
	// differenceMost is how many lines of a difference are shown.
	differenceMost = 60
)

// Difference gives the lines that go, "-", come, "+", some that stay around them, " ", and how many more stay, "@".
func Difference(was, now string) []string {
	a, b := splitLines(was), splitLines(now)
	first := 0
	for first < len(a) && first < len(b) && a[first] == b[first] {
		first++
	}
	last := 0
	for last < len(a)-first && last < len(b)-first && a[len(a)-1-last] == b[len(b)-1-last] {
		last++
	}
	var out []string
	for _, line := range a[max(0, first-around):first] {
		out = append(out, " "+line)
	}
	out = append(out, changed(a[first:len(a)-last], b[first:len(b)-last])...)
	for _, line := range a[len(a)-last : min(len(a), len(a)-last+around)] {
		out = append(out, " "+line)
	}
	out = leftOut(out)
	for i, line := range out {
		out[i] = showBlanks(line)
	}
	return out
}

// leftOut has a count in the place of lines that stay and are not near any that changes; nothing at all where none
// changes.
func leftOut(lines []string) (out []string) {
	for len(lines) > 0 {
		stay := 0
		for stay < len(lines) && lines[stay][0] == ' ' {
			stay++
		}
		switch {
		case stay == len(lines) && out == nil:
			return nil
		case stay > 2*around+1 && stay < len(lines) && out != nil:
			out = append(out, lines[:around]...)
			out = append(out, fmt.Sprintf("@ %d lines stay", stay-2*around))
			out = append(out, lines[stay-around:stay]...)
		default:
			out = append(out, lines[:stay]...)
		}
		for lines = lines[stay:]; len(lines) > 0 && lines[0][0] != ' '; lines = lines[1:] {
			out = append(out, lines[0])
		}
	}
	return out
}

func splitLines(text string) []string {
	if text == "" {
		return nil
	}
	lines := strings.Split(text, "\n")
	if lines[len(lines)-1] == "" {
		return lines[:len(lines)-1]
	}
	lines[len(lines)-1] += noLineEnd
	return lines
}

// noLineEnd follows a last line that has no end.
const noLineEnd = " (no line end)"

// showBlanks says in words that a line that goes or comes has blanks at its end, which nobody would see.
func showBlanks(line string) string {
	if line[0] != '-' && line[0] != '+' {
		return line
	}
	text, ends := strings.CutSuffix(line, noLineEnd)
	switch n := len(text) - len(strings.TrimRight(text, " \t")); {
	case n == 0:
		return line
	case n == 1:
		text += " (a blank at its end)"
	default:
		text += fmt.Sprintf(" (%d blanks at its end)", n)
	}
	if ends {
		text += noLineEnd
	}
	return text
}

// changed compares what lies between the first and the last difference, by the longest common subsequence.
func changed(a, b []string) (out []string) {
	if len(a) > linesMost || len(b) > linesMost {
		return append(marked("-", a), marked("+", b)...)
	}
	longest := make([][]int16, len(a)+1)
	for i := range longest {
		longest[i] = make([]int16, len(b)+1)
	}
	for i := len(a) - 1; i >= 0; i-- {
		for j := len(b) - 1; j >= 0; j-- {
			if a[i] == b[j] {
				longest[i][j] = longest[i+1][j+1] + 1
			} else {
				longest[i][j] = max(longest[i+1][j], longest[i][j+1])
			}
		}
	}
	i, j := 0, 0
	for i < len(a) && j < len(b) {
		switch {
		case a[i] == b[j]:
			out = append(out, " "+a[i])
			i, j = i+1, j+1
		case longest[i+1][j] >= longest[i][j+1]:
			out = append(out, "-"+a[i])
			i++
		default:
			out = append(out, "+"+b[j])
			j++
		}
	}
	return append(append(out, marked("-", a[i:])...), marked("+", b[j:])...)
}

func marked(sign string, lines []string) (out []string) {
	for _, line := range lines {
		out = append(out, sign+line)
	}
	return out
}
