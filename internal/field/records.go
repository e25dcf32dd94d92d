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
	{Path: "passwd.users.*.homeDir", What: "a home", more: reserved},
	{Path: "storage.directories.*.path", What: "a path", more: reserved},
	{Path: "storage.files.*.path", What: "a path", more: reserved},
	{Path: "storage.links.*.path", What: "a path", more: reserved},
	{Path: "storage.filesystems.*.path", What: "a path", more: reserved},
}

func reserved(name string) *diag.Fault {
	if name == "" || !In(path.Clean(name), Records) {
		return nil
	}
	return &diag.Fault{Code: codes.PathReserved, Message: RecordsTaken, Hint: "choose another path", At: -1}
}
