package lint

import (
	"encoding/base64"
	"encoding/binary"
	"strings"

	"github.com/glowplug-os/glowplug/config"
	"github.com/glowplug-os/glowplug/internal/codes"
	"github.com/glowplug-os/glowplug/internal/cursor"
	"github.com/glowplug-os/glowplug/internal/rules"
)

// logins advises on who can log in, and how well that is protected.
func (l *linter) logins(passwd *cursor.At, cfg *config.Config) {
	users, some, reached := passwd.Key("users"), false, hasOthers(cfg)
	for i := range cfg.Passwd.Users {
		u, at := &cfg.Passwd.Users[i], func() *cursor.At { return users.Item(i) }
		hash := text(u.PasswordHash)
		if u.ShouldExist == nil || *u.ShouldExist {
			some = true
			reached = reached || len(u.SSHAuthorizedKeys) > 0 || hash != "" && hash[0] != '!' && hash[0] != '*'
		}
		if weak := weakHash(hash); weak != "" {
			l.advise(at().Key("passwordHash"), codes.PasswordWeak, "the hash is made by %s", weak).
				Advise("make a new one, such as by `mkpasswd --method=yescrypt`")
		}
		if isCut(hash) {
			l.advise(at().Key("passwordHash"), codes.PasswordLength,
				"a hash of this method has another length, so no password fits it").
				Advise("copy the hash whole; in a shell, $ and what follows goes where double quotes are around it")
		}
		for k, entry := range u.SSHAuthorizedKeys {
			if fault, do := keyFault(entry); fault != "" {
				l.advise(at().Key("sshAuthorizedKeys").Item(k), codes.SSHKeyData, "%s", fault).Advise("%s", do)
			}
		}
		if id := u.UID; id != nil && subordinate(*id) {
			l.advise(at().Key("uid"), codes.IDSubordinate, "the range from %d is given to users for their containers, "+
				"whose processes could then be those of this user", subordinateLeast).
				Advise("choose one between 1000 and 60000")
		}
	}
	if some && !reached {
		l.advise(users, codes.NoLogin,
			"none of the users has a key or a password, so nobody can log in as one of them").
			Advise("add sshAuthorizedKeys to one")
	}
}

// hasOthers: configs that are fetched may say more of users.
func hasOthers(cfg *config.Config) bool {
	return len(cfg.Ignition.Config.Merge) > 0 || cfg.Ignition.Config.Replace.Source != nil
}

// weakHash says what a hash is made by, where that is easily broken (crypt(5)); "" where it is not.
func weakHash(hash string) string {
	hash = strings.TrimLeft(hash, "!")
	for _, m := range []struct{ prefix, made string }{
		{"$1$", "MD5, which a graphics card tries out billions of times a second"},
		{"$md5", "Sun's MD5, which is old and hardly supported"},
		{"$sha1", "SHA-1 of NetBSD, which is old and hardly supported"},
		{"$3$", "the MD4 of Windows NT, which is tried out faster than any other"},
		{"$2a$", "an old bcrypt, of which systems disagree on some characters"},
		{"$2x$", "a faulty bcrypt, which confuses some passwords"},
		{"_", "extended DES, which is old and quickly tried out"},
	} {
		if strings.HasPrefix(hash, m.prefix) {
			return m.made
		}
	}
	if len(hash) == 13 && !strings.ContainsAny(hash, "$*!") {
		return "DES, of which 8 characters count, and which is tried out in hours"
	}
	return ""
}

// isCut tells whether a hash lacks something, or has something more, by the forms in crypt(5): the last part of each
// has its own length.
func isCut(hash string) bool {
	for _, m := range []struct {
		prefix string
		length int
	}{
		{"$1$", 22}, {"$5$", 43}, {"$6$", 86}, {"$y$", 43}, {"$gy$", 43}, {"$7$", 43}, {"$2a$", 53}, {"$2b$", 53},
		{"$2y$", 53},
	} {
		if strings.HasPrefix(hash, m.prefix) {
			return len(hash)-strings.LastIndexByte(hash, '$')-1 != m.length
		}
	}
	return false
}

// Numbers that useradd gives to users for user namespaces (login.defs(5), SUB_UID_MIN and SUB_UID_MAX).
const subordinateLeast, subordinateMost = 100_000, 600_100_000

func subordinate(id int) bool { return id >= subordinateLeast && id < subordinateMost }

// keyFault looks into the first key of an entry of authorized_keys(5). What has none is told by a rule.
func keyFault(entry string) (fault, do string) {
	const anew = "take the line from the .pub file again, whole"
	for line := range strings.Lines(entry) {
		line = strings.TrimSpace(line)
		kind, data, is := rules.SplitKey(line)
		if !is || line[0] == '#' {
			continue
		}
		data, _, _ = strings.Cut(data, " ")
		switch {
		case data == "":
			return "", "" // told by a rule
		case kind == "ssh-dss":
			return "sshd has not taken DSA keys since OpenSSH 7.0, unless it is told to", "use an ed25519 key"
		case strings.Contains(kind, "-cert-v01@"):
			return "this is a certificate, which sshd does not take as a key",
				`write the authority's key behind the option cert-authority`
		}
		blob, err := base64.StdEncoding.DecodeString(data)
		if err != nil {
			return "the key is not base64, so it was cut off or changed", anew
		}
		named, rest, ok := sshString(blob)
		switch {
		case !ok || len(rest) == 0:
			return "the key ends too early", anew
		case named != kind:
			return "the key is of another kind than its line says", anew
		case kind == "ssh-ed25519" && len(rest) != 4+32:
			return "an ed25519 key has 32 bytes, and this one has another length", anew
		case kind == "ssh-rsa":
			return rsaFault(rest)
		}
		return "", ""
	}
	return "", ""
}

// rsaFault judges the numbers of an RSA key (RFC 4253 §6.6): the exponent and the modulus.
func rsaFault(rest string) (fault, do string) {
	_, rest, ok := sshString([]byte(rest))
	if !ok {
		return "the key ends too early", "take the line from the .pub file again, whole"
	}
	modulus, rest, ok := sshString([]byte(rest))
	switch bits := 8 * len(strings.TrimLeft(modulus, "\x00")); {
	case !ok || rest != "":
		return "the key ends too early, or goes on too long", "take the line from the .pub file again, whole"
	case bits < 2048:
		return "the key has less than 2048 bits, which many systems do not take any more", "use an ed25519 key"
	}
	return "", ""
}

// sshString takes a string off: its length in four bytes, and the bytes (RFC 4251 §5).
func sshString(b []byte) (s, rest string, ok bool) {
	if len(b) < 4 {
		return "", "", false
	}
	length := uint64(binary.BigEndian.Uint32(b))
	if uint64(len(b)-4) < length {
		return "", "", false
	}
	return string(b[4 : 4+length]), string(b[4+length:]), true
}
