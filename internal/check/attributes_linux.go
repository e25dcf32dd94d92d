package check

import (
	"errors"
	"fmt"
	"strings"
	"syscall"
)

// attributes gives a file the extended attributes of another one: access control lists are among them. Labels of
// security modules are left to these, which give a new file its own (xattr(7)).
func attributes(from, to string) error {
	names, err := attribute(func(buffer []byte) (int, error) { return syscall.Listxattr(from, buffer) })
	if errors.Is(err, syscall.ENOTSUP) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("its extended attributes: %w", err)
	}
	for name := range strings.SplitSeq(strings.TrimSuffix(string(names), "\x00"), "\x00") {
		if name == "" || strings.HasPrefix(name, "security.") {
			continue
		}
		value, err := attribute(func(buffer []byte) (int, error) { return syscall.Getxattr(from, name, buffer) })
		if err == nil {
			err = syscall.Setxattr(to, name, value, 0)
		}
		if err != nil {
			return fmt.Errorf("its extended attribute %q: %w", name, err)
		}
	}
	return nil
}

// attribute reads what a call gives of which the length is to be asked first.
func attribute(read func([]byte) (int, error)) ([]byte, error) {
	size, err := read(nil)
	if err != nil || size == 0 {
		return nil, err
	}
	value := make([]byte, size)
	size, err = read(value)
	return value[:max(size, 0)], err
}
