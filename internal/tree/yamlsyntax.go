package tree

import (
	"errors"
	"strings"
	"unicode/utf8"

	"go.yaml.in/yaml/v4"

	"github.com/glowplug-os/glowplug/internal/codes"
	"github.com/glowplug-os/glowplug/internal/diag"
)

// syntax says what is wrong with the text, where the mistake most likely is. Parts that can be read may be missing in
// text, which is where the mistake is looked for, but none of their lines.
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
	p.Message, p.Hint = explainYAML(found.Message, y.doc.Text, at)
	blamed := nowhere
	if found.Mark.Line > 0 && !strings.Contains(found.Message, "anchor") && found.Message != openDirective {
		blamed = blameYAML(text)
	}
	start, line := lineAt(y.doc.Text, blamed.line)
	switch {
	case blamed.line >= 0 && start <= at:
		if at > start+len(line) || p.Message == misfit {
			p.Message, p.Hint = explainLine(line, blamed.block >= 0, p.Message, p.Hint)
		}
		if at > start+len(line) || blamed.block >= 0 {
			at = start + firstOf(line)
		}
		p.Related = y.blockStart(blamed.block)
	case found.ContextMark.Line > 0 && found.ContextMark.Line != found.Mark.Line:
		from := y.lines.offset(found.ContextMark.Line, found.ContextMark.Column)
		p.Related = y.note(from, "what is being read starts here")
	}
	p.Place.Span = diag.Span{Start: at, End: min(at+1, len(y.doc.Text))}
	return p
}

func (y *yamlReader) note(at int, message string) []diag.Related {
	return []diag.Related{{Place: diag.Place{Doc: y.doc, Span: diag.Span{Start: at, End: min(at+1, len(y.doc.Text))}},
		Message: message}}
}

// blockStart points at the block of text that a line has slipped out of.
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

// firstOf is where the mistake of a line is to be seen: at the quote or the bracket that is not closed, or else at its
// first character.
func firstOf(line string) int {
	value, isKey := valueOf(line)
	if isKey && value != "" && (opensQuote(value) || value[0] == '[' || value[0] == '{') {
		return len(line) - len(value)
	}
	return len(line) - len(strings.TrimLeft(line, " "))
}

// misfit is said of a line where the library knows no more.
const misfit = "the line does not fit to those around it"

// explainLine says what is wrong with a line that does not belong where it is, or with what starts on it.
func explainLine(line string, slipped bool, message, hint string) (what, how string) {
	bare := strings.TrimLeft(line, " \t-")
	value, isKey := valueOf(bare)
	if !isKey {
		value = bare
	}
	switch {
	case strings.Contains(line[:len(line)-len(strings.TrimLeft(line, " \t"))], "\t"):
		return "a tab stands where YAML takes spaces only", "indent with spaces"
	case strings.HasPrefix(line, "<<<<<<< "), line == "=======", strings.HasPrefix(line, ">>>>>>> "):
		return "a conflict of two versions is marked here", "keep what is right of the two, and remove the marks"
	case isTemplate(line):
		return "this belongs to a template", "fill in the template first"
	case slipped:
		return "the line stands left of the block of text above, so it is no part of it",
			"indent it like the other lines of the block; if it is a key, its colon is missing"
	case lacksBlank(line):
		return "a blank is missing after the dash", "write - and a blank before each item of a list"
	case opensQuote(value):
		return "a quote is not closed", "close it where the value ends"
	case strings.Count(value, "[")+strings.Count(value, "{") > strings.Count(value, "]")+strings.Count(value, "}"):
		return "a bracket is not closed", "close it where the list or the mapping ends"
	case !isKey:
		return "a colon is missing after a key",
			`write "key: value", with a blank after the colon; perhaps the indentation is off as well`
	}
	return message, hint
}

// opensQuote: a value starts with a quote that its line does not close.
func opensQuote(value string) bool {
	if value == "" || value[0] != '"' && value[0] != '\'' {
		return false
	}
	end := quotedEnd(value, 0, value[0])
	return end == len(value) && (end == 1 || value[end-1] != value[0])
}

// unreadable finds the first byte that is not UTF-8 or is a control character, of which the library does not say where
// it is.
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

// explainYAML puts the common errors of people into words of theirs.
func explainYAML(message, text string, at int) (what, hint string) {
	has := func(part string) bool { return strings.Contains(message, part) }
	line := text[strings.LastIndexByte(text[:at], '\n')+1:]
	if end := strings.IndexByte(line, '\n'); end >= 0 {
		line = line[:end]
	}
	indent := line[:len(line)-len(strings.TrimLeft(line, " \t"))]
	switch {
	case strings.Contains(indent, "\t") || at < len(text) && text[at] == '\t':
		return "a tab stands where YAML takes spaces only", "indent with spaces"
	case has("mapping values are not allowed"):
		return "a colon makes a mapping where none can stand",
			"indent the line like its neighbours, or put the value that has the colon into quotes"
	case has("incompatible YAML document"):
		return "programs that read these documents take no version of YAML but 1.1 from a line %YAML",
			"remove the line: without it the document is read in the same way"
	case has("directive"), has("version number"):
		return "a line that begins with % is an order to a YAML reader, and this is none that it takes",
			"remove the line"
	case has("unexpected end of stream"), has("found unexpected document indicator"):
		return "a quote is not closed", "the text ends, or another document begins, inside of quotes"
	case has("cannot start any token"):
		return "this character cannot start a value", "put the value into quotes"
	case has("unknown anchor"):
		return "the alias stands for nothing: no anchor before it has its name",
			"mark the value that it stands for with &name"
	case has("control characters"), has("invalid leading UTF-8"), has("invalid trailing UTF-8"), has("invalid Unicode"),
		has("incomplete UTF-8"):
		return "the text is not UTF-8, or has control characters",
			"save it as UTF-8; put binary content into a file of its own, or write it in base64 after !!binary"
	case has("','"):
		return "a comma or the closing bracket is missing", ""
	case has("did not find expected key"), has("expected <block end>"), has("did not find expected '-'"),
		has("could not find expected ':'"):
		return misfit, "perhaps its indentation is off, or the colon after a key is missing"
	}
	if strings.ContainsAny(message, "`'\"") {
		return "the YAML cannot be read", "" // what the library quotes may be a secret
	}
	return "the YAML cannot be read: " + message, ""
}
