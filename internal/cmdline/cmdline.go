// Package cmdline reads the kernel's command line: its words, and what they say to whom. It is the one reader for all
// who look there; which arguments there are, and what their values mean, is not its business.
package cmdline

import "strings"

// An Argument is one word, without its quotes, taken apart at the first "=".
type Argument struct {
	Name, Value string
	Assigned    bool   // there is a "="
	Written     string // the word as it stands on the line
}

// blanks part words, as isspace(3) has them.
const blanks = " \t\n\v\f\r"

func isBlank(c byte) bool { return strings.IndexByte(blanks, c) >= 0 }

// Arguments takes a line apart as systemd does (kernel-command-line(7)): double quotes keep blanks within a word,
// wherever in it they begin, and go. Single quotes do so around a whole word or a whole value; elsewhere they are
// apostrophes, as the kernel has them. A quote that is not closed keeps nothing together, so that it hides no argument
// that follows.
func Arguments(line string) []Argument {
	var all []Argument
	for rest := strings.TrimLeft(line, blanks); rest != ""; rest = strings.TrimLeft(rest, blanks) {
		word, length := unquoted(rest)
		name, value, assigned := strings.Cut(word, "=")
		all = append(all, Argument{name, value, assigned, rest[:length]})
		rest = rest[length:]
	}
	return all
}

// unquoted gives the first word of a text without its quotes, and how long it is with them.
func unquoted(text string) (word string, length int) {
	var out strings.Builder
	begins, assigned := true, false // a word, or its value
	for length < len(text) && !isBlank(text[length]) {
		inner, size := quoted(text[length:], begins)
		out.WriteString(inner)
		begins = inner == "=" && !assigned
		assigned = assigned || strings.Contains(inner, "=")
		length += size
	}
	return out.String(), length
}

// quoted gives what stands in the quotes that a text begins with, or else its first byte; and how much of the text that
// is.
func quoted(text string, begins bool) (inner string, size int) {
	quote := text[:1]
	if quote != `"` && (quote != "'" || !begins) {
		return quote, 1
	}
	end := strings.Index(text[1:], quote)
	switch {
	case quote == `"` && end < 0:
		return "", 1
	case quote == "'" && (end < 0 || end+2 < len(text) && !isBlank(text[end+2])):
		return quote, 1
	}
	return text[1:][:end], end + 2
}

// Last gives the value of the last argument with a name and a value that is not empty, "" where there is none.
func Last(line, name string) (value string) {
	for _, a := range Arguments(line) {
		if a.Name == name && a.Value != "" {
			value = a.Value
		}
	}
	return value
}
