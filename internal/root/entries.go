package root

import (
	"errors"
	"strings"

	"golang.org/x/sys/unix"
)

// Inherit gives the file the extended attributes of the regular file that it will replace, its SELinux label above all:
// a file made new would get that of its directory, or none before a policy is loaded. Digests and signatures of the old
// content (security.ima, security.evm) are left behind. What this process or the filesystem does not allow is left out,
// as nothing else could be done about it.
func (t *Temp) Inherit() error {
	old, err := openAt(t.dir.fd, t.base, unix.O_RDONLY|unix.O_NOFOLLOW|unix.O_NONBLOCK|unix.O_NOCTTY)
	if err != nil {
		return pathError("open", t.name, err)
	}
	defer unix.Close(old)
	names, err := attributeNames(old)
	if err != nil {
		return pathError("listxattr", t.name, err)
	}
	for _, name := range names {
		if name == "security.ima" || name == "security.evm" {
			continue
		}
		value, err := attribute(old, name)
		if err == nil {
			err = unix.Fsetxattr(t.fd, name, value, 0)
		}
		if err != nil && !notAllowed(err) {
			return pathError("setxattr "+name, t.name, err)
		}
	}
	t.fits = false // an ACL among them has changed the mode
	return nil
}

// notAllowed: trusted.* without its capability, a filesystem without such attributes, or one that went meanwhile.
func notAllowed(err error) bool {
	return errors.Is(err, unix.EPERM) || errors.Is(err, unix.EOPNOTSUPP) || errors.Is(err, unix.ENODATA)
}

// attributeNames lists the extended attributes of an open file, none where the filesystem has no such thing.
func attributeNames(fd int) ([]string, error) {
	buf, err := sized(func(buf []byte) (int, error) { return unix.Flistxattr(fd, buf) })
	if errors.Is(err, unix.EOPNOTSUPP) {
		return nil, nil
	}
	return strings.FieldsFunc(string(buf), func(r rune) bool { return r == 0 }), err
}

// attribute gives the value of one.
func attribute(fd int, name string) ([]byte, error) {
	return sized(func(buf []byte) (int, error) { return unix.Fgetxattr(fd, name, buf) })
}

// xattrMax is the kernel's limit for a value and for the list of names (XATTR_SIZE_MAX, XATTR_LIST_MAX).
const xattrMax = 64 << 10

// sized calls read with a buffer that is large enough for all but the rarest, and then with one that is for all.
func sized(read func([]byte) (int, error)) ([]byte, error) {
	buf := make([]byte, 512)
	n, err := read(buf)
	if errors.Is(err, unix.ERANGE) {
		buf = make([]byte, xattrMax)
		n, err = read(buf)
	}
	return buf[:max(n, 0)], err
}
