// Package terminal draws what a program has written to a terminal, as a picture (SVG) for pages that people read. It
// knows the colours that the programs of this repository use, and none beside. Nothing of the picture depends on who
// draws it, or on when.
package terminal

import (
	"fmt"
	"html"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"
)

// Columns is how wide the terminal is: a longer line goes on in the next row, as it does on a real one.
const Columns = 100

// The size of a picture, in pixels. A letter of a font of one width is 0.6 times as wide as its size, nearly always.
const (
	fontSize    = 14
	letterWidth = 8.4
	rowHeight   = 19
	margin      = 16
)

// A colour has the name of its class, and what it is on a light and on a dark page.
type colour struct{ code, class, light, dark string }

// The colours by their codes (ECMA-48: SGR), of which bold is one. Each stands out from its ground by 4.5 to 1 at least
// (WCAG 2.2, 1.4.3).
var colours = []colour{
	{"1", "bold", "#1f2328", "#f0f6fc"},
	{"1;31", "red", "#b3261e", "#ff8a80"},
	{"1;32", "green", "#1a6b2f", "#6fdd8b"},
	{"1;33", "yellow", "#805300", "#f2cc60"},
	{"1;36", "cyan", "#0b6477", "#6bd5e8"},
}

// The page, its border, and text without a colour.
var (
	ground = colour{light: "#ffffff", dark: "#0d1117"}
	border = colour{light: "#d0d7de", dark: "#3d444d"}
	ink    = colour{light: "#1f2328", dark: "#d1d7e0"}
)

// A run is text of one colour in a row, in which no two blanks follow each other: some viewers would show one.
type run struct {
	column int
	class  string // "" without a colour
	text   string
}

// end is the column after the run.
func (r run) end() int { return r.column + utf8.RuneCountInString(r.text) }

var sequence = regexp.MustCompile("\x1b\\[([0-9;]*)m")

// Picture draws a text with its colours, as wide as its longest row. The title is for those who do not see it. A
// sequence that is no colour of the programs is an error, and so is any other control character.
func Picture(title, text string) (string, error) {
	rows, err := layOut(text)
	if err != nil {
		return "", err
	}
	columns := 0
	for _, runs := range rows {
		for _, r := range runs {
			columns = max(columns, r.end())
		}
	}
	var b strings.Builder
	width, height := 2*margin+int(float64(columns)*letterWidth+0.5), 2*margin+len(rows)*rowHeight
	fmt.Fprintf(&b, "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%d\" height=\"%d\" viewBox=\"0 0 %d %d\" "+
		"role=\"img\" aria-labelledby=\"title\">\n<title id=\"title\">%s</title>\n<style>\n%s</style>\n",
		width, height, width, height, html.EscapeString(title), style())
	fmt.Fprintf(&b, "<rect class=\"ground\" x=\"0.5\" y=\"0.5\" width=\"%d\" height=\"%d\" rx=\"6\"/>\n",
		width-1, height-1)
	for i, runs := range rows {
		for _, r := range runs {
			r.draw(&b, margin+i*rowHeight+fontSize)
		}
	}
	b.WriteString("</svg>\n")
	return b.String(), nil
}

// style has both sets of colours: the page that shows the picture says which.
func style() string {
	var b strings.Builder
	fmt.Fprintf(&b, "text { font: %dpx ui-monospace, Menlo, Consolas, \"DejaVu Sans Mono\", \"Liberation Mono\", "+
		"monospace; fill: %s }\n.ground { fill: %s; stroke: %s }\n",
		fontSize, ink.light, ground.light, border.light)
	for _, c := range colours {
		fmt.Fprintf(&b, ".%s { font-weight: bold; fill: %s }\n", c.class, c.light)
	}
	fmt.Fprintf(&b, "@media (prefers-color-scheme: dark) {\ntext { fill: %s }\n.ground { fill: %s; stroke: %s }\n",
		ink.dark, ground.dark, border.dark)
	for _, c := range colours {
		fmt.Fprintf(&b, ".%s { fill: %s }\n", c.class, c.dark)
	}
	return b.String() + "}\n"
}

// draw says how wide the text is, too: it then stands in its columns with any font.
func (r run) draw(b *strings.Builder, base int) {
	class := ""
	if r.class != "" {
		class = ` class="` + r.class + `"`
	}
	fmt.Fprintf(b, "<text%s x=\"%.1f\" y=\"%d\" textLength=\"%.1f\" lengthAdjust=\"spacingAndGlyphs\">%s</text>\n",
		class, margin+float64(r.column)*letterWidth, base, float64(r.end()-r.column)*letterWidth,
		html.EscapeString(r.text))
}

// A screen is what has been written so far: rows, the one that is being written, and where and in what colour.
type screen struct {
	rows   [][]run
	row    []run
	column int
	class  string
}

// layOut gives the runs of each row.
func layOut(text string) ([][]run, error) {
	var s screen
	for line := range strings.Lines(text) {
		line = strings.TrimSuffix(line, "\n")
		if rest := sequence.ReplaceAllString(line, ""); strings.ContainsFunc(rest, isControl) {
			return nil, fmt.Errorf("a control character in %q", rest)
		}
		from := 0
		for _, at := range sequence.FindAllStringSubmatchIndex(line, -1) {
			s.write(line[from:at[0]])
			if err := s.paint(line[at[2]:at[3]]); err != nil {
				return nil, err
			}
			from = at[1]
		}
		s.write(line[from:])
		s.feed()
	}
	return s.rows, nil
}

// write puts text where the last one has ended. A run begins with ink: blanks before it are its place.
func (s *screen) write(text string) {
	for _, letter := range text {
		if s.column == Columns {
			s.feed()
		}
		last := s.last()
		switch {
		case letter == ' ' && strings.HasSuffix(last.text, " "):
		case last.text != "" && last.class == s.class && last.end() == s.column:
			last.text += string(letter)
		case letter != ' ':
			s.row = append(s.row, run{s.column, s.class, string(letter)})
		}
		s.column++
	}
}

// last is the last run of the row.
func (s *screen) last() *run {
	if len(s.row) == 0 {
		return &run{}
	}
	return &s.row[len(s.row)-1]
}

// feed begins a row, and leaves out the blanks at the ends of the runs of the last one.
func (s *screen) feed() {
	for i := range s.row {
		s.row[i].text = strings.TrimRight(s.row[i].text, " ")
	}
	s.rows, s.row, s.column = append(s.rows, s.row), nil, 0
}

// paint has what follows in the colour of a code.
func (s *screen) paint(code string) error {
	i := slices.IndexFunc(colours, func(c colour) bool { return c.code == code })
	switch {
	case code == "0":
		s.class = ""
	case i < 0:
		return fmt.Errorf("no colour has the code %q", code)
	default:
		s.class = colours[i].class
	}
	return nil
}

func isControl(r rune) bool { return r < ' ' || '\x7f' <= r && r < '\u00a0' || r == utf8.RuneError }
