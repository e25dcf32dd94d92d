package foretold

import (
	"os/exec"
	"regexp"
	"slices"
	"strings"
)

// Traced has strace(1) run a command, and write all system calls of it and of what it starts to a file.
func Traced(c *exec.Cmd, file string) (*exec.Cmd, error) {
	strace, err := exec.LookPath("strace")
	if err != nil {
		return nil, err
	}
	args := append([]string{"-f", "-qq", "-s", "256", "-o", file, "--", c.Path}, c.Args[1:]...)
	own := exec.Command(strace, args...)
	own.Env, own.Dir, own.SysProcAttr = c.Env, c.Dir, c.SysProcAttr
	return own, nil
}

// changing are the calls that change a machine whatever their arguments are.
var changing = strings.Fields(`creat unlink unlinkat rmdir rename renameat renameat2 mkdir mkdirat mknod mknodat link
	linkat symlink symlinkat chmod fchmod fchmodat fchmodat2 chown fchown lchown fchownat truncate ftruncate fallocate
	setxattr lsetxattr fsetxattr setxattrat removexattr lremovexattr fremovexattr removexattrat utime utimes utimensat
	futimesat pwrite64 pwritev pwritev2 copy_file_range mount umount umount2 move_mount fsmount open_tree mount_setattr
	pivot_root chroot swapon swapoff reboot init_module finit_module delete_module sethostname setdomainname
	io_uring_setup`)

// changingFor are the calls that change it by what is in their arguments. Names of BLK are those of linux/fs.h.
var changingFor = map[*regexp.Regexp]*regexp.Regexp{
	regexp.MustCompile(`^open(at2?)?$`): regexp.MustCompile(`O_(WRONLY|RDWR|CREAT|TRUNC|APPEND|TMPFILE)`),
	regexp.MustCompile(`^ioctl$`): regexp.MustCompile(`BLK(PG|RRPART|DISCARD|SECDISCARD|ZEROOUT|ROSET|RASET|FLSBUF)` +
		`|LOOP_|DM_|FICLONE|FITRIM|FIFREEZE|FS_IOC_SET`),
	regexp.MustCompile(`^bind$`): regexp.MustCompile(`sun_path`),
}

var (
	traced = regexp.MustCompile(`(?m)^\d+ +(\w+)\((.*)$`) // a call begins
	quoted = regexp.MustCompile(`"(?:[^"\\]|\\.)*"`)      // a name may hold anything
)

// Wrote finds in a trace what changes a machine, also where the kernel has refused it. The first program that is
// started is the one that is traced.
func Wrote(trace string) (faults []string) {
	begun := false
	for _, call := range traced.FindAllStringSubmatch(trace, -1) {
		name, args := call[1], quoted.ReplaceAllString(call[2], "")
		started := strings.HasPrefix(name, "execve")
		if started && !begun {
			begun = true
			continue
		}
		changes := started || slices.Contains(changing, name)
		for of, is := range changingFor {
			changes = changes || of.MatchString(name) && is.MatchString(args)
		}
		if changes {
			faults = append(faults, call[0])
		}
	}
	if !begun {
		faults = append(faults, "the trace is of no program")
	}
	return faults
}
