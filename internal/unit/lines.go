package unit

import (
	"strings"

	"github.com/glowplug-os/glowplug/internal/diag"
)

// A Line is the head of a section, or an assignment.
type Line struct {
	Section, Name string
	Head          bool
	Value         string // in one line, as systemd joins it
	At            int    // the offset of the name, or of the head's [
	Number        int    // of the line on which the name stands, from 1
	ValueAt       int    // that of the value; of an empty one, where it would be
}

// Lines gives what a text says to systemd (systemd.syntax(7)), or what is wrong with its grammar, which is the peer's:
// without that no systemd reads the text. The two differ in comments: here one that stands within a value is passed
// over, and one that ends in a backslash does not go on.
func Lines(text string) (lines []Line, fault *diag.Fault) {
	if fault = Check(text); fault != nil {
		return nil, fault
	}
	lines = make([]Line, 0, min(1+strings.Count(text, "\n"), 64))
	for section, pos, after := "", 0, 1; pos < len(text); {
		line, next := logicalLine(text, pos)
		at := next - len(strings.TrimLeft(text[pos:next], blanks))
		number := after + strings.Count(text[pos:at], "\n")
		pos, after = next, number+strings.Count(text[at:next], "\n")
		name, value, assigns := strings.Cut(line, "=")
		switch {
		case line != "" && line[0] == '[':
			section, at = strings.TrimSuffix(line[1:], "]"), at+strings.IndexByte(text[at:], '[')
			lines = append(lines, Line{Section: section, Head: true, At: at})
		case assigns && section != "":
			rest := at + strings.IndexByte(text[at:], '=') + 1
			lines = append(lines, Line{Section: section, Name: strings.Trim(name, blanks),
				Value: strings.Trim(value, blanks), At: at, Number: number,
				ValueAt: len(text) - len(strings.TrimLeft(text[rest:], " \t"))})
		}
	}
	return lines, nil
}

const blanks = " \t\n\r" // WHITESPACE of systemd's string-util.h

// logicalLine reads a line with those in which it goes on, and puts a blank in the place of each backslash at an end.
// A comment is an empty line, and within another line it is passed over.
func logicalLine(text string, pos int) (line string, next int) {
	var parts []string
	for next = pos; next < len(text); {
		part, _, _ := strings.Cut(text[next:], "\n")
		next = min(next+len(part)+1, len(text))
		part = strings.TrimSuffix(part, "\r")
		if isComment(part) {
			if len(parts) == 0 {
				break
			}
			continue
		}
		if slashes := len(part) - len(strings.TrimRight(part, `\`)); slashes%2 == 0 {
			parts = append(parts, part)
			break
		}
		parts = append(parts, part[:len(part)-1])
	}
	return strings.Trim(strings.Join(parts, " "), blanks), next
}

// Sections are those that systemd reads in units of some kind (systemd.unit(5), and the page of each kind).
func Sections() []string {
	return strings.Fields("Unit Service Socket Timer Mount Automount Swap Path Slice Scope Install")
}
