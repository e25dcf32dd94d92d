package accounts

import (
	"strconv"
	"strings"

	"github.com/glowplug-os/glowplug/internal/diag"
)

type (
	passwdRow  = row[passwdEntry]
	groupRow   = row[groupEntry]
	gshadowRow = row[gshadowEntry]
)

// A database is the account files, read, with what it takes to find things in them without a walk over all.
type database struct {
	passwd    *table[passwdEntry, *passwdEntry]
	shadow    *table[shadowEntry, *shadowEntry]
	groups    *table[groupEntry, *groupEntry]
	gshadow   *table[gshadowEntry, *gshadowEntry]
	altPasswd *table[passwdEntry, *passwdEntry]
	altGroups *table[groupEntry, *groupEntry]
	subUIDs   *subRanges
	subGIDs   *subRanges
	defs      loginDefs
	useradd   *useraddDefaults
	uids      *ids
	gids      *ids
	today     string // third field of shadow(5)
	tools     Tools

	// Rows by what they point at. What is here may no longer point there, so users check.
	byPrimary map[uint32][]*passwdRow // nil until someone asks
	byGID     map[uint32][]*groupRow
	inGroups  map[string][]*groupRow
	inGShadow map[string][]*gshadowRow

	own     map[string]bool // names of users of the config who get a group of their own if they are made
	index   int             // of the user being worked on
	effects []Effect
	refused *refused // nil for none so far
}

// readDatabase reads all files. Only what no config could do without is an error here; malformed lines wait for who
// needs them. There is room for so many more accounts.
func readDatabase(have Files, today int64, tools Tools, room int) (*database, *Error) {
	defaults, err := readUseradd(have[UseraddFile], tools)
	if err != nil {
		return nil, err
	}
	db := &database{
		passwd:    readTable[passwdEntry](have, PasswdFile, room),
		shadow:    readTable[shadowEntry](have, ShadowFile, room),
		groups:    readTable[groupEntry](have, GroupFile, room),
		gshadow:   readTable[gshadowEntry](have, GShadowFile, room),
		subUIDs:   readSubRanges(have, SubUIDFile, room),
		subGIDs:   readSubRanges(have, SubGIDFile, room),
		defs:      readLoginDefs(have[LoginDefsFile]),
		useradd:   defaults,
		uids:      newIDs(room),
		gids:      newIDs(room),
		tools:     tools,
		byGID:     make(map[uint32][]*groupRow, room),
		inGroups:  map[string][]*groupRow{},
		inGShadow: map[string][]*gshadowRow{},
	}
	if today > 0 { // a new password of day 0 would have to be changed at once
		db.today = strconv.FormatInt(today, 10)
	}
	if tools == OldTools {
		db.gshadow.each(func(r *gshadowRow) { r.entry.parseOld(strings.Split(r.raw, ":")) })
	}
	db.readAlternatives(have)
	db.uids.ranges(db.defs, "UID")
	db.gids.ranges(db.defs, "GID")
	db.indexUsers()
	db.indexGroups()
	return db, nil
}

// readAlternatives reads the accounts of /usr/lib, where the root's libc would.
func (db *database) readAlternatives(have Files) {
	alternatives := Files{}
	for path, database := range map[string]string{AltPasswdFile: "passwd", AltGroupFile: "group"} {
		if usesAltfiles(have[NSSwitchFile], database) {
			alternatives[path] = have[path]
		}
	}
	db.altPasswd = readTable[passwdEntry](alternatives, AltPasswdFile, 0)
	db.altGroups = readTable[groupEntry](alternatives, AltGroupFile, 0)
}

// indexUsers fills what finds users by uid.
func (db *database) indexUsers() {
	db.passwd.each(func(r *passwdRow) {
		db.uids.own[r.entry.uid]++
	})
	db.altPasswd.each(func(r *passwdRow) {
		db.uids.other[r.entry.uid]++
	})
	for _, r := range db.passwd.rows {
		if r.ghost {
			db.uids.ghosts[r.entry.uid] = true
		}
	}
}

// indexGroups fills what finds groups by gid and by member. Members that /usr/lib/group lists are none to be removed:
// that file stays, and a copy in /etc is indexed when it is made.
func (db *database) indexGroups() {
	db.groups.each(func(r *groupRow) {
		db.gids.own[r.entry.gid]++
		db.byGID[r.entry.gid] = append(db.byGID[r.entry.gid], r)
		for _, name := range r.entry.members.names {
			db.inGroups[name] = append(db.inGroups[name], r)
		}
	})
	db.altGroups.each(func(r *groupRow) {
		db.gids.other[r.entry.gid]++
		db.byGID[r.entry.gid] = append(db.byGID[r.entry.gid], r)
	})
	for _, r := range db.groups.rows {
		if r.ghost {
			db.gids.ghosts[r.entry.gid] = true
		}
	}
	db.gshadow.each(func(r *gshadowRow) {
		for _, name := range r.entry.members.names {
			db.inGShadow[name] = append(db.inGShadow[name], r)
		}
		for _, name := range r.entry.admins.names {
			db.inGShadow[name] = append(db.inGShadow[name], r)
		}
	})
}

// user finds a user as the root's libc would; nil for none.
func (db *database) user(name string) *passwdRow {
	if r := db.passwd.find(name); r != nil {
		return r
	}
	return db.altPasswd.find(name)
}

// group does the same for groups.
func (db *database) group(name string) *groupRow {
	if r := db.groups.find(name); r != nil {
		return r
	}
	return db.altGroups.find(name)
}

// groupLike finds a group by name or id: what reads as a number is an id.
func (db *database) groupLike(s string) *groupRow {
	id, isNumber := groupNumber(s)
	if !isNumber {
		return db.group(s)
	}
	// A number that is no id is not looked up as a name either: the tools have decided by then.
	if id < 0 || id >= noID {
		return nil
	}
	for _, r := range db.byGID[uint32(id)] {
		if uint32(id) == r.entry.gid && !r.gone {
			return r
		}
	}
	return nil
}

// groupNumber reads what may be the id of a group, in range or not.
func groupNumber(s string) (id int64, isNumber bool) {
	if s == "" || s[0] > '9' { // most names
		return 0, false
	}
	id, err := strconv.ParseInt(s, 10, 64)
	return id, err == nil
}

// ownUser gives the line of a user to be changed. One of /usr/lib is first copied to /etc, from where it counts.
func (db *database) ownUser(name string) (*passwdRow, *Error) {
	r, err := db.passwd.locate(name)
	if r != nil || err != nil {
		return r, err
	}
	alt := db.altPasswd.find(name)
	if r, err = db.passwd.put(alt.entry); err != nil {
		return nil, err
	}
	db.uids.take(r.entry.uid)
	db.inPrimary(r)
	return r, nil
}

// ownGroup does the same for a group, which then has a line in gshadow too.
func (db *database) ownGroup(name string) (*groupRow, *Error) {
	r, err := db.groups.locate(name)
	if r != nil || err != nil {
		return r, err
	}
	entry := db.altGroups.find(name).entry
	entry.members = newMembers(append([]string(nil), entry.members.names...))
	if r, err = db.addGroup(entry); err != nil {
		return nil, err
	}
	for _, member := range entry.members.names {
		db.inGroups[member] = append(db.inGroups[member], r)
	}
	if !db.gshadow.present || db.gshadow.find(name) != nil {
		return r, nil
	}
	_, err = db.gshadow.put(gshadowEntry{name: name, password: "!"})
	return r, err
}

// addGroup puts a new line into group.
func (db *database) addGroup(e groupEntry) (*groupRow, *Error) {
	r, err := db.groups.put(e)
	if err != nil {
		return nil, err
	}
	db.gids.take(e.gid)
	db.byGID[e.gid] = append(db.byGID[e.gid], r)
	return r, nil
}

// removeGroup takes a group out of both files.
func (db *database) removeGroup(r *groupRow) *Error {
	if err := db.groups.remove(r); err != nil {
		return err
	}
	db.gids.free(r.entry.gid)
	s, err := db.gshadow.locate(r.entry.name)
	if s == nil || err != nil {
		return err
	}
	return db.gshadow.remove(s)
}

// inPrimary notes the primary group that a user has now. The entry of one that the user had before stays behind.
func (db *database) inPrimary(r *passwdRow) {
	if db.byPrimary != nil {
		db.byPrimary[r.entry.gid] = append(db.byPrimary[r.entry.gid], r)
	}
}

// primaryOf gives the users whose primary group has an id. An entry of /usr/lib behind one of /etc does not count.
func (db *database) primaryOf(gid uint32) []*passwdRow {
	if db.byPrimary == nil {
		db.byPrimary = make(map[uint32][]*passwdRow, len(db.passwd.byName))
		for _, rows := range [][]*passwdRow{db.passwd.rows, db.passwd.added, db.altPasswd.rows} {
			for _, r := range rows {
				if r.entered {
					db.inPrimary(r)
				}
			}
		}
	}
	var users []*passwdRow
	for _, r := range db.byPrimary[gid] {
		if !r.gone && r.entry.gid == gid && db.user(r.entry.name) == r {
			users = append(users, r)
		}
	}
	return users
}

// changed gives the texts of files that differ from what they were.
func (db *database) changed(have Files) Files {
	files := Files{}
	put := func(path string, changed bool, text func() diag.Secret) {
		if !changed {
			return
		}
		if now := text(); now != have[path] {
			files[path] = now
		}
	}
	put(PasswdFile, db.passwd.changed, db.passwd.text)
	put(ShadowFile, db.shadow.changed, db.shadow.text)
	put(GroupFile, db.groups.changed, db.groups.text)
	put(GShadowFile, db.gshadow.changed, db.gshadow.text)
	put(SubUIDFile, db.subUIDs.changed, db.subUIDs.text)
	put(SubGIDFile, db.subGIDs.changed, db.subGIDs.text)
	return files
}
