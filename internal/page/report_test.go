package page

import (
	"fmt"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/net/html"

	"github.com/glowplug-os/glowplug/internal/bootreport"
	"github.com/glowplug-os/glowplug/internal/diag"
)

// told is a report in which all that others may have a say in is the same text.
func told(text string, begin, took int64) *bootreport.Report {
	return &bootreport.Report{Outcome: bootreport.Failed, BootID: text, Began: time.Unix(0, 0), Platform: text,
		Glowplug: text, Kernel: text, Configs: []bootreport.Config{{Name: text, Version: text, SHA256: text}},
		Stages: []bootreport.Stage{{Name: "fetch", Outcome: bootreport.Done, BeginMicros: 1, TookMicros: 1e6},
			{Name: text, Outcome: bootreport.Failed, BeginMicros: begin, TookMicros: took, SpansLeftOut: 2,
				Steps: map[string]int{"keep": 3}, Spans: []bootreport.Span{{Kind: bootreport.Step, What: text,
					Failed: true, BeginMicros: begin + took/2, TookMicros: took / 4, Origin: text}},
				Warnings: []string{text}, WarningsLeftOut: 7,
				Failure: &bootreport.Failure{Place: text, Causes: []string{text, text}, Try: []string{text}}}}}
}

func pageOf(t testing.TB, r *bootreport.Report) string {
	t.Helper()
	var b strings.Builder
	require.NoError(t, WriteReport(&b, r))
	return b.String()
}

func TestAPageOfAReportBeginsWithWhyABootHasFailed(t *testing.T) {
	page := pageOf(t, told("X", 2e6, 2e6))
	inOrder(t, plainly(page), "What the first boot has done",
		"The first boot has failed in its stage X: 4.000 s in 2 stages", "Failed: X", "Asked for at X X because X",
		"To try X", "Stages What Begins Took When", "done fetch 0.000 s 1.000 s",
		"failed X keep 3 2.000 s 2.000 s", "X: FAILED X 3.000 s 0.500 s", "2 shorter ones are not in the report",
		"Warnings", "X : X", "X : 7 more, which are not in the report", "Configs", "X X 0 bytes X")
	inOrder(t, page, `<span class="track"><span class="plain taken g25"></span><span class="g75"></span></span>`,
		`<span class="g49"></span><span class="danger taken g51"></span></span>`)
}

func FuzzNothingOfAReportBecomesAnElement(f *testing.F) {
	for i, text := range []string{"", "<script>alert(1)</script>", `" onload="x`, "</style><img src=x>", "<!-- ",
		"&#60;b&#62;", "\x00<\x00b>", "\xff\xfe<b>", "\u202e\u2028<b>", "\r\n\t"} {
		f.Add(text, int64(i), int64(1)<<(i*5))
	}
	f.Fuzz(func(t *testing.T, text string, begin, took int64) {
		page := pageOf(t, told(text, begin%(1<<50), took%(1<<50)))
		top, err := html.Parse(strings.NewReader(page))
		require.NoError(t, err)
		require.Empty(t, intrusion(top), fmt.Sprintf("%q", text))
		require.Equal(t, page, diag.Lines(page), "something in the page cannot be seen")
		require.Equal(t, count(top), len(regexp.MustCompile("<[a-z]").FindAllString(page, -1)))
	})
}
