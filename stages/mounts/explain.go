package mounts

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"golang.org/x/sys/unix"

	"github.com/glowplug-os/glowplug/internal/block"
	"github.com/glowplug-os/glowplug/internal/device"
	"github.com/glowplug-os/glowplug/internal/diag"
	"github.com/glowplug-os/glowplug/internal/scene"
	"github.com/glowplug-os/glowplug/internal/tool"
)

// explain adds to what mount(8) says what is on the device, and what might be done.
func (e entry) explain(err error) error {
	var failed *tool.Error
	if !errors.As(err, &failed) || failed.Status < 0 {
		return err
	}
	return diag.WithHint(fmt.Errorf("%w; %s", err, e.found()),
		"check device, format and mountOptions of the filesystem in the config")
}

// found tells of the entry's device.
func (e entry) found() string {
	shown := diag.Name(e.device)
	if e.format == "virtiofs" {
		return "the machine may have no virtiofs with the tag " + shown
	}
	info, err := os.Stat(e.device)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return "there is no " + shown
	case err == nil && info.Mode()&fs.ModeDevice == 0 || err == nil && info.Mode()&fs.ModeCharDevice != 0:
		return shown + " is no block device"
	case err != nil:
		return "the device cannot be looked at: " + err.Error()
	}
	seen, err := new(device.Devices).Scene().Look(e.device)
	if err != nil {
		return "the device cannot be looked at: " + err.Error()
	}
	return shown + " (" + scene.Bytes(seen.Size) + ") " + e.holds(seen.Content)
}

// holds tells of what is on the entry's device, and what follows from it.
func (e entry) holds(content block.Content) string {
	first := content.First()
	alone := scene.Describe(block.Content{Signatures: []block.Signature{first}})
	switch {
	case first.Type == "":
		return "holds nothing known; there is no filesystem to mount before one is made"
	case content.Ambivalent:
		return "holds several kinds of data at once, " + types(content) +
			"; \"wipeFilesystem\" has the filesystem made anew, and what is there is lost"
	case first.Type != e.format:
		return "holds " + alone + ", not " +
			e.format + "; \"wipeFilesystem\" has it made anew, and what is there is lost"
	case e.options != "":
		return "holds " + alone + "; is one of the mountOptions wrong: " + e.options + "?"
	}
	return "holds " + alone + "; the kernel's log may say more, and whether it knows that kind"
}

func types(content block.Content) string {
	var all []string
	for _, s := range content.Signatures {
		all = append(all, s.Type)
	}
	return strings.Join(all, " and ")
}

// busy adds to EBUSY what keeps a mount: other mounts in it, or processes.
func busy(err error, real string) error {
	if !errors.Is(err, unix.EBUSY) {
		return err
	}
	if inside := mountsBelow(real); len(inside) > 0 {
		return fmt.Errorf("%w: mounted below it: %s", err, show(inside))
	}
	if users := usersOf("/proc", real); len(users) > 0 {
		return fmt.Errorf("%w: used by %s", err, strings.Join(users, ", "))
	}
	return err
}

func isBelow(name, dir string) bool {
	return name == dir || strings.HasPrefix(name, strings.TrimSuffix(dir, "/")+"/")
}

func mountsBelow(real string) (inside []string) {
	all, err := table()
	if err != nil {
		return nil // it is only for a message
	}
	for _, m := range all {
		if m.Target != real && isBelow(m.Target, real) {
			inside = append(inside, m.Target)
		}
	}
	return inside
}

// namedUsers is how many processes a message names.
const namedUsers = 5

// usersOf names processes that have a file or directory below a place open, run from there, or are in it. Those that
// end meanwhile, or may not be looked at, are left out.
func usersOf(proc, real string) (users []string) {
	processes, _ := filepath.Glob(proc + "/[0-9]*")
	for _, process := range processes {
		open, _ := filepath.Glob(process + "/fd/*")
		if !slices.ContainsFunc(append(open, process+"/cwd", process+"/root", process+"/exe"), func(link string) bool {
			target, err := os.Readlink(link)
			return err == nil && isBelow(target, real)
		}) {
			continue
		}
		name, _ := os.ReadFile(process + "/comm")
		users = append(users,
			fmt.Sprintf("%s (process %s)", diag.Name(strings.TrimSuffix(string(name), "\n")), filepath.Base(process)))
		if len(users) == namedUsers {
			break
		}
	}
	return users
}
