//go:build unix

package check

import (
	"io/fs"
	"os"
	"syscall"
)

// own gives a new file the owner of another file; only root can give it to another user.
func own(f *os.File, like fs.FileInfo) error {
	of, ok := like.Sys().(*syscall.Stat_t)
	if !ok || int(of.Uid) == os.Getuid() && int(of.Gid) == os.Getgid() {
		return nil
	}
	return f.Chown(int(of.Uid), int(of.Gid))
}

// umask is what new files of this process may not have.
func umask() fs.FileMode {
	mask := syscall.Umask(0o077)
	syscall.Umask(mask)
	return fs.FileMode(mask)
}
