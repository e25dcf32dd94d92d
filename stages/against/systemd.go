package against

import (
	"path"
	"strconv"
	"strings"

	"github.com/glowplug-os/glowplug/internal/target"
)

// Systemd is the version of the image's systemd, which the name of a library has that all its programs take; 0 where
// none is found. systemd-nspawn looks for it in the same way (systemd, src/nspawn/nspawn-util.c).
func (i *Image) Systemd() (version int) {
	for _, dir := range []string{"/usr/lib", "/usr/lib64", "/lib", "/lib64"} {
		folders := []string{dir}
		for _, name := range i.names(dir) {
			if strings.Contains(name, "-linux-") { // Debian's, by the kind of processor
				folders = append(folders, path.Join(dir, name))
			}
		}
		for _, folder := range folders {
			for _, name := range i.names(path.Join(folder, "systemd")) {
				version = max(version, versionIn(name))
			}
		}
	}
	return version
}

// versionIn reads the number in a name such as libsystemd-shared-257.9-2.fc42.so.
func versionIn(name string) int {
	rest, is := strings.CutPrefix(name, "libsystemd-shared-")
	if !is {
		return 0
	}
	digits := len(rest) - len(strings.TrimLeft(rest, "0123456789"))
	version, err := strconv.Atoi(rest[:digits])
	if err != nil {
		return 0
	}
	return version
}

// names lists what is in a directory of the image; nothing where it has none.
func (i *Image) names(dir string) []string {
	at, err := target.Follow(i.Root, dir)
	if err != nil {
		return nil
	}
	names, _ := i.Root.Names(at)
	return names
}
