package rules

import (
	"strings"

	"github.com/glowplug-os/glowplug/config"
	"github.com/glowplug-os/glowplug/internal/codes"
	"github.com/glowplug-os/glowplug/internal/cursor"
)

// mayBeHash tells whether crypt(3) can have made a hash: printable ASCII without blanks and some other characters, of
// the forms in crypt(5). A hash that begins with "!" or "*" locks the account on purpose.
func mayBeHash(hash string) bool {
	if hash[0] == '!' || hash[0] == '*' {
		return true
	}
	letters := true // of the alphabet of all methods that do not begin with "$"
	for i := range len(hash) {
		c := hash[i]
		if c <= ' ' || c >= 0x7f || strings.IndexByte(`:;*!\`, c) >= 0 {
			return false
		}
		letters = letters && (c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c == '.' ||
			c == '/')
	}
	switch {
	case hash[0] == '$':
		return strings.IndexByte(hash[1:], '$') > 0 // the id of the method
	case hash[0] == '_':
		return len(hash) == len("_J9..SDizh.vll5VED9g")
	}
	return letters && len(hash) == len("1yJ4sp5TiPUS2")
}

// keys warns of keys that sshd ignores, or that cannot be written: nobody logs in by them.
func (c passwd) keys(a *cursor.At, u *config.PasswdUser) {
	list := a.Key("sshAuthorizedKeys")
	for i, lines := range u.SSHAuthorizedKeys {
		if problem := noKey(lines); problem != "" {
			list.Item(i).Warnf(codes.SSHKey, "%s, so sshd passes over it",
				problem).Advise(`write a line of a .pub file, such as "ssh-ed25519 AAAA… name"`).Strictly()
		}
	}
	if len(u.SSHAuthorizedKeys) > 0 && isSet(u.NoCreateHome) && u.Name != "root" {
		list.Warnf(codes.KeysNoHome, "the user's home is not made, so the keys can only be written if the root has it").
			Advise("remove noCreateHome; the config's own directories are made after the keys are written").Strictly()
	}
}

// noKey says why an entry, which may have several lines, has no key or a line that is none; "" if nothing is wrong.
func noKey(lines string) string {
	found := false
	for line := range strings.Lines(lines) {
		line = strings.TrimSpace(line)
		switch {
		case line == "", line[0] == '#':
			continue
		case !isKeyLine(line):
			return "this is no SSH key"
		}
		found = true
	}
	if !found {
		return "there is no SSH key in this entry"
	}
	return ""
}

// isKeyLine tells whether a line of authorized_keys(5) has, perhaps after options, a kind of key and something after
// it.
func isKeyLine(line string) bool {
	for range 2 {
		kind, rest, _ := strings.Cut(strings.ReplaceAll(line, "\t", " "), " ")
		if IsKeyKind(kind) {
			return strings.TrimSpace(rest) != ""
		}
		line = afterOptions(line)
	}
	return false
}

// IsKeyKind knows kinds of keys by the beginnings that all kinds of OpenSSH have, so future kinds are known too.
func IsKeyKind(s string) bool {
	for _, start := range []string{"ssh-", "ecdsa-", "sk-ssh-", "sk-ecdsa-", "webauthn-sk-"} {
		if strings.HasPrefix(s, start) {
			return true
		}
	}
	return false
}

// afterOptions gives what follows the first blank that is outside of quotes: the options of authorized_keys(5) end
// there.
func afterOptions(line string) string {
	quoted := false
	for i := 0; i < len(line); i++ {
		switch c := line[i]; {
		case c == '\\' && i+1 < len(line) && line[i+1] == '"':
			i++
		case c == '"':
			quoted = !quoted
		case !quoted && (c == ' ' || c == '\t'):
			return strings.TrimLeft(line[i:], " \t")
		}
	}
	return ""
}
