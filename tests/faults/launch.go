//go:build linux && amd64

package faults

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"strconv"
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"
)

const (
	launchVariable = "GLOWPLUG_TEST_LAUNCH" // set: this is no test, but becomes the program that it names
	limitVariable  = "GLOWPLUG_TEST_FSIZE"  // no file grows above so many bytes
)

// Launched is for the TestMain of tests that call Run: in the process that Run has started it becomes the program, and
// does not return.
func Launched() {
	program := os.Getenv(launchVariable)
	if program == "" {
		return
	}
	fmt.Fprintln(os.Stderr, "faults: cannot start the program:", launch(program, os.Getenv(limitVariable)))
	os.Exit(126)
}

func launch(program, limit string) error {
	runtime.LockOSThread()
	if limit != "" {
		n, err := strconv.ParseUint(limit, 10, 64)
		if err != nil {
			return err
		}
		if err := syscall.Setrlimit(syscall.RLIMIT_FSIZE, &syscall.Rlimit{Cur: n, Max: n}); err != nil {
			return err
		}
	}
	if err := errors.Join(os.Unsetenv(launchVariable), os.Unsetenv(limitVariable)); err != nil {
		return err
	}
	fd, err := filter()
	if err != nil {
		return fmt.Errorf("seccomp: %w", err)
	}
	if err := unix.Sendmsg(3, []byte{0}, unix.UnixRights(fd), nil, 0); err != nil {
		return err
	}
	unix.CloseOnExec(3)
	unix.CloseOnExec(fd)
	return syscall.Exec(program, append([]string{program}, os.Args[1:]...), os.Environ())
}

// Run runs a command to its end and asks judge of each call. Its output has to be files, or nothing: what it leaves
// running is killed. fileSize is the most bytes that a file may have; 0 for any number.
func Run(c *exec.Cmd, fileSize int, judge func(Call) Verdict) error {
	pair, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return err
	}
	defer unix.Close(pair[0])
	theirs := os.NewFile(uintptr(pair[1]), "socket")
	c.Env = append(c.Environ(), launchVariable+"="+c.Path)
	if fileSize > 0 {
		c.Env = append(c.Env, fmt.Sprintf("%s=%d", limitVariable, fileSize))
	}
	c.Path, c.ExtraFiles = "/proc/self/exe", []*os.File{theirs}
	// Nobody would answer it when this test has ended; it is the end of the thread that counts
	// (PR_SET_PDEATHSIG(2const)).
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	c.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
	err = c.Start()
	_ = theirs.Close()
	if err != nil {
		return err
	}
	l := &listener{group: c.Process.Pid, judge: judge}
	if l.fd, err = received(pair[0]); err != nil {
		return errors.Join(err, c.Wait())
	}
	defer unix.Close(l.fd)
	listened := make(chan error, 1)
	go func() { listened <- l.listen() }()
	err = c.Wait()
	_ = unix.Kill(-l.group, unix.SIGKILL)
	l.over.Store(true)
	return errors.Join(err, <-listened)
}

// received takes the descriptor that the launcher sends.
func received(socket int) (fd int, err error) {
	oob := make([]byte, unix.CmsgSpace(4))
	_, n, _, _, err := unix.Recvmsg(socket, make([]byte, 1), oob, unix.MSG_CMSG_CLOEXEC)
	if err != nil {
		return 0, err
	}
	messages, err := unix.ParseSocketControlMessage(oob[:n])
	if err != nil || len(messages) != 1 {
		return 0, fmt.Errorf("the launcher has sent no listener: %w", err)
	}
	fds, err := unix.ParseUnixRights(&messages[0])
	if err != nil {
		return 0, err
	}
	return fds[0], nil
}

// filter has the kernel ask about this thread's calls, and those of all that comes of it, from now on.
func filter() (fd int, err error) {
	statement := func(code uint16, k uint32) unix.SockFilter { return unix.SockFilter{Code: code, K: k} }
	p := []unix.SockFilter{statement(unix.BPF_LD|unix.BPF_W|unix.BPF_ABS, 0)} // the number
	for _, c := range calls {
		p = append(p, unix.SockFilter{Code: unix.BPF_JMP | unix.BPF_JEQ | unix.BPF_K, Jf: 1, K: uint32(c.number)},
			statement(unix.BPF_RET|unix.BPF_K, unix.SECCOMP_RET_USER_NOTIF))
	}
	p = append(p, statement(unix.BPF_RET|unix.BPF_K, unix.SECCOMP_RET_ALLOW))
	program := unix.SockFprog{Len: uint16(len(p)), Filter: &p[0]}
	// Signals that Go's runtime sends itself must not have a call asked about twice.
	got, _, errno := unix.RawSyscall(unix.SYS_SECCOMP, unix.SECCOMP_SET_MODE_FILTER,
		unix.SECCOMP_FILTER_FLAG_NEW_LISTENER|unix.SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV,
		uintptr(unsafe.Pointer(&program)))
	if errno != 0 {
		return 0, errno
	}
	return int(got), nil
}
