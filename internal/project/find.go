package project

import (
	"os"
	"path/filepath"
	"strings"
)

// FileName is what a project file is called.
const FileName = ".glowplug.yaml"

// Find looks for the folder of the project that a path is in: the nearest one above that has a project file. It stops
// at a folder that has .git, as what is above is another project. Of "" there is none.
func Find(from string) (dir string, found bool) {
	for from != "" {
		if _, err := os.Lstat(filepath.Join(from, FileName)); err == nil {
			return from, true
		}
		up := filepath.Dir(from)
		if _, err := os.Lstat(filepath.Join(from, ".git")); err == nil || up == from {
			return "", false
		}
		from = up
	}
	return "", false
}

// Common is the deepest folder that all paths are in, a folder being in itself; "" where they are on several drives.
// All are absolute.
func Common(paths []string) string {
	common := ""
	for i, path := range paths {
		if info, err := os.Stat(path); err != nil || !info.IsDir() {
			path = filepath.Dir(path)
		}
		if i == 0 {
			common = path
		}
		for below(common, path) == "" {
			up := filepath.Dir(common)
			if up == common {
				return ""
			}
			common = up
		}
	}
	return common
}

// Relative is a path of the project as seen from its folder, with slashes; "" for one that is not in it.
func (f *File) Relative(path string) string {
	abs, err := filepath.Abs(path)
	if err != nil {
		return ""
	}
	return filepath.ToSlash(below(f.Dir, abs))
}

// below is a clean path as seen from a folder that it is in; "" for any other.
func below(dir, path string) string {
	if path == dir {
		return "."
	}
	rest, is := strings.CutPrefix(path, strings.TrimSuffix(dir, string(filepath.Separator))+string(filepath.Separator))
	if !is {
		return ""
	}
	return rest
}

// Shown is what the project file of a folder is called.
func Shown(dir string) string { return Near(filepath.Join(dir, FileName)) }

// Near is an absolute path, or a relative one where it is in the working directory or below.
func Near(name string) string {
	if here, err := os.Getwd(); err == nil {
		if rel := below(here, name); rel != "" {
			return rel
		}
	}
	return name
}

// leadsOut tells whether a path, links followed, is outside of the project. What is not there leads nowhere.
func (f *File) leadsOut(path string) bool {
	dir, err := filepath.EvalSymlinks(f.Dir)
	if err != nil {
		return true
	}
	real, err := filepath.EvalSymlinks(filepath.Join(f.Dir, path))
	return err == nil && below(dir, real) == ""
}
