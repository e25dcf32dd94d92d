package root

import (
	"errors"

	"golang.org/x/sys/unix"
)

// Attrs are owner and mode to give to a path. A negative one is left as it is.
type Attrs struct{ UID, GID, Mode int64 }

// LeaveAttrs changes nothing.
var LeaveAttrs = Attrs{-1, -1, -1}

// Fit tells whether a path with these facts has them already.
func (a Attrs) Fit(f Facts) bool {
	return (a.UID < 0 || a.UID == int64(f.UID)) && (a.GID < 0 || a.GID == int64(f.GID)) &&
		(a.Mode < 0 || f.Modeless || a.Mode == int64(f.Mode))
}

// SetAttrs gives owner and mode to a regular file, directory or link. The mode comes second, because a change of owner
// clears set-id bits; a link has none and keeps what it has.
func (r *Root) SetAttrs(name string, a Attrs) error {
	if a == LeaveAttrs {
		return nil
	}
	if err := r.willWrite(name); err != nil {
		return err
	}
	fd, err := r.resolve(r.fd, name, unix.O_PATH|unix.O_NOFOLLOW)
	if err != nil {
		return pathError("open", name, err)
	}
	defer unix.Close(fd)
	if a.UID >= 0 || a.GID >= 0 {
		if err := unix.Fchownat(fd, "", int(a.UID), int(a.GID), unix.AT_EMPTY_PATH); err != nil {
			return pathError("chown", name, err)
		}
	}
	if a.Mode < 0 {
		return nil
	}
	return pathError("chmod", name, r.chmod(fd, name, uint32(a.Mode)))
}

// chmod sets the mode of what an O_PATH descriptor names. Only Linux 6.6 and later can do that directly; before, a
// second descriptor is opened for reading and checked to be on the same thing.
func (r *Root) chmod(fd int, name string, mode uint32) error {
	err := unix.Fchmodat(fd, "", mode, unix.AT_EMPTY_PATH)
	if err == nil || !errors.Is(err, unix.ENOSYS) && !errors.Is(err, unix.EOPNOTSUPP) && !errors.Is(err, unix.EINVAL) {
		return err
	}
	var want, got unix.Stat_t
	if err := unix.Fstat(fd, &want); err != nil {
		return err
	}
	if kind := want.Mode & unix.S_IFMT; kind != unix.S_IFREG && kind != unix.S_IFDIR {
		return errNotRegular
	}
	open, err := r.resolve(r.fd, name, unix.O_RDONLY|unix.O_NOFOLLOW|unix.O_NONBLOCK|unix.O_NOCTTY)
	if err != nil {
		return err
	}
	defer unix.Close(open)
	if err := unix.Fstat(open, &got); err != nil {
		return err
	}
	if got.Ino != want.Ino || got.Dev != want.Dev {
		return unix.ESTALE
	}
	return unix.Fchmod(open, mode)
}
