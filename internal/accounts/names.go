package accounts

import (
	"strconv"
	"strings"
	"unicode/utf8"
)

// How long names may be: a group's is a choice of Debian's build, a user's what Linux has for LOGIN_NAME_MAX without
// the end of the string. Old tools have the length of ut_user in utmp(5) for both.
const (
	groupNameMax = 32
	userNameMax  = 255
	oldNameMax   = 32
)

// checkName is for names of accounts to be created: what shadow-utils as it is published lets pass, or Debian 12, which
// asks for less. The name becomes a path component, of the home and of the mail file, which Debian 12 leaves to its
// users.
func checkName(name string, longest int, tools Tools) *Error {
	old := tools == OldTools
	if old {
		longest = oldNameMax
	}
	switch {
	case name == "":
		return &Error{Message: "the name is empty"}
	case len(name) > longest:
		return &Error{Message: "the name is longer than " + strconv.Itoa(longest) + " bytes"}
	case strings.IndexByte("-+~#", name[0]) >= 0:
		return &Error{Message: "a name cannot start with " + quote(name[:1])}
	case name == "." || name == "..":
		return &Error{Message: "a name cannot be a path of its own"}
	case !old && strings.Trim(name, "0123456789") == "":
		return &Error{Message: "a name cannot be a number", Hint: "put a letter before it"}
	}
	if i := badInName(name, old); i >= 0 {
		return &Error{Message: "a name cannot hold " + quote(characterAt(name, i)),
			Hint: "use letters, digits, \"_\", \"-\" and \".\""}
	}
	return nil
}

// characterAt is the whole character that begins at a byte.
func characterAt(name string, i int) string {
	_, size := utf8.DecodeRuneInString(name[i:])
	return name[i : i+size]
}

// badInName finds the first byte that cannot be in a name, -1 for none. A "$" at the end is for machine accounts of
// Samba.
func badInName(name string, old bool) int {
	for i := range len(name) {
		c := name[i]
		fine := c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' ||
			strings.IndexByte("_-.", c) >= 0 || c == '$' && i > 0 && i == len(name)-1
		if old {
			fine = c > ' ' && c != 0x7f && strings.IndexByte(":,/", c) < 0
		}
		if !fine {
			return i
		}
	}
	return -1
}

// checkField is for text that goes into a line.
func checkField(what, s string) *Error {
	if i := badInField(s); i >= 0 {
		return &Error{Message: "the " + what + " holds " + nameOf(s[i])}
	}
	return nil
}

// badInField finds the first byte that would end a field, a line or the sense of it; -1 for none.
func badInField(s string) int {
	for i := range len(s) {
		if c := s[i]; c == ':' || c < ' ' || c == 0x7f {
			return i
		}
	}
	return -1
}

// checkHome is for the sixth field of passwd(5). What the path leads to is for whoever walks it.
func checkHome(home string) *Error {
	if home != "" && home[0] != '/' {
		return &Error{Message: "the home " + quote(home) + " is not an absolute path"}
	}
	return checkField("home", home)
}

// checkShell is for the seventh. A "*" at its start keeps old login programs from running anything, so the tools let it
// pass.
func checkShell(shell string) *Error {
	if shell != "" && shell[0] != '/' && shell[0] != '*' {
		return &Error{Message: "the shell " + quote(shell) + " is not an absolute path"}
	}
	return checkField("shell", shell)
}

// checkID reads an id of the config.
func checkID(what string, id int64) (uint32, *Error) {
	if id < 0 || id >= noID {
		return 0,
			&Error{Message: what + " " + int64Text(id) + " is none that Linux has", Hint: "ids go from 0 to 4294967294"}
	}
	return uint32(id), nil
}

// checkFields looks at all that the config gives as text, before anything is decided.
func (u *User) checkFields() *Error {
	err := checkField("comment", u.Comment).and(checkHome(u.Home)).and(checkShell(u.Shell))
	if u.Password == nil {
		return err
	}
	return err.and(checkField("password hash", u.Password.Reveal()))
}
