package applies

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"

	"golang.org/x/sys/unix"
)

// Loops are the loop devices of a machine.
type Loops struct {
	Dir  string // of their files
	open []*os.File
}

// Disk attaches a new one.
func (l *Loops) Disk(mib int64) (node string, err error) {
	file, err := os.Create(filepath.Join(l.Dir, fmt.Sprintf("disk%d", len(l.open))))
	if err != nil {
		return "", err
	}
	defer file.Close()
	if err := file.Truncate(mib << 20); err != nil {
		return "", err
	}
	control, err := os.OpenFile("/dev/loop-control", os.O_RDWR, 0)
	if err != nil {
		return "", err
	}
	defer control.Close()
	for range 100 {
		number, err := unix.IoctlRetInt(int(control.Fd()), unix.LOOP_CTL_GET_FREE)
		if err != nil {
			return "", err
		}
		node = fmt.Sprintf("/dev/loop%d", number)
		device, err := os.OpenFile(node, os.O_RDWR, 0)
		if err != nil {
			return "", err
		}
		config := unix.LoopConfig{Fd: uint32(file.Fd()), Size: 512,
			Info: unix.LoopInfo64{Flags: unix.LO_FLAGS_PARTSCAN}}
		err = unix.IoctlLoopConfigure(int(device.Fd()), &config)
		if errors.Is(err, unix.EBUSY) { // somebody else was faster
			device.Close()
			continue
		}
		if err != nil {
			device.Close()
			return "", err
		}
		l.open = append(l.open, device)
		return node, nil
	}
	return "", errors.New("no loop device is free")
}

// Detach gives all of them up, with their partitions.
func (l *Loops) Detach() error {
	var failed []error
	for _, device := range l.open {
		if parts, _ := filepath.Glob("/sys/block/" + filepath.Base(device.Name()) + "/loop*p*"); len(parts) > 0 {
			_ = exec.Command("partx", "--delete", device.Name()).Run()
		}
		failed = append(failed, unix.IoctlSetInt(int(device.Fd()), unix.LOOP_CLR_FD, 0), device.Close())
	}
	for i := range l.open {
		failed = append(failed, os.Remove(filepath.Join(l.Dir, fmt.Sprintf("disk%d", i))))
	}
	l.open = nil
	return errors.Join(failed...)
}

// Unmount takes down what is mounted below a directory.
func Unmount(dir string) error {
	text, err := os.ReadFile("/proc/self/mountinfo")
	if err != nil {
		return err
	}
	var all []string
	for line := range strings.Lines(string(text)) {
		if at := strings.Fields(line)[4]; strings.HasPrefix(at, dir+"/") {
			all = append(all, at)
		}
	}
	slices.Reverse(all)
	for _, at := range all {
		at = strings.NewReplacer(`\040`, " ", `\011`, "\t", `\012`, "\n", `\134`, `\`).Replace(at)
		if err := unix.Unmount(at, unix.MNT_DETACH); err != nil {
			return fmt.Errorf("unmount %s: %w", at, err)
		}
	}
	return nil
}
