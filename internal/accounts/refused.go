package accounts

import "strconv"

// refused are the entries that cannot be had. Nil is none.
type refused struct {
	groups, users         map[int]bool    // by index
	groupNames, userNames map[string]bool // a group's id is a name of it too
	files                 map[string]bool // what was told of files, which every entry would tell again
}

func (r *refused) group(i int) bool { return r != nil && r.groups[i] }

func (r *refused) user(i int) bool { return r != nil && r.users[i] }

// hasGroup tells whether the config would make, or change, a group that cannot be had.
func (r *refused) hasGroup(name string) bool { return r != nil && r.groupNames[name] }

// RefusedUser tells whether nothing can be said of a user, whose entry cannot be had.
func (r *Result) RefusedUser(name string) bool { return r.refused != nil && r.refused.userNames[name] }

// RefusedGroup does the same for a group, which may be the own one of such a user.
func (r *Result) RefusedGroup(name string) bool { return r.refused.hasGroup(name) }

// withoutRefused is the Result of the entries that can be had, without what others had begun; nil where that is not
// known.
func (r *Result) withoutRefused(have Files, want Wanted, today int64, tools Tools) *Result {
	if r == nil {
		return nil
	}
	rest, errs := attempt(have, want, today, tools, r.refused)
	if len(errs) > 0 || rest.refused != nil {
		return nil
	}
	rest.refused = r.refused
	return rest
}

// refuse gives what is to be told of an entry, each with its place.
func (db *database) refuse(place Error, err *Error) (all []error) {
	if db.refused == nil {
		db.refused = &refused{map[int]bool{}, map[int]bool{}, map[string]bool{}, map[string]bool{}, map[string]bool{}}
	}
	for _, e := range append([]*Error{err}, err.also...) {
		e.Index = -1
		file := e.Error()
		if e.told || db.refused.files[file] {
			continue
		}
		if e.File != "" {
			db.refused.files[file] = true
		}
		e.User, e.Index, e.Name = place.User, place.Index, place.Name
		all = append(all, e)
	}
	return all
}

func (db *database) refuseGroup(i int, g *Group, err *Error) []error {
	all := db.refuse(Error{Index: i, Name: g.Name}, err)
	db.refused.groups[i], db.refused.groupNames[g.Name] = true, true
	if g.GID != nil {
		db.refused.groupNames[strconv.FormatInt(*g.GID, 10)] = true
	}
	return all
}

func (db *database) refuseUser(i int, u *User, err *Error) []error {
	all := db.refuse(Error{User: true, Index: i, Name: u.Name}, err)
	db.refused.users[i], db.refused.userNames[u.Name] = true, true
	if db.own[u.Name] {
		db.refused.groupNames[u.Name] = true
	}
	return all
}

// and adds what else is wrong with an entry; either may be nil.
func (e *Error) and(more *Error) *Error {
	switch {
	case e == nil:
		return more
	case more != nil:
		e.also = append(append(e.also, more), more.also...)
	}
	return e
}
