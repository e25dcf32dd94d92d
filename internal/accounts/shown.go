package accounts

import (
	"strings"

	"github.com/glowplug-os/glowplug/internal/diag"
)

// Shown is an account file of a name as people may see it. Of subordinate ids all may be seen.
func Shown(name string, text diag.Secret) string {
	if name == SubUIDFile || name == SubGIDFile {
		return text.Reveal()
	}
	return withoutHashes(text.Reveal())
}

// withoutHashes is the text of an account file as people may see it: password hashes are replaced. What passwd(5),
// shadow(5) and crypt(5) have in that field beside hashes (nothing, x, * and what begins with it, marks of a lock)
// stays. A line that has no second field is replaced as a whole: nobody knows what it is.
func withoutHashes(text string) string {
	lines := strings.SplitAfter(text, "\n")
	for i, line := range lines {
		lines[i] = withoutHash(line)
	}
	return strings.Join(lines, "")
}

func withoutHash(line string) string {
	content, end := strings.TrimSuffix(line, "\n"), line[len(strings.TrimSuffix(line, "\n")):]
	name, rest, found := strings.Cut(content, ":")
	if content == "" {
		return line
	}
	if !found {
		return diag.Redacted + end
	}
	field, rest, more := strings.Cut(rest, ":")
	locks := field[:len(field)-len(strings.TrimLeft(field, "!"))]
	switch hash := field[len(locks):]; {
	case hash == "", hash == "x", hash[0] == '*':
	default:
		field = locks + diag.Redacted
	}
	if more {
		field += ":" + rest
	}
	return name + ":" + field + end
}
