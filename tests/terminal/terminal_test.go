package terminal

import (
	"encoding/xml"
	"errors"
	"io"
	"math"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestTextIsLaidOutInRunsOfOneColour(t *testing.T) {
	wide := strings.Repeat("x", Columns)
	for claim, c := range map[string]struct {
		text string
		rows [][]run
	}{
		"plain lines":                 {"a b\n\nc\n", [][]run{{{0, "", "a b"}}, nil, {{0, "", "c"}}}},
		"the last without its end":    {"a", [][]run{{{0, "", "a"}}}},
		"blanks before are the place": {"  a \n", [][]run{{{2, "", "a"}}}},
		"one blank is in a run":       {"a b  c   d\n", [][]run{{{0, "", "a b"}, {5, "", "c"}, {9, "", "d"}}}},
		"a colour, and after it":      {"\x1b[1;31ma\x1b[0m  b\n", [][]run{{{0, "red", "a"}, {3, "", "b"}}}},
		"blanks in a colour":          {"\x1b[1m a\x1b[0m\n", [][]run{{{1, "bold", "a"}}}},
		"a colour over two lines":     {"\x1b[1;36ma\nb\x1b[0m\n", [][]run{{{0, "cyan", "a"}}, {{0, "cyan", "b"}}}},
		"a line that fills the row":   {wide + "\n", [][]run{{{0, "", wide}}}},
		"a longer one goes on":        {wide + "y\n", [][]run{{{0, "", wide}}, {{0, "", "y"}}}},
		"a column is a letter":        {"…\x1b[1mé\x1b[0m", [][]run{{{0, "", "…"}, {1, "bold", "é"}}}},
	} {
		t.Run(claim, func(t *testing.T) {
			rows, err := layOut(c.text)
			require.NoError(t, err)
			assert.Equal(t, c.rows, rows)
		})
	}
}

func TestWhatATerminalWouldNotShowAsTextIsRefused(t *testing.T) {
	for text, want := range map[string]string{
		"\x1b[35mx": `no colour has the code "35"`, "\x1b[2Jx": "a control character", "a\tb": "a control character",
		"a\rb": "a control character", "\xff": "a control character", "\u009bm": "a control character",
	} {
		_, err := Picture("", text)
		assert.ErrorContains(t, err, want, "%q", text)
	}
}

// textOf reads a picture as XML: the title, and the texts in their order.
func textOf(t *testing.T, picture string) (texts []string) {
	t.Helper()
	decoder := xml.NewDecoder(strings.NewReader(picture))
	inside := ""
	for {
		token, err := decoder.Token()
		if errors.Is(err, io.EOF) {
			return texts
		}
		require.NoError(t, err)
		switch token := token.(type) {
		case xml.StartElement:
			inside = token.Name.Local
		case xml.CharData:
			if inside == "title" || inside == "text" {
				texts = append(texts, string(token))
			}
		case xml.EndElement:
			inside = ""
		}
	}
}

func TestAPictureHasTheTextAndNothingThatRuns(t *testing.T) {
	picture, err := Picture(`<"title">`, "<script>alert(1)</script>\n \x1b[1;31m&amp;\x1b[0m ]]>\n")
	require.NoError(t, err)
	assert.Equal(t, []string{`<"title">`, "<script>alert(1)</script>", "&amp;", "]]>"}, textOf(t, picture))
	for _, part := range []string{`role="img" aria-labelledby="title"`, "prefers-color-scheme: dark", `class="red"`,
		// 25 letters of 8.4 pixels, and the margins; two rows.
		`width="242" height="70"`} {
		assert.Contains(t, picture, part)
	}
	for _, part := range []string{"<script", "url(", "href", "@font-face", "@import"} {
		assert.NotContains(t, picture, part)
	}
}

// luminance is that of WCAG 2.2 ("relative luminance") of a colour in the form #rrggbb.
func luminance(t *testing.T, hex string) float64 {
	t.Helper()
	sum := 0.0
	for i, weight := range []float64{0.2126, 0.7152, 0.0722} {
		n, err := strconv.ParseUint(hex[1+2*i:3+2*i], 16, 8)
		require.NoError(t, err)
		c := float64(n) / 255
		if c <= 0.04045 {
			c /= 12.92
		} else {
			c = math.Pow((c+0.055)/1.055, 2.4)
		}
		sum += weight * c
	}
	return sum
}

func TestColoursCanBeReadOnBothGrounds(t *testing.T) {
	contrast := func(one, other string) float64 {
		a, b := luminance(t, one)+0.05, luminance(t, other)+0.05
		return max(a, b) / min(a, b)
	}
	assert.InDelta(t, 21, contrast("#ffffff", "#000000"), 0.001)
	for _, c := range append(colours, ink) {
		assert.GreaterOrEqual(t, contrast(c.light, ground.light), 4.5, c.class)
		assert.GreaterOrEqual(t, contrast(c.dark, ground.dark), 4.5, c.class)
	}
}
