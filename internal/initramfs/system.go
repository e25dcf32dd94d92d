package initramfs

import (
	"errors"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"
	"syscall"
)

// A system is the folder that stands for "/". Paths in it are absolute, and links lead where they do in it.
type system string

// linksMost is how many links the kernel follows (path_resolution(7)).
const linksMost = 40

// real is the file that a path leads to, as a path of this process.
func (s system) real(at string) (string, error) {
	links := 0
	done := "/"
	todo := strings.Split(strings.TrimPrefix(path.Clean("/"+at), "/"), "/")
	for len(todo) > 0 {
		next := path.Join(done, todo[0])
		todo = todo[1:]
		to, err := os.Readlink(filepath.Join(string(s), next))
		switch {
		case errors.Is(err, syscall.EINVAL): // no link
			done = next
			continue
		case err != nil:
			return "", err
		}
		if links++; links > linksMost {
			return "", &fs.PathError{Op: "open", Path: at, Err: syscall.ELOOP}
		}
		if !path.IsAbs(to) {
			to = path.Join(done, to)
		}
		done, todo = "/", append(strings.Split(strings.TrimPrefix(path.Clean(to), "/"), "/"), todo...)
	}
	return filepath.Join(string(s), done), nil
}

// find gives the first of some paths that is a file, and what it leads to; "" for none.
func (s system) find(paths ...string) (at, real string) {
	for _, at := range paths {
		real, err := s.real(at)
		if err != nil {
			continue
		}
		if info, err := os.Stat(real); err == nil && info.Mode().IsRegular() {
			return at, real
		}
	}
	return "", ""
}

// list are the files of a folder that match a pattern, by name.
func (s system) list(folder string, is func(name string) bool) (names []string) {
	real, err := s.real(folder)
	if err != nil {
		return nil
	}
	all, err := os.ReadDir(real)
	if err != nil {
		return nil
	}
	for _, each := range all {
		if is(each.Name()) {
			names = append(names, each.Name())
		}
	}
	return names
}

// below are paths of a name in folders.
func below(folders []string, name string) (paths []string) {
	for _, folder := range folders {
		paths = append(paths, path.Join(folder, name))
	}
	return paths
}
