// Package chain runs the stages of a boot, as the programs that ship, on devices of the machine it runs on; has
// something happen at one of a boot's system calls; and tells what became of the devices. It is for tests alone,
// natively and inside a virtual machine.
package chain

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"

	"github.com/glowplug-os/glowplug/tests/faults"
	"github.com/glowplug-os/glowplug/tests/foretold"
)

// Stages are those of a boot that has got its config.
var Stages = []string{"fetch", "kargs", "disks", "mount", "files", "umount"}

// A Machine is a folder that stands for what a boot has beside its devices: root, run, the config and the kernel's
// command line.
type Machine struct {
	Engine   string // the program
	Dir      string
	Env      []string // added to that of the stages
	FileSize int      // the most bytes that a stage that is watched can have in a file; 0 for any number
}

// New makes a machine whose root has what an image has at least.
func New(t *testing.T, engine, config string) *Machine {
	t.Helper()
	m := &Machine{Engine: engine, Dir: Memory(t)}
	for _, dir := range []string{"root/etc", "run"} {
		require.NoError(t, os.MkdirAll(filepath.Join(m.Dir, dir), 0o755))
	}
	for name, text := range map[string]string{
		"config.ign": config, "cmdline": "quiet glowplug.timeout.device=20s",
		"root/etc/passwd": "root:x:0:0::/root:/bin/sh\n", "root/etc/group": "root:x:0:\n",
		"root/etc/shadow": "root:*:19000::::::\n", "root/etc/gshadow": "root:*::\n",
	} {
		require.NoError(t, os.WriteFile(filepath.Join(m.Dir, name), []byte(text), 0o600))
	}
	t.Cleanup(func() { m.TakeDown(t) })
	return m
}

// Memory makes a folder for a test, in memory where that is possible: a boot waits for what it writes.
func Memory(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("/dev/shm", "glowplug-")
	if err != nil {
		return t.TempDir()
	}
	t.Cleanup(func() { require.NoError(t, os.RemoveAll(dir)) })
	return dir
}

// Root is the root of the system that is made.
func (m *Machine) Root() string { return filepath.Join(m.Dir, "root") }

// ErrCut says that a boot was cut off as it should.
var ErrCut = errors.New("cut off")

// Boot runs all stages and gives the lines that they logged.
//
// It does what `glowplug plan` has said before, and leaves a second plan nothing but what docs/rerun.md has; else that
// is an error.
func (m *Machine) Boot(ctx context.Context) ([]string, error) {
	told, err := foretold.ForBoot(ctx, m.Root(), m.Dir+"/config.ign")
	if err != nil {
		return nil, err
	}
	lines, err := m.Watched(ctx, nil)
	if err != nil {
		return lines, err
	}
	if faults := told.Boot(strings.Join(lines, "\n")); len(faults) > 0 {
		return lines, fmt.Errorf("a plan before the boot has said otherwise:\n%s", strings.Join(faults, "\n"))
	}
	return lines, m.Again(ctx)
}

// Again is an error if there is more to do than docs/rerun.md lets a second plan say.
func (m *Machine) Again(ctx context.Context) error {
	faults, err := foretold.BootAgain(ctx, m.Root(), m.Dir+"/config.ign")
	if err == nil && len(faults) > 0 {
		err = fmt.Errorf("a plan after the boot is not empty:\n%s", strings.Join(faults, "\n"))
	}
	return err
}

// hangs is when a boot does: much later than one ends whose calls are watched in an emulated machine on a busy host.
const hangs = 20 * time.Minute

// Watched runs all stages, up to the first that fails. A watch is asked of their calls; nil for none. The error is
// ErrCut where it has the boot killed.
func (m *Machine) Watched(ctx context.Context, w *faults.Watch) (lines []string, err error) {
	ctx, stop := context.WithTimeoutCause(ctx, hangs, errors.New("hangs"))
	defer stop()
	for _, stage := range Stages {
		some, err := m.stage(ctx, stage, w)
		lines = append(lines, some...)
		if err != nil {
			return lines, err
		}
	}
	return lines, nil
}

// stage runs one stage.
func (m *Machine) stage(ctx context.Context, stage string, w *faults.Watch) (lines []string, err error) {
	run := filepath.Join(m.Dir, "run")
	c := exec.CommandContext(ctx, m.Engine, "--platform=file", "--stage="+stage, "--root="+m.Root(), "--log-to-stdout",
		"--config-cache="+run+"/ignition.json", "--state-file="+run+"/ignition/state",
		"--neednet="+run+"/ignition/neednet")
	c.Env = append(append(os.Environ(), "IGNITION_CONFIG_FILE="+m.Dir+"/config.ign", "IGNITION_KERNEL_CMDLINE_PATH="+
		m.Dir+"/cmdline", "IGNITION_SYSTEM_RUNTIME_CONFIG_DIR="+m.Dir+"/none", "IGNITION_SYSTEM_LOCAL_CONFIG_DIR="+
		m.Dir+"/none", "IGNITION_SYSTEM_CONFIG_DIR="+m.Dir+"/none", "SOURCE_DATE_EPOCH=1700000000"), m.Env...)
	log, err := os.Create(filepath.Join(m.Dir, "log"))
	if err != nil {
		return nil, err
	}
	defer log.Close()
	c.Stdout, c.Stderr = log, log
	if w == nil || w.At.Part != "" && w.At.Part != stage { // it is asked of no call for nothing
		err = c.Run()
	} else {
		err = faults.Run(c, m.FileSize, w.Judge(stage))
	}
	text, readErr := os.ReadFile(log.Name())
	lines = strings.Split(strings.TrimSuffix(string(text), "\n"), "\n")
	switch {
	case readErr != nil:
		return nil, readErr
	case err != nil && w != nil && w.Do.Kill && w.Reached():
		return lines, ErrCut
	case context.Cause(ctx) != nil:
		return lines, fmt.Errorf("stage %s %w: it is killed:\n%s", stage, context.Cause(ctx), text)
	case err != nil:
		return lines, fmt.Errorf("stage %s: %w:\n%s", stage, err, text)
	}
	return lines, nil
}

// Cut is what a power cut takes: mounts below the root, open volumes, running arrays, and /run. Then udev, where there
// is one, sees all devices as a kernel that starts shows them.
func (m *Machine) Cut(t *testing.T) {
	t.Helper()
	m.TakeDown(t)
	if _, err := os.Lstat("/run/udev/control"); err == nil {
		must(t, "udevadm", "trigger", "--settle", "--action=add", "--subsystem-match=block")
	}
}

// TakeDown is the part of Cut that leaves nothing in use.
func (m *Machine) TakeDown(t *testing.T) {
	t.Helper()
	for _, at := range mountsBelow(t, m.Root()) {
		require.NoError(t, unmount(at), at)
	}
	for _, volume := range matches(t, "/dev/mapper/*") {
		if volume != "/dev/mapper/control" {
			must(t, "cryptsetup", "close", filepath.Base(volume))
		}
	}
	for _, array := range matches(t, "/sys/block/md*") {
		must(t, "mdadm", "--stop", "/dev/"+filepath.Base(array))
	}
	for _, dir := range append(matches(t, "/run/mdadm/*"), filepath.Join(m.Dir, "run")) {
		require.NoError(t, os.RemoveAll(dir))
	}
	require.NoError(t, os.Mkdir(filepath.Join(m.Dir, "run"), 0o755))
}

func matches(t *testing.T, pattern string) []string {
	t.Helper()
	found, err := filepath.Glob(pattern)
	require.NoError(t, err)
	return found
}

// must runs a tool that has to succeed, and gives what it printed without the spaces around it.
func must(t *testing.T, tool string, args ...string) string {
	t.Helper()
	out, err := exec.Command(tool, args...).CombinedOutput()
	require.NoError(t, err, "%s %s: %s", tool, strings.Join(args, " "), out)
	return strings.TrimSpace(string(out))
}

// unmount waits for processes that were killed a moment ago.
func unmount(at string) (err error) {
	for range 50 {
		if err = unix.Unmount(at, 0); !errors.Is(err, unix.EBUSY) {
			return err
		}
		time.Sleep(20 * time.Millisecond)
	}
	return err
}

// mountsBelow lists mounts at or below a folder, the innermost first.
func mountsBelow(t *testing.T, dir string) []string {
	t.Helper()
	text, err := os.ReadFile("/proc/thread-self/mountinfo") // a test can have mounts of its own
	require.NoError(t, err)
	var all []string
	for line := range strings.Lines(string(text)) {
		if at := strings.Fields(line)[4]; strings.HasPrefix(at, dir+"/") {
			all = append(all, at)
		}
	}
	slices.Reverse(all)
	return all
}

// Old is the time of what a test has put into a root: a Tree tells whether it has stayed.
var Old = time.Date(2001, 2, 3, 4, 5, 6, 0, time.UTC)

// Tree tells all of a folder: kind, mode, owner, extended attributes, which names are one file, the time where it is
// Old, and content. What only says when something was done is left out.
func Tree(t *testing.T, dir string) map[string]string {
	t.Helper()
	all, first := map[string]string{}, map[[2]uint64]string{}
	require.NoError(t, filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info, err := os.Lstat(path)
		if err != nil {
			return err
		}
		name := strings.TrimPrefix(path, dir)
		if name == "/etc/.ignition-result.json" || name == "/etc/.glowplug-report.json" {
			return nil
		}
		stat := info.Sys().(*syscall.Stat_t)
		text := fmt.Sprintf("%v %d:%d%s", info.Mode(), stat.Uid, stat.Gid, attributes(path))
		if info.ModTime().Equal(Old) {
			text += " old"
		}
		if inode := [2]uint64{stat.Dev, stat.Ino}; !d.IsDir() {
			if before, is := first[inode]; is {
				text += " same as " + before
			}
			first[inode] = name
		}
		content, err := contentOf(path, info)
		all[name] = text + content
		return err
	}))
	return all
}

// contentOf is that of a file or a link, after what a Tree tells before it.
func contentOf(path string, info fs.FileInfo) (string, error) {
	switch {
	case info.Mode().IsRegular():
		content, err := os.ReadFile(path)
		return " | " + string(content), err
	case info.Mode()&fs.ModeSymlink != 0:
		target, err := os.Readlink(path)
		return " -> " + target, err
	}
	return "", nil
}

// attributes are the extended ones of a file.
func attributes(path string) string {
	names := make([]byte, 64<<10)
	n, err := unix.Llistxattr(path, names)
	if err != nil {
		return ""
	}
	var text strings.Builder
	for _, name := range strings.Split(strings.TrimSuffix(string(names[:n]), "\x00"), "\x00") {
		value := make([]byte, 64<<10)
		if n, err := unix.Lgetxattr(path, name, value); err == nil && name != "" {
			fmt.Fprintf(&text, " %s=%q", name, value[:n])
		}
	}
	return text.String()
}
