package accounts

import "strings"

// The functions here give what Apply refuses on every root, whatever its files hold and whichever release of the tools
// made them. So it can be said before there is a root. What some root would take is not refused: a user who is there
// keeps any name.

// NeverName is for the name of an account that is wanted.
func NeverName(name string, user bool) *Error {
	err := checkName(name, longestName(user), CurrentTools)
	if err == nil || checkName(name, longestName(user), OldTools) == nil {
		return nil
	}
	return err
}

// SometimesName is for a name that NeverName lets pass: it says why current tools refuse it, which old ones take.
func SometimesName(name string, user bool) *Error {
	return checkName(name, longestName(user), CurrentTools)
}

func longestName(user bool) int {
	if user {
		return userNameMax
	}
	return groupNameMax
}

// NeverComment is for the fifth field of passwd(5).
func NeverComment(s string) *Error { return checkField("comment", s) }

// NeverHome is for the home of a user.
func NeverHome(s string) *Error { return checkHome(s) }

// NeverShell is for the shell of a user.
func NeverShell(s string) *Error { return checkShell(s) }

// NeverHash is for a password hash, which it does not quote.
func NeverHash(s string) *Error { return checkField("password hash", s) }

// NeverID is for the number of a user ("uid") or group ("gid").
func NeverID(what string, id int64) *Error {
	_, err := checkID(what, id)
	return err
}

// NeverOwner is for a user or group that something is to belong to. Lines that begin with these signs are not those of
// accounts (nsswitch.conf(5), compat).
func NeverOwner(name string) *Error {
	if name != "" && strings.IndexByte("#+-", name[0]) >= 0 {
		return &Error{Message: "no account is called " + quote(name), Hint: "name a user or group that can be there"}
	}
	if i := strings.IndexAny(name, ":\n\x00"); i >= 0 { // an account may have others that its tools refuse
		return &Error{Message: "the name of an owner holds " + nameOf(name[i])}
	}
	return nil
}

// NeverGroup is for groups that a user is to be in: a name, a number, or several with commas between them.
func NeverGroup(list string) *Error {
	for _, name := range strings.Split(list, ",") {
		if err := checkField("name of a group", name); err != nil {
			return err
		}
		if id, isNumber := groupNumber(name); name == "" || isNumber && (id < 0 || id >= noID) {
			return noGroup(name)
		}
	}
	return nil
}
