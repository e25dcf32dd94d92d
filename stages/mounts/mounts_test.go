package mounts

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/glowplug-os/glowplug/config"
	"github.com/glowplug-os/glowplug/internal/block"
	"github.com/glowplug-os/glowplug/internal/plan"
	"github.com/glowplug-os/glowplug/internal/root"
	"github.com/glowplug-os/glowplug/internal/tool"
)

// TestMain has directories made with the modes that the tests say, whatever this user's umask is.
func TestMain(m *testing.M) {
	syscall.Umask(0o022)
	os.Exit(m.Run())
}

// filesystems reads "device format path options", a line each; "-" for what an entry does not have.
func filesystems(lines ...string) config.Storage {
	var s config.Storage
	for _, line := range lines {
		f := strings.Fields(line)
		fs := config.Filesystem{Device: f[0], MountOptions: f[3:]}
		if f[1] != "-" {
			fs.Format = &f[1]
		}
		if f[2] != "-" {
			fs.Path = &f[2]
		}
		s.Filesystems = append(s.Filesystems, fs)
	}
	return s
}

// tree makes directories, "file!" and "name>target" links in a new root.
func tree(t *testing.T, names ...string) string {
	t.Helper()
	dir := t.TempDir()
	for _, name := range names {
		if link, target, ok := strings.Cut(name, ">"); ok {
			require.NoError(t, os.Symlink(target, dir+link))
		} else if file, ok := strings.CutSuffix(name, "!"); ok {
			require.NoError(t, os.WriteFile(dir+file, nil, 0o600))
		} else {
			require.NoError(t, os.MkdirAll(dir+name, 0o755))
		}
	}
	return dir
}

// mountTool is a program that stands for mount(8): it notes its arguments, a line each and an empty one, and then runs
// a script in which "$target" is where it should mount.
func mountTool(t *testing.T, script string) (tools *tool.Set, calls func() [][]string) {
	t.Helper()
	dir := t.TempDir()
	log := filepath.Join(dir, "log")
	text := fmt.Sprintf("#!/bin/sh\nfor target; do printf '%%s\\n' \"$target\"; done >>%s\necho . >>%s\n%s\n", log, log,
		script)
	require.NoError(t, os.WriteFile(dir+"/mount", []byte(text), 0o700))
	return tool.New(map[string]string{"mount": dir + "/mount"}, nil), func() (all [][]string) {
		text, err := os.ReadFile(log)
		if err != nil {
			return nil
		}
		for call := range strings.SplitSeq(strings.TrimSuffix(string(text), ".\n"), ".\n") {
			all = append(all, strings.Split(strings.TrimSuffix(call, "\n"), "\n"))
		}
		return all
	}
}

func TestPlan(t *testing.T) {
	for _, c := range []struct {
		claim   string
		root    []string
		storage config.Storage
		want    string
	}{
		{"a config without filesystems has no steps", nil, config.Storage{}, ""},
		{
			"what has no place, no format, or nothing to mount is left out", nil,
			filesystems("/dev/a ext4 -", "/dev/b - /b", "/dev/c swap /c", "/dev/d none /d"),
			"",
		},
		{
			"directories that are not there are made", []string{"/var"},
			filesystems("/dev/a ext4 /var/lib/data noatime nodev"),
			"+ mount /var/lib/data  ext4 of /dev/a (noatime,nodev), makes /var/lib, /var/lib/data\n",
		},
		{
			"outer filesystems come first, and others stay in order", []string{"/var", "/srv"},
			filesystems("/dev/x xfs /var/lib/x", "/dev/l ext4 /var/lib", "/dev/s ext4 /srv",
				"/dev/v btrfs /var subvol=v"),
			"+ mount /srv        ext4 of /dev/s\n" +
				"+ mount /var        btrfs of /dev/v (subvol=v)\n" +
				"+ mount /var/lib    ext4 of /dev/l, in what is mounted at /var\n" +
				"+ mount /var/lib/x  xfs of /dev/x, in what is mounted at /var/lib\n",
		},
		{
			"the root itself may be mounted, and comes before all", []string{"/var"},
			filesystems("/dev/v ext4 /var", "/dev/r ext4 /"),
			"+ mount /     ext4 of /dev/r\n" +
				"+ mount /var  ext4 of /dev/v, in what is mounted at /\n",
		},
		{
			"paths are taken clean, and do not lead out", []string{"/var"},
			filesystems("/dev/v ext4 /..//var/", "share virtiofs /mnt/x"),
			"+ mount /var    ext4 of /dev/v\n" +
				"+ mount /mnt/x  virtiofs of share, makes /mnt, /mnt/x\n",
		},
	} {
		t.Run(c.claim, func(t *testing.T) {
			plan, err := newWork(c.storage, tree(t, c.root...), Options{}).plan()
			require.NoError(t, err)
			assert.Empty(t, cmp.Diff(c.want, plan.String()))
			for _, s := range plan {
				assert.Regexp(t, `^\$\.storage\.filesystems\.\d$`, s.Origin)
			}
		})
	}
}

func TestUndoGoesBackwards(t *testing.T) {
	plan := Undo(filesystems("/dev/x xfs /var/lib/x", "/dev/s swap /swap", "/dev/a ext4 /a", "/dev/v ext4 /var",
		"/dev/n none /n", "/dev/- - /m"), "/sysroot")
	assert.Empty(t, cmp.Diff(""+
		"~ unmount /var/lib/x  xfs of /dev/x\n"+
		"~ unmount /var        ext4 of /dev/v\n"+
		"~ unmount /a          ext4 of /dev/a\n", plan.String()))
	assert.Equal(t, "$.storage.filesystems.3", plan[1].Origin)
}

func TestTheWayToAPlaceIsOfDirectories(t *testing.T) {
	for name, c := range map[string]struct{ node, path, want string }{
		"a link at the end": {"/data>/srv", "/data",
			"/data is a symbolic link, to /srv, and nothing is mounted through links; give the path that it leads to"},
		"a link on the way": {"/data>srv", "/data/x/y",
			"/data is a symbolic link, to srv, and nothing is mounted through links; give the path that it leads to"},
		"a link to nowhere": {"/data>/none", "/data/x",
			"/data is a symbolic link, to /none, and nothing is mounted through links; give the path that it leads to"},
		"a file at the end": {"/data!", "/data", "/data is a regular file, and a directory is needed there"},
		"a file on the way": {"/data!", "/data/x", "/data is a regular file, and a directory is needed there"},
		"a link out of the root, above": {"/data>../../..", "/data/etc", "/data is a symbolic link, to ../../.., " +
			"and nothing is mounted through links; give the path that it leads to"},
	} {
		t.Run(name, func(t *testing.T) {
			dir := tree(t, "/srv", c.node)
			_, err := newWork(filesystems("/dev/a ext4 /first", "/dev/b ext4 "+c.path), dir, Options{}).plan()
			require.EqualError(t, err, "mount "+c.path+" ($.storage.filesystems.1): "+c.want)
			assert.NoDirExists(t, dir+"/first", "it is known before anything is done")
		})
	}
}

func TestALinkInAFilesystemThatHadToBeMountedFirst(t *testing.T) {
	dir := tree(t, "/srv")
	tools, calls := mountTool(t, `case $target in */var) ln -s /srv "$target/lib" ;; esac`)
	_, err := Mount(t.Context(), filesystems("/dev/b ext4 /var/lib/x", "/dev/a ext4 /var"), dir, Options{Tools: tools})
	require.ErrorContains(t, err, "mount /var/lib/x ($.storage.filesystems.0): /var/lib is a symbolic link, to /srv,")
	assert.Len(t, calls(), 1)
	assert.NoDirExists(t, dir+"/srv/x")
}

func TestMountIsCalledAsThePeerCallsIt(t *testing.T) {
	dir := tree(t, "/var", "/mnt")
	tools, calls := mountTool(t, "")
	_, err := Mount(t.Context(), filesystems(
		"/dev/disk/by-label/data btrfs /var/data noatime subvol=x", "/dev/vdb xfs /srv", "tag virtiofs /mnt",
		"-bind virtiofs /run", "/dev/r ext4 /",
	), dir, Options{Tools: tools})
	require.NoError(t, err)
	assert.Empty(t, cmp.Diff([][]string{
		{"-o", "", "-t", "ext4", "/dev/r", dir},
		{"-o", "", "-t", "xfs", "/dev/vdb", dir + "/srv"},
		{"-o", "", "-t", "virtiofs", "tag", dir + "/mnt"},
		{"-o", "", "-t", "virtiofs", "--", "-bind", dir + "/run"},
		{"-o", "noatime,subvol=x", "-t", "btrfs", "/dev/disk/by-label/data", dir + "/var/data"},
	}, calls()))
}

// umask sets the process's for a test; no test of this package runs beside another.
func umask(t *testing.T, mask int) {
	old := syscall.Umask(mask)
	t.Cleanup(func() { syscall.Umask(old) })
}

func TestMadeDirectoriesAreNotated(t *testing.T) {
	umask(t, 0o077)
	dir := tree(t)
	require.NoError(t, os.Mkdir(dir+"/var", 0o700))
	tools, _ := mountTool(t, "")
	made, err := Mount(t.Context(), filesystems("/dev/b ext4 /var/home/core", "/dev/a ext4 /var/home",
		"/dev/c ext4 /srv"), dir, Options{Tools: tools})
	require.NoError(t, err)
	assert.Equal(t, []string{"/srv", "/var/home", "/var/home/core"}, made)
	info, err := os.Stat(dir + "/var/home/core")
	require.NoError(t, err)
	assert.Equal(t, os.FileMode(0o755), info.Mode().Perm(), "whatever the umask is")
}

func TestDirectoriesOfARunThatWasCutOffAreNotated(t *testing.T) {
	dir := tree(t, "/home/core/data", "/home/core/lost+found", "/image/core/file", "/private/core")
	require.NoError(t, os.Chmod(dir+"/private/core", 0o700))
	tools, _ := mountTool(t, "")
	made, err := Mount(t.Context(), filesystems("/dev/a ext4 /home/core/data", "/dev/b ext4 /image/core",
		"/dev/c ext4 /private/core"), dir, Options{Tools: tools})
	require.NoError(t, err)
	assert.Equal(t, []string{"/home", "/home/core", "/home/core/data", "/image", "/private"}, made,
		"one that holds something else, or is not as a new one, is the image's or a user's")
}

func TestLabels(t *testing.T) {
	for _, c := range []struct {
		claim  string
		root   []string
		script string
		config config.Storage
		want   []string
	}{
		{
			"the topmost directory made is labelled, then what was mounted", []string{"/var/keep"},
			`mkdir "$target/lost+found"`,
			filesystems("/dev/a ext4 /var/lib/data"),
			[]string{"/var/lib before", "/var/lib/data after"},
		},
		{
			"a filesystem that holds something keeps its labels", []string{"/var/keep"}, `mkdir "$target/x"`,
			filesystems("/dev/a ext4 /var/lib"),
			[]string{"/var/lib before"},
		},
		{
			"a directory is labelled once", []string{"/keep"}, ":",
			filesystems("/dev/a ext4 /a/b", "/dev/c ext4 /a/c"),
			[]string{"/a before", "/a/b after", "/a/c before", "/a/c after"},
		},
		{
			"a directory of the image's is not labelled", []string{"/var/keep", "/var/lib/x"}, `mkdir "$target/y"`,
			filesystems("/dev/a ext4 /var/lib"),
			nil,
		},
	} {
		t.Run(c.claim, func(t *testing.T) {
			tools, calls := mountTool(t, c.script)
			var labelled []string
			label := func(_ context.Context, target *root.Root, name string) error {
				when := "before"
				if slices.ContainsFunc(calls(), func(call []string) bool {
					return strings.HasSuffix(call[len(call)-1], name)
				}) {
					when = "after"
				}
				found, err := target.Lstat(name)
				require.NoError(t, err)
				assert.Equal(t, root.Directory, found.Kind, name)
				labelled = append(labelled, name+" "+when)
				return nil
			}
			_, err := Mount(t.Context(), c.config, tree(t, c.root...), Options{Tools: tools, Label: label})
			require.NoError(t, err)
			assert.Equal(t, c.want, labelled)
		})
	}
}

func TestALabelThatCannotBeSetIsAnError(t *testing.T) {
	tools, calls := mountTool(t, "")
	label := func(context.Context, *root.Root, string) error { return errors.New("no policy") }
	_, err := Mount(t.Context(), filesystems("/dev/a ext4 /data"), tree(t), Options{Tools: tools, Label: label})
	require.EqualError(t, err, "mount /data ($.storage.filesystems.0): no policy")
	assert.Empty(t, calls(), "what is to be mounted over is labelled first")
}

func TestFailures(t *testing.T) {
	file := filepath.Join(t.TempDir(), "image")
	require.NoError(t, os.WriteFile(file, make([]byte, 4096), 0o600))
	for name, c := range map[string]struct{ entry, want string }{
		"no device":     {"/dev/not-there ext4 /x", "there is no /dev/not-there"},
		"a file":        {file + " ext4 /x", file + " is no block device"},
		"a terminal":    {"/dev/null ext4 /x", "/dev/null is no block device"},
		"a virtiofs":    {"tag virtiofs /x", "the machine may have no virtiofs with the tag tag"},
		"below a file ": {file + "/a ext4 /x", "the device cannot be looked at: stat " + file + "/a: not a directory"},
	} {
		t.Run(name, func(t *testing.T) {
			tools, _ := mountTool(t, "echo 'mount: cannot do that' >&2; exit 32")
			_, err := Mount(t.Context(), filesystems(c.entry), tree(t), Options{Tools: tools})
			require.EqualError(t, err,
				"mount /x ($.storage.filesystems.0): mount: exit status 32: mount: cannot do that; "+c.want)
		})
	}
	t.Run("no mount program", func(t *testing.T) {
		tools := tool.New(map[string]string{"mount": "/not/there"}, nil)
		_, err := Mount(t.Context(), filesystems("/dev/a ext4 /x"), tree(t), Options{Tools: tools})
		require.EqualError(t, err, "mount /x ($.storage.filesystems.0): /not/there: program not found")
	})
	t.Run("no root", func(t *testing.T) {
		_, err := Mount(t.Context(), filesystems("/dev/a ext4 /x"), "/not/there", Options{})
		require.ErrorContains(t, err, "/not/there: no such file or directory")
	})
}

func TestWhatIsOnADeviceIsToldWithWhatFollows(t *testing.T) {
	ext4 := block.Signature{Type: "ext4", Label: "root", UUID: "1-2"}
	e := entry{format: "ext4", device: "/dev/a"}
	with := entry{format: "ext4", device: "/dev/a", options: "noatim"}
	xfs := entry{format: "xfs", device: "/dev/a"}
	for _, c := range []struct {
		claim   string
		e       entry
		content block.Content
		want    string
	}{
		{"nothing known", e, block.Content{},
			"holds nothing known; there is no filesystem to mount before one is made"},
		{"another format", xfs, block.Content{Signatures: []block.Signature{ext4}},
			`holds ext4 "root", UUID 1-2, not xfs; "wipeFilesystem" has it made anew, and what is there is lost`},
		{"the format", e, block.Content{Signatures: []block.Signature{{Type: "ext4"}}},
			"holds ext4; the kernel's log may say more, and whether it knows that kind"},
		{"the format, with options", with, block.Content{Signatures: []block.Signature{ext4}},
			`holds ext4 "root", UUID 1-2; is one of the mountOptions wrong: noatim?`},
		{
			"two formats", e, block.Content{Signatures: []block.Signature{{Type: "xfs"}, ext4}, Ambivalent: true},
			`holds several kinds of data at once, xfs and ext4; "wipeFilesystem" has the filesystem made anew, ` +
				`and what is there is lost`,
		},
	} {
		t.Run(c.claim, func(t *testing.T) { assert.Equal(t, c.want, c.e.holds(c.content)) })
	}
}

func TestAnEntryThatIsNotMountedCannotBeUnmounted(t *testing.T) {
	storage := filesystems("/dev/a ext4 /data", "/dev/b ext4 /data/b")
	for name, root := range map[string][]string{"its directory is there": {"/data/b"}, "nothing is there": nil} {
		t.Run(name, func(t *testing.T) {
			err := Undo(storage, tree(t, root...)).Run(t.Context(), plan.Options{})
			require.EqualError(t, err, "unmount /data/b ($.storage.filesystems.1): nothing is mounted there")
		})
	}
	t.Run("a link is there", func(t *testing.T) {
		err := Undo(filesystems("/dev/a ext4 /data"), tree(t, "/data>/srv")).Run(t.Context(), plan.Options{})
		require.ErrorContains(t, err, "/data is a symbolic link")
	})
}
