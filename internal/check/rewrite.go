package check

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

var errNotRegular = errors.New("is no regular file, so nothing is written there")

// rewrite replaces the content of a file: a new file with the mode, the owner and the extended attributes of the old
// one takes its name. Of a link, the file it leads to is replaced.
func rewrite(name, text string) (err error) {
	if name, err = filepath.EvalSymlinks(name); err != nil {
		return err
	}
	info, err := os.Stat(name)
	if err != nil {
		return err
	}
	if !info.Mode().IsRegular() {
		return errNotRegular
	}
	return renamed(name, func(f *os.File) error {
		if err := filled(f, text, info); err != nil {
			return err
		}
		return attributes(name, f.Name())
	})
}

// renamed fills a new file beside another, and gives it the other's name.
func renamed(name string, fill func(*os.File) error) error {
	f, err := os.CreateTemp(filepath.Dir(name), besides(filepath.Base(name)))
	if err != nil {
		return err
	}
	defer os.Remove(f.Name()) // fails once the file has been renamed
	err = fill(f)
	if closed := f.Close(); err == nil {
		err = closed
	}
	if err != nil {
		return err
	}
	return os.Rename(f.Name(), name)
}

// besides is the pattern of the name of a file beside another. A name may have 255 bytes (linux/limits.h, NAME_MAX).
func besides(name string) string {
	const most = 200
	if len(name) > most {
		name = strings.ToValidUTF8(name[:most], "")
	}
	return "." + strings.ReplaceAll(name, "*", "") + ".*"
}

// filled writes a text to a new file, and gives it the owner and the mode of another file.
func filled(f *os.File, text string, like fs.FileInfo) error {
	if _, err := f.WriteString(text); err != nil {
		return err
	}
	if err := own(f, like); err != nil {
		return err
	}
	if err := f.Chmod(like.Mode()); err != nil {
		return err
	}
	return f.Sync()
}
