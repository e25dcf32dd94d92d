package accounts

import (
	"slices"
	"strconv"
	"strings"
)

// A passwdEntry is a line of passwd(5). A line that libc and the tools do not take for an entry is none here either:
// exactly seven fields, and both ids numbers of 32 bits.
type passwdEntry struct {
	name, password       string
	uid, gid             uint32
	comment, home, shell string
}

func (e *passwdEntry) key() string { return e.name }

func (e *passwdEntry) parse(f []string) bool {
	if len(f) != 7 {
		return false
	}
	uid, ok1 := parseID(f[2])
	gid, ok2 := parseID(f[3])
	*e = passwdEntry{name: f[0], password: f[1], uid: uid, gid: gid, comment: f[4], home: f[5], shell: f[6]}
	return ok1 && ok2 && e.name != ""
}

func (e *passwdEntry) texts(to []string) []string {
	return append(to, e.name, e.password, e.comment, e.home, e.shell)
}

func (e *passwdEntry) fields(to []string) []string {
	return append(to, e.name, e.password, idText(e.uid), idText(e.gid), e.comment, e.home, e.shell)
}

// Fields of shadow(5) that are edited.
const (
	shadowPassword = 1
	shadowDay      = 2
	shadowFields   = 9
)

// A shadowEntry is a line of shadow(5). Fields that nobody asks about stay text.
type shadowEntry struct{ field [shadowFields]string }

func (e *shadowEntry) key() string { return e.field[0] }

// parse accepts what libc does: old lines end before the last four.
func (e *shadowEntry) parse(f []string) bool {
	if len(f) != shadowFields && len(f) != 5 || f[0] == "" {
		return false
	}
	copy(e.field[:], f)
	return !slices.ContainsFunc(f[shadowDay:], func(s string) bool {
		_, err := strconv.ParseInt(s, 10, 64)
		return s != "" && err != nil
	})
}

func (e *shadowEntry) texts(to []string) []string { return append(to, e.field[:]...) }

func (e *shadowEntry) fields(to []string) []string { return e.texts(to) }

// A groupEntry is a line of group(5).
type groupEntry struct {
	name, password string
	gid            uint32
	members        members
}

func (e *groupEntry) key() string { return e.name }

func (e *groupEntry) parse(f []string) bool {
	if len(f) != 4 {
		return false
	}
	gid, ok := parseID(f[2])
	*e = groupEntry{name: f[0], password: f[1], gid: gid, members: groupList(f[3])}
	return ok && e.name != ""
}

// groupList reads a list as the tools do for group(5): when they write the line they drop one empty name at the end,
// and keep those before.
func groupList(s string) members {
	names := strings.Split(s, ",")
	if names[len(names)-1] == "" {
		names = names[:len(names)-1]
	}
	return newMembers(names)
}

func (e *groupEntry) texts(to []string) []string {
	return append(append(to, e.name, e.password), e.members.names...)
}

func (e *groupEntry) fields(to []string) []string {
	return append(to, e.name, e.password, idText(e.gid), e.members.text())
}

// A gshadowEntry is a line of gshadow(5).
type gshadowEntry struct {
	name, password  string
	admins, members members
}

func (e *gshadowEntry) key() string { return e.name }

func (e *gshadowEntry) parse(f []string) bool {
	if len(f) != 4 {
		return false
	}
	*e = gshadowEntry{name: f[0], password: f[1], admins: gshadowList(f[2]), members: gshadowList(f[3])}
	return e.name != ""
}

// parseOld reads the lists as old tools do: like those of group.
func (e *gshadowEntry) parseOld(f []string) { e.admins, e.members = groupList(f[2]), groupList(f[3]) }

// gshadowList reads a list as the tools do for gshadow(5): empty names are none.
func gshadowList(s string) members {
	return newMembers(slices.DeleteFunc(strings.Split(s, ","), func(n string) bool { return n == "" }))
}

func (e *gshadowEntry) texts(to []string) []string {
	return append(append(append(to, e.name, e.password), e.admins.names...), e.members.names...)
}

func (e *gshadowEntry) fields(to []string) []string {
	return append(to, e.name, e.password, e.admins.text(), e.members.text())
}

// members is a list of users in order, of which one can be found, added and removed without a walk over all.
type members struct {
	names []string         // "" for one that was removed, or for an empty name in the file
	at    map[string]int   // the first place of a name
	again map[string][]int // the others, of a name that is there more than once
	gone  map[int]bool
}

func newMembers(names []string) members {
	m := members{names: names}
	if len(names) > 0 {
		m.at = make(map[string]int, len(names))
	}
	for i, n := range names {
		if !m.has(n) {
			m.at[n] = i
			continue
		}
		if m.again == nil {
			m.again = map[string][]int{}
		}
		m.again[n] = append(m.again[n], i)
	}
	return m
}

// has tells whether a user is on the list. A name may be there more than once.
func (m *members) has(name string) bool { _, there := m.at[name]; return there }

// empty tells whether nobody is left. An empty name in the file is someone, as for userdel.
func (m *members) empty() bool { return len(m.names) == len(m.gone) }

// add puts a user at the end, as the tools do, unless the user is there.
func (m *members) add(name string) {
	if m.has(name) {
		return
	}
	if m.at == nil {
		m.at = map[string]int{}
	}
	m.at[name] = len(m.names)
	m.names = append(m.names, name)
}

// remove marks places as empty instead of moving what follows: a thousand users may leave a group of a thousand.
func (m *members) remove(name string) {
	first, there := m.at[name]
	if !there {
		return
	}
	if m.gone == nil {
		m.gone = map[int]bool{}
	}
	for _, i := range append(m.again[name], first) {
		m.gone[i] = true
	}
	delete(m.at, name)
	delete(m.again, name)
}

// list gives who is left, in order.
func (m *members) list() []string {
	if len(m.gone) == 0 {
		return m.names
	}
	left := make([]string, 0, len(m.names)-len(m.gone))
	for i, n := range m.names {
		if !m.gone[i] {
			left = append(left, n)
		}
	}
	return left
}

func (m *members) text() string { return strings.Join(m.list(), ",") }

// parseID reads an id of a file. The highest number is none: chown(2) takes it as "leave it".
func parseID(s string) (uint32, bool) {
	id, err := strconv.ParseUint(s, 10, 32)
	return uint32(id), err == nil && id != noID
}

// noID is what no account may have.
const noID = 1<<32 - 1

func idText(id uint32) string { return strconv.FormatUint(uint64(id), 10) }

func quote(s string) string { return strconv.Quote(s) }

// nameOf names a character that a message had better not hold itself.
func nameOf(c byte) string {
	switch c {
	case ':':
		return "a colon"
	case '\n':
		return "a line end"
	case '\r':
		return "a carriage return"
	}
	return "a control character"
}
