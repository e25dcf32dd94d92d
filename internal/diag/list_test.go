package diag_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/glowplug-os/glowplug/internal/diag"
)

// many gives a list with that many problems of a code.
func many(l *diag.List, count int, like diag.Problem) {
	for range count {
		l.Next(like)
	}
}

// told sums up what an audience is told: the numbers of problems by severity, and what stands for others.
func told(audience diag.Audience, l *diag.List) string {
	count := map[diag.Severity]int{}
	var more []string
	for _, p := range diag.For(audience, l.All()) {
		if p.More > 0 {
			more = append(more, p.Message)
			continue
		}
		count[p.Severity]++
	}
	var parts []string
	for _, severity := range []diag.Severity{diag.Error, diag.Warning, diag.Advice} {
		if count[severity] > 0 {
			parts = append(parts, fmt.Sprintf("%s %d", severity, count[severity]))
		}
	}
	return strings.Join(append(parts, more...), ", ")
}

func TestOfManyProblemsTheFirstAreShownAndErrorsBeforeOthers(t *testing.T) {
	warning, failure := diag.Problem{Severity: diag.Warning, Code: "w"}, diag.Problem{Severity: diag.Error, Code: "e"}
	stricter := diag.Problem{Severity: diag.Error, Code: "s", Stricter: true}
	peerOnly := diag.Problem{Severity: diag.Error, Code: "e", PeerOnly: true}
	for _, c := range []struct {
		claim    string
		audience diag.Audience
		fill     func(*diag.List)
		want     string
	}{
		{"as many as are shown", diag.Workstation, func(l *diag.List) { many(l, 1000, failure) }, "error 1000"},
		{"61 more", diag.Workstation, func(l *diag.List) { many(l, 1061, failure) }, "error 1000, and 61 more errors"},
		{"one more", diag.Workstation, func(l *diag.List) { many(l, 1001, warning) },
			"warning 1000, and 1 more warning"},
		{"far more", diag.Workstation, func(l *diag.List) { many(l, 1_000_000, failure) },
			"error 1000, and 999000 more errors"},
		{"an error after a thousand warnings",
			diag.Workstation, func(l *diag.List) { many(l, 5000, warning); many(l, 1, failure) },
			"error 1, warning 999, and 4001 more warnings"},
		{"errors displace warnings",
			diag.Workstation, func(l *diag.List) { many(l, 700, warning); many(l, 600, failure) },
			"error 600, warning 400, and 300 more warnings"},
		{"errors and warnings beyond",
			diag.Workstation, func(l *diag.List) { many(l, 3000, warning); many(l, 3000, failure) },
			"error 1000, and 2000 more errors, and 3000 more warnings"},
		{"ours take no room from the peer's", diag.Peer,
			func(l *diag.List) { many(l, 9000, stricter); many(l, 1001, failure) }, "error 1000, and 1 more error"},
		{"ours are warnings at boot", diag.Boot, func(l *diag.List) { many(l, 9000, stricter); many(l, 1, failure) },
			"error 1, warning 999, and 8001 more warnings"},
		{"one code for two audiences", diag.Workstation, func(l *diag.List) {
			for range 1061 {
				many(l, 1, peerOnly)
				many(l, 1, failure)
			}
		}, "error 1000, and 61 more errors"},
	} {
		var l diag.List
		c.fill(&l)
		assert.Equal(t, c.want, told(c.audience, &l), c.claim)
		assert.LessOrEqual(t, len(l.Kept()), 4*diag.Most, c.claim)
	}
}

func TestWhatIsSaidOfAProblemThatIsNotKeptStillCounts(t *testing.T) {
	var l diag.List
	many(&l, 2*diag.Most, diag.Problem{Severity: diag.Error, Code: "e"})
	p, kept := l.Next(diag.Problem{Severity: diag.Error, Code: "e"})
	assert.False(t, kept)
	p.Stricter = true
	assert.Equal(t, "error 1000, and 1000 more errors", told(diag.Peer, &l))
	assert.Equal(t, "error 1000, and 1001 more errors", told(diag.Workstation, &l))
}

func TestListsAreAddedAndThinnedOut(t *testing.T) {
	var all, l diag.List
	many(&l, 3000, diag.Problem{Severity: diag.Warning, Code: "w"})
	all.Add(l.All()...)
	all.Add(diag.Problem{Severity: diag.Error, Code: "e"})
	assert.Equal(t, "error 1, warning 999, and 2001 more warnings", told(diag.Workstation, &all))
	all.Retain(0, func(p *diag.Problem) bool { return p.Severity == diag.Error })
	assert.Equal(t, "error 1", told(diag.Workstation, &all))
	many(&all, 3000, diag.Problem{Severity: diag.Warning, Code: "w"})
	assert.Equal(t, "error 1, warning 999, and 2001 more warnings", told(diag.Workstation, &all),
		"what was dropped makes room")
}

func TestWhatStandsForOthersIsShownWithoutAPlace(t *testing.T) {
	doc := &diag.Document{Name: "a.ign", Text: "x"}
	var l diag.List
	many(&l, 1001, diag.Problem{Severity: diag.Error, Code: "e", Place: diag.Place{Doc: doc}})
	told := diag.For(diag.Workstation, l.All())
	diag.Sort(told)
	last := told[len(told)-1]
	assert.Equal(t, doc, last.Place.Doc)
	assert.Equal(t, "error: and 1 more error", diag.Line(last))
	assert.Equal(t, "error: and 1 more error", diag.PeerLine(last))
	assert.Equal(t, "and 1 more error\n", diag.Style{}.Text(last))
	var b strings.Builder
	assert.NoError(t, diag.WriteJSON(&b, false, told[998:], 0, 0))
	assert.Equal(t, 2, strings.Count(b.String(), "severity"))
	assert.Contains(t, b.String(), `"more": 1`)
}

func TestWhatIsSilencedTakesNoRoom(t *testing.T) {
	doc := &diag.Document{Name: "a", Text: "x", Silences: func(p *diag.Problem) bool { return p.Message == "quiet" }}
	var l diag.List
	for i := range 20 * diag.Most {
		message := "quiet"
		if i%8 == 7 {
			message = "loud"
		}
		p, kept := l.Next(diag.Problem{Severity: diag.Warning, Code: "c"})
		assert.True(t, kept, "it may be silenced")
		p.Place.Doc, p.Message = doc, message
	}
	assert.LessOrEqual(t, len(l.Settled()), 4*diag.Most, "memory is bounded")
	loud, quiet := 0, 0
	for _, p := range l.All() {
		if p.Silenced || p.Message == "quiet" {
			quiet += p.Count()
		} else {
			loud += p.Count()
		}
	}
	assert.Equal(t, []int{20 * diag.Most / 8, 20 * diag.Most * 7 / 8}, []int{loud, quiet})
}
