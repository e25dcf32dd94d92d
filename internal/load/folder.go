package load

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"

	"github.com/glowplug-os/glowplug/internal/diag"
)

// maxLocal is how many bytes a local file may have: a config with a larger one could not be fetched any more.
const maxLocal = 256 << 20

// Folder gives the Options of a workstation with a folder of local files. With the name "" there are no local files.
func Folder(dir string) (Options, error) {
	o, err := openFolder(dir, false)
	o.FilesName = filepath.ToSlash(dir)
	return o, err
}

// PeerFolder is Folder for the name butane, which follows links out of the folder and reads devices.
func PeerFolder(dir string) (Options, error) { return openFolder(dir, true) }

func openFolder(dir string, peer bool) (Options, error) {
	if dir == "" {
		return Options{Local: true}, nil
	}
	abs, err := filepath.Abs(dir)
	if err != nil {
		return Options{}, fmt.Errorf("the folder of local files: %w", err)
	}
	return Options{Files: folder{plainFolder: os.DirFS(dir).(plainFolder), dir: dir, peer: peer}, FilesDir: abs,
		Local: true}, nil
}

// A plainFolder has the methods of what os.DirFS gives: names cannot lead out of its folder, but links can.
type plainFolder interface {
	fs.FS
	fs.ReadDirFS
	fs.ReadLinkFS
	fs.StatFS
}

// A folder gives the regular files in a folder. Links are followed as long as they lead to something in the folder.
type folder struct {
	plainFolder
	dir  string
	peer bool
}

var (
	errOutside = diag.WithHint(errors.New("it leads out of the folder of local files"),
		"copy what it leads to into the folder")
	errSpecial = diag.WithHint(errors.New("it is no regular file"),
		"pipes, sockets and devices are not read; write what they give into a file")
	errLarge = diag.WithHint(fmt.Errorf("it is larger than %d MiB", maxLocal>>20),
		"let the machine fetch it from a server")
)

// inside finds the real path of a name, which must lie in the folder.
func (f folder) inside(op, name string) (string, error) {
	real, err := realPath(f.dir + "/" + filepath.FromSlash(name))
	if err != nil {
		return "", f.sought(err)
	}
	root, err := realPath(f.dir)
	if err != nil {
		return "", err
	}
	if f.peer || real == root || strings.HasPrefix(real, strings.TrimSuffix(root, "/")+"/") {
		return real, nil
	}
	return "", &fs.PathError{Op: op, Path: name, Err: errOutside}
}

// sought has an error about what is not there say where that was looked for, or that the folder itself is missing.
func (f folder) sought(err error) error {
	if f.peer || !errors.Is(err, fs.ErrNotExist) && !errors.Is(err, syscall.ENOTDIR) {
		return err
	}
	dir, _ := filepath.Abs(f.dir)
	switch info, gone := os.Stat(f.dir); {
	case errors.Is(gone, fs.ErrNotExist):
		return diag.WithHint(err, fmt.Sprintf("there is no folder %s, which --files-dir names", dir))
	case gone == nil && !info.IsDir():
		return diag.WithHint(err, dir+", which --files-dir names, is no folder")
	}
	return diag.WithHint(err, fmt.Sprintf("it is looked for in %s, the folder that --files-dir names", dir))
}

// realPath is the absolute path to which a path leads, without any link. Relative paths could not be compared: "../.."
// begins with "..".
func realPath(path string) (string, error) {
	real, err := filepath.EvalSymlinks(path)
	if err != nil || filepath.IsAbs(real) {
		return real, err
	}
	here, err := os.Getwd() // which may have links: it is the $PWD of the shell
	if err != nil {
		return "", err
	}
	if here, err = filepath.EvalSymlinks(here); err != nil {
		return "", err
	}
	return filepath.Join(here, real), nil
}

// Stat tells of the file to which a name leads.
func (f folder) Stat(name string) (fs.FileInfo, error) {
	if _, err := f.inside("stat", name); err != nil {
		return nil, err
	}
	return f.plainFolder.Stat(name)
}

// ReadDir lists a directory.
func (f folder) ReadDir(name string) ([]fs.DirEntry, error) {
	if _, err := f.inside("readdir", name); err != nil {
		return nil, err
	}
	return f.plainFolder.ReadDir(name)
}

// ReadFile reads a regular file, of a folder of a peer's also a device.
func (f folder) ReadFile(name string) ([]byte, error) {
	file, info, err := f.open(name)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	if f.peer && info.Mode()&fs.ModeDevice != 0 {
		return io.ReadAll(file)
	}
	fail := func(err error) ([]byte, error) { return nil, &fs.PathError{Op: "read", Path: name, Err: err} }
	if info.Size() > maxLocal {
		return fail(errLarge)
	}
	text, err := io.ReadAll(io.LimitReader(file, maxLocal+1))
	if err == nil && len(text) > maxLocal {
		return fail(errLarge)
	}
	return text, err
}

// OpenIn opens a regular file of a folder, of any size. No name and no link leads out of the folder.
func OpenIn(dir, name string) (*os.File, error) {
	if !filepath.IsLocal(filepath.FromSlash(name)) {
		return nil, errOutside
	}
	file, _, err := folder{dir: dir}.open(name)
	return file, err
}

// OpenRegular opens a regular file.
func OpenRegular(name string) (*os.File, error) {
	file, _, err := folder{}.regular(name, name)
	return file, err
}

// open opens a file to be read. A pipe would wait for a writer, and opening a device can do something.
func (f folder) open(name string) (*os.File, fs.FileInfo, error) {
	real, err := f.inside("read", name)
	if err != nil {
		return nil, nil, err
	}
	return f.regular(real, name)
}

func (f folder) regular(real, name string) (*os.File, fs.FileInfo, error) {
	fail := func(err error) (*os.File, fs.FileInfo, error) {
		return nil, nil, &fs.PathError{Op: "read", Path: name, Err: err}
	}
	info, err := os.Stat(real)
	switch {
	case err != nil:
		return nil, nil, err
	case info.IsDir():
		return fail(syscall.EISDIR)
	case f.peer && info.Mode()&fs.ModeDevice != 0:
		file, err := os.Open(real)
		return file, info, err
	case !info.Mode().IsRegular():
		return fail(errSpecial)
	}
	file, err := os.OpenFile(real, os.O_RDONLY|openFlags, 0)
	if err != nil {
		return nil, nil, err
	}
	if opened, err := file.Stat(); err != nil || !os.SameFile(info, opened) {
		file.Close()
		return fail(errors.Join(err, errSpecial)) // the file has been replaced since it was looked at
	}
	return file, info, nil
}
