package files

import "github.com/glowplug-os/glowplug/internal/root"

// match is how far what is there is what the entry asks for.
type match uint8

const (
	differs match = iota
	// a file: content, owner and mode; a symbolic link: the target, and with overwrite the owner; a hard link: a copy
	// of its target that is ours
	alike
	same // a hard link: the very file that it names
)

// verdict is what is to be done about what is there.
type verdict uint8

const (
	makeNew verdict = iota // nothing is there
	replace                // remove or rename over what is there
	keep                   // leave it, but for appends, owner and mode
	done                   // leave it altogether
	refuse
)

// judge decides for every entry, whatever is there. docs/files.md has the table; a test compares all inputs with it.
func judge(want entry, there root.Kind, overwrite bool, m match) verdict {
	switch {
	case want == fileWithout && overwrite:
		return refuse
	case there == root.Absent:
		return makeNew
	case want == hardLink && m == same:
		return done
	case want == hardLink && m == alike:
		return replace
	case want == directory && overwrite:
		return replace
	case want == directory && there == root.Directory, want == fileWithout && there == root.File:
		return keep
	case want == fileWithSource && there == root.File && m != differs:
		return done
	case want == symlink && there == root.Symlink && m != differs && overwrite:
		return done
	case want == symlink && there == root.Symlink && m != differs:
		return keep
	case overwrite:
		return replace
	}
	return refuse
}
