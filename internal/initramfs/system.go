package initramfs

import (
	"path"
	"path/filepath"
	"slices"

	"github.com/glowplug-os/glowplug/internal/root"
	"github.com/glowplug-os/glowplug/internal/target"
)

// A system is the folder that stands for "/". Paths in it are absolute, and links lead where they do in it.
type system struct{ *root.Root }

func openSystem(dir string) (system, error) {
	r, err := root.Open(dir)
	return system{r}, err
}

// real is a path of the system, without links, as one of this process.
func (s system) real(at string) string { return filepath.Join(s.Dir(), at) }

// find gives the first of some paths that is a file, and the file that it leads to, as a path of this process; "" for
// none.
func (s system) find(paths ...string) (at, real string) {
	for _, at := range paths {
		to, err := target.Follow(target.Of(s.Root), at)
		if err != nil {
			continue
		}
		if f, err := s.Lstat(to); err == nil && f.Kind == root.File {
			return at, s.real(to)
		}
	}
	return "", ""
}

// list are the files of a folder that match a pattern, by name.
func (s system) list(folder string, is func(name string) bool) []string {
	all, err := s.Names(folder)
	if err != nil {
		return nil
	}
	slices.Sort(all)
	return slices.DeleteFunc(all, func(name string) bool { return !is(name) })
}

// below are paths of a name in folders.
func below(folders []string, name string) (paths []string) {
	for _, folder := range folders {
		paths = append(paths, path.Join(folder, name))
	}
	return paths
}
