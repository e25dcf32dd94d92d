//go:build disk

package disk

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"

	"github.com/glowplug-os/glowplug/config"
	"github.com/glowplug-os/glowplug/internal/plan"
	"github.com/glowplug-os/glowplug/internal/root"
	"github.com/glowplug-os/glowplug/internal/target"
	"github.com/glowplug-os/glowplug/internal/tool"
	"github.com/glowplug-os/glowplug/stages/files"
	"github.com/glowplug-os/glowplug/stages/mounts"
	"github.com/glowplug-os/glowplug/stages/users"
)

// ownMounts gives the rest of a test mounts of its own, so that nothing it leaves stays on the machine. They belong to
// its thread, and end with it.
func ownMounts(t *testing.T) {
	t.Helper()
	runtime.LockOSThread()
	require.NoError(t, unix.Unshare(unix.CLONE_NEWNS))
	require.NoError(t, unix.Mount("", "/", "", unix.MS_REC|unix.MS_PRIVATE, ""))
}

// loopDevice makes a device of a size, and a filesystem on it with a tool and its arguments.
func loopDevice(t *testing.T, size string, mkfs ...string) string {
	t.Helper()
	return loopDeviceOf(t, t.TempDir(), size, mkfs...)
}

// loopDeviceOf makes one of a file in a folder.
func loopDeviceOf(t *testing.T, dir, size string, mkfs ...string) string {
	t.Helper()
	file := filepath.Join(dir, "disk")
	must(t, "truncate", "-s", size, file)
	device := strings.TrimSpace(must(t, "losetup", "-f", "--show", file))
	t.Cleanup(func() { must(t, "losetup", "-d", device) })
	if len(mkfs) > 0 {
		must(t, mkfs[0], append(mkfs[1:], device)...)
	}
	return device
}

func ext4(t *testing.T) string { return loopDevice(t, "16M", "mkfs.ext4", "-q", "-L", "data") }

// filesystem is an entry of a config.
func filesystem(device, format, path string, options ...string) config.Filesystem {
	return config.Filesystem{Device: device, Format: &format, Path: &path, MountOptions: options}
}

func mountAll(t *testing.T, dir string, all ...config.Filesystem) (notated []string, err error) {
	t.Helper()
	return mountedAsForetold(t, config.Storage{Filesystems: all}, dir, mounts.Options{Tools: tool.New(nil, nil)})
}

func unmountAll(t *testing.T, dir string, all ...config.Filesystem) error {
	t.Helper()
	return mounts.Undo(config.Storage{Filesystems: all}, dir).Run(t.Context(), plan.Options{})
}

// mountedIn gives "path type source options" of what is mounted in a folder, in the order of mounting.
func mountedIn(t *testing.T, dir string) (all []string) {
	t.Helper()
	text, err := os.ReadFile("/proc/thread-self/mountinfo")
	require.NoError(t, err)
	for line := range strings.Lines(string(text)) {
		f := strings.Fields(line)
		if rest, ok := strings.CutPrefix(f[4], dir); ok {
			_, tail, _ := strings.Cut(line, " - ")
			fields := strings.Fields(tail)
			all = append(all, strings.Join([]string{rest, fields[0], fields[1], f[5]}, " "))
		}
	}
	return all
}

func TestNestedFilesystemsAreMountedAndUnmountedInOrder(t *testing.T) {
	ownMounts(t)
	dir := t.TempDir()
	outer, inner := ext4(t), loopDevice(t, "320M", "mkfs.xfs", "-q")
	innermost := loopDevice(t, "128M", "mkfs.btrfs", "-q")
	seed := t.TempDir()
	must(t, "mount", innermost, seed)
	must(t, "btrfs", "subvolume", "create", seed+"/v")
	must(t, "umount", seed)
	all := []config.Filesystem{
		filesystem(innermost, "btrfs", "/var/lib/deep/er", "subvol=v", "nodev"),
		filesystem(inner, "xfs", "/var/lib"),
		filesystem("/dev/none", "swap", "/var/swap"),
		filesystem(outer, "ext4", "/var", "noatime"),
	}
	made, err := mountAll(t, dir, all...)
	require.NoError(t, err)
	assert.Equal(t, []string{"/var", "/var/lib", "/var/lib/deep", "/var/lib/deep/er"}, made)
	require.Equal(t, []string{
		"/var ext4 " + outer + " rw,noatime",
		"/var/lib xfs " + inner + " rw,relatime",
		"/var/lib/deep/er btrfs " + innermost + " rw,nodev,relatime",
	}, mountedIn(t, dir))
	require.NoError(t, os.WriteFile(dir+"/var/lib/deep/er/file", nil, 0o600))

	// Run again, it finds that nothing is to be done. (A subtest would run on a thread that does not see these mounts.)
	var steps []plan.Event
	again, err := mounts.Mount(t.Context(), config.Storage{Filesystems: all}, dir,
		mounts.Options{Tools: tool.New(map[string]string{"mount": "/not/there"}, nil),
			Tell: func(e plan.Event) { steps = append(steps, e) }})
	require.NoError(t, err)
	assert.Equal(t, []string{"/var", "/var/lib", "/var/lib/deep"}, again,
		"what is as when it was made; the innermost has been used")
	require.Len(t, steps, 3)
	for _, e := range steps {
		assert.Equal(t, plan.Kept, e.Turn)
		assert.Equal(t, plan.Keep, e.Step.Effect)
	}

	require.NoError(t, unmountAll(t, dir, all...))
	assert.Empty(t, mountedIn(t, dir))
	assert.Equal(t, []string{"/var"}, names(t, dir))
}

// sleepIn starts a program that is in a folder until it is stopped.
func sleepIn(t *testing.T, dir string) (stop func()) {
	t.Helper()
	sleep := exec.Command("sleep", "600")
	sleep.Dir = dir
	require.NoError(t, sleep.Start())
	stop = func() {
		_ = sleep.Process.Kill()
		_ = sleep.Wait()
	}
	t.Cleanup(stop)
	return stop
}

func TestAFailureLeavesNothingMounted(t *testing.T) {
	ownMounts(t)
	dir := t.TempDir()
	device := ext4(t)
	_, err := mountAll(t, dir,
		filesystem(ext4(t), "ext4", "/a"), filesystem(ext4(t), "ext4", "/a/b"),
		filesystem(device, "ext4", "/a/b/c", "no-such-option"))
	require.ErrorContains(t, err,
		"mount /a/b/c ($.storage.filesystems.2): mount: exit status 32: mount: "+dir+"/a/b/c: ")
	require.ErrorContains(t, err, device+` (16 MiB) holds ext4 "data", UUID `)
	require.ErrorContains(t, err, "; is one of the mountOptions wrong: no-such-option?")
	assert.Empty(t, mountedIn(t, dir))
	assert.Equal(t, []string{"/a"}, names(t, dir), "directories stay")
}

func TestARunThatIsStoppedLeavesNothingMounted(t *testing.T) {
	ownMounts(t)
	dir := t.TempDir()
	all := config.Storage{Filesystems: []config.Filesystem{filesystem(ext4(t), "ext4", "/a"),
		filesystem(ext4(t), "ext4", "/b")}}
	ctx, cancel := context.WithCancel(t.Context())
	stop := func(e plan.Event) {
		if e.Turn == plan.Finished {
			cancel()
		}
	}
	_, err := mounts.Mount(ctx, all, dir, mounts.Options{Tools: tool.New(nil, nil), Tell: stop})
	require.ErrorIs(t, err, context.Canceled)
	assert.Empty(t, mountedIn(t, dir))
}

func TestAToolThatFailsAfterItHasMountedLeavesNothingMounted(t *testing.T) {
	ownMounts(t)
	dir, late := t.TempDir(), filepath.Join(t.TempDir(), "mount")
	require.NoError(t, os.WriteFile(late, []byte("#!/bin/sh\nmount \"$@\"\nexit 1\n"), 0o700))
	all := config.Storage{Filesystems: []config.Filesystem{filesystem(ext4(t), "ext4", "/a")}}
	_, err := mounts.Mount(t.Context(), all, dir,
		mounts.Options{Tools: tool.New(map[string]string{"mount": late}, nil)})
	require.ErrorContains(t, err, "mount: exit status 1")
	assert.Empty(t, mountedIn(t, dir))
}

func TestWhatStaysMountedAfterAFailureIsNamed(t *testing.T) {
	ownMounts(t)
	dir := t.TempDir()
	all := config.Storage{Filesystems: []config.Filesystem{filesystem(ext4(t), "ext4", "/a"),
		filesystem("/dev/not-there", "ext4", "/b")}}
	t.Cleanup(func() { must(t, "umount", dir+"/a") })
	use := func(e plan.Event) {
		if e.Turn == plan.Finished {
			sleepIn(t, dir+"/a")
		}
	}
	_, err := mounts.Mount(t.Context(), all, dir, mounts.Options{Tools: tool.New(nil, nil), Tell: use})
	require.ErrorContains(t, err, "; there is no /dev/not-there; and /a stays mounted: umount "+dir+
		"/a: device or resource busy: used by sleep (process ")
}

func TestADeviceThatHoldsSomethingElseIsTold(t *testing.T) {
	ownMounts(t)
	dir, device, empty := t.TempDir(), ext4(t), loopDevice(t, "16M")
	_, err := mountAll(t, dir, filesystem(device, "xfs", "/x"))
	require.ErrorContains(t, err, device+` (16 MiB) holds ext4 "data", UUID `)
	require.ErrorContains(t, err, `, not xfs; "wipeFilesystem" has it made anew, and what is there is lost`)
	_, err = mountAll(t, dir, filesystem(empty, "ext4", "/x"))
	require.ErrorContains(t, err,
		empty+" (16 MiB) holds nothing known; there is no filesystem to mount before one is made")
}

// Images of ostree have a bind mount at /var before this stage.
func TestWhatIsMountedThereAlreadyIsMountedOver(t *testing.T) {
	ownMounts(t)
	dir, other, device := t.TempDir(), t.TempDir(), ext4(t)
	require.NoError(t, os.Mkdir(dir+"/var", 0o755))
	must(t, "mount", "--bind", other, dir+"/var")
	before := mountedIn(t, dir)
	entry := filesystem(device, "ext4", "/var")
	var steps plan.Plan
	_, err := mountedAsForetold(t, config.Storage{Filesystems: []config.Filesystem{entry}}, dir, mounts.Options{
		Tools: tool.New(nil, nil), Tell: func(e plan.Event) { steps = append(steps, e.Step) }})
	require.NoError(t, err)
	assert.Contains(t, steps.String(), "+ mount /var  ext4 of "+device+", over ")
	assert.Equal(t, append(before, "/var ext4 "+device+" rw,relatime"), mountedIn(t, dir))
	require.NoError(t, unmountAll(t, dir, entry))
	assert.Equal(t, before, mountedIn(t, dir))
	require.ErrorContains(t, unmountAll(t, dir, entry), " is mounted there, not "+device,
		"it is not taken for the config's")
	assert.Equal(t, before, mountedIn(t, dir))
	must(t, "umount", dir+"/var")
}

func TestABtrfsOfTwoDevicesIsKnownByEither(t *testing.T) {
	ownMounts(t)
	dir, first, second := t.TempDir(), loopDevice(t, "128M"), loopDevice(t, "128M")
	must(t, "mkfs.btrfs", "-q", "-m", "raid1", "-d", "raid1", first, second)
	for _, device := range []string{first, second} {
		entry := filesystem(device, "btrfs", "/data")
		for range 2 {
			_, err := mountAll(t, dir, entry)
			require.NoError(t, err)
			require.Len(t, mountedIn(t, dir), 1)
		}
		require.NoError(t, unmountAll(t, dir, entry))
	}
}

func TestTheRootItselfIsMounted(t *testing.T) {
	ownMounts(t)
	dir, device, inner := t.TempDir(), ext4(t), ext4(t)
	all := []config.Filesystem{filesystem(inner, "ext4", "/var"), filesystem(device, "ext4", "/")}
	for range 2 {
		made, err := mountAll(t, dir, all...)
		require.NoError(t, err)
		assert.Equal(t, []string{"/var"}, made)
		assert.Equal(t, []string{" ext4 " + device + " rw,relatime", "/var ext4 " + inner + " rw,relatime"},
			mountedIn(t, dir))
	}
	require.NoError(t, unmountAll(t, dir, all...))
	assert.Empty(t, mountedIn(t, dir))
	assert.Empty(t, names(t, dir), "the directory is made in what is mounted")
}

func TestAMountInUseIsNotTakenDown(t *testing.T) {
	ownMounts(t)
	dir, entry := t.TempDir(), filesystem(ext4(t), "ext4", "/data")
	_, err := mountAll(t, dir, entry)
	require.NoError(t, err)
	stop := sleepIn(t, dir+"/data/lost+found")
	require.ErrorContains(t, unmountAll(t, dir, entry), "unmount /data ($.storage.filesystems.0): umount "+dir+
		"/data: device or resource busy: used by sleep (process ")
	stop()

	require.NoError(t, os.Mkdir(dir+"/data/in", 0o755))
	must(t, "mount", "-t", "tmpfs", "tmpfs", dir+"/data/in")
	require.ErrorContains(t, unmountAll(t, dir, entry), "device or resource busy: mounted below it: "+dir+"/data/in")
	must(t, "umount", dir+"/data/in")
	require.NoError(t, unmountAll(t, dir, entry), "with the cause gone it goes on")
}

func TestAMountPathThroughALinkIsRefused(t *testing.T) {
	ownMounts(t)
	dir, outside := t.TempDir(), t.TempDir()
	require.NoError(t, os.Symlink(outside, dir+"/link"))
	_, err := mountAll(t, dir, filesystem(ext4(t), "ext4", "/first"), filesystem(ext4(t), "ext4", "/link/x"))
	require.ErrorContains(t, err, "mount /link/x ($.storage.filesystems.1): /link is a symbolic link, to "+outside)
	assert.Empty(t, mountedIn(t, dir))
	assert.Empty(t, names(t, outside))
}

// A home on a filesystem of its own becomes the user's, also when the run that made its directory was cut off before it
// could say so.
func TestAHomeThatIsMountedBecomesTheUsers(t *testing.T) {
	for name, prepare := range map[string]func(dir string) error{
		"a first run":                    func(string) error { return nil },
		"after a run that was cut off":   func(dir string) error { return os.MkdirAll(dir+"/home/core/data", 0o755) },
		"in an image with an empty home": func(dir string) error { return os.MkdirAll(dir+"/home/core", 0o755) },
	} {
		t.Run(name, func(t *testing.T) {
			ownMounts(t)
			dir := t.TempDir()
			require.NoError(t, os.Mkdir(dir+"/etc", 0o755))
			for _, file := range []string{"passwd", "shadow", "group", "gshadow"} {
				require.NoError(t, os.WriteFile(dir+"/etc/"+file, nil, 0o600))
			}
			require.NoError(t, prepare(dir))
			storage := config.Storage{Filesystems: []config.Filesystem{filesystem(ext4(t), "ext4", "/home/core/data"),
				filesystem(ext4(t), "ext4", "/home/core")}}
			made, err := mountedAsForetold(t, storage, dir, mounts.Options{Tools: tool.New(nil, nil)})
			require.NoError(t, err)
			assert.Equal(t, []string{"/home", "/home/core", "/home/core/data"}, made)
			uid := 1234
			makeUser(t, dir, config.PasswdUser{Name: "core", UID: &uid}, made)
			for _, d := range []string{"/home/core", "/home/core/data"} {
				info, err := os.Stat(dir + d)
				require.NoError(t, err)
				owned, _ := owner(t, info)
				assert.Equal(t, uid, owned, d)
				assert.Equal(t, os.ModeDir|0o700, info.Mode(), d)
			}
			require.NoError(t, mounts.Undo(storage, dir).Run(t.Context(), plan.Options{}))
			info, err := os.Stat(dir + "/home/core")
			require.NoError(t, err)
			assert.Equal(t, uint32(0), info.Sys().(*syscall.Stat_t).Uid, "what was mounted over stays root's")
		})
	}
}

// makeUser has the files stage make an account.
func makeUser(t *testing.T, dir string, user config.PasswdUser, notated []string) {
	t.Helper()
	root, err := root.Open(dir)
	require.NoError(t, err)
	defer root.Close()
	var cfg config.Config
	cfg.Passwd.Users = []config.PasswdUser{user}
	steps, err := files.Plan(cfg, target.Of(root), files.Options{
		Means:    target.Means{Root: root, Identity: target.Identity{Privileged: true}},
		Accounts: files.MakeAccounts, Users: users.Options{Notated: notated},
	})
	require.NoError(t, err)
	require.NoError(t, steps.Run(t.Context(), plan.Options{Flush: root.Sync}))
}
