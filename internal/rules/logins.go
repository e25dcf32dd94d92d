package rules

import (
	"cmp"
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
		if problem, do := noKey(lines); problem != "" {
			list.Item(i).Warnf(codes.SSHKey, "%s, so sshd passes over it", problem).Advise("%s", do).Strictly()
		}
	}
	if len(u.SSHAuthorizedKeys) > 0 && isSet(u.NoCreateHome) && u.Name != "root" {
		list.Warnf(codes.KeysNoHome, "the user's home is not made, so the keys can only be written if the root has it").
			Advise("remove noCreateHome; the config's own directories are made after the keys are written").Strictly()
	}
}

// noKey says why an entry, which may have several lines, has no key or a line that is none, and what to do; "" if
// nothing is wrong.
func noKey(lines string) (problem, do string) {
	const pub = `write a line of a .pub file, such as "ssh-ed25519 AAAA… name"`
	found := false
	for line := range strings.Lines(lines) {
		line = strings.TrimSpace(line)
		switch {
		case line == "", line[0] == '#':
			continue
		case !isKeyLine(line):
			problem, do = mistaken(line)
			return cmp.Or(problem, "this is no SSH key"), cmp.Or(do, pub)
		}
		found = true
	}
	if !found {
		return "there is no SSH key in this entry", pub
	}
	return "", ""
}

// mistaken knows what people write in the place of a key, by its beginning.
func mistaken(line string) (what, do string) {
	for _, m := range []struct{ start, has, what, do string }{
		{"-----BEGIN ", "PRIVATE KEY", "this is a private key", "make a new pair, as all who can read the config " +
			"have this one, and write the line of its .pub file"},
		{"PuTTY-User-Key-File-", "", "this is a private key of PuTTY", "make a new pair, as all who can read the " +
			"config have this one, and write the line that PuTTYgen shows for authorized_keys"},
		{"---- BEGIN SSH2 ", "", "this is a key in the form of RFC 4716",
			"write what ssh-keygen -i -f FILE makes of it"},
		{"-----BEGIN ", "PUBLIC KEY", "this is a key in PEM", "write what ssh-keygen -i -m PKCS8 -f FILE makes of it"},
		{"http", "://", "this is an address, of which nothing is fetched", "write the lines that it gives"},
		{"gh:", "", "this is the name of a user of GitHub", "write the lines of https://github.com/NAME.keys"},
		{"~", "/", "this is the name of a file", "write what is in the file"},
		{"/", "", "this is the name of a file", "write what is in the file"},
	} {
		if strings.HasPrefix(line, m.start) && strings.Contains(line, m.has) {
			return m.what, m.do
		}
	}
	return "", ""
}

// isKeyLine tells whether a line has a kind of key and something after it.
func isKeyLine(line string) bool {
	_, data, is := SplitKey(line)
	return is && data != ""
}

// SplitKey gives the kind of key that a line of authorized_keys(5) has, perhaps after options, and what follows it.
func SplitKey(line string) (kind, data string, is bool) {
	for range 2 {
		kind, data, _ = strings.Cut(strings.ReplaceAll(line, "\t", " "), " ")
		if isKeyKind(kind) {
			return kind, strings.TrimSpace(data), true
		}
		line = afterOptions(line)
	}
	return "", "", false
}

// isKeyKind knows kinds of keys by the beginnings that all kinds of OpenSSH have, so future kinds are known too.
func isKeyKind(s string) bool {
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
