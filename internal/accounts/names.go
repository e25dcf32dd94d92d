package accounts

import (
	"strings"
)

// nameMax is the length of ut_user in utmp(5), and of a group name in Debian's build.
const nameMax = 32

// checkName is for names of accounts to be created. It asks what shadow-utils of Debian 12 does, and no less than a path component:
// the name becomes one, of the home and of the mail file.
func checkName(name string) *Error {
	switch {
	case name == "":
		return &Error{Message: "the name is empty"}
	case len(name) > nameMax:
		return &Error{Message: "the name is longer than 32 bytes"}
	case strings.IndexByte("-+~#", name[0]) >= 0:
		return &Error{Message: "a name cannot start with " + quote(name[:1])}
	case name == "." || name == "..":
		return &Error{Message: "a name cannot be a path of its own"}
	}
	for i := range len(name) {
		if c := name[i]; c <= ' ' || c == 0x7f || strings.IndexByte(":,/", c) >= 0 {
			return &Error{Message: "a name cannot hold " + quote(name[i:i+1]), Hint: "use letters, digits, \"_\", \"-\" and \".\""}
		}
	}
	return nil
}

// checkField is for text that goes into a line.
func checkField(what, s string) *Error {
	for i := range len(s) {
		if c := s[i]; c == ':' || c < ' ' || c == 0x7f {
			return &Error{Message: "the " + what + " holds " + nameOf(c)}
		}
	}
	return nil
}

// checkHome is for the sixth field of passwd(5). What the path leads to is for whoever walks it.
func checkHome(home string) *Error {
	if home != "" && home[0] != '/' {
		return &Error{Message: "the home " + quote(home) + " is not an absolute path"}
	}
	return checkField("home", home)
}

// checkShell is for the seventh. A "*" at its start keeps old login programs from running anything, so the tools let it pass.
func checkShell(shell string) *Error {
	if shell != "" && shell[0] != '/' && shell[0] != '*' {
		return &Error{Message: "the shell " + quote(shell) + " is not an absolute path"}
	}
	return checkField("shell", shell)
}

// checkID reads an id of the config.
func checkID(what string, id int64) (uint32, *Error) {
	if id < 0 || id >= noID {
		return 0, &Error{Message: what + " " + int64Text(id) + " is none that Linux has", Hint: "ids go from 0 to 4294967294"}
	}
	return uint32(id), nil
}

// checkFields looks at all that the config gives as text, before anything is decided.
func (u *User) checkFields() *Error {
	if err := checkField("comment", u.Comment); err != nil {
		return err
	}
	if err := checkHome(u.Home); err != nil {
		return err
	}
	if err := checkShell(u.Shell); err != nil {
		return err
	}
	if u.Password == nil {
		return nil
	}
	return checkField("password hash", u.Password.Reveal())
}
