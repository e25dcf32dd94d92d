package tree

import (
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/glowplug-os/glowplug/internal/diag"
)

// A fault is what is wrong with a text, and where.
type fault struct {
	at            int
	message, hint string
}

// A yamlLine is a line that stands in a wrong place, or at which something wrong starts, and the lines around it.
type yamlLine struct {
	lines   []string
	number  int // of the line, from 0
	text    string
	indent  int
	content int    // behind the dashes of items
	value   string // without its key
	isKey   bool   // it has one
	slipped bool   // it stands left of the block of text above it
	fits    string // the columns at which it could start
}

func newYAMLLine(lines []string, number int, slipped bool) *yamlLine {
	l := &yamlLine{lines: lines, number: number, text: strings.TrimSuffix(lines[number], "\r"), slipped: slipped}
	l.indent = indentOf(l.text)
	l.content = len(l.text) - len(strings.TrimLeft(l.text, " \t-"))
	l.value = l.text[l.content:]
	if value, isKey := valueOf(l.value); isKey {
		l.value, l.isKey = value, true
	}
	return l
}

// lineFaults tell what can be wrong with a line; at gives the column, or a negative number. The first row counts. In
// messages @ stands for the character at the column, in hints for the columns at which the line could start.
var lineFaults = []struct {
	at            func(l *yamlLine) int
	message, hint string
}{
	{(*yamlLine).tab, tabMessage, tabHint},
	{(*yamlLine).conflict, "a conflict of two versions is marked here",
		"keep what is right of the two, and remove the marks"},
	{(*yamlLine).template, "this belongs to a template", "fill in the template first"},
	{(*yamlLine).lookalike, "@" + lookalikeTail, lookalikeHint},
	{(*yamlLine).longBlank, "a blank line starts a block of text, and is longer than the text is indented",
		"remove its blanks"},
	{(*yamlLine).leftOfBlock, "the line stands left of the block of text above, so it is no part of it",
		"indent it like the other lines of the block; if it is a key, its colon is missing"},
	{(*yamlLine).gluedDash, "a blank is missing after the dash", "write - and a blank before each item of a list"},
	{(*yamlLine).openQuote, quoteMessage, quoteHint},
	{(*yamlLine).unitText, "the text of a unit or of a file stands here without the sign of a text",
		"write | after the key, and the text on the lines below, indented"},
	{(*yamlLine).openBracket, bracketMessage, bracketHint},
	{(*yamlLine).closingBracket, closingMessage, closingHint},
	{(*yamlLine).behindQuote, "something stands behind the quote that ends the value",
		`write a quote within double quotes as \", and one within single quotes twice; remove a comma`},
	{(*yamlLine).noDash, "the line stands among the items of a list, but has no dash",
		`write "- " before it if an item begins here; indent it like the keys of the item above if it belongs there`},
	{(*yamlLine).gluedColon, "a blank is missing after the colon", colonHint},
	{(*yamlLine).otherColon, "@ stands where YAML takes a colon", colonHint},
	{(*yamlLine).noColon, "a colon is missing after a key", colonHint + "; perhaps the indentation is off as well"},
	{(*yamlLine).askew, misfit, "start it at column @, as those around it do"},
}

const (
	lookalikeTail  = " stands here, where YAML takes a blank, a dash or a colon"
	lookalikeHint  = "write the usual character, or none, in its place"
	tabMessage     = "a tab stands where YAML takes spaces only"
	tabHint        = "indent with spaces"
	quoteMessage   = "a quote is not closed"
	quoteHint      = "close it where the value ends"
	bracketMessage = "a bracket is not closed"
	bracketHint    = "close it where the list or the mapping ends"
	closingMessage = "a bracket is closed that is not open"
	closingHint    = "remove it, or write the one that opens it"
	colonHint      = `write "key: value", with a blank after the colon`
)

// fault says what is wrong with the line. Its place may be in a line above.
func (l *yamlLine) fault() (fault, bool) {
	for _, row := range lineFaults {
		at := row.at(l)
		if at == nowhereInLine {
			continue
		}
		f := fault{at, row.message, strings.Replace(row.hint, "@", l.fits, 1)}
		if rest, found := strings.CutPrefix(f.message, "@"); found {
			r, _ := utf8.DecodeRuneInString(l.text[at:])
			f.message = diag.Character(r) + rest
		}
		return f, true
	}
	return fault{}, false
}

// nowhereInLine: a column may be negative, as that of a line above.
const nowhereInLine = -1 << 40

func columnIf(column int, is bool) int {
	if is {
		return column
	}
	return nowhereInLine
}

func (l *yamlLine) tab() int {
	at := strings.IndexByte(l.text, '\t')
	return columnIf(at, at >= 0 && strings.Trim(l.text[:at], " -") == "")
}

func (l *yamlLine) conflict() int {
	return columnIf(0, strings.HasPrefix(l.text, "<<<<<<< ") || l.text == "=======" ||
		strings.HasPrefix(l.text, ">>>>>>> "))
}

func (l *yamlLine) template() int { return columnIf(l.content, isTemplate(l.text)) }

// lookalike: the line has a character that looks like one that means something to YAML.
func (l *yamlLine) lookalike() int {
	at := len(l.text) - len(strings.TrimLeft(l.text, " -"))
	first, _ := utf8.DecodeRuneInString(l.text[at:])
	if diag.IsBlank(first) || strings.ContainsRune("–—−‐‑‒•·", first) {
		return at
	}
	end := at + keyEnd(l.text[at:])
	if end == at || l.isKey {
		return nowhereInLine
	}
	if strings.HasPrefix(l.text[end:], ":") {
		end++
	}
	behind, _ := utf8.DecodeRuneInString(l.text[end:])
	return columnIf(end, diag.IsBlank(behind) || strings.ContainsRune("：∶﹕꞉", behind))
}

func (l *yamlLine) longBlank() int {
	return columnIf(max(len(l.text)-1, 0), l.slipped && l.indent == len(l.text))
}

func (l *yamlLine) leftOfBlock() int { return columnIf(l.indent, l.slipped) }

func (l *yamlLine) gluedDash() int { return columnIf(l.indent, lacksBlank(l.text)) }

func (l *yamlLine) openQuote() int {
	if opensQuote(l.text[l.content:]) {
		return l.content
	}
	return columnIf(len(l.text)-len(l.value), opensQuote(l.value))
}

// unitText: the line looks like a section or a setting of a unit, which YAML reads as a list or as a word.
func (l *yamlLine) unitText() int {
	column := 0
	for i := l.number - 1; i >= 0; i-- {
		line := l.lines[i]
		if column -= len(line) + 1; !says(line) {
			continue
		}
		value, isKey := valueOf(line)
		if !isKey {
			value = strings.TrimLeft(line, " ")
		}
		if isSection(value) && (!isKey || indentOf(line) < l.indent) {
			return column + len(line) - len(value)
		}
		break
	}
	return columnIf(len(l.text)-len(l.value), isSection(l.value))
}

// isSection: [Unit] or Description=; a word that starts with a capital.
func isSection(text string) bool {
	bare := strings.TrimPrefix(strings.TrimRight(text, " \t\r"), "[")
	end := len(bare) - len(strings.TrimLeft(bare, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz-0123456789"))
	if end == 0 || bare[0] < 'A' || bare[0] > 'Z' {
		return false
	}
	if text[0] == '[' {
		return bare[end:] == "]"
	}
	return strings.HasPrefix(bare[end:], "=")
}

func (l *yamlLine) openBracket() int {
	value := l.value
	if l.text[l.content:] != "" && strings.IndexByte("[{", l.text[l.content]) >= 0 {
		value = l.text[l.content:]
	}
	opened := strings.IndexAny(value, "[{")
	return columnIf(len(l.text)-len(value)+opened, opened >= 0 &&
		strings.Count(value, "[")+strings.Count(value, "{") > strings.Count(value, "]")+strings.Count(value, "}"))
}

func (l *yamlLine) closingBracket() int {
	return columnIf(l.indent, l.indent < len(l.text) && strings.Trim(l.text[l.indent:], "]}, ") == "")
}

// behindQuote: more text follows a text in quotes that is no key.
func (l *yamlLine) behindQuote() int {
	switch {
	case l.value == "" || l.value[0] != '"' && l.value[0] != '\'', strings.IndexByte("[{", l.text[l.content]) >= 0,
		!l.isKey && l.content == l.indent:
		return nowhereInLine
	}
	rest := strings.TrimLeft(l.value[quotedEnd(l.value, 0, l.value[0]):], " \t")
	return columnIf(len(l.text)-len(rest), rest != "" && rest[0] != ':')
}

// noDash: the line stands among the items of a list, and has no dash.
func (l *yamlLine) noDash() int {
	among := false
	for _, step := range []int{-1, 1} {
		for i := l.number + step; i >= 0 && i < len(l.lines); i += step {
			if says(l.lines[i]) && indentOf(l.lines[i]) <= l.indent {
				among = among || indentOf(l.lines[i]) == l.indent && isItem(l.lines[i])
				break
			}
		}
	}
	return columnIf(l.indent, among && !isItem(l.text))
}

// keyEnd is the length of the word that a text starts with, if it may be a key of these documents; otherwise 0.
func keyEnd(text string) int {
	return len(text) - len(strings.TrimLeft(text, "abcdefghijklmnopqrstuvwxyz_0123456789"))
}

func (l *yamlLine) gluedColon() int {
	end := keyEnd(l.value)
	return columnIf(l.content+end, !l.isKey && end > 0 && strings.HasPrefix(l.value[end:], ":"))
}

func (l *yamlLine) otherColon() int {
	end := keyEnd(l.value)
	rest := strings.TrimLeft(l.value[end:], " ")
	return columnIf(len(l.text)-len(rest), !l.isKey && end > 0 && rest != "" && strings.IndexByte("=;", rest[0]) >= 0)
}

func (l *yamlLine) noColon() int { return columnIf(l.content, !l.isKey) }

// askew: the line starts at a column at which none of the lines around it starts.
func (l *yamlLine) askew() int {
	least, item := 1<<30, isItem(l.text)
	less, more := -1, -1
	for i := l.number - 1; i >= 0 && least > 0; i-- {
		line := l.lines[i]
		if !says(line) || indentOf(line) >= least {
			continue
		}
		column := indentOf(line)
		if content := len(line) - len(strings.TrimLeft(line, " -")); content < least && !item {
			column = content
		}
		switch least = indentOf(line); {
		case item && !isItem(line):
		case column == l.indent:
			return nowhereInLine
		case column > l.indent:
			more = column
		case less < 0:
			less = column
		}
	}
	l.fits = strconv.Itoa(max(less, more) + 1)
	if less >= 0 && more >= 0 {
		l.fits = strconv.Itoa(less+1) + " or " + strconv.Itoa(more+1)
	}
	return columnIf(l.indent, max(less, more) >= 0)
}
