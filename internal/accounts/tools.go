package accounts

import (
	"strconv"
	"strings"
)

// Tools says whose edits Apply repeats, as far as releases of shadow-utils differ in what they leave behind.
type Tools uint8

// Both are held against the real tools: tests/accounts.
const (
	CurrentTools Tools = iota // shadow-utils from 4.14 on, as in Debian 13
	OldTools                  // shadow-utils up to 4.13, as in Debian 12
)

// ToolsOf tells them by the version of a package, "1:4.13+dfsg1-1" or "4.17.4". What it cannot read is taken for
// current.
//
// 4.14 is where GROUPS and USRSKEL of useradd, and the look at ranges that a new user has, came from. The other
// differences are somewhere between 4.13 and 4.17, which are the releases that could be tried, and go with these.
func ToolsOf(version string) Tools {
	if epoch, rest, found := strings.Cut(version, ":"); found && epoch != "" {
		version = rest
	}
	first, rest, found := strings.Cut(version, ".")
	end := 0
	for end < len(rest) && rest[end] >= '0' && rest[end] <= '9' {
		end++
	}
	major, err1 := strconv.ParseUint(first, 10, 32)
	minor, err2 := strconv.ParseUint(rest[:end], 10, 32)
	if found && err1 == nil && err2 == nil && (major < 4 || major == 4 && minor < 14) {
		return OldTools
	}
	return CurrentTools
}
