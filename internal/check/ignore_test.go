package check

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/glowplug-os/glowplug/internal/codes"
	"github.com/glowplug-os/glowplug/internal/diag"
)

func TestCommentsSilenceALine(t *testing.T) {
	text := "a: 1 # glowplug: ignore path-volatile, key-unknown because of this\n" +
		"# glowplug: ignore no-login\n# said above\n\t# glowplug: ignore script-mode\nb: 2\nc: 3\n" +
		"d: 4 # why # glowplug: ignore duplicate\n# glowplug: ignore nonsense\ne: 5\n# glowplug: ignore no-login"
	got := map[int][]codes.Code{}
	for _, r := range remarked(text) {
		if _, known := codes.Find(r.code); known && r.line > 0 {
			got[r.line] = append(got[r.line], r.code)
		}
	}
	for line, want := range map[int][]codes.Code{
		1: {"path-volatile", "key-unknown"}, 2: nil, 5: {"no-login", "script-mode"}, 6: nil, 7: {"duplicate"}, 9: nil,
	} {
		assert.Equal(t, want, got[line], "line %d", line)
	}
	assert.Nil(t, remarked("a: 1\n"))
}

func TestNoErrorIsIgnored(t *testing.T) {
	doc := &diag.Document{Name: "a.bu", Text: "x: 1 # glowplug: ignore key-unknown\n"}
	other := &diag.Document{Name: "b", Text: doc.Text}
	problem := func(doc *diag.Document, severity diag.Severity, code codes.Code) diag.Problem {
		return diag.Problem{Severity: severity, Code: code,
			Place: diag.Place{Doc: doc, Span: diag.Span{Start: 0, End: 1}}}
	}
	all := []diag.Problem{problem(doc, diag.Error, codes.KeyUnknown), problem(doc, diag.Warning, codes.KeyUnknown),
		problem(doc, diag.Advice, codes.KeyUnknown), problem(doc, diag.Warning, codes.Duplicate),
		problem(other, diag.Warning, codes.KeyUnknown), {Severity: diag.Warning, Code: codes.KeyUnknown},
		problem(doc, diag.Warning, codes.KeyUnknown)}
	all[len(all)-1].PeerOnly = true
	s := silence{shown: "a.bu", comments: remarked(doc.Text).spots()}
	left, count := s.from(all)
	assert.Equal(t, 2, count)
	assert.Len(t, left, 5)
}

// told are the problems of the comments of a document, where all others are told.
func toldOfComments(text string) (all []string) {
	doc := &diag.Document{Name: "a.bu", Text: text}
	at := strings.LastIndex(text, "volatile")
	problems := []diag.Problem{{Severity: diag.Advice, Code: codes.PathVolatile,
		Place: diag.Place{Doc: doc, Span: diag.Span{Start: at, End: at + 1}}}}
	s := silence{shown: doc.Name}
	s.in(doc, true)
	for _, p := range s.odd(doc, problems, (&verdict{options: &options{}}).tellsAll(nil, 0)) {
		all = append(all, fmt.Sprintf("%s %s %s; %s", p.Place, p.Severity, p.Message, p.Hint))
	}
	return all
}

func TestCommentsThatSilenceNothingAreTold(t *testing.T) {
	const form = "a.bu:1:15 warning this comment silences nothing; write `# glowplug: ignore CODE`, with the " +
		"code of a problem"
	for text, want := range map[string][]string{
		"a: volatile # glowplug: ignore path-volatile because of a, b\n": nil,
		"a: volatile # glowplug:ignore path-volatile\n":                  nil,
		"a: volatile # glowplug is good, ignore it\n":                    nil,
		"a: volatile # see https://glowplug:8080 and glowplug: ignore\n": nil,
		"a: volatile # glowplug: ignore\n":                               {form},
		"a: volatile # glowplug: ignore:\n":                              {form},
		"a: volatile # glowplug: ignored path-volatile\n":                {form},
		"a: volatile # glowplug: ignore path-volatil\n": {"a.bu:1:32 warning path-volatil is no code of a problem, " +
			"so nothing is silenced; did you mean path-volatile?"},
		"a: volatile # glowplug: ignore path-volatile, zzzzzzzzzzzz\n": {"a.bu:1:47 warning zzzzzzzzzzzz is " +
			"no code of a problem, so nothing is silenced; "},
		"a: volatile # glowplug: ignore path-relative\n": {"a.bu:1:32 warning path-relative is an error, and no " +
			"error can be ignored; mend what it is about"},
		"a: volatile # glowplug: ignore script-mode\n": {"a.bu:1:32 advice there is no script-mode to be ignored " +
			"here; remove it, or put it into the line of the problem or above"},
		"a: volatile\n# glowplug: ignore path-volatile\n": {"a.bu:2:20 advice there is no path-volatile to be " +
			"ignored here; remove it, or put it into the line of the problem or above"},
		"# glowplug: ignore path-volatile\n# why\na: volatile\n": nil,
		"a: volatile # glowplug: ignore user-data-size\n":        nil,
		"a: |\n  volatile\n  # glowplug: ignore nonsense\n":      nil,
		"a: 'volatile # glowplug: x'\n":                          nil,
	} {
		assert.Equal(t, want, toldOfComments(text), text)
	}
}

func TestACommentIsNeedlessOnlyWhereAllIsTold(t *testing.T) {
	row, _ := codes.Find(codes.PathVolatile)
	warning, _ := codes.Find(codes.KeyUnknown)
	for claim, c := range map[string]struct {
		options  options
		absent   int
		problems []diag.Problem
		advice   bool
		warning  bool
	}{
		"all":                   {advice: true, warning: true},
		"no advice":             {options: options{noLint: true}, warning: true},
		"some advice":           {options: options{lints: []codes.Code{codes.NoLogin}}, warning: true},
		"a config is not here":  {absent: 1},
		"an error hides others": {problems: []diag.Problem{{Severity: diag.Error}}},
		"more than are told":    {problems: []diag.Problem{{Severity: diag.Warning, More: 3}}},
	} {
		tells := (&verdict{options: &c.options}).tellsAll(c.problems, c.absent)
		assert.Equal(t, c.advice, tells(row), claim)
		assert.Equal(t, c.warning, tells(warning), claim)
	}
}
