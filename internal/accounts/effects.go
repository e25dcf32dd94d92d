package accounts

import "fmt"

// An Effect is something to be done outside the account files, once they are in place. Paths are paths in the root, as
// a process chrooted into it would write them, and unchecked: links in them are the caller's to contain. Each can be
// done again.
type Effect interface {
	// Entry gives the index in Wanted.Users that asked for it.
	Entry() int
	// String tells people what it is.
	String() string
}

type entry int

func (e entry) Entry() int { return int(e) }

// MakeHome makes a home directory, only if nothing is at Path: missing parents 0755 and root's, then Path with the
// owner and the mode, then everything in each of Skeletons copied into it with the mode it has there and Path's owner.
// A skeleton that is not there holds nothing; what is there already is not replaced.
type MakeHome struct {
	entry
	Path      string
	UID, GID  uint32
	Mode      uint32 // HOME_MODE, or what UMASK leaves, of login.defs(5)
	Skeletons []string
}

func (e *MakeHome) String() string {
	return fmt.Sprintf("make home %s, owner %d:%d, mode %04o", e.Path, e.UID, e.GID, e.Mode)
}

// MakeMail makes an empty file for the user's mail, only if nothing is at Path and its directory is there.
type MakeMail struct {
	entry
	Path     string
	UID, GID uint32
	Mode     uint32
}

func (e *MakeMail) String() string {
	return fmt.Sprintf("make mail file %s, owner %d:%d, mode %04o", e.Path, e.UID, e.GID, e.Mode)
}

// An Owners says how the nodes of a tree change hands: those of user OldUID go to NewUID, those of group OldGID to
// NewGID, each on its own, and the others stay. Old and new are equal for what does not change.
type Owners struct{ OldUID, NewUID, OldGID, NewGID uint32 }

func (o Owners) String() string {
	return fmt.Sprintf("%d:%d → %d:%d", o.OldUID, o.OldGID, o.NewUID, o.NewGID)
}

// MoveHome renames a home, if From is there, and then changes owners below To. Something at To is an error, and so is a
// From that is no directory. To's parent is not made. A missing From with a To that is there is a move that was done
// before.
type MoveHome struct {
	entry
	From, To string
	Owners   Owners
}

func (e *MoveHome) String() string {
	if e.Owners.OldUID == e.Owners.NewUID && e.Owners.OldGID == e.Owners.NewGID {
		return fmt.Sprintf("move home %s to %s", e.From, e.To)
	}
	return fmt.Sprintf("move home %s to %s, owner %s", e.From, e.To, e.Owners)
}

// OwnHome changes owners from Path down, links not followed, only if Path is a directory that belongs to the old user
// or, where the uid changes, to the new one.
type OwnHome struct {
	entry
	Path   string
	Owners Owners
}

func (e *OwnHome) String() string { return fmt.Sprintf("give home %s, owner %s", e.Path, e.Owners) }

// OwnMail gives a mail file to a new uid, only if it is there and the old one's.
type OwnMail struct {
	entry
	Path           string
	OldUID, NewUID uint32
}

func (e *OwnMail) String() string {
	return fmt.Sprintf("give mail file %s, owner %d → %d", e.Path, e.OldUID, e.NewUID)
}

// RemoveMail removes a mail file, if it is there. One that belongs to someone else stays, and userdel then fails.
type RemoveMail struct {
	entry
	Path string
	UID  uint32
}

func (e *RemoveMail) String() string { return "remove mail file " + e.Path }

// RemoveHome removes a home with everything in it, if it is there. One that belongs to someone else stays, and userdel
// then fails.
type RemoveHome struct {
	entry
	Path string
	UID  uint32
}

func (e *RemoveHome) String() string { return "remove home " + e.Path }
