//go:build 386 || arm

package root

import "golang.org/x/sys/unix"

// The calls that change ids. Under the plain names these machines have calls that take ids of 16 bits, and would make
// user 65536 root.
const (
	setgroups = unix.SYS_SETGROUPS32
	setresgid = unix.SYS_SETRESGID32
	setresuid = unix.SYS_SETRESUID32
)
