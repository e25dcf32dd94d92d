//go:build linux && amd64

package faults

import (
	"strings"
	"syscall"
)

// A Fault is something that can come of a call.
type Fault struct {
	Name string // of the error, or "short"
	Do   Verdict
}

// reasons are the errors with which calls of a class can fail on a disk that is full, broken, or not to be written to,
// and those that no program may take for more than a wish to be asked again.
var reasons = map[string]string{
	"open": "EIO EACCES EINTR", "read": "EIO EINTR EAGAIN", "stat": "EIO EACCES",
	"write": "ENOSPC EIO EINTR EAGAIN short", "copy": "ENOSPC EIO EINTR", "sync": "EIO ENOSPC",
	"rename": "ENOSPC EIO EROFS EACCES", "link": "ENOSPC EIO EROFS EACCES", "symlink": "ENOSPC EIO EROFS EACCES",
	"mkdir": "ENOSPC EIO EROFS EACCES", "unlink": "EIO EROFS EACCES", "chmod": "EIO EROFS EACCES",
	"chown": "EIO EROFS EACCES", "truncate": "ENOSPC EIO EROFS", "fallocate": "ENOSPC EIO EROFS",
	"setxattr": "ENOSPC EIO EROFS EACCES", "getxattr": "EIO EACCES", "utime": "EIO EROFS EACCES",
	"mount": "EIO EROFS EACCES", "umount": "EIO EBUSY", "ioctl": "EIO EACCES", "lock": "EIO EINTR",
	"memfd": "EIO", "exec": "EIO EACCES EAGAIN", "exit": "",
}

var errnos = map[string]syscall.Errno{"ENOSPC": syscall.ENOSPC, "EIO": syscall.EIO, "EROFS": syscall.EROFS,
	"EACCES": syscall.EACCES, "EINTR": syscall.EINTR, "EAGAIN": syscall.EAGAIN, "EBUSY": syscall.EBUSY}

// Of lists what can come of the call at a point.
func Of(p Point) (all []Fault) {
	words := reasons[p.Class]
	if p.Writes {
		words += " EROFS"
	}
	if p.Creates {
		words += " ENOSPC"
	}
	for _, word := range strings.Fields(words) {
		if word == "EAGAIN" && polled(p.About) {
			continue // Go waits until there is more, and no kernel says so of what is there already
		}
		all = append(all, Fault{word, Verdict{Short: word == "short", Errno: errnos[word]}})
	}
	return all
}

// polled tells of what can be polled: files of the kernel, pipes and sockets.
func polled(about string) bool {
	return strings.HasPrefix(about, "/proc/") || strings.HasPrefix(about, "/sys/") || !strings.HasPrefix(about, "/")
}
