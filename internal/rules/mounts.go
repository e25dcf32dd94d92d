package rules

import (
	"strings"

	"github.com/glowplug-os/glowplug/config"
	"github.com/glowplug-os/glowplug/internal/codes"
	"github.com/glowplug-os/glowplug/internal/cursor"
)

// overMounts reports files, and directories to be made anew, at the mount point of a filesystem of the config or above
// it: a mount point can be neither replaced nor removed. Links are not judged: the root may have the same link on the
// way to the filesystem.
func (c nodes) overMounts(a *cursor.At, s *config.Storage) {
	above := map[string]int{} // paths of filesystems, and the paths above them, with the number of the filesystem
	for i, f := range s.Filesystems {
		switch text(f.Format) {
		case "", "swap", "none": // these filesystems are not mounted
			continue
		}
		for at := text(f.Path); len(at) > 1 && at[0] == '/' &&
			len(at) < pathMax; at = at[:strings.LastIndexByte(at, '/')] {
			if _, known := above[at]; known {
				break
			}
			above[at] = i
		}
	}
	if len(above) == 0 {
		return
	}
	check := func(list string, i int, path string) {
		if k, over := above[path]; over {
			a.Key(list).Item(i).Key("path").Errorf(codes.OverMount, "the filesystem of %s is mounted at %s, which "+
				"cannot be replaced or removed", quote(s.Filesystems[k].Device), quote(text(s.Filesystems[k].Path))).
				Advise("choose another path; of a directory, remove overwrite").See(a.Key("filesystems").Item(k),
				"the filesystem is defined here").Strictly()
		}
	}
	for i := range s.Directories {
		if isSet(s.Directories[i].Overwrite) {
			check("directories", i, s.Directories[i].Path)
		}
	}
	for i := range s.Files {
		check("files", i, s.Files[i].Path)
	}
}
