package plan

import "github.com/glowplug-os/glowplug/internal/diag"

// A Result is what a step leaves at a place of a root: for people, who want to see what changes.
type Result struct {
	At   string // no links are on the way
	Made Made
	Link string // where a link leads
	Of   string // the place of what a hard link is another name of; "" where that is not known
	// Mode, UID and GID are below 0 where they stay what they are, or come as they come.
	Mode, UID, GID int64
	// Content gives the content of a file, or with Adds what comes to its end; false where it is not known yet, or too
	// long for people. Nil is as false.
	Content func() (diag.Secret, bool)
	Adds    bool
}

// Made is the kind of what a step leaves.
type Made uint8

// The kinds.
const (
	AFile Made = iota
	ADirectory
	ALink
	AHardLink
	Nothing
)

func (m Made) String() string {
	return [...]string{"file", "directory", "link", "hard link", "nothing"}[m]
}
