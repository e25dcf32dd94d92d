package unit

import (
	"fmt"
	"strings"

	"github.com/glowplug-os/glowplug/internal/codes"
	"github.com/glowplug-os/glowplug/internal/diag"
)

// An Option is one assignment: its section, its name, and its value without space around it. The lines of a value that
// was continued keep their backslashes and line breaks.
type Option struct{ Section, Name, Value string }

// Check tells what is wrong with the grammar of a unit text, with the place in bytes. It does not mind long lines,
// which are LineTooLong's: the peer refuses a text for either.
func Check(text string) *diag.Fault {
	l := lexer{text: text}
	for {
		switch _, state := l.next(); state {
		case ended:
			return nil
		case failed:
			return l.fault()
		}
	}
}

// Parse gives the options of a unit text in order, or what is wrong with it.
func Parse(text string) ([]Option, *diag.Fault) {
	var options []Option
	l := lexer{text: text}
	for {
		switch o, state := l.next(); state {
		case ended:
			return options, nil
		case failed:
			return nil, l.fault()
		default:
			options = append(options, Option{l.section, name(o.name), value(o.value)})
		}
	}
}

// HasInstall reports whether a text has an option inside [Install], without which enabling the unit does nothing. An
// [Install] without options does not count, and a text with a fault has none.
func HasInstall(text string) bool {
	found := false
	l := lexer{text: text}
	for {
		switch _, state := l.next(); state {
		case ended:
			return found
		case failed:
			return false
		default:
			found = found || l.section == "Install"
		}
	}
}

// LineTooLong reports whether the peer refuses a text because of a line of 2048 bytes or more, and gives the place at
// which its reader stands then. systemd takes lines of up to 1 MiB. The peer's rule depends on what its buffer holds,
// so that a line at the right place can be as long as it likes. A fault of grammar that the peer meets first hides the
// long line.
func LineTooLong(text string) (offset int, long bool) {
	l := lexer{text: text, buffered: true, feed: -1}
	for {
		switch _, state := l.next(); state {
		case ended:
			return 0, false
		case failed:
			return l.at, l.why == tooLong
		}
	}
}

// name gives the name of an option as the peer has it: each byte that is not UTF-8 becomes U+FFFD.
func name(raw string) string {
	return strings.TrimSpace(string([]rune(raw)))
}

// value puts the lines of a value together as the peer does.
func value(raw string) string {
	line, rest, feed := strings.Cut(raw, "\n")
	if rest == "" && !(feed && strings.HasSuffix(line, `\`)) {
		return strings.TrimSpace(line)
	}
	var joined strings.Builder
	for more := true; more; raw = rest {
		line, rest, feed = strings.Cut(raw, "\n")
		line = endOfFile(line, feed)
		if strings.TrimSpace(line) == "" {
			break
		}
		joined.WriteString(line)
		if more = feed && strings.HasSuffix(line, `\`); more {
			joined.WriteByte('\n')
		}
	}
	text, continued := strings.CutSuffix(joined.String(), "\n")
	text = strings.TrimSpace(text)
	if continued { // a blank line, or none, came after the last backslash
		text += "\n"
	}
	return text
}

// endOfFile takes a carriage return off a line that no line feed ends. One before a line feed belongs to the line.
func endOfFile(line string, feed bool) string {
	if feed {
		return line
	}
	return strings.TrimSuffix(line, "\r")
}

// A cause is why a lexer gave up.
type cause uint8

const (
	tooLong cause = iota
	openSection
	afterSection
	newlineInName
	endInName
)

// fault puts the cause into words. It quotes nothing, for values of units hold passwords.
func (l *lexer) fault() *diag.Fault {
	f := &diag.Fault{At: l.at}
	switch l.why {
	case openSection:
		f.Code, f.Message, f.Hint = codes.UnitSectionOpen, "a section without a closing ]",
			"write the name of the section as [Name]"
	case afterSection:
		f.Code, f.Message, f.Hint = codes.UnitSectionTail, "text after the ] of a section",
			"nothing may follow on that line; a comment goes on its own line"
	case newlineInName:
		f.Code, f.Message = codes.UnitNoEquals, "a line without ="
		f.Hint = `write Name=value; if the line belongs to the one before, end that one with \`
	case endInName:
		f.Code, f.Message, f.Hint = codes.UnitNoEquals, "the text ends in a line without =", "write Name=value"
	}
	if l.noted && f.Code == codes.UnitNoEquals {
		f.Message += ": a comment stands within a value, which systemd takes and Ignition refuses"
		f.Hint = "move the comment in front of the value"
	}
	f.Message = fmt.Sprintf("line %d of the unit: %s", 1+strings.Count(l.text[:l.at], "\n"), f.Message)
	return f
}
