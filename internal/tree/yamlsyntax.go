package tree

import (
	"errors"
	"strings"
	"unicode/utf8"

	"go.yaml.in/yaml/v4"

	"github.com/glowplug-os/glowplug/internal/codes"
	"github.com/glowplug-os/glowplug/internal/diag"
)

// syntax makes a problem of an error of the library, at the place where the mistake most likely is. It is looked for in
// text, in which parts that can be read may be blank; no line is missing.
func (y *yamlReader) syntax(err error, text string) diag.Problem {
	p := diag.Problem{Severity: diag.Error, Code: codes.YAMLSyntax, Place: diag.Place{Doc: y.doc},
		Message: "the YAML cannot be read"}
	var found *yaml.LoadError
	if !errors.As(err, &found) {
		return p
	}
	at := y.lines.offset(found.Mark.Line, found.Mark.Column)
	if found.Mark.Line == 0 {
		at = unreadable(y.doc.Text)
	}
	if from, closed := directive(y.doc.Text); from >= 0 && !closed {
		at, found.Message = from, openDirective
	}
	f := explainYAML(found.Message, y.doc.Text, at)
	blamed := nowhere
	if found.Mark.Line > 0 && !strings.Contains(found.Message, "anchor") && found.Message != openDirective {
		blamed = blameYAML(text)
	}
	context := -1
	if found.ContextMark.Line > 0 {
		context = y.lines.offset(found.ContextMark.Line, found.ContextMark.Column)
	}
	opened := y.openedAt(blamed.line, context)
	switch start, line := lineAt(y.doc.Text, blamed.line); {
	case blamed.line >= 0 && start <= f.at:
		f = y.blamed(f, blamed, start, start+len(line))
		p.Related = y.blockStart(blamed.block)
	case context >= 0 && f.message == quoteMessage:
		f.at = context
	case context >= 0 && found.ContextMark.Line != found.Mark.Line:
		p.Related = y.note(context, "what is being read starts here")
	}
	if open, ok := y.unclosed(opened); ok && inFlow(f.message) {
		f = open
	}
	p.Message, p.Hint = f.message, f.hint
	p.Place.Span = diag.Span{Start: f.at, End: min(f.at+1, len(y.doc.Text))}
	return p
}

// blamed says what is wrong with the blamed line, from start to end, where the library reports a line further down, or
// reports no more than that this one is wrong.
func (y *yamlReader) blamed(f fault, on blame, start, end int) fault {
	if f.at <= end && !isVague(f, y.doc.Text) && on.block < 0 {
		return f
	}
	mark := strings.TrimPrefix(y.doc.Text, "\ufeff")
	line := newYAMLLine(strings.Split(mark, "\n"), on.line, on.block >= 0)
	if on.line == 0 {
		start = len(y.doc.Text) - len(mark)
	}
	if found, ok := line.fault(); ok {
		found.at += start
		return found
	}
	if f.at > end {
		f.at = start + line.indent
	}
	return f
}

// isVague: the library reports only that a line is wrong, or the colon after the first key of a line.
func isVague(f fault, text string) bool {
	before := text[strings.LastIndexByte(text[:f.at], '\n')+1 : f.at]
	return f.message == misfit || f.message == colonMessage && !strings.Contains(strings.TrimLeft(before, " -"), ": ")
}

// inFlow: the message may come of a bracket that is not closed, or of a quote within brackets.
func inFlow(message string) bool {
	return message == commaMessage || message == bracketMessage || message == quoteMessage || message == misfit
}

// openedAt is where the brackets around a mistake start, negative for none: at a value of the blamed line, or of a line
// above whose value goes on in it; or at the start of the text; or where the library says.
func (y *yamlReader) openedAt(line, context int) int {
	text := y.doc.Text
	if at := y.lines.skipSpace(0); isOpen(text, at) {
		return at
	}
	found := -1
	for begin, _ := lineAt(text, max(line, 0)); line >= 0; {
		here, _, _ := strings.Cut(text[begin:], "\n")
		if at := begin + firstOf(here); isOpen(text, at) {
			found = at
		} else if at := begin + len(here) - len(strings.TrimLeft(here, " -")); isOpen(text, at) {
			found = at
		}
		above := strings.TrimRight(text[:begin], " \t\r\n")
		if above == "" || strings.IndexByte(",[{", above[len(above)-1]) < 0 {
			break
		}
		begin = strings.LastIndexByte(above, '\n') + 1
	}
	if found < 0 && context >= 0 && isOpen(text, context) {
		return context
	}
	return found
}

func isOpen(text string, at int) bool { return at < len(text) && (text[at] == '[' || text[at] == '{') }

// unclosed looks for a quote or a bracket that is not closed, in the brackets that start at an offset.
func (y *yamlReader) unclosed(from int) (fault, bool) {
	if from < 0 {
		return fault{}, false
	}
	text := y.doc.Text
	start := strings.LastIndexByte(text[:from], '\n') + 1
	before := strings.TrimLeft(text[start:from], " -")
	margin := -1
	switch {
	case strings.Contains(before, ":"):
		margin = from - start - len(before)
	case strings.Contains(text[start:from], "-"):
		margin = indentOf(text[start:from])
	}
	return unclosed(text, from, margin)
}

func (y *yamlReader) note(at int, message string) []diag.Related {
	return []diag.Related{{Place: diag.Place{Doc: y.doc, Span: diag.Span{Start: at, End: min(at+1, len(y.doc.Text))}},
		Message: message}}
}

// blockStart is a note at the block of text to which a line should belong.
func (y *yamlReader) blockStart(line int) []diag.Related {
	if line < 0 {
		return nil
	}
	start, text := lineAt(y.doc.Text, line)
	return y.note(start+len(text)-len(strings.TrimLeft(text, " ")), "the block of text starts here")
}

// lineAt gives a line, counted from 0, and where it starts.
func lineAt(text string, number int) (start int, line string) {
	for ; number > 0; number-- {
		start += strings.IndexByte(text[start:], '\n') + 1
	}
	line, _, _ = strings.Cut(text[start:], "\n")
	return start, strings.TrimSuffix(line, "\r")
}

// firstOf is the place of the mistake of a line: the quote or the bracket that is not closed, or else the first
// character.
func firstOf(line string) int {
	value, isKey := valueOf(line)
	if isKey && value != "" && (opensQuote(value) || value[0] == '[' || value[0] == '{') {
		return len(line) - len(value)
	}
	return len(line) - len(strings.TrimLeft(line, " "))
}

// misfit is the message for a line of which the library says only that it is wrong.
const misfit = "the line does not fit to those around it"

// opensQuote: a value starts with a quote that its line does not close.
func opensQuote(value string) bool {
	if value == "" || value[0] != '"' && value[0] != '\'' {
		return false
	}
	end := quotedEnd(value, 0, value[0])
	return end == len(value) && (end == 1 || value[end-1] != value[0])
}

// unreadable finds the first byte that is not UTF-8 or is a control character. The library does not give the place of
// these.
func unreadable(text string) int {
	for i, r := range text {
		_, size := utf8.DecodeRuneInString(text[i:])
		if r == utf8.RuneError && size == 1 || r < ' ' && r != '\t' && r != '\n' && r != '\r' || r == 0x7f {
			return i
		}
	}
	return 0
}

// openDirective is the message, in the words of the library, of a directive without the line --- after it, where the
// library tells of something further down.
const openDirective = "directive without document start"

// directive finds the first line before the document that begins with a percent sign, and tells whether --- ends such
// lines (YAML 1.2, 9.2); at is negative where there is none.
func directive(text string) (at int, closed bool) {
	at = -1
	offset := 0
	for line := range strings.Lines(text) {
		switch {
		case strings.HasPrefix(line, "%"):
			if at < 0 {
				at = offset
			}
		case strings.TrimSpace(line) != "" && !strings.HasPrefix(line, "#"):
			return at, strings.HasPrefix(line, "---")
		}
		offset += len(line)
	}
	return at, false
}

const (
	commaMessage = "a comma or the closing bracket is missing"
	colonMessage = "a colon makes a mapping where none can stand"
	quoteInstead = "put the value into quotes"
)

// yamlWords translates the common errors of the library for people, by a part of their text. The first row that fits
// counts.
var yamlWords = []struct{ says, message, hint string }{
	{"mapping values are not allowed", colonMessage,
		"indent the line like its neighbours, or put the value that has the colon into quotes"},
	{"incompatible YAML document",
		"programs that read these documents take no version of YAML but 1.1 from a line %YAML",
		"remove the line: without it the document is read in the same way"},
	{"directive", orderMessage, "remove the line"},
	{"version number", orderMessage, "remove the line"},
	{"unexpected end of stream", quoteMessage, "the text ends inside of quotes; close them where the value ends"},
	{"found unexpected document indicator", quoteMessage,
		"another document begins inside of quotes; close them where the value ends"},
	{"cannot start any token", "this character cannot start a value", quoteInstead},
	{"unknown anchor", "the alias stands for nothing: no anchor before it has its name",
		"mark the value that it stands for with &name, or put a value that starts with * into quotes"},
	{"unknown escape character", "a backslash starts an escape in double quotes, and YAML has none of this name",
		"write the backslash twice, or put the value into single quotes"},
	{"expected comment or line break", "something stands behind the sign of a block of text",
		"write the text on the lines below, indented"},
	{"comment without preceding whitespace", "a comment follows without a blank", "write a blank before the #"},
	{"block sequence entries are not allowed", "a list starts on the line of its key",
		"write its items on the lines below, each after a dash and a blank"},
	{"mapping keys are not allowed", "a question mark and a blank start a key where none can stand", quoteInstead},
	{"expected alphabetic or numeric character", "a * or & stands here without the name of an anchor", quoteInstead},
	{"control characters", bytesMessage, bytesHint},
	{"invalid leading UTF-8", bytesMessage, bytesHint},
	{"invalid trailing UTF-8", bytesMessage, bytesHint},
	{"invalid Unicode", bytesMessage, bytesHint},
	{"incomplete UTF-8", bytesMessage, bytesHint},
	{"','", commaMessage, "write a comma between two items, and close [ with ], and { with }"},
	{"did not find expected key", misfit, misfitHint},
	{"expected <block end>", misfit, misfitHint},
	{"expected <document start>", misfit, misfitHint},
	{"did not find expected '-'", misfit, misfitHint},
	{"could not find expected ':'", misfit, misfitHint},
}

const (
	misfitHint   = "perhaps its indentation is off, or the colon after a key is missing"
	orderMessage = "a line that begins with % is an order to a YAML reader, and this is none that it takes"
	bytesMessage = "the text is not UTF-8, or has control characters"
	bytesHint    = "save it as UTF-8; put binary content into a file of its own, or write it in base64 after !!binary"
)

// atCharacter names the character at which the library stops.
func atCharacter(f fault, text string) fault {
	rest := text[f.at:]
	r, _ := utf8.DecodeRuneInString(rest)
	switch {
	case diag.IsBlank(r) && rest != "":
		f.message, f.hint = diag.Character(r)+lookalikeTail, lookalikeHint
	case rest == "":
	case f.message == misfit && (rest[0] == ']' || rest[0] == '}'):
		f.message, f.hint = closingMessage, closingHint
	case f.message == commaMessage && rest[0] == ':': // of the next key
		for f.at > 0 && keyEnd(text[f.at-1:f.at]) == 1 {
			f.at--
		}
	}
	return f
}

// explainYAML translates an error of the library for people.
func explainYAML(message, text string, at int) fault {
	start := strings.LastIndexByte(text[:at], '\n') + 1
	line, _, _ := strings.Cut(text[start:], "\n")
	indent := line[:len(line)-len(strings.TrimLeft(line, " \t"))]
	if tab := strings.IndexByte(indent, '\t'); tab >= 0 {
		return fault{start + tab, tabMessage, tabHint}
	}
	if at < len(text) && text[at] == '\t' {
		return fault{at, tabMessage, tabHint}
	}
	for _, row := range yamlWords {
		if strings.Contains(message, row.says) {
			return atCharacter(fault{at, row.message, row.hint}, text)
		}
	}
	if strings.ContainsAny(message, "`'\"") {
		return fault{at, "the YAML cannot be read", ""} // what the library quotes may be a secret
	}
	return fault{at, "the YAML cannot be read: " + message, ""}
}
