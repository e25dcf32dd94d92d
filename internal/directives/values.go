package directives

import (
	"path"
	"slices"
	"strings"

	"github.com/glowplug-os/glowplug/internal/unit"
)

// has tells whether a word is in a list with commas.
func has(list, word string) bool {
	return !strings.Contains(word, ",") && strings.Contains(", "+list+",", ", "+word+",")
}

// Takes says what a setting takes, where a value is nothing of that; "" where it may be. systemd passes over such a
// value, or does not load the unit. An empty value takes back what was said before, or says nothing.
func (s Setting) Takes(section, name, value string) string {
	if value == "" {
		return ""
	}
	if name == "Environment" && (!strings.ContainsAny(value, "=%") || strings.Contains(value, " = ")) {
		return "NAME=value, without blanks around the ="
	}
	for _, grammar := range []string{name, string(s.takes)} {
		if fits, takes := byGrammar(grammar, value); !fits && (name != "Type" || section == "Service") {
			return takes
		}
	}
	return ""
}

// IsTrue tells whether a truth value is a yes.
func IsTrue(v string) bool { return has("yes, 1, true, on, y, t", strings.ToLower(v)) }

// IsUnits tells whether a setting takes names of units.
func (s Setting) IsUnits() bool { return s.takes == 'u' || s.takes == 'U' }

// NoUnit gives a word of a list of units that is no name of one, "" where all are; systemd passes over it. What a
// specifier stands for is not known. Names that end in one of the others are names too.
func (s Setting) NoUnit(value string, others []string) string {
	if !s.IsUnits() {
		return ""
	}
	for _, word := range strings.Fields(value) {
		if strings.IndexByte(word, '%') < 0 && !slices.Contains(others, path.Ext(word)) &&
			(unit.CheckName(word) != nil || unit.CheckNameStrictly(word) != nil) {
			return word
		}
	}
	return ""
}
