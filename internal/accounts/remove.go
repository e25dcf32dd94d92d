package accounts

// A userRemover deletes users who are there.
type userRemover struct{ *database }

// deleteUser is userdel --remove. A user who is not there is deleted already.
func (db userRemover) deleteUser(u *User, have *passwdRow) (Verb, string, *Error) {
	if have == nil {
		return Keep, "", nil
	}
	own, err := db.passwd.locate(u.Name)
	switch {
	case err != nil:
		return Keep, "", err
	case own == nil:
		return Keep, "", isInUsr(AltPasswdFile, have.number)
	case own.entry.home == "/":
		return Keep, "", &Error{File: PasswdFile, Line: own.number,
			Message: "the user's home is the whole root, and would go with the user", Hint: "delete the user by hand"}
	}
	if err := db.removeUser(own); err != nil {
		return Keep, "", err
	}
	e := &own.entry
	if path := db.defs.mailFile(u.Name); path != "" {
		db.effects = append(db.effects, &RemoveMail{entry: entry(db.index), Path: path, UID: e.uid})
	}
	if e.home != "" {
		db.effects = append(db.effects, &RemoveHome{entry: entry(db.index), Path: e.home, UID: e.uid})
	}
	return Delete, "uid " + idText(e.uid) + ", with home " + orElse(e.home, "none"), nil
}

// removeUser takes a user out of all six files. Ranges that name the user by number stay, as they do with userdel.
func (db userRemover) removeUser(own *passwdRow) *Error {
	name := own.entry.name
	if err := db.passwd.remove(own); err != nil {
		return err
	}
	db.uids.free(own.entry.uid)
	s, err := db.shadow.locate(name)
	if err == nil && s != nil {
		err = db.shadow.remove(s)
	}
	if err != nil {
		return err
	}
	db.subUIDs.revoke(name)
	db.subGIDs.revoke(name)
	if err := db.leave(name, nil); err != nil {
		return err
	}
	if err := db.dismiss(name); err != nil {
		return err
	}
	return db.removeOwnGroup(own)
}

// dismiss takes a user off the administrators of groups.
func (db userRemover) dismiss(user string) *Error {
	for _, s := range db.inGShadow[user] {
		if s.gone || !s.entry.admins.has(user) {
			continue
		}
		s.entry.admins.remove(user)
		if err := db.gshadow.update(s); err != nil {
			return err
		}
	}
	return nil
}

// removeOwnGroup takes the group of the user's own too, where login.defs(5) has such groups, and nobody else is in it.
func (db userRemover) removeOwnGroup(user *passwdRow) *Error {
	g, err := db.groups.locate(user.entry.name)
	if err != nil || g == nil || !db.defs.yes("USERGROUPS_ENAB") {
		return err
	}
	if g.entry.gid != user.entry.gid || !g.entry.members.empty() || len(db.primaryOf(g.entry.gid)) > 0 {
		return nil
	}
	return db.removeGroup(g)
}
