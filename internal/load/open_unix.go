//go:build unix

package load

import "syscall"

// openFlags: if a pipe or a link has replaced the file, the pipe is not waited for and the link not followed.
const openFlags = syscall.O_NONBLOCK | syscall.O_NOFOLLOW
