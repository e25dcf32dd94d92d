//go:build !386 && !arm

package root

import "golang.org/x/sys/unix"

// The calls that change ids.
const (
	setgroups = unix.SYS_SETGROUPS
	setresgid = unix.SYS_SETRESGID
	setresuid = unix.SYS_SETRESUID
)
