package machine

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// A Spec is one machine and one run of it. A path that is empty leaves its part out.
type Spec struct {
	Kernel string   // path; without it the firmware boots from a disk or a network
	UEFI   bool     // the firmware is UEFI, and boots from a disk of MakeESP
	Initrd string   // path
	Args   []string // kernel arguments, beside the serial console and the end at a panic
	Disks  []Disk
	Logged WriteLog
	Cdroms []string          // paths of images, on a SCSI bus
	FwCfg  map[string][]byte // what qemu's fw_cfg device holds: "opt/com.coreos/config"
	SMBIOS []string          // as qemu takes them: "type=1,serial=ds=nocloud"
	TPM    string            // a folder for the state of a software TPM 2.0, made if it is not there
	Nets   []Net
	// virtio ports by name: gets what the machine writes to /dev/virtio-ports/NAME, as it comes
	Ports   map[string]io.Writer
	Console io.Writer // gets the serial console as it comes, with times

	// Until is asked with every line of the serial console. When it says true the machine loses its power.
	Until func(Line) bool

	// Limit and Silence end a run with an error: so much of the machine's own time (see pace), and so much of it
	// without a sign of life on the console, the ports or the disks. 0: DefaultLimit, DefaultSilence.
	Limit, Silence time.Duration
	Remains        string // a folder for what a run leaves that one of them ends; the error names it

	Reboots   bool // a reboot starts the machine anew; else it ends the run
	CPUs      int  // 0: VM_SMP of the environment, or 1
	MemoryMiB int  // 0: 2048
}

// The limits of a run that has none of its own. A first boot computes for about a minute, and is silent for a few
// seconds.
const (
	DefaultLimit   = 20 * time.Minute
	DefaultSilence = 4 * time.Minute
)

var (
	// ErrLimit is what ends a run that takes too long.
	ErrLimit = errors.New("the machine has run for too long")
	// ErrSilent is what ends a run in which nothing happens any more.
	ErrSilent = errors.New("the machine has given no sign of life for too long")
)

// A Net is a network without a way out. qemu answers DHCP on it.
type Net struct {
	Network  string // "10.0.2.0/24" if empty; LinkLocal for platforms
	Forwards []Forward
	TFTP     string // a folder
	Bootfile string // what DHCP names as the file in TFTP to boot from
}

// LinkLocal is the network that holds the addresses of metadata services.
const LinkLocal = "169.254.0.0/16"

// A Forward brings connections to an address of the Net to a server on this host: {"169.254.169.254:80",
// "127.0.0.1:8080"}.
type Forward struct{ At, To string }

// A Line is one of the serial console, without its end, and when it came.
type Line struct {
	After time.Duration // since qemu was started
	Text  string
}

func (l Line) String() string { return fmt.Sprintf("%7.2f %s", l.After.Seconds(), l.Text) }

// A Result is what a run left.
type Result struct {
	Console []Line
	Took    time.Duration
	Cut     bool // Until took the power away; else the machine switched itself off
}

// Tail is the last lines of the console, for a person.
func (r Result) Tail(lines int) string {
	var tail strings.Builder
	for _, line := range r.Console[max(0, len(r.Console)-lines):] {
		fmt.Fprintln(&tail, line)
	}
	return tail.String()
}

// Run starts a machine, as soon as a processor of this host has none, and waits for its end. With an error, too, the
// Result has what was seen until then. All that it started is ended, also if this process is killed.
func Run(ctx context.Context, spec Spec) (Result, error) {
	// A child dies with the thread that started it (prctl(2), PR_SET_PDEATHSIG), so the thread stays until it is
	// reaped.
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	dir, err := os.MkdirTemp("", "machine-")
	if err != nil {
		return Result{}, err
	}
	defer os.RemoveAll(dir)
	processors, err := strconv.Atoi(cpus(spec))
	if err != nil {
		return Result{}, fmt.Errorf("machine: processors: %w", err)
	}
	leave, err := takeSeats(ctx, cacheFolder(), processors, runtime.GOMAXPROCS(0))
	if err != nil {
		return Result{}, err
	}
	defer leave()
	if spec.TPM != "" {
		stop, err := startTPM(ctx, spec.TPM, filepath.Join(dir, "tpm"))
		if err != nil {
			return Result{}, err
		}
		defer stop()
	}
	result, err := run(ctx, spec, dir)
	if err != nil {
		return result, fmt.Errorf("machine: %w", err)
	}
	return result, nil
}

// Attach runs a machine whose serial console is this process's terminal, until it is switched off: without a limit, and
// without the parts of a Spec that watch a console. Ctrl-A X switches it off.
func Attach(ctx context.Context, spec Spec) error {
	dir, err := os.MkdirTemp("", "machine-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	spec.Ports = nil
	args, err := arguments(ctx, spec, dir)
	if err != nil {
		return err
	}
	args[slices.Index(args, "stdio")] = "mon:stdio"
	qemu := command(ctx, "qemu-system-x86_64", args...)
	qemu.Stdin, qemu.Stdout, qemu.Stderr = os.Stdin, os.Stdout, os.Stderr
	if err := qemu.Run(); err != nil {
		return fmt.Errorf("machine: %w", err)
	}
	return nil
}

// command is a process that is killed with this one, and when the context ends.
func command(ctx context.Context, name string, args ...string) *exec.Cmd {
	c := exec.CommandContext(ctx, name, args...)
	c.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	// qemu's forwards are processes of their own, which may keep its standard error open.
	c.WaitDelay = 5 * time.Second
	return c
}
