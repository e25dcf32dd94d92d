package accounts

import (
	"slices"
	"strings"
)

// A userEdit is what is to become of a user who is there: the entry as it will be, and what that means elsewhere.
type userEdit struct {
	have, want  passwdEntry
	setPassword bool
	groups      []*groupRow // nil leaves them
	parts       []string    // for people
}

// A userEditor changes users who are there.
type userEditor struct{ *database }

// modifyUser is usermod, but for what is as wanted: docs/accounts.md, "The exception".
func (db userEditor) modifyUser(u *User, have *passwdRow) (Verb, string, *Error) {
	edit, err := db.edit(u, have)
	if err != nil {
		return Keep, "", err
	}
	if edit.want != edit.have || edit.setPassword {
		if err := db.rewrite(u, edit); err != nil {
			return Keep, "", err
		}
	}
	if edit.groups != nil {
		if err := db.replaceGroups(u.Name, edit); err != nil {
			return Keep, "", err
		}
	}
	db.moveEffects(u.Name, edit)
	// One whose home is elsewhere than the config would have put it was not made by it.
	if u.Unfinished && edit.have.home == orElse(u.Home, db.useradd.base+"/"+u.Name) {
		db.homeEffects(u, &edit.want)
	}
	if len(edit.parts) == 0 {
		return Keep, "", nil
	}
	return Modify, strings.Join(edit.parts, ", "), nil
}

// edit compares a user with what is wanted.
func (db userEditor) edit(u *User, have *passwdRow) (*userEdit, *Error) {
	e := &userEdit{have: have.entry, want: have.entry}
	var wrong *Error
	if u.UID != nil {
		uid, err := checkID("uid", *u.UID)
		if err == nil && uid != e.have.uid && db.uids.taken(uid) {
			err = uidTaken(uid)
		}
		e.want.uid, wrong = uid, err
	}
	if u.PrimaryGroup != "" {
		gid, err := db.primaryGroup(u)
		e.want.gid, wrong = gid, wrong.and(err)
	}
	e.want.comment = orElse(u.Comment, e.have.comment)
	e.want.shell = orElse(u.Shell, e.have.shell)
	// The tool writes a home without the slash at its end. One that differs by that only would be moved to itself.
	if home := trimSlash(u.Home); home != "" && home != trimSlash(e.have.home) {
		e.want.home = home
	}
	e.setPassword = u.Password != nil && !db.hasPassword(have, u.hash())
	if len(u.Groups) > 0 {
		groups, err := db.supplementary(u.Groups)
		e.groups, wrong = groups, wrong.and(err)
	}
	e.describe()
	return e, wrong
}

// trimSlash takes one slash off the end, as usermod does. The root directory keeps its own.
func trimSlash(home string) string {
	if len(home) > 1 {
		return strings.TrimSuffix(home, "/")
	}
	return home
}

// describe tells people what changes in the entry. Groups come later, when it is known which the user was in.
func (e *userEdit) describe() {
	add := func(differs bool, text string) {
		if differs {
			e.parts = append(e.parts, text)
		}
	}
	h, w := &e.have, &e.want
	add(h.uid != w.uid, arrow("uid", h.uid, w.uid))
	add(h.gid != w.gid, arrow("gid", h.gid, w.gid))
	add(h.comment != w.comment, arrow("comment", quote(h.comment), quote(w.comment)))
	add(h.home != w.home, arrow("home", h.home, w.home))
	add(h.shell != w.shell, arrow("shell", h.shell, w.shell))
	add(e.setPassword, "password set")
}

// hasPassword tells whether a hash is where usermod would put it. Then nothing is written, and the day of the last
// change stays.
func (db userEditor) hasPassword(have *passwdRow, hash string) bool {
	inPasswd := !db.shadow.present || have.entry.password != inShadow
	if inPasswd && have.entry.password != hash {
		return false
	}
	s := db.shadow.find(have.entry.name)
	return !db.shadow.present || s == nil && inPasswd || s != nil && s.entry.field[shadowPassword] == hash
}

// rewrite puts the new entry of a user, and the password, into their files.
func (db userEditor) rewrite(u *User, e *userEdit) *Error {
	own, err := db.ownUser(u.Name)
	if err != nil {
		return err
	}
	if e.setPassword {
		if err := db.setPassword(u, &e.want); err != nil {
			return err
		}
	}
	if e.want.uid != e.have.uid {
		db.uids.free(e.have.uid)
		db.uids.take(e.want.uid)
	}
	own.entry = e.want
	if e.want.gid != e.have.gid {
		db.setPrimary(own, e.want.gid)
	}
	return db.passwd.update(own)
}

// setPassword puts a hash into shadow, or into the entry where shadow is not in use for the user.
func (db userEditor) setPassword(u *User, entry *passwdEntry) *Error {
	hash := u.hash()
	inPasswd := !db.shadow.present || entry.password != inShadow
	if inPasswd {
		entry.password = hash
	}
	if !db.shadow.present {
		return nil
	}
	s, err := db.shadow.locate(u.Name)
	switch {
	case err != nil:
		return err
	case s != nil:
		s.entry.field[shadowPassword], s.entry.field[shadowDay] = hash, db.today
		return db.shadow.update(s)
	case inPasswd:
		return nil
	}
	// usermod makes the missing line, which gets the ages of login.defs but not what useradd has for new users.
	fresh := shadowEntry{field: [shadowFields]string{u.Name, hash, db.today,
		db.defs.days("PASS_MIN_DAYS"), db.defs.days("PASS_MAX_DAYS"), db.defs.days("PASS_WARN_AGE")}}
	_, err = db.shadow.put(fresh)
	return err
}

// replaceGroups makes a user a member of exactly those groups.
func (db userEditor) replaceGroups(user string, e *userEdit) *Error {
	wanted := map[string]bool{}
	var before, after []string
	for _, g := range e.groups {
		wanted[g.entry.name] = true
	}
	for _, g := range db.inGroups[user] {
		if g.gone || !g.entry.members.has(user) || slices.Contains(before, g.entry.name) {
			continue
		}
		before = append(before, g.entry.name)
	}
	if err := db.leave(user, wanted); err != nil {
		return err
	}
	for _, g := range e.groups {
		if err := db.join(user, g); err != nil {
			return err
		}
		if !slices.Contains(after, g.entry.name) {
			after = append(after, g.entry.name)
		}
	}
	slices.Sort(before)
	slices.Sort(after)
	if !slices.Equal(before, after) {
		e.parts = append(e.parts, arrow("groups", orElse(strings.Join(before, " "), "none"), strings.Join(after, " ")))
	}
	return nil
}

// moveEffects says what a new home or new ids mean for the files of a user.
func (db userEditor) moveEffects(name string, e *userEdit) {
	at := entry(db.index)
	owners := Owners{OldUID: e.have.uid, NewUID: e.want.uid, OldGID: e.have.gid, NewGID: e.want.gid}
	given := e.have.uid != e.want.uid || e.have.gid != e.want.gid
	if e.have.home != e.want.home {
		db.effects = append(db.effects, &MoveHome{entry: at, From: e.have.home, To: e.want.home, Owners: owners})
	}
	if path := db.defs.mailFile(name); e.have.uid != e.want.uid && path != "" {
		db.effects = append(db.effects, &OwnMail{entry: at, Path: path, OldUID: e.have.uid, NewUID: e.want.uid})
	}
	if given && e.have.home == e.want.home && e.have.home != "" {
		db.effects = append(db.effects, &OwnHome{entry: at, Path: e.have.home, Owners: owners})
	}
}
