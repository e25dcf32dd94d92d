package directives

import (
	_ "embed"
	"regexp"
	"strconv"
	"strings"
	"sync"
)

// patterns has what values look like, of systemd.exec(5), systemd.kill(5), systemd.resource-control(5) and
// systemd.time(7). A line with a colon in front gives a word for a pattern that the lines below it have. Others have
// settings, what they take as a pattern, and as words. Where it is not sure it lets a value through: numbers of other
// bases than ten, what is spelt like a time zone, and steps that lead out of the day, the month or the year.
//
//go:embed grammars.txt
var patterns string

// A grammar is a line of the patterns.
type grammar struct {
	fits  *regexp.Regexp
	takes string
}

var grammars = sync.OnceValue(func() map[string]grammar {
	all := map[string]grammar{}
	for rest, line := patterns, ""; rest != ""; {
		line, rest, _ = strings.Cut(rest, "\n")
		if line[0] == ':' {
			word, pattern, _ := strings.Cut(line[1:], " ")
			rest = strings.ReplaceAll(rest, word, pattern)
			continue
		}
		fields := strings.Split(line, "\t")
		g := grammar{regexp.MustCompile("^(" + fields[1] + ")$"), fields[2]}
		for _, name := range strings.Fields(fields[0]) {
			all[name] = g
		}
	}
	return all
})

// mostJudged: no value that is meant is longer, and to look at one takes its length times that of the pattern.
const mostJudged = 200

// byGrammar judges a value where its setting has a grammar.
func byGrammar(name, value string) (fits bool, takes string) {
	g, known := grammars()[name]
	return !known || len(value) > mostJudged || g.fits.MatchString(value) &&
		(name != "OnCalendar" || !turnsBack(value)), g.takes
}

// turnsBack tells of a time of a calendar with a range that ends before it begins, as in 22..6:00 or Sat..Mon.
func turnsBack(value string) bool {
	for _, part := range strings.FieldsFunc(value, func(c rune) bool { return c != '.' && (c < '0' || c > '9') }) {
		from, to, _ := strings.Cut(part, "..")
		first, _ := strconv.Atoi(from)
		if last, err := strconv.Atoi(to); err == nil && last < first {
			return true
		}
	}
	return grammars()["backwards"].fits.MatchString(value)
}
