package target

import (
	"github.com/glowplug-os/glowplug/internal/root"
)

// An Entry is what a config can ask for at a path. A file whose contents have no source is a case of its own: it takes
// what is there as it is.
type Entry uint8

// The entries.
const (
	Directory Entry = iota
	FileWithSource
	FileWithout
	Symlink
	HardLink
)

// A Match is how far what is there is what an entry asks for.
type Match uint8

// The matches.
const (
	Differs Match = iota
	// a file: content, owner and mode; a symbolic link: the target, and with overwrite the owner; a hard link: a copy
	// of its target that is ours
	Alike
	Same // a hard link: the very file that it names
)

// A Verdict is what is to be done about what is there.
type Verdict uint8

// The verdicts.
const (
	MakeNew Verdict = iota // nothing is there
	Replace                // remove or rename over what is there
	Keep                   // leave it, but for appends, owner and mode
	Done                   // leave it altogether
	Refuse
)

// Judge decides for every entry, whatever is there. docs/files.md has the table; a test compares all inputs with it.
func Judge(want Entry, there root.Kind, overwrite bool, m Match) Verdict {
	switch {
	case want == FileWithout && overwrite:
		return Refuse
	case there == root.Absent:
		return MakeNew
	case want == HardLink && m == Same:
		return Done
	case want == HardLink && m == Alike:
		return Replace
	case want == Directory && overwrite:
		return Replace
	case want == Directory && there == root.Directory, want == FileWithout && there == root.File:
		return Keep
	case want == FileWithSource && there == root.File && m != Differs:
		return Done
	case want == Symlink && there == root.Symlink && m != Differs && overwrite:
		return Done
	case want == Symlink && there == root.Symlink && m != Differs:
		return Keep
	case overwrite:
		return Replace
	}
	return Refuse
}
