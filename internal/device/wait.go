package device

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"github.com/glowplug-os/glowplug/internal/diag"
	"github.com/glowplug-os/glowplug/internal/logs"
)

const (
	pollEvery = 100 * time.Millisecond
	tellEvery = 10 * time.Second
	// pollTellEvery is for what is there and not yet as it should be, which others may have to say something of first.
	pollTellEvery = 30 * time.Second
	// forever is more patience than any boot has: no limit.
	forever = 100 * 24 * time.Hour
)

// Wait waits until all paths lead to devices that are ready to use. Systemd's device units say the same of a device,
// but asking for them takes a bus and a systemd; what they go by is the udev database, and that is a folder.
func (d *Devices) Wait(ctx context.Context, paths []string) error {
	patience := d.patience()
	missing := slices.Compact(slices.Sorted(slices.Values(paths)))
	shown := "waiting for " + strings.Join(missing, ", ")
	defer logs.Begin(d.Log, logs.Activity{What: func() string { return shown }, Wait: true})()
	late, poll, tell := time.NewTimer(patience), time.NewTicker(pollEvery), time.NewTicker(tellEvery)
	defer late.Stop()
	defer poll.Stop()
	defer tell.Stop()
	for attempts, waited := 1, time.Duration(0); ; attempts++ {
		missing = slices.DeleteFunc(missing, func(path string) bool { return d.unready(path) == nil })
		if len(missing) == 0 {
			return nil
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("waiting for %s: %w", strings.Join(missing, ", "), context.Cause(ctx))
		case <-late.C:
			return absent(d.at("/sys/class/block"), missing, patience)
		case <-tell.C:
			waited += tellEvery
			tellWait(d.Log, strings.Join(missing, ", "), waited, patience, attempts, d.unready(missing[0]))
		case <-poll.C:
		}
	}
}

// A MissingError is about devices that did not appear in time.
type MissingError struct {
	Paths    []string
	Patience time.Duration
	There    string // what there is instead, in words: it often shows a misspelt or renamed device
}

// Error names the first of them.
func (e *MissingError) Error() string {
	return fmt.Sprintf("device %s did not appear within %s; there are %s", diag.Name(e.Paths[0]), e.Patience, e.There)
}

// Hint says what to look at.
func (e *MissingError) Hint() string {
	return "check the device's name in the config, and that the initramfs has the driver for it; the kernel argument " +
		"glowplug.timeout.device=5m gives it more time"
}

// absent is the error about devices that did not appear, with those that a folder of sysfs lists.
func absent(folder string, missing []string, patience time.Duration) error {
	there := "no block devices at all"
	if entries, err := os.ReadDir(folder); err == nil && len(entries) > 0 {
		var names []string
		for _, e := range entries {
			names = append(names, e.Name())
		}
		there = "block devices " + strings.Join(names, ", ")
	}
	return &MissingError{missing, patience, there}
}

// unready is an error unless a path leads to a block device that udev, if it runs, is done with.
func (d *Devices) unready(path string) error {
	var stat unix.Stat_t
	if err := unix.Stat(path, &stat); err != nil {
		return err
	}
	if stat.Mode&unix.S_IFMT != unix.S_IFBLK || !d.udev() {
		return nil // what is no device is for the caller to find out
	}
	entry, err := os.ReadFile(d.at(fmt.Sprintf("/run/udev/data/b%d:%d", unix.Major(stat.Rdev), unix.Minor(stat.Rdev))))
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return errors.New("udev has not seen it yet")
	case !settled(string(entry)):
		return errors.New("udev says that it is not ready")
	}
	return nil
}

// settled judges an entry of the udev database. SYSTEMD_READY=0 is set by rules for what is there but not whole yet,
// such as an array that lacks members (systemd.device(5)). An encrypted volume that holds nothing gets it too
// (99-systemd.rules), and here one is about to be filled.
func settled(entry string) bool {
	entry = "\n" + entry
	return !strings.Contains(entry, "\nE:SYSTEMD_READY=0\n") || strings.Contains(entry, "\nE:DM_UUID=CRYPT-")
}
