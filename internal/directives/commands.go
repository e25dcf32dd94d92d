package directives

import "strings"

// A Command is what is known of the command lines that a value has.
type Command struct {
	Lines    int    // how many: a ; stands between two
	Open     bool   // a quote is not closed
	Relative bool   // a program is named by a path that does not begin at the root
	Operator string // a word that means something to a shell, and nothing to systemd
	Builtin  bool   // what stands for a program is an assignment, or a word that shells alone know
	Stamp    bool   // a format of date(1) has a specifier that systemd replaces
	script   bool   // what follows may be for a shell
}

// ReadCommand takes a value apart as systemd does (systemd.service(5), command lines).
func ReadCommand(value string) (c Command) {
	start, quote, quoted, first := -1, byte(0), false, true // of the word that begins at start
	if strings.Contains(value, "+%") && len(value) <= mostJudged {
		c.Stamp, _ = byGrammar("date", value)
	}
	for i := 0; i <= len(value); i++ {
		end := i == len(value) || quote == 0 && (value[i] == ' ' || value[i] == '\t')
		switch {
		case end && start >= 0:
			first = c.word(value[start:i], quoted, first)
			start, quoted = -1, false
			continue
		case end:
			continue
		case start < 0:
			start = i
		}
		switch char := value[i]; {
		case char == '\\':
			i, quoted = min(i+1, len(value)-1), true
		case quote == 0 && (char == '"' || char == '\''):
			quote, quoted = char, true
		case char == quote:
			quote = 0
		}
	}
	c.Open = quote != 0
	return c
}

// word takes up a word, the first of a command or another one; it tells whether the next is a first one.
func (c *Command) word(word string, quoted, first bool) (nextIsFirst bool) {
	switch {
	case word == ";":
		return true
	case first:
		c.Lines++
		program := strings.TrimLeft(word, "@-:+!|")
		builtin := !quoted && isBuiltin(program)
		c.Builtin, c.script = c.Builtin || builtin, false
		c.Relative = c.Relative || !builtin && !quoted && strings.IndexByte(program, '/') > 0 && program[0] != '%'
	case word[0] == '-' && len(word) < 5 && word[len(word)-1] == 'c': // as in sh -ec
		c.script = true
	case !quoted && c.Operator == "" && !(c.script && strings.ContainsAny(word, "$`")):
		c.Operator = operator(word)
	}
	return false
}

// isBuiltin tells of an assignment in front of a program, and of what shells do themselves.
func isBuiltin(program string) bool {
	name, _, assigns := strings.Cut(program, "=")
	return assigns && name != "" && !strings.ContainsAny(name, "/%$") || has("cd, export, unset, set, source, ., "+
		"eval, exec, alias, ulimit, umask, if, for, while, until, case", program)
}

// operator gives the sign of a shell that a word is: a pipe, a list, or a redirection, with or without its file.
func operator(word string) string {
	switch word {
	case "|", "||", "&&", "&", ">", ">>", "<", "2>", "2>&1", ">&2", "1>&2":
		return word
	}
	if at := strings.Index(word, "$("); at == 0 || at > 0 && word[at-1] != '$' { // $$ is one
		return "$("
	}
	if strings.Contains(word, "`") {
		return "`"
	}
	rest := word
	if strings.IndexByte("12&", word[0]) >= 0 {
		rest = word[1:]
	}
	if file := strings.TrimLeft(rest, ">"); len(file) < len(rest) && strings.HasPrefix(file, "/") {
		return ">"
	}
	return ""
}
