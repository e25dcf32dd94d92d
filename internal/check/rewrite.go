package check

import (
	"io/fs"
	"os"
	"path/filepath"
)

// rewrite gives a file another content: a new file with the mode and the owner of the old one takes its place. A link
// stays one.
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
	defer os.Remove(f.Name()) // in vain once it has its name
	err = filled(f, text, info)
	if closed := f.Close(); err == nil {
		err = closed
	}
	if err != nil {
		return err
	}
	return os.Rename(f.Name(), name)
}

// filled writes a file and gives it the owner and the mode of another.
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
