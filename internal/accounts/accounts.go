package accounts

import (
	"errors"
	"fmt"

	"github.com/glowplug-os/glowplug/internal/diag"
)

// Paths in the root of the files that Apply changes.
const (
	PasswdFile  = "/etc/passwd"
	ShadowFile  = "/etc/shadow"
	GroupFile   = "/etc/group"
	GShadowFile = "/etc/gshadow"
	SubUIDFile  = "/etc/subuid"
	SubGIDFile  = "/etc/subgid"
)

// Paths in the root of the files that Apply only reads.
const (
	AltPasswdFile = "/usr/lib/passwd" // nss-altfiles: accounts that come with a read-only /usr
	AltGroupFile  = "/usr/lib/group"
	NSSwitchFile  = "/etc/nsswitch.conf"
	LoginDefsFile = "/etc/login.defs"
	UseraddFile   = "/etc/default/useradd"
)

// Editable lists the files that Apply changes, in the order in which the new texts should be put in place: who has a
// line in passwd has a password and groups by then.
func Editable() []string {
	return []string{GroupFile, GShadowFile, SubUIDFile, SubGIDFile, ShadowFile, PasswdFile}
}

// Inputs lists every file that Apply wants to see, as far as the root has it.
func Inputs() []string {
	return append(Editable(), AltPasswdFile, AltGroupFile, NSSwitchFile, LoginDefsFile, UseraddFile)
}

// Files are texts by path in the root. A file that is not there has no entry; an empty one has an empty text. They hold
// password hashes, hence the type.
type Files map[string]diag.Secret

// A Group is what the config wants of one group. Zero values mean that it does not say.
type Group struct {
	Name     string
	GID      *int64
	Password diag.Secret // hash; empty leaves it
	System   bool        // id from the system range; only when creating
	Delete   bool
}

// A User is what the config wants of one user. Zero values mean that it does not say.
type User struct {
	Name         string
	UID          *int64
	Comment      string
	Home         string
	Shell        string
	PrimaryGroup string   // name or id
	Groups       []string // supplementary, names or ids; replaces those of a user who is there
	// Password is a hash. Nil leaves that of a user who is there and gives a new one "*"; an empty one means "*".
	Password     *diag.Secret
	NoCreateHome bool // this and what follows: only when creating
	NoUserGroup  bool
	System       bool
	Delete       bool
	// Unfinished: an earlier try at the same has made the user, but what is outside the account files may be gone
	// since, so it is made again where it is not there. The tools know nothing like it.
	Unfinished bool
}

// Wanted is what the config wants: groups, in order, then users, in order.
type Wanted struct {
	Groups []Group
	Users  []User
}

// An Account is a user as the new files have it.
type Account struct {
	Index    int // in Wanted.Users
	Name     string
	UID, GID uint32
	Home     string // in the root, as passwd(5) has it
	Created  bool
}

// A Verb says what becomes of an account.
type Verb uint8

// Verbs. Keep is an account that is as wanted: nothing is written for it.
const (
	Keep Verb = iota
	Create
	Modify
	Delete
)

func (v Verb) String() string { return [...]string{"keep", "create", "change", "destroy"}[v] }

// A Change tells people what becomes of one entry of the config. It holds no hash.
type Change struct {
	User   bool // an entry of Users, otherwise of Groups
	Index  int  // in that list
	Name   string
	Verb   Verb
	Detail string // "uid 1000, gid 1000, home /home/core"; empty for Keep
}

// A Result is what Apply found out.
type Result struct {
	Files    Files    // the new texts, of the files that change only
	Effects  []Effect // in the order in which to do them
	Accounts []Account
	Changes  []Change // one for each entry, in order
	db       *database
	refused  *refused // nil for none
}

// UID finds a user by name among the accounts as they are afterwards.
func (r *Result) UID(name string) (uint32, bool) {
	u := r.db.user(name)
	if u == nil {
		return 0, false
	}
	return u.entry.uid, true
}

// GID finds a group by name among the accounts as they are afterwards.
func (r *Result) GID(name string) (uint32, bool) {
	g := r.db.group(name)
	if g == nil {
		return 0, false
	}
	return g.entry.gid, true
}

// An Error is why an entry of the config cannot be had on these files.
type Error struct {
	User  bool   // the entry is one of Users, otherwise of Groups; without meaning where Index is negative
	Index int    // of the entry of the config; negative where a file is at fault whatever the config says
	Name  string // of the account
	File  string // path in the root of the file at fault, if one is
	Line  int    // 1-based; 0 for none
	// Message says what is wrong, Hint what to do about it. Neither quotes a password field.
	Message, Hint string

	told bool     // it follows from the error of another entry
	also []*Error // what else is wrong with the entry
}

// Error gives what is wrong, without the hint.
func (e *Error) Error() string {
	at := ""
	if e.Index >= 0 {
		at = fmt.Sprintf("%s %q: ", kindName(e.User), e.Name)
	}
	if e.File != "" {
		at += e.File
		if e.Line > 0 {
			at += fmt.Sprintf(" line %d", e.Line)
		}
		at += ": "
	}
	return at + e.Message
}

func kindName(user bool) string {
	if user {
		return "user"
	}
	return "group"
}

// Apply gives what makes the files hold the wanted groups and users, as the tools would. Today is the date that new
// passwords get, in days since 1970-01-01. The error is an *Error, or joins all that are told; with it may come the
// Result of the entries that can be had, which nobody should write.
func Apply(have Files, want Wanted, today int64, tools Tools) (*Result, error) {
	r, errs := attempt(have, want, today, tools, nil)
	switch len(errs) {
	case 0:
		return r, nil
	case 1:
		return r.withoutRefused(have, want, today, tools), errs[0]
	}
	return r.withoutRefused(have, want, today, tools), errors.Join(errs...)
}

// attempt passes over entries that are refused.
func attempt(have Files, want Wanted, today int64, tools Tools, without *refused) (*Result, []error) {
	users, all := len(want.Users), len(want.Groups)+len(want.Users)
	db, err := readDatabase(have, today, tools, all)
	if err != nil {
		err.Index = -1
		return nil, []error{err}
	}
	db.own = map[string]bool{}
	for i := range want.Users {
		u := &want.Users[i]
		db.own[u.Name] = !u.Delete && u.PrimaryGroup == "" && !u.NoUserGroup
	}
	r := &Result{db: db, Changes: make([]Change, 0, all), Accounts: make([]Account, 0, users)}
	var errs []error
	for i := range want.Groups {
		if without.group(i) {
			continue
		}
		if err := r.group(i, &want.Groups[i]); err != nil {
			errs = append(errs, db.refuseGroup(i, &want.Groups[i], err)...)
		}
	}
	for i := range want.Users {
		if without.user(i) {
			continue
		}
		if err := r.user(i, &want.Users[i]); err != nil {
			errs = append(errs, db.refuseUser(i, &want.Users[i], err)...)
		}
	}
	r.Files, r.refused = db.changed(have), db.refused
	return r, errs
}

func (r *Result) group(i int, g *Group) *Error {
	verb, detail, err := groupEditor{r.db}.wantGroup(g)
	if err != nil {
		return err
	}
	r.Changes = append(r.Changes, Change{Index: i, Name: g.Name, Verb: verb, Detail: detail})
	return nil
}

func (r *Result) user(i int, u *User) *Error {
	r.db.index = i
	verb, detail, err := userMaker{r.db}.wantUser(u)
	if err != nil {
		r.db.effects = r.db.effects[:0]
		return err
	}
	r.Changes = append(r.Changes, Change{User: true, Index: i, Name: u.Name, Verb: verb, Detail: detail})
	r.Effects = append(r.Effects, r.db.effects...)
	r.db.effects = r.db.effects[:0]
	if row := r.db.user(u.Name); row != nil && !u.Delete {
		e := &row.entry
		r.Accounts = append(r.Accounts,
			Account{Index: i, Name: u.Name, UID: e.uid, GID: e.gid, Home: e.home, Created: verb == Create})
	}
	return nil
}
