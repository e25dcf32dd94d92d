package accounts

import (
	"strconv"
	"strings"
	"time"

	"github.com/glowplug-os/glowplug/internal/diag"
)

// loginDefs are the settings of login.defs(5).
type loginDefs map[string]string

// readLoginDefs reads "NAME value" lines; the last one of a name counts. A value may stand in double quotes.
func readLoginDefs(text diag.Secret) loginDefs {
	d := loginDefs{}
	for _, line := range splitLines(text) {
		line = strings.Trim(line, " \t\r")
		i := strings.IndexAny(line, " \t")
		if i < 0 || line[0] == '#' {
			continue
		}
		value, _, _ := strings.Cut(strings.TrimLeft(line[i:], " \t\""), `"`)
		d[line[:i]] = value
	}
	return d
}

// number gives a setting that counts something. What is no number counts as unset, as for the tools, which say so and
// go on.
func (d loginDefs) number(name string, otherwise uint64) uint64 {
	if n, ok := parseC(d[name]); ok && n >= 0 {
		return uint64(n)
	}
	return otherwise
}

// days gives a setting of shadow(5), where a negative one is an empty field.
func (d loginDefs) days(name string) string {
	if n, ok := parseC(d[name]); ok && n >= 0 {
		return strconv.FormatInt(n, 10)
	}
	return ""
}

// yes gives a setting that is on or off; off where it is not set, whatever the manual says about its default.
func (d loginDefs) yes(name string) bool { return strings.EqualFold(d[name], "yes") }

// parseC reads a number as strtol(3) with base 0 does.
func parseC(s string) (int64, bool) {
	if s == "" { // a setting that is not there, which is asked for with every account
		return 0, false
	}
	sign := ""
	if strings.HasPrefix(s, "-") {
		sign, s = "-", s[1:]
	}
	base := 10
	switch {
	case strings.HasPrefix(s, "0x"), strings.HasPrefix(s, "0X"):
		base, s = 16, s[2:]
	case len(s) > 1 && s[0] == '0':
		base = 8
	}
	if strings.HasPrefix(s, "+") || strings.HasPrefix(s, "-") {
		return 0, false
	}
	n, err := strconv.ParseInt(sign+s, base, 64)
	return n, err == nil
}

// homeMode gives the mode of a new home.
func (d loginDefs) homeMode() uint32 {
	return uint32(d.number("HOME_MODE", 0o777&^d.number("UMASK", 0o022))) & 0o7777
}

// mailFile gives the path of a user's mail file, "" for none.
func (d loginDefs) mailFile(user string) string {
	dir, ok := d["MAIL_DIR"]
	if !ok {
		if _, inHome := d["MAIL_FILE"]; inHome {
			return ""
		}
		dir = "/var/mail"
	}
	return dir + "/" + user
}

// useraddDefaults are the settings of useradd -D, and where they are not set what Debian's build has.
type useraddDefaults struct {
	group, groups, base, shell string
	skeletons                  []string
	inactive, expire           string // as shadow(5) has them
	mail                       bool
}

// readUseradd reads NAME=value lines of /etc/default/useradd, which the tool takes to the letter: no blanks, no quotes.
func readUseradd(text diag.Secret, tools Tools) (*useraddDefaults, *Error) {
	set, lines := map[string]string{"GROUP": "100", "HOME": "/home", "SHELL": "/bin/bash"}, map[string]int{}
	for i, line := range splitLines(text) {
		if name, value, ok := strings.Cut(line, "="); ok {
			set[name], lines[name] = value, i+1
		}
	}
	d := &useraddDefaults{group: set["GROUP"], groups: set["GROUPS"], base: set["HOME"], shell: set["SHELL"],
		mail: strings.EqualFold(set["CREATE_MAIL_SPOOL"], "yes")}
	// The second is for distributions that keep defaults below /usr. Neither has to be there.
	d.skeletons = []string{orElse(set["SKEL"], "/etc/skel"), orElse(set["USRSKEL"], "/usr/etc/skel")}
	if tools == OldTools { // they know neither of two settings
		d.groups, d.skeletons = "", d.skeletons[:1]
	}
	if n, ok := parseC(set["INACTIVE"]); ok && n >= 0 {
		d.inactive = strconv.FormatInt(n, 10)
	}
	var ok bool
	if d.expire, ok = expireDay(set["EXPIRE"]); !ok {
		return nil, &Error{File: UseraddFile, Line: lines["EXPIRE"],
			Message: "EXPIRE " + quote(set["EXPIRE"]) + " is no date", Hint: "write it as 2030-12-31"}
	}
	return d, nil
}

// expireDay reads a date, or days since 1970-01-01, into what shadow(5) wants.
func expireDay(s string) (string, bool) {
	if s == "" {
		return "", true
	}
	if n, err := strconv.ParseInt(s, 10, 64); err == nil {
		if n < 0 {
			return "", true
		}
		return strconv.FormatInt(n, 10), true
	}
	t, err := time.Parse(time.DateOnly, s)
	return strconv.FormatInt(t.Unix()/secondsPerDay, 10), err == nil && t.Unix() >= 0
}

const secondsPerDay = 24 * 60 * 60

func orElse(s, otherwise string) string {
	if s == "" {
		return otherwise
	}
	return s
}

// usesAltfiles tells whether nsswitch.conf(5) has libc look for a database ("passwd", "group") in /usr/lib too.
func usesAltfiles(nsswitch diag.Secret, database string) bool {
	for _, line := range splitLines(nsswitch) {
		line, _, _ = strings.Cut(line, "#")
		name, services, _ := strings.Cut(line, ":")
		if strings.TrimSpace(name) != database {
			continue
		}
		for _, service := range strings.Fields(services) {
			if service == "altfiles" {
				return true
			}
		}
	}
	return false
}

func int64Text(n int64) string { return strconv.FormatInt(n, 10) }
