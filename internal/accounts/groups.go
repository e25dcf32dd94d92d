package accounts

import (
	"fmt"
)

// inShadow is what stands in passwd and group where a hash would: it is in shadow or gshadow.
const inShadow = "x"

// locked is the hash of a group that nobody can join by password.
const locked = "!"

// A groupEditor makes, changes and deletes groups.
type groupEditor struct{ *database }

// wantGroup does for one group what the tools do for the arguments of docs/peer/engine.md §11.5.
func (db groupEditor) wantGroup(g *Group) (Verb, string, *Error) {
	have := db.group(g.Name)
	if g.Delete {
		return db.deleteGroup(g, have)
	}
	if err := checkField("password hash", g.Password.Reveal()); err != nil {
		return Keep, "", err
	}
	if _, err := db.groups.locate(g.Name); have == nil && err != nil {
		return Keep, "", err
	}
	if have == nil {
		return db.createGroup(g)
	}
	return db.modifyGroup(g, have)
}

// createGroup is groupadd. Without gshadow the hash stands in group; without either, groupadd writes "x" all the same.
func (db groupEditor) createGroup(g *Group) (Verb, string, *Error) {
	if err := checkName(g.Name, groupNameMax, db.tools); err != nil {
		return Keep, "", err
	}
	gid, err := db.newGID(g)
	if err != nil {
		return Keep, "", err
	}
	e := groupEntry{name: g.Name, password: inShadow, gid: gid}
	if !db.gshadow.present && g.Password != "" {
		e.password = g.Password.Reveal()
	}
	if _, err := db.addGroup(e); err != nil {
		return Keep, "", err
	}
	if db.gshadow.present {
		if _, err := db.gshadow.put(gshadowEntry{name: g.Name,
			password: orElse(g.Password.Reveal(), locked)}); err != nil {
			return Keep, "", err
		}
	}
	return Create, "gid " + idText(gid) + passwordDetail(g.Password != ""), nil
}

// passwordDetail is all that people see of a hash.
func passwordDetail(set bool) string {
	if set {
		return ", password set"
	}
	return ""
}

// newGID gives the number of a new group. A given one may be outside every range, but nobody else's.
func (db groupEditor) newGID(g *Group) (uint32, *Error) {
	if g.GID == nil {
		return db.findGID(g.System)
	}
	gid, err := checkID("gid", *g.GID)
	if err == nil && db.gids.taken(gid) {
		err = db.gidTaken(gid)
	}
	return gid, err
}

func (db *database) findGID(system bool) (uint32, *Error) {
	gid, ok := db.gids.find(system)
	if !ok {
		return 0, &Error{File: LoginDefsFile, Message: "no gid is free between " + rangeName("GID", system),
			Hint: "give a gid, or widen the range"}
	}
	return gid, nil
}

// rangeName gives the settings of login.defs(5) that bound a range.
func rangeName(what string, system bool) string {
	if system {
		what = "SYS_" + what
	}
	return what + "_MIN and " + what + "_MAX"
}

// gidTaken says whose number it is: groups come without a place in the config that would show it.
func (db groupEditor) gidTaken(gid uint32) *Error {
	e := &Error{Message: "gid " + idText(gid) + " is taken", Hint: "choose another gid"}
	for _, r := range db.byGID[gid] {
		if !r.gone && r.entry.gid == gid {
			e.Message += " by group " + quote(r.entry.name)
			break
		}
	}
	return e
}

// modifyGroup is groupmod, but for a group that is as wanted: docs/accounts.md, "The exception".
func (db groupEditor) modifyGroup(g *Group, have *groupRow) (Verb, string, *Error) {
	regid := false
	gid := have.entry.gid
	if g.GID != nil {
		var err *Error
		if gid, err = checkID("gid", *g.GID); err != nil {
			return Keep, "", err
		}
		regid = gid != have.entry.gid
	}
	if regid && db.gids.taken(gid) {
		return Keep, "", db.gidTaken(gid)
	}
	setPassword := g.Password != "" && !db.hasGroupPassword(have, g.Password.Reveal())
	if !regid && !setPassword {
		return Keep, "", nil
	}
	own, err := db.ownGroup(g.Name)
	if err != nil {
		return Keep, "", err
	}
	detail := "password set"
	if regid {
		detail = fmt.Sprintf("gid %d → %d", own.entry.gid, gid) + passwordDetail(setPassword)
		if err := db.setGID(own, gid); err != nil {
			return Keep, "", err
		}
	}
	if setPassword {
		if err := db.setGroupPassword(own, g.Password.Reveal()); err != nil {
			return Keep, "", err
		}
	}
	return Modify, detail, db.groups.update(own)
}

// hasGroupPassword tells whether a hash is where groupmod would put it.
func (db groupEditor) hasGroupPassword(have *groupRow, hash string) bool {
	s := db.gshadow.find(have.entry.name)
	inGroup := !db.gshadow.present || have.entry.password != inShadow
	return (!inGroup || have.entry.password == hash) && (!db.gshadow.present || s == nil && inGroup || s != nil &&
		s.entry.password == hash)
}

// setGID gives a group another number, and with it the users whose primary group it is.
func (db groupEditor) setGID(own *groupRow, gid uint32) *Error {
	for _, r := range db.primaryOf(own.entry.gid) {
		user, err := db.ownUser(r.entry.name)
		if err != nil {
			return err
		}
		db.setPrimary(user, gid)
		if err := db.passwd.update(user); err != nil {
			return err
		}
	}
	db.gids.free(own.entry.gid)
	db.gids.take(gid)
	own.entry.gid = gid
	db.byGID[gid] = append(db.byGID[gid], own)
	return nil
}

// setPrimary gives a user another primary group.
func (db *database) setPrimary(r *passwdRow, gid uint32) {
	r.entry.gid = gid
	db.inPrimary(r)
}

// setGroupPassword puts a hash into gshadow, or into group where gshadow is not in use.
func (db groupEditor) setGroupPassword(own *groupRow, hash string) *Error {
	name := own.entry.name
	if !db.gshadow.present || own.entry.password != inShadow {
		own.entry.password = hash
	}
	if !db.gshadow.present {
		return nil
	}
	s, err := db.gshadow.locate(name)
	switch {
	case err != nil:
		return err
	case s != nil:
		s.entry.password = hash
		return db.gshadow.update(s)
	case own.entry.password != inShadow:
		return nil
	}
	// groupmod makes the missing line, with the members that group lists.
	members := own.entry.members.list()
	s, err = db.gshadow.put(gshadowEntry{name: name, password: hash,
		members: newMembers(append([]string(nil), members...))})
	if err != nil {
		return err
	}
	for _, member := range members {
		db.inGShadow[member] = append(db.inGShadow[member], s)
	}
	return nil
}

// deleteGroup is groupdel. A group that is not there is deleted already. One that the config makes again, as a user's
// own, is what an earlier run of the same config has left.
func (db groupEditor) deleteGroup(g *Group, have *groupRow) (Verb, string, *Error) {
	if have == nil {
		return Keep, "", nil
	}
	if users := db.primaryOf(have.entry.gid); len(users) == 1 && users[0].entry.name == g.Name && db.own[g.Name] {
		return Keep, "", nil
	} else if len(users) > 0 {
		return Keep, "", &Error{Message: "it is the primary group of user " + quote(users[0].entry.name),
			Hint: "groups go before users: give the user another group, or leave this one"}
	}
	own, err := db.groups.locate(g.Name)
	if err != nil {
		return Keep, "", err
	}
	if own == nil {
		return Keep, "", isInUsr(AltGroupFile, have.number)
	}
	return Delete, "gid " + idText(own.entry.gid), db.removeGroup(own)
}

// isInUsr is the error about an account that only /usr has.
func isInUsr(path string, line int) *Error {
	return &Error{File: path, Line: line, Message: "the account comes with the system and cannot be deleted",
		Hint: "build an image without it"}
}
