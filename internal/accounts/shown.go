package accounts

import (
	"strings"

	"github.com/glowplug-os/glowplug/internal/diag"
)

// Shown gives an account file of a name as people may see it, as it was and as it will be: without hashes, of which
// those are marked that change, and in characters that can be seen, also where the text is not UTF-8. Of subordinate
// ids all may be seen.
func Shown(name string, was, now diag.Secret) (before, after string) {
	if name == SubUIDFile || name == SubGIDFile {
		return diag.Lines(was.Reveal()), diag.Lines(now.Reveal())
	}
	known := hashes{}
	for line := range strings.Lines(was.Reveal()) {
		known.add(line)
	}
	return hashes{}.withoutHashes(was.Reveal()), known.withoutHashes(now.Reveal())
}

// another stands in the place of a hash that is not the one before: without a word of that, the two lines are alike.
const another = "[redacted, another]"

// hashes are those that names have. Who has one has an empty one as well.
type hashes map[ownHash]bool

type ownHash struct{ name, hash string }

func (h hashes) add(line string) {
	if before, hash, _ := splitHash(line); hash != "" {
		name, _, _ := strings.Cut(before, ":")
		h[ownHash{name, ""}], h[ownHash{name, hash}] = true, true
	}
}

// changed tells whether a name has a hash, and not this one.
func (h hashes) changed(name, hash string) bool {
	return h[ownHash{name, ""}] && !h[ownHash{name, hash}]
}

// withoutHashes is the text of an account file as people may see it: password hashes are replaced.
func (h hashes) withoutHashes(text string) string {
	var b strings.Builder
	for line := range strings.Lines(text) {
		before, hash, after := splitHash(line)
		name, _, _ := strings.Cut(before, ":")
		switch {
		case hash == "":
		case h.changed(name, hash):
			hash = another
		default:
			hash = diag.Redacted
		}
		b.WriteString(before + hash + after)
	}
	return diag.Lines(b.String())
}

// splitHash finds the hash in a line of an account file. What passwd(5), shadow(5) and crypt(5) have in that field
// beside hashes (nothing, x, * and what begins with it, marks of a lock) is none. A line that has no second field is
// one as a whole: nobody knows what it is.
func splitHash(line string) (before, hash, after string) {
	content := strings.TrimSuffix(line, "\n")
	name, rest, found := strings.Cut(content, ":")
	if !found {
		return "", content, line[len(content):]
	}
	field, _, _ := strings.Cut(rest, ":")
	hash = strings.TrimLeft(field, "!")
	if hash == "x" || strings.HasPrefix(hash, "*") {
		hash = ""
	}
	at := len(name) + 1 + len(field) - len(hash)
	return line[:at], hash, line[at+len(hash):]
}

// WithHashes gives an account file another word in the place of each hash, which it is told with the name of the line.
func WithHashes(text diag.Secret, word func(name string, hash diag.Secret) string) string {
	var b strings.Builder
	for line := range strings.Lines(text.Reveal()) {
		before, hash, after := splitHash(line)
		name, _, _ := strings.Cut(before, ":")
		if hash != "" {
			hash = word(name, diag.Secret(hash))
		}
		b.WriteString(before + hash + after)
	}
	return b.String()
}
