package tool

import (
	"errors"
	"math"
	"os"
	"os/exec"
	"runtime"
	"slices"
	"strconv"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// handed are the variables of the environment that all programs get, as far as they are set: where programs are and
// where they may leave files for a while; the day that is written into what is to be made the same again.
var handed = []string{"PATH", "TMPDIR", "SOURCE_DATE_EPOCH"}

// handedTo are those that some get besides: Clevis asks servers by curl(1), and a TPM by the tools of tpm2-tools
// (tpm2-tools' man/common/tcti.md).
var handedTo = map[string][]string{
	"clevis": {"http_proxy", "https_proxy", "HTTPS_PROXY", "no_proxy", "NO_PROXY", "TPM2TOOLS_TCTI"},
}

// environment is what a program gets of this process's own. What it prints is parsed and shown in messages of ours,
// which are English.
func environment(tool string, lookup func(string) (string, bool)) []string {
	env := []string{"LC_ALL=C"}
	for _, name := range slices.Concat(handed, handedTo[tool]) {
		if value, set := lookup(name); set {
			env = append(env, name+"="+value)
		}
	}
	return env
}

// asking are the programs that only look at something, or wait for the kernel and udev to have done so.
var asking = []string{"blkid", "dmsetup", "is-live-image", "modprobe", "systemctl", "udevadm"}

// askLimit is for these: more than the two minutes that udevadm waits by itself (udevadm(8)).
const askLimit = 3 * time.Minute

// Limit is how long a run of a program may take where all may take so long at most; 0 for no limit. One that only asks
// has three minutes, or a tenth where that is more; if another way is not, it should be known before half an hour.
func Limit(tool string, all time.Duration) time.Duration {
	if slices.Contains(asking, tool) {
		return min(all, max(askLimit, all/10))
	}
	return all
}

// isSecret: what the program writes down may hold what it is given. Arguments of the kernel are no such secret, as
// /proc/cmdline has them for everybody, and the modes of a boot loader's entries are the business of who writes them.
func (c Command) isSecret() bool {
	return c.Stdin != "" || len(c.Secrets) > 0 || len(c.Hidden) > 0 && c.Tool != kernelArguments
}

const kernelArguments = "ignition-kargs-helper"

// runApart runs a program in a session of its own: it has no terminal to ask at, and with its children it is a group of
// processes, which ends as a whole if it fails or its time is over. The kernel ends it when this process ends, whatever
// ends that. What it leaves behind when it succeeds may stay.
func (t *Set) runApart(cmd *exec.Cmd, secret bool) error {
	// It is the end of the thread that counts (PR_SET_PDEATHSIG(2const)), so the thread stays.
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Pdeathsig: syscall.SIGKILL}
	endAll := func() error {
		err := unix.Kill(-cmd.Process.Pid, unix.SIGKILL)
		if errors.Is(err, unix.ESRCH) {
			return os.ErrProcessDone
		}
		return err
	}
	cmd.Cancel = endAll
	if err := t.begin(cmd, secret); err != nil {
		return err
	}
	err := cmd.Wait()
	if err != nil && !errors.Is(err, exec.ErrWaitDelay) {
		_ = endAll() // mostly there is nobody left
	}
	return err
}

// begin starts a program that gets no descriptors but its own, and with a umask of 077 if it is given secrets. The
// umask is that of the process, so programs start one after another. What this process makes meanwhile does not depend
// on it.
func (t *Set) begin(cmd *exec.Cmd, secret bool) error {
	t.start.Lock()
	defer t.start.Unlock()
	keepDescriptors()
	if secret {
		defer unix.Umask(unix.Umask(0o077))
	}
	return cmd.Start()
}

// keepDescriptors keeps to this process what whoever started it left open: all else is opened so in the first place.
func keepDescriptors() {
	const first = 3
	if unix.CloseRange(first, math.MaxUint32, unix.CLOSE_RANGE_CLOEXEC) == nil {
		return
	}
	open, _ := os.ReadDir("/proc/self/fd") // Linux before 5.11
	for _, descriptor := range open {
		if fd, err := strconv.Atoi(descriptor.Name()); err == nil && fd >= first {
			unix.CloseOnExec(fd)
		}
	}
}
