package check

import (
	"io/fs"
	"os"
	"path/filepath"
)

// rewrite replaces the content of a file: a new file with the mode and the owner of the old one takes its name. Of a
// link, the file it leads to is replaced.
func rewrite(name, text string) (err error) {
	if name, err = filepath.EvalSymlinks(name); err != nil {
		return err
	}
	info, err := os.Stat(name)
	if err != nil {
		return err
	}
	f, err := os.CreateTemp(filepath.Dir(name), "."+filepath.Base(name)+".*")
	if err != nil {
		return err
	}
	defer os.Remove(f.Name()) // fails once the file has been renamed
	err = filled(f, text, info)
	if closed := f.Close(); err == nil {
		err = closed
	}
	if err != nil {
		return err
	}
	return os.Rename(f.Name(), name)
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
