package diag_test

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/glowplug-os/glowplug/internal/diag"
)

func TestWhatATerminalActsOnIsEscaped(t *testing.T) {
	for text, want := range map[string]string{
		"":                           "",
		"/etc/Zoë € 😀.conf":          "/etc/Zoë € 😀.conf",
		`C:\dir "x"`:                 `C:\dir "x"`,
		"a\x1b[2Jb":                  `a\x1b[2Jb`,
		"a\nb\rc\td\x00\x7f":         `a\nb\rc\td\x00\x7f`,
		"\u0085\u009b31m":            `\u0085\u009b31m`,
		"\u200e\u200f\u061c\u202e":   `\u200e\u200f\u061c\u202e`,
		"\u2066\u2069\u2028\u2029":   `\u2066\u2069\u2028\u2029`,
		"\ufeff\u200b\u00ad\u00a0":   `\ufeff\u200b\u00ad\u00a0`,
		"\U000e0041\ue000\u3000":     `\U000e0041\ue000\u3000`,
		"\xff\x9bx\xe2\x80":          `\xff\x9bx\xe2\x80`,
		"\u034f\u115f\u1160\u17b4":   `\u034f\u115f\u1160\u17b4`,
		"\u3164\uffa0\u2800\u180b":   `\u3164\uffa0\u2800\u180b`,
		"\ufe00\ufe0f\U000e0100":     `\ufe00\ufe0f\U000e0100`,
		"a replacement \ufffd stays": "a replacement \ufffd stays",
	} {
		got := diag.Printable(text)
		assert.Equal(t, want, got)
		assert.Equal(t, got, diag.Printable(got), "twice is once")
	}
	assert.Equal(t, `a; b\x1b c; d`, diag.OneLine("  a\n\n b\x1b\tc\r\nd\n"))
	assert.Equal(t, "a\n\\rb\\t\n", diag.Lines("a\n\rb\t\n"))
}

func TestAScreenLetsItsOwnColoursThroughAndNothingElse(t *testing.T) {
	problem := diag.Problem{Severity: diag.Error, Code: "c", Message: "m", Hint: "h"}
	for _, severity := range []diag.Severity{diag.Error, diag.Warning, diag.Advice} {
		problem.Severity = severity
		painted := diag.EraseLine + diag.Style{Color: true}.Text(problem)
		var out bytes.Buffer
		n, err := (&diag.Screen{To: &out, Colors: true}).Write([]byte(painted))
		require.NoError(t, err)
		assert.Equal(t, len(painted), n)
		assert.Equal(t, painted, out.String())
		out.Reset()
		_, _ = (&diag.Screen{To: &out}).Write([]byte(painted))
		assert.NotContains(t, out.String(), "\x1b", "it shows no colours")
	}
	var out bytes.Buffer
	_, _ = (&diag.Screen{To: &out, Colors: true}).Write([]byte("\x1b[31m\x1b[1\x1b]0;x\a\rb\u009b\n"))
	assert.Equal(t, `\x1b[31m\x1b[1\x1b]0;x\a\rb\u009b`+"\n", out.String())
}

func TestAnOddNameStaysWithinItsLineInEveryForm(t *testing.T) {
	odd := "a\nerror at $.x: made up\r\x1b[2J\u009b\u202e\u2028\U000e0041\u3164\ufe0f\xff\x7f"
	doc := &diag.Document{Name: odd, Text: "{}"}
	p := diag.Problem{Severity: diag.Error, Code: "c", Place: diag.Place{Doc: doc}, Path: "$." + odd, Message: odd,
		Hint: odd}
	p.Related = []diag.Related{{Place: p.Place, Path: p.Path, Message: odd}, {Path: p.Path, Message: odd}}
	forms := map[string]string{"line": diag.Line(p), "peer": diag.PeerLine(p), "error": p.Error(),
		"text": diag.Style{}.Text(p), "place": p.Place.String()}
	for form, text := range forms {
		if form != "text" {
			assert.NotContains(t, text, "\n", form)
		}
		assert.NotContains(t, "\n"+text, "\nerror at $.x", form)
		for _, r := range strings.ReplaceAll(text, "\n", "") {
			assert.True(t, diag.IsVisible(r), "%s: %q", form, text)
		}
	}

	var out bytes.Buffer
	require.NoError(t, diag.WriteJSON(&out, false, []diag.Problem{p}, 0, 0))
	for _, r := range strings.ReplaceAll(out.String(), "\n", "") {
		require.True(t, diag.IsVisible(r), "%q", out.String())
	}
	var read struct{ Problems []struct{ Path string } }
	require.NoError(t, json.Unmarshal(out.Bytes(), &read))
	assert.Equal(t, strings.ToValidUTF8(p.Path, "\ufffd"), read.Problems[0].Path, "JSON says the same by escapes")
}
