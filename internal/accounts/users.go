package accounts

import (
	"fmt"
	"path"
	"strings"
)

// noPassword is the hash of a user who cannot log in by password.
const noPassword = "*"

// A userMaker makes users who are not there.
type userMaker struct{ *database }

// wantUser does for one user what the tools do for the arguments of docs/peer/engine.md §11.5.
func (db userMaker) wantUser(u *User) (Verb, string, *Error) {
	have := db.user(u.Name)
	if u.Delete {
		return userRemover(db).deleteUser(u, have)
	}
	if err := u.checkFields(); err != nil {
		return Keep, "", err
	}
	if _, err := db.passwd.locate(u.Name); have == nil && err != nil {
		return Keep, "", err
	}
	if have == nil {
		return db.createUser(u)
	}
	return userEditor(db).modifyUser(u, have)
}

// A newUser is what createUser gathers before it writes anything.
type newUser struct {
	*User
	entry    passwdEntry
	ownGroup bool
	groups   []*groupRow
}

// createUser is useradd. The order of ids taken matters: uid, then the gid of the user's own group, then subordinate
// ranges.
func (db userMaker) createUser(u *User) (Verb, string, *Error) {
	n, err := db.plan(u)
	if err != nil {
		return Keep, "", err
	}
	if n.ownGroup {
		if err := db.addOwnGroup(n); err != nil {
			return Keep, "", err
		}
	}
	if err := db.grantRanges(n); err != nil {
		return Keep, "", err
	}
	if err := db.addUser(n); err != nil {
		return Keep, "", err
	}
	for _, g := range n.groups {
		if err := db.join(u.Name, g); err != nil {
			return Keep, "", err
		}
	}
	db.homeEffects(u, &n.entry)
	return Create, n.detail(), nil
}

// plan decides on everything of a new user but the id of a group of the user's own.
func (db userMaker) plan(u *User) (*newUser, *Error) {
	err := checkName(u.Name, userNameMax, db.tools)
	n := &newUser{User: u, ownGroup: u.PrimaryGroup == "" && !u.NoUserGroup && db.defs.yes("USERGROUPS_ENAB")}
	n.entry = passwdEntry{name: u.Name, password: inShadow, comment: u.Comment,
		home: orElse(u.Home, db.useradd.base+"/"+u.Name), shell: orElse(u.Shell, db.useradd.shell)}
	var wrong [3]*Error
	if !n.ownGroup {
		n.entry.gid, wrong[0] = db.primaryGroup(u)
	} else if db.group(u.Name) != nil {
		wrong[0] = &Error{Message: "a group of that name exists already",
			Hint: "set primaryGroup to it, or noUserGroup"}
	}
	n.groups, wrong[1] = db.newUserGroups(u)
	n.entry.uid, wrong[2] = db.newUID(u)
	return n, err.and(wrong[0]).and(wrong[1]).and(wrong[2])
}

// primaryGroup gives the group of a user who gets none of the user's own.
func (db *database) primaryGroup(u *User) (uint32, *Error) {
	if u.PrimaryGroup != "" {
		g := db.groupLike(u.PrimaryGroup)
		if g == nil {
			return 0, db.noGroup(u.PrimaryGroup)
		}
		return g.entry.gid, nil
	}
	if g := db.groupLike(db.useradd.group); g != nil {
		return g.entry.gid, nil
	}
	return 100, nil // useradd warns about the setting, and takes this even if nobody has it
}

// noGroup is the error about a group that is not there. Where the config would have it, but it cannot be had, that has
// been told.
func (db *database) noGroup(name string) *Error {
	err := noGroup(name)
	err.told = db.refused.hasGroup(name)
	return err
}

func noGroup(name string) *Error {
	return &Error{Message: "the group " + quote(name) + " does not exist", Hint: "add it to the groups of the config"}
}

// newUserGroups gives the supplementary groups of a new user, who gets those of useradd's GROUPS where the config is
// silent.
func (db userMaker) newUserGroups(u *User) ([]*groupRow, *Error) {
	if len(u.Groups) > 0 {
		return db.supplementary(u.Groups)
	}
	if db.useradd.groups == "" {
		return nil, nil
	}
	var groups []*groupRow
	for _, name := range strings.Split(db.useradd.groups, ",") {
		if g := db.groupLike(name); g != nil { // useradd passes over those that do not exist
			groups = append(groups, g)
		}
	}
	return groups, nil
}

// supplementary finds groups by name or id. All must exist. A comma separates, as on the command line
// of docs/peer/engine.md §11.5.
func (db *database) supplementary(names []string) ([]*groupRow, *Error) {
	var groups []*groupRow
	var err *Error
	for _, list := range names {
		for _, name := range strings.Split(list, ",") {
			if g := db.groupLike(name); g != nil {
				groups = append(groups, g)
			} else {
				err = err.and(db.noGroup(name))
			}
		}
	}
	return groups, err
}

// newUID gives the number of a new user.
func (db userMaker) newUID(u *User) (uint32, *Error) {
	if u.UID != nil {
		uid, err := checkID("uid", *u.UID)
		if err == nil && db.uids.taken(uid) {
			err = uidTaken(uid)
		}
		return uid, err
	}
	uid, ok := db.uids.find(u.System)
	if !ok {
		return 0, &Error{File: LoginDefsFile, Message: "no uid is free between " + rangeName("UID", u.System),
			Hint: "give a uid, or widen the range"}
	}
	return uid, nil
}

func uidTaken(uid uint32) *Error {
	return &Error{Message: "uid " + idText(uid) + " is taken", Hint: "choose another uid"}
}

// addOwnGroup makes the group of the same name, with the same number if that is free.
func (db userMaker) addOwnGroup(n *newUser) *Error {
	gid := n.entry.uid
	if !db.gids.like(gid, n.System) {
		var err *Error
		if gid, err = db.findGID(n.System); err != nil {
			return err
		}
	}
	n.entry.gid = gid
	e := groupEntry{name: n.Name, password: inShadow, gid: gid}
	if !db.gshadow.present {
		e.password = locked
	}
	if _, err := db.addGroup(e); err != nil || !db.gshadow.present {
		return err
	}
	_, err := db.gshadow.put(gshadowEntry{name: n.Name, password: locked})
	return err
}

// grantRanges gives subordinate ids to people; one whose uid is given must have it from people's range for that.
func (db userMaker) grantRanges(n *newUser) *Error {
	if n.System || n.UID != nil && *n.UID != 0 && !db.uids.people.contains(uint64(n.entry.uid)) {
		return nil
	}
	if db.subUIDs.present && db.defs.number("SUB_UID_COUNT", 65536) > 0 {
		if err := db.subUIDs.grant(n.Name, db.defs, "SUB_UID", db.tools); err != nil {
			return err
		}
	}
	if db.subGIDs.present && db.defs.number("SUB_GID_COUNT", 65536) > 0 {
		return db.subGIDs.grant(n.Name, db.defs, "SUB_GID", db.tools)
	}
	return nil
}

// hash gives what goes where a password hash goes.
func (u *User) hash() string {
	if u.Password == nil || *u.Password == "" {
		return noPassword
	}
	return u.Password.Reveal()
}

// addUser writes the lines of passwd and shadow. A line of shadow that is there for the name, of someone who went, is
// replaced.
func (db userMaker) addUser(n *newUser) *Error {
	if !db.shadow.present {
		n.entry.password = n.hash()
	}
	r, err := db.passwd.put(n.entry)
	if err != nil {
		return err
	}
	db.uids.take(n.entry.uid)
	db.inPrimary(r)
	if !db.shadow.present {
		return nil
	}
	var s shadowEntry
	s.field = [shadowFields]string{n.Name, n.hash(), db.today}
	// Accounts of the system do not expire, and nobody changes their passwords.
	if !n.System {
		copy(s.field[3:], []string{db.defs.days("PASS_MIN_DAYS"), db.defs.days("PASS_MAX_DAYS"),
			db.defs.days("PASS_WARN_AGE"), db.useradd.inactive, db.useradd.expire})
	}
	_, err = db.shadow.put(s)
	return err
}

// join makes a user a member of a group.
func (db *database) join(user string, g *groupRow) *Error {
	if strings.Contains(user, ",") || checkField("name", user) != nil {
		return &Error{Message: "a user of that name cannot be a member of groups", Hint: "leave groups empty"}
	}
	own, err := db.ownGroup(g.entry.name)
	if err != nil {
		return err
	}
	// Each file is looked at for itself: they may disagree about who is a member.
	if !own.entry.members.has(user) {
		own.entry.members.add(user)
		db.inGroups[user] = append(db.inGroups[user], own)
		if err := db.groups.update(own); err != nil {
			return err
		}
	}
	s, err := db.gshadow.locate(own.entry.name)
	if s == nil || err != nil || s.entry.members.has(user) {
		return err
	}
	s.entry.members.add(user)
	db.inGShadow[user] = append(db.inGShadow[user], s)
	return db.gshadow.update(s)
}

// leave takes a user out of all groups but some.
func (db *database) leave(user string, but map[string]bool) *Error {
	for _, g := range db.inGroups[user] {
		if g.gone || but[g.entry.name] || !g.entry.members.has(user) {
			continue
		}
		g.entry.members.remove(user)
		if err := db.groups.update(g); err != nil {
			return err
		}
	}
	for _, s := range db.inGShadow[user] {
		if s.gone || but[s.entry.name] || !s.entry.members.has(user) {
			continue
		}
		s.entry.members.remove(user)
		if err := db.gshadow.update(s); err != nil {
			return err
		}
	}
	return nil
}

// inKernels tells whether a home is in a filesystem that the kernel fills when the system runs: /dev/null is a usual
// home of accounts that have none, and a root that does not run may lack it.
func inKernels(home string) bool {
	first, _, _ := strings.Cut(strings.TrimLeft(path.Clean("/"+home), "/"), "/")
	return first == "dev" || first == "proc" || first == "sys"
}

// homeEffects says what a new user gets outside the files. A mail file in a directory of the group mail is for mail
// delivery to write.
func (db *database) homeEffects(u *User, e *passwdEntry) {
	if !u.NoCreateHome && !inKernels(e.home) {
		db.effects = append(db.effects, &MakeHome{entry: entry(db.index), Path: e.home, UID: e.uid, GID: e.gid,
			Mode: db.defs.homeMode(), Skeletons: db.useradd.skeletons})
	}
	if u.System || !db.useradd.mail {
		return
	}
	file := db.defs.mailFile(e.name)
	if file == "" {
		return
	}
	mail := &MakeMail{entry: entry(db.index), Path: file, UID: e.uid, GID: e.gid, Mode: 0o600}
	if g := db.group("mail"); g != nil {
		mail.GID, mail.Mode = g.entry.gid, 0o660
	}
	db.effects = append(db.effects, mail)
}

// detail tells people what is made. It does not say that a password is locked, which is what a new account is without
// one.
func (n *newUser) detail() string {
	own, groups := "", ""
	if n.ownGroup {
		own = " (own group)"
	}
	if len(n.groups) > 0 {
		groups = ", groups " + groupNames(n.groups)
	}
	return "uid " + idText(n.entry.uid) + ", gid " + idText(n.entry.gid) + own + ", home " + n.entry.home + ", shell " +
		n.entry.shell + groups +
		passwordDetail(n.hash() != noPassword)
}

func groupNames(groups []*groupRow) string {
	names := make([]string, len(groups))
	for i, g := range groups {
		names[i] = g.entry.name
	}
	return strings.Join(names, " ")
}

// arrow says what becomes of a field.
func arrow[T any](what string, from, to T) string { return fmt.Sprintf("%s %v → %v", what, from, to) }
