package field

import (
	"path"
	"slices"
	"strings"

	"github.com/glowplug-os/glowplug/internal/codes"
	"github.com/glowplug-os/glowplug/internal/diag"
)

// Records is where a root keeps what a run that is repeated has to know. No config may write there, or put something
// in its place.
const Records = "/etc/.glowplug"

// RecordsTaken is what is said of a path that is not a config's to write to.
const RecordsTaken = "the engine keeps its own records in " + Records

// In: a clean path is a folder, or lies below it.
func In(name, folder string) bool {
	return name == folder || strings.HasPrefix(name, strings.TrimSuffix(folder, "/")+"/")
}

// PathRows is the table of the paths at which a config has something made.
func PathRows() []Row { return slices.Clone(pathRows[:]) }

var pathRows = [...]Row{
	{Path: "passwd.users.*.homeDir", What: "a home", more: place},
	{Path: "storage.directories.*.path", What: "a path", more: place},
	{Path: "storage.files.*.path", What: "a path", more: place},
	{Path: "storage.links.*.path", What: "a path", more: place},
	{Path: "storage.filesystems.*.path", What: "a path", more: place},
	{Path: "storage.links.*.target", What: "a target", more: NoPath},
}

// place judges where something is to be made.
func place(name string) *diag.Fault {
	if f := NoPath(name); f != nil {
		return f
	}
	return reserved(name)
}

const (
	nameMax = 255  // NAME_MAX, of every filesystem that Linux boots from
	pathMax = 4095 // PATH_MAX without its NUL
)

// NoPath tells why the kernel takes no such path.
func NoPath(p string) *diag.Fault {
	if i := strings.IndexByte(p, 0); i >= 0 {
		return &diag.Fault{Code: codes.FieldCharacter, Message: "the path has a NUL byte", Hint: "leave it out", At: i}
	}
	if len(p) <= nameMax {
		return nil
	}
	if len(p) > pathMax {
		return tooLong("the path is longer than 4095 bytes")
	}
	for name := range strings.SplitSeq(p, "/") {
		if len(name) > nameMax {
			return tooLong("a name in the path is longer than 255 bytes")
		}
	}
	return nil
}

func tooLong(message string) *diag.Fault {
	return &diag.Fault{Code: codes.PathLong, Message: message, Hint: "shorten it", At: -1}
}

func reserved(name string) *diag.Fault {
	if name == "" || !In(path.Clean(name), Records) {
		return nil
	}
	return &diag.Fault{Code: codes.PathReserved, Message: RecordsTaken, Hint: "choose another path", At: -1}
}
