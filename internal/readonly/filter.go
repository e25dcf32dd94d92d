//go:build linux && (amd64 || arm64)

package readonly

import (
	"golang.org/x/sys/unix"
)

// Where struct seccomp_data (linux/seccomp.h) has what is asked for. Both processors are little-endian, so the lower
// half of an argument comes first.
const (
	atNumber = 0
	atArch   = 4
	atArgs   = 16
)

// An argument is a system call that is refused for some of its arguments.
type argument struct {
	call uintptr
	arg  uint32
	// Refused are its bits, of which one is enough, or, with exact, its values.
	refused []uint32
	exact   bool
}

// BLKPG, by which partitions are told (linux/blkpg.h); unix lacks it.
const blkpg = 0x1269

// writing are the flags of open(2) that a plan needs not.
const writing = unix.O_WRONLY | unix.O_RDWR | unix.O_CREAT | unix.O_TRUNC

// refused are the calls, by the names that all processors have, that change a machine.
func refused() []uintptr {
	return append([]uintptr{
		unix.SYS_EXECVE, unix.SYS_EXECVEAT, unix.SYS_UNLINKAT, unix.SYS_RENAMEAT2, unix.SYS_RENAMEAT, unix.SYS_MKDIRAT,
		unix.SYS_MKNODAT, unix.SYS_LINKAT, unix.SYS_SYMLINKAT, unix.SYS_FCHMOD, unix.SYS_FCHMODAT, unix.SYS_FCHMODAT2,
		unix.SYS_FCHOWN, unix.SYS_FCHOWNAT, unix.SYS_TRUNCATE, unix.SYS_FTRUNCATE, unix.SYS_FALLOCATE,
		unix.SYS_SETXATTR, unix.SYS_LSETXATTR, unix.SYS_FSETXATTR, unix.SYS_REMOVEXATTR, unix.SYS_LREMOVEXATTR,
		unix.SYS_FREMOVEXATTR, unix.SYS_UTIMENSAT, unix.SYS_MOUNT, unix.SYS_UMOUNT2, unix.SYS_MOVE_MOUNT,
		unix.SYS_FSMOUNT, unix.SYS_OPEN_TREE, unix.SYS_PIVOT_ROOT, unix.SYS_CHROOT, unix.SYS_SWAPON, unix.SYS_SWAPOFF,
		unix.SYS_REBOOT, unix.SYS_INIT_MODULE, unix.SYS_FINIT_MODULE, unix.SYS_DELETE_MODULE,
		unix.SYS_SETHOSTNAME,
		unix.SYS_IO_URING_SETUP, // its requests do not go through a filter
	}, older()...)
}

// refusedFor are the calls that some arguments make changes of.
func refusedFor() []argument {
	return append([]argument{
		{unix.SYS_OPENAT, 2, []uint32{writing}, false},
		{unix.SYS_IOCTL, 1, []uint32{blkpg, unix.BLKRRPART, unix.BLKDISCARD, unix.BLKZEROOUT, unix.BLKSECDISCARD},
			true},
	}, olderFor()...)
}

// program is the filter.
func program() []unix.SockFilter {
	load := func(at uint32) unix.SockFilter {
		return unix.SockFilter{Code: unix.BPF_LD | unix.BPF_W | unix.BPF_ABS, K: at}
	}
	jump := func(test uint16, k uint32, yes, no uint8) unix.SockFilter {
		return unix.SockFilter{Code: unix.BPF_JMP | test | unix.BPF_K, Jt: yes, Jf: no, K: k}
	}
	answer := func(k uint32) unix.SockFilter { return unix.SockFilter{Code: unix.BPF_RET | unix.BPF_K, K: k} }
	no := answer(unix.SECCOMP_RET_ERRNO | uint32(unix.EPERM))
	// a call of another processor's numbers (32 bits, x32) is none of this program's
	p := []unix.SockFilter{load(atArch), jump(unix.BPF_JEQ, arch, 1, 0), no, load(atNumber),
		jump(unix.BPF_JGE, foreign, 0, 1), no}
	for _, call := range refused() {
		p = append(p, jump(unix.BPF_JEQ, uint32(call), 0, 1), no)
	}
	for _, a := range refusedFor() {
		test := uint16(unix.BPF_JSET)
		if a.exact {
			test = unix.BPF_JEQ
		}
		body := []unix.SockFilter{load(atArgs + 8*a.arg)}
		for _, value := range a.refused {
			body = append(body, jump(test, value, 0, 1), no)
		}
		body = append(body, load(atNumber))
		p = append(p, jump(unix.BPF_JEQ, uint32(a.call), 0, uint8(len(body))))
		p = append(p, body...)
	}
	return append(p, answer(unix.SECCOMP_RET_ALLOW))
}
