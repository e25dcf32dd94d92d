//go:build unix

package load

import "syscall"

// openFlags: no fifo that has come in the place of a file is waited for, and no link followed.
const openFlags = syscall.O_NONBLOCK | syscall.O_NOFOLLOW
