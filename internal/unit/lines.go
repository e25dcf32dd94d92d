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
	ValueAt       int    // that of the value; of an empty one, where it would be
}

// Lines gives what a text says, or what is wrong with its grammar.
func Lines(text string) (lines []Line, fault *diag.Fault) {
	l := lexer{text: text}
	lines = make([]Line, 0, min(1+strings.Count(text, "\n"), 64))
	l.opened = func(at int) { lines = append(lines, Line{Section: l.section, Head: true, At: at}) }
	for {
		a, state := l.next()
		switch state {
		case ended:
			return lines, nil
		case failed:
			return nil, l.fault()
		}
		raw := l.pos - len(a.value)
		lines = append(lines, Line{Section: l.section, Name: strings.TrimSpace(a.name), Value: joined(a.value),
			At: raw - 1 - len(a.name), ValueAt: raw + len(a.value) - len(strings.TrimLeft(a.value, " \t"))})
	}
}

// joined puts the lines of a value together as systemd does: a backslash at the end of a line becomes a blank
// (systemd.syntax(7)). Comments between the lines systemd passes over, and the grammar does not have.
func joined(raw string) string {
	if strings.Contains(raw, "\\\n") {
		raw = strings.ReplaceAll(raw, "\\\n", " ")
	}
	return strings.TrimSpace(raw)
}

// Sections are those that systemd reads in units of some kind (systemd.unit(5), and the page of each kind).
func Sections() []string {
	return strings.Fields("Unit Service Socket Timer Mount Automount Swap Path Slice Scope Install")
}
