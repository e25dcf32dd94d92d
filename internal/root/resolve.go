package root

import (
	"errors"
	"fmt"
	"strings"

	"golang.org/x/sys/unix"
)

// A resolver opens a path under a root directory, and nothing that is not under it: absolute links start again at the
// root, and ".." of the root is the root.
type resolver func(root int, path string, flags int) (int, error)

// maxLinks is the kernel's own limit of links in one path (path_resolution(7)).
const maxLinks = 40

// openInRoot has the kernel do it: openat2(2), Linux 5.6 and later.
func openInRoot(root int, path string, flags int) (int, error) {
	return openAt2(root, path, flags, unix.RESOLVE_IN_ROOT|unix.RESOLVE_NO_MAGICLINKS)
}

// openPlain does the same for a path that leads through no link. One that is there was put there since the path was
// resolved, by somebody who may write on the way, and is an error (ELOOP). A link at the end is opened itself where
// flags have O_NOFOLLOW.
func openPlain(root int, path string, flags int) (int, error) {
	fd, err := openAt2(root, path, flags, unix.RESOLVE_IN_ROOT|unix.RESOLVE_NO_SYMLINKS)
	if err == unix.ELOOP {
		err = errSwapped
	}
	return fd, err
}

var errSwapped = fmt.Errorf("a link is on the way that was not there before: %w", unix.ELOOP)

func openAt2(root int, path string, flags int, resolve uint64) (int, error) {
	how := unix.OpenHow{Flags: uint64(flags) | unix.O_CLOEXEC, Resolve: resolve}
	// EAGAIN: something was renamed meanwhile and the kernel cannot tell whether ".." left the root.
	for range 128 {
		fd, err := unix.Openat2(root, relative(path), &how)
		if err != unix.EAGAIN && err != unix.EINTR {
			return fd, err
		}
	}
	return -1, unix.EAGAIN
}

// pickResolvers finds out once whether openat2 works here. Sandboxes with an older seccomp list answer EPERM. The
// second is for paths that lead through no link.
func pickResolvers(root int) (full, plain resolver) {
	fd, err := openInRoot(root, "/", unix.O_PATH|unix.O_DIRECTORY)
	if errors.Is(err, unix.ENOSYS) || errors.Is(err, unix.EPERM) {
		return walkInRoot, walkPlain
	}
	if err == nil {
		_ = unix.Close(fd)
	}
	return openInRoot, openPlain
}

// relative gives a path the way the *at calls want it.
func relative(path string) string {
	if path = strings.TrimLeft(path, "/"); path == "" {
		return "."
	}
	return path
}

// walkInRoot gives the same guarantee as openInRoot with calls that every kernel has: it goes component by component,
// follows links itself, and goes up by its own stack of descriptors, never by the ".." of a directory that may have
// been moved.
func walkInRoot(root int, path string, flags int) (int, error) {
	w := walk{root: root, todo: components(path)}
	defer w.close()
	for len(w.todo) > 0 {
		name := w.todo[0]
		w.todo = w.todo[1:]
		last := len(w.todo) == 0
		switch {
		case name == ".":
			continue
		case name == "..":
			w.up()
			continue
		case last && flags&unix.O_NOFOLLOW != 0:
			return openAt(w.at(), name, flags)
		}
		entered, err := w.down(name)
		if err != nil {
			return -1, err
		}
		if entered && last {
			return w.open(name, flags)
		}
	}
	return openAt(w.at(), ".", flags)
}

// walkPlain does what openPlain does.
func walkPlain(root int, path string, flags int) (int, error) {
	names := components(path)
	if len(names) == 0 {
		return openAt(root, ".", flags)
	}
	at := root
	for i, name := range names {
		step := unix.O_PATH | unix.O_DIRECTORY
		if i == len(names)-1 {
			step = flags
		}
		fd, err := openAt(at, name, step|unix.O_NOFOLLOW)
		if err == unix.ENOTDIR && isLink(at, name) {
			err = errSwapped
		}
		if at != root {
			_ = unix.Close(at)
		}
		if err != nil {
			return -1, err
		}
		at = fd
	}
	return at, nil
}

func isLink(dir int, name string) bool {
	var st unix.Stat_t
	return unix.Fstatat(dir, name, &st, unix.AT_SYMLINK_NOFOLLOW) == nil && st.Mode&unix.S_IFMT == unix.S_IFLNK
}

// walk is where a walkInRoot stands.
type walk struct {
	root  int
	stack []int // a descriptor for each component below root
	todo  []string
	links int
}

// at gives the descriptor of the directory where the walk stands.
func (w *walk) at() int {
	if len(w.stack) == 0 {
		return w.root
	}
	return w.stack[len(w.stack)-1]
}

// up leaves a directory. At the root it does nothing: there ".." is the root.
func (w *walk) up() {
	if n := len(w.stack); n > 0 {
		_ = unix.Close(w.stack[n-1])
		w.stack = w.stack[:n-1]
	}
}

// close goes back to the root, as an absolute link does.
func (w *walk) close() {
	for len(w.stack) > 0 {
		w.up()
	}
}

// down enters a directory, or whatever the last component is; or it puts what a link says in front of what is left to
// do.
func (w *walk) down(name string) (entered bool, err error) {
	fd, err := openAt(w.at(), name, unix.O_PATH|unix.O_NOFOLLOW)
	if err != nil {
		return false, err
	}
	var st unix.Stat_t
	if err := unix.Fstat(fd, &st); err != nil {
		_ = unix.Close(fd)
		return false, err
	}
	switch kind := st.Mode & unix.S_IFMT; {
	case kind == unix.S_IFLNK:
		defer unix.Close(fd)
		return false, w.follow(fd)
	case kind != unix.S_IFDIR && len(w.todo) > 0:
		_ = unix.Close(fd)
		return false, unix.ENOTDIR
	}
	w.stack = append(w.stack, fd)
	return true, nil
}

// follow puts what a link says in front of what is left to do. The target is text of the root's owner, so its
// components are walked like any other, ".." included.
func (w *walk) follow(link int) error {
	if w.links++; w.links > maxLinks {
		return unix.ELOOP
	}
	target, err := readlinkAt(link, "")
	if err != nil {
		return err
	}
	if target == "" { // Linux makes no such link, other kernels' filesystems can hold one
		return unix.ENOENT
	}
	if target[0] == '/' {
		w.close()
	}
	ahead := components(target)
	if strings.HasSuffix(target, "/") {
		ahead = append(ahead, ".") // a slash at the end asks for a directory
	}
	w.todo = append(ahead, w.todo...)
	return nil
}

// open opens for real the last component, which down has entered. It looks it up again in its directory, where a link
// put there meanwhile is refused, because an O_PATH descriptor cannot be read from.
func (w *walk) open(name string, flags int) (int, error) {
	w.up()
	return openAt(w.at(), name, flags|unix.O_NOFOLLOW)
}

// openAt opens one component. No flag of its callers follows a link or creates anything.
func openAt(dir int, name string, flags int) (int, error) {
	for {
		fd, err := unix.Openat(dir, name, flags|unix.O_CLOEXEC, 0)
		if err != unix.EINTR {
			return fd, err
		}
	}
}

// components takes a path apart; empty ones, of doubled slashes, mean nothing.
func components(path string) []string {
	return strings.FieldsFunc(path, func(r rune) bool { return r == '/' })
}

// readlinkAt reads a link of any length; name "" reads the link that dir is a descriptor of.
func readlinkAt(dir int, name string) (string, error) {
	for size := 256; ; size *= 2 {
		buf := make([]byte, size)
		n, err := unix.Readlinkat(dir, name, buf)
		if err != nil || n < size {
			return string(buf[:max(n, 0)]), err
		}
	}
}
