//go:build disk

package disk

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"

	"github.com/glowplug-os/glowplug/tests/foretold"
)

// traced runs a program under strace, and gives all its calls that change a machine.
func traced(t *testing.T, command *exec.Cmd, run func(*exec.Cmd)) (changes []string) {
	t.Helper()
	dir, err := os.MkdirTemp("", "glowplug-trace-") // whoever the program runs as
	require.NoError(t, err)
	defer os.RemoveAll(dir)
	require.NoError(t, os.Chmod(dir, 0o777))
	c, err := foretold.Traced(command, dir+"/trace")
	require.NoError(t, err)
	run(c)
	text, err := os.ReadFile(dir + "/trace")
	require.NoError(t, err)
	return foretold.Wrote(string(text))
}

// sums are of trees, with all that there is to them, and of the content of images and devices.
func sums(t *testing.T, all ...string) (sums []string) {
	t.Helper()
	for _, each := range all {
		if info, err := os.Stat(each); err == nil && info.IsDir() {
			sum, err := foretold.Sum(each)
			require.NoError(t, err)
			sums = append(sums, sum)
			continue
		}
		sums = append(sums, must(t, "sha256sum", each), must(t, "stat", "--format=%a %u %g %s %Y %Z", each))
	}
	return sums
}

// partitioned is the image of a disk with a table and a filesystem that has something in it.
func partitioned(t *testing.T) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "disk")
	must(t, "truncate", "-s", "64M", file)
	must(t, "sgdisk", "--new=1:0:+8M", "--change-name=1:old", "--new=2:0:+8M", file)
	must(t, "mkfs.ext4", "-q", "-F", "-L", "data", "-E", "offset=1048576", file, "8M")
	return file
}

// diskConfig wipes one disk, and keeps what it can of another; on them is something of every kind. 1@ and 2@ are the
// disks.
const diskConfig = `{
  "ignition": {"version": "3.4.0"}, "kernelArguments": {"shouldExist": ["quiet"]},
  "passwd": {"users": [{"name": "core", "passwordHash": "$6$x", "sshAuthorizedKeys": ["ssh-ed25519 AAAA"]}]},
  "storage": {
    "disks": [{"device": "1@", "wipeTable": true, "partitions": [{"number": 1, "label": "a", "sizeMiB": 16},
        {"number": 2, "label": "b"}]},
      {"device": "2@", "partitions": [{"number": 3, "label": "c", "sizeMiB": 16}, {"number": 4, "label": "d"}]}],
    "raid": [{"name": "r", "level": "raid1", "devices": ["/dev/disk/by-partlabel/b", "/dev/disk/by-partlabel/d"]}],
    "luks": [{"name": "l", "device": "/dev/md/r", "wipeVolume": true}],
    "filesystems": [{"device": "/dev/mapper/l", "format": "xfs", "path": "/srv", "wipeFilesystem": true},
      {"device": "/dev/disk/by-partlabel/c", "format": "vfat", "path": "/boot"},
      {"device": "/dev/disk/by-partlabel/a", "format": "swap", "wipeFilesystem": true}],
    "files": [{"path": "/srv/f", "contents": {"source": "data:,x"}},
      {"path": "/etc/f", "append": [{"source": "data:,x"}]}]
  },
  "systemd": {"units": [{"name": "a.service", "enabled": true, "contents": "[Install]\nWantedBy=multi-user.target\n"}]}
}`

func TestAPlanChangesNothing(t *testing.T) {
	root := debian(t)
	first, second, device := partitioned(t), partitioned(t), ptNew(t, 64, 512)
	three(t, device)
	require.NoError(t, unix.Setxattr(root+"/etc/hostname", "trusted.glowplug", []byte("x"), 0))
	onDisks := func(first, second string) string {
		name := filepath.Join(t.TempDir(), "config.ign")
		text := strings.NewReplacer("1@", first, "2@", second).Replace(diskConfig)
		require.NoError(t, os.WriteFile(name, []byte(text), 0o600))
		return name
	}
	tree := writeConfig(t, wantedConfig(wantedFiles(root), wantedLinks()))
	two := onDisks("/dev/vda", "/dev/vdb")
	one := writeConfig(t, storage(object{"disks": []object{{"device": "/dev/vda", "wipeTable": true}}}))
	codes := map[string]int{"a root": 3, "an image": 4, "two images": 4, "a device": 4, "all of them": 4,
		"this machine": 1, "what is in the way": 1, "an image that is none": 1}
	for claim, args := range map[string][]string{
		"a root":                {"--root", root, tree},
		"an image":              {"--image", first, one},
		"two images":            {"--disk", "/dev/vda=" + first, "--disk", "/dev/vdb=" + second, two},
		"a device":              {"--disk", "/dev/vda=" + device.node, "--disk", "/dev/vdb=" + second, two},
		"all of them":           {"--root", root, "--disk", "/dev/vda=" + first, "--disk", "/dev/vdb=" + second, two},
		"this machine":          {onDisks(device.node, device.node)},
		"what is in the way":    {"--root", root, writeConfig(t, storage(object{"files": []object{{"path": "/etc"}}}))},
		"an image that is none": {"--image", root, one},
	} {
		t.Run(claim, func(t *testing.T) {
			all := []string{first, second, device.file, device.node}
			if args[0] == "--root" {
				all = append(all, root)
			}
			before := sums(t, all...)
			plan := exec.Command(program(t, "glowplug"), append([]string{"plan"}, args...)...)
			assert.Empty(t, traced(t, plan, func(c *exec.Cmd) {
				code, out := called(t, c)
				assert.Equal(t, codes[claim], code, out)
			}))
			assert.Equal(t, before, sums(t, all...))
		})
	}
}

// What looks at plans sees what others do.
func TestWhatAnApplyChangesIsSeen(t *testing.T) {
	root := debian(t)
	config := writeConfig(t, wantedConfig(wantedFiles(root), wantedLinks()))
	before := sums(t, root)
	apply := exec.Command(program(t, "glowplug"), "apply", "--root", root, config)
	seen := fmt.Sprint(traced(t, apply, func(c *exec.Cmd) {
		code, out := called(t, c)
		require.Zero(t, code, out)
	}))
	for _, call := range strings.Fields("O_RDWR|O_CREAT renameat mkdirat symlinkat linkat fchownat execve") {
		assert.Contains(t, seen, call)
	}
	assert.NotEqual(t, before, sums(t, root))
}
