//go:build vmhost

package vm

import (
	"bytes"
	"encoding/base64"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/glowplug-os/glowplug/tests/vm/machine"
	"github.com/glowplug-os/glowplug/tests/vm/workplace"
)

// layers has an image of everything: what is on one disk, and what is made of two.
const layers = `{"ignition": {"version": "3.4.0"}, "storage": {
  "disks": [
    {"device": "/dev/vda", "partitions": [{"number": 1, "label": "root", "sizeMiB": 310},
      {"number": 2, "label": "r1", "sizeMiB": 64}, {"number": 3, "label": "secret", "sizeMiB": 64}]},
    {"device": "/dev/vdb", "partitions": [{"number": 1, "label": "r2", "sizeMiB": 64},
      {"number": 2, "label": "b", "sizeMiB": 128}, {"number": 3, "label": "s"}]}],
  "raid": [{"name": "mirror", "level": "raid1", "devices": ["/dev/disk/by-partlabel/r1", "/dev/vdb1"]}],
  "luks": [{"name": "vault", "device": "/dev/vda3", "keyFile": {"source": "data:,sesame"},
    "options": ["--pbkdf", "pbkdf2", "--pbkdf-force-iterations", "1000"]}],
  "filesystems": [
    {"device": "/dev/vda1", "format": "xfs", "path": "/"},
    {"device": "/dev/md/mirror", "format": "ext4", "path": "/srv/mirror"},
    {"device": "/dev/mapper/vault", "format": "ext4", "path": "/srv/vault"},
    {"device": "/dev/disk/by-partlabel/b", "format": "btrfs", "path": "/srv/b"},
    {"device": "/dev/vdb3", "format": "swap"}],
  "files": [
    {"path": "/etc/motd", "mode": 384, "user": {"id": 7}, "contents": {"source": "data:,root"}},
    {"path": "/srv/mirror/x", "contents": {"source": "data:,mirror"}},
    {"path": "/srv/vault/x", "contents": {"source": "data:,vault"}},
    {"path": "/srv/b/x", "contents": {"source": "data:,btrfs"}}]}}`

// readBack tells what is on the disks of layers.
const readBack = `#!/bin/sh
set -e
disks=/dev/disk/by-id/virtio-
look() { mount -o ro "$@" /mnt; }
echo "type $(blkid -p -s TYPE -o value ${disks}a-part1) $(blkid -p -s TYPE -o value ${disks}b-part3)"
look ${disks}a-part1
echo "root $(stat -c '%a %u' /mnt/etc/motd) $(cat /mnt/etc/motd)"
echo "tab $(cut -d ' ' -f 1,3 /mnt/etc/crypttab)"
ls /mnt/etc/.ignition-result.json
umount /mnt
array=$(ls -d /dev/md/*mirror*)
grep -o 'active.*raid1.*' /proc/mdstat | tr -d '()' | cut -d ' ' -f 1-3
mdadm --detail $array | grep -o 'State : .*'
look $array
echo "array $(cat /mnt/x)"
umount /mnt
printf sesame | cryptsetup open --key-file - ${disks}a-part3 vault
look /dev/mapper/vault
echo "volume $(cat /mnt/x)"
umount /mnt
look -t btrfs ${disks}b-part2
echo "on $(cat /mnt/x)"
umount /mnt
`

func TestImagesOfBlankDisksAreProvisionedByAnOrdinaryUser(t *testing.T) {
	w := workplace.New(t, prepare(t))
	w.Blank("a.raw", 512)
	w.Blank("b.raw", 256)
	code, said := w.Apply(layers, "--disk", "/dev/vda=a.raw", "--disk", "/dev/vdb=b.raw")
	require.Zero(t, code, said)
	for _, part := range []string{"planned: 2 disks: 6 partitions, 1 array, 1 encrypted volume, 5 filesystems",
		"stage: disks\n", "stage: files\n", "share the volume key of vault", "done: "} {
		assert.Contains(t, said, part)
	}
	assert.Equal(t, []string{"a.raw", "b.raw"}, w.Left())
	code, said = w.Apply(layers, "--disk", "/dev/vda=a.raw", "--disk", "/dev/vdb=b.raw")
	require.Zero(t, code, "it is run again: %s", said)
	assert.Regexp(t, `done: .* unchanged\n`, said)

	isAsDescribed(t, w, "--disk", "/dev/vda=a.raw", "--disk", "/dev/vdb=b.raw", "config.ign")

	dir := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(dir, "run"), []byte(readBack+changes), 0o755))
	var out bytes.Buffer
	status, result, err := w.Parts.RunPayload(t.Context(), machine.Payload{Dir: dir,
		Output: io.MultiWriter(&out, t.Output()), Machine: machine.Spec{
			Args: []string{"quiet"}, Remains: filepath.Join(t.ArtifactDir(), "ended"),
			Disks: []machine.Disk{{Name: "a", Path: w.Path("a.raw")}, {Name: "b", Path: w.Path("b.raw")}}}})
	require.NoError(t, err, "%s", tail{result})
	require.Zero(t, status, "%s", out.String())
	for _, line := range []string{"type xfs swap", "root 600 7 root", "tab vault /etc/luks/vault",
		"/mnt/etc/.ignition-result.json", "array mirror", "volume vault", "on btrfs"} {
		assert.Contains(t, out.String(), line+"\n")
	}
	assert.Regexp(t, `State : (clean|active) *\n`, out.String())

	code, said = w.Run("verify", "--disk", "/dev/vda=a.raw", "--disk", "/dev/vdb=b.raw", "config.ign")
	assert.Equal(t, 3, code)
	for _, part := range changed {
		assert.Contains(t, said, part)
	}
	assert.Regexp(t, `(?m)^4 of \d+ differ$`, said, "and nothing else")
}

// changes are made of what readBack has looked at, and changed is what glowplug verify says of them.
const changes = `
mount ${disks}a-part1 /mnt
chmod 644 /mnt/etc/motd
umount /mnt
mount $array /mnt
printf other >/mnt/x
umount /mnt
mount /dev/mapper/vault /mnt
rm /mnt/x
umount /mnt
wipefs -qa ${disks}b-part3
sync
`

var changed = []string{"file /etc/motd (config.ign:", "mode 0644, not 0600", "file /srv/mirror/x", "another content",
	"file /srv/vault/x", "is not there", "filesystem on /dev/vdb3", "has nothing known on it"}

// isAsDescribed has images verified that may only be read, and finds no difference and no change.
func isAsDescribed(t *testing.T, w *workplace.Workplace, args ...string) {
	t.Helper()
	before := states(t, w)
	for file := range before {
		require.NoError(t, os.Chmod(file, 0o444))
	}
	code, said := w.Run("verify", args...)
	assert.Zero(t, code, said)
	assert.Contains(t, said, "all as described: ")
	assert.Equal(t, before, states(t, w))
	for file := range before {
		require.NoError(t, os.Chmod(file, 0o644))
	}
}

// states are when the images of the folder were written to.
func states(t *testing.T, w *workplace.Workplace) map[string]time.Time {
	t.Helper()
	all := map[string]time.Time{}
	for _, name := range w.Left() {
		info, err := os.Stat(w.Path(name))
		require.NoError(t, err)
		all[w.Path(name)] = info.ModTime()
	}
	return all
}

// greeting is a config for a system: a unit that is enabled by its preset says on the console who has come.
const greeting = `{"ignition": {"version": "3.4.0"},
  "passwd": {"users": [{"name": "guest", "uid": 1234}]},
  "storage": {"files": [{"path": "/etc/guest", "mode": 416, "user": {"name": "guest"},
    "contents": {"source": "data:,welcome"}}, {"path": "/etc/greet", "contents": {"source": "data:;base64,SCRIPT"}},
    {"path": "/usr/lib/glowplug/distribution.json", "contents": {"source":
      "data:,%7B%22recordFile%22:%20%22/var/lib/record%22%7D"}},
    {"path": "/var/lib/record", "contents": {"source": "data:;base64,RECORD"}}]},
  "systemd": {"units": [{"name": "greet.service", "enabled": true, "contents":
    "[Service]\nType=oneshot\nExecStart=/bin/sh /etc/greet\n[Install]\nWantedBy=multi-user.target\n"}]}}`

// recorded is a record as a first boot may have left it.
const recorded = `{"version": 1, "glowplug": "v1", "made": "2026-01-01T00:00:00Z", "documents": [], "config":
  {"ignition": {"version": "3.4.0"}, "storage": {
    "disks": [{"device": "/dev/sda", "partitions": [{"number": 1, "label": "root"}]}],
    "files": [{"path": "/etc/guest", "mode": 416, "user": {"name": "guest"}}]}}}`

// greet is what the unit runs, once.
const greet = `echo GREET $(stat -c "%a %U" /etc/guest) $(cat /etc/guest) >/dev/ttyS0
test ! -e /etc/.ignition-result.json || echo REPORTED >/dev/ttyS0
systemctl poweroff -ff
`

func TestAnImageOfASystemIsProvisionedAndStarts(t *testing.T) {
	w := workplace.New(t, prepare(t))
	encoded := base64.StdEncoding.EncodeToString
	parts := strings.NewReplacer("SCRIPT", encoded([]byte(greet)), "RECORD", encoded([]byte(recorded)))
	greeting := parts.Replace(greeting)
	w.Copy("root.raw", w.Parts.Root)

	t.Run("what fails leaves it as it was", func(t *testing.T) {
		before, err := os.Stat(w.Path("root.raw"))
		require.NoError(t, err)
		code, said := w.Apply(strings.Replace(greeting, `"path": "/etc/guest"`, `"path": "/etc/hostname/x"`, 1),
			"--disk", "/dev/disk/by-id/root=root.raw")
		assert.Equal(t, 1, code)
		assert.Contains(t, said, "Ignition failed: files\nasked for at config.ign:3:")
		assert.Contains(t, said, "the images are as they were")
		after, err := os.Stat(w.Path("root.raw"))
		require.NoError(t, err)
		assert.True(t, os.SameFile(before, after))
		assert.Equal(t, before.ModTime(), after.ModTime())
		assert.Equal(t, []string{"root.raw"}, w.Left())
	})
	code, said := w.Apply(greeting, "--disk", "/dev/disk/by-id/root=root.raw", "--in-place")
	require.Zero(t, code, said)
	isAsDescribed(t, w, "--image", "root.raw") // by the record in it
	result, err := machine.Run(t.Context(), machine.Spec{
		Kernel: w.Parts.Kernel, Initrd: w.Parts.Initrd, Args: []string{"init=/sbin/init", "quiet"},
		Disks:   []machine.Disk{{Name: "root", Path: w.Path("root.raw")}},
		Remains: filepath.Join(t.ArtifactDir(), "ended"),
	})
	require.NoError(t, err, "%s", tail{result})
	said = result.Tail(len(result.Console))
	assert.Contains(t, said, "GREET 640 guest welcome", "%s", tail{result})
	assert.Contains(t, said, "REPORTED", "%s", tail{result})
	isAsDescribed(t, w, "--disk", "/dev/disk/by-id/root=root.raw", "config.ign") // which nobody has unmounted
}

// laysOut makes, of a blank disk, what installers lay out: a boot partition, and a root in one of the subvolumes of a
// btrfs, beside a copy of it.
const laysOut = `#!/bin/sh
set -e
disk=/dev/disk/by-id/virtio-a
printf 'label: gpt\nsize=64M, name=boot\nsize=256M, name=root\n' | sfdisk -q $disk
udevadm settle
mkfs.ext4 -q -L boot $disk-part1
mkfs.btrfs -q -L root $disk-part2
mount $disk-part1 /mnt
mkdir -p /mnt/loader/entries /mnt/grub2
printf 'title x\nlinux /vmlinuz\noptions root=LABEL=root rootflags=subvol=root ro quiet ignition.firstboot\n' \
	>/mnt/loader/entries/x.conf
umount /mnt
mount $disk-part2 /mnt
for name in root copy home; do btrfs -q subvolume create /mnt/$name; done
for name in root copy; do
	mkdir -p /mnt/$name/usr/lib /mnt/$name/etc/kernel
	echo ID=x >/mnt/$name/usr/lib/os-release
	echo root=LABEL=root quiet >/mnt/$name/etc/kernel/cmdline
	printf 'root:x:0:0::/root:/bin/sh\n' >/mnt/$name/etc/passwd
	printf 'root:x:0:\n' >/mnt/$name/etc/group
done
umount /mnt
`

// looksAtRoot tells what has become of that.
const looksAtRoot = `#!/bin/sh
set -e
disk=/dev/disk/by-id/virtio-a
mount -o ro $disk-part1 /mnt
grep ^options /mnt/loader/entries/x.conf
umount /mnt
mount -o ro,subvolid=5 $disk-part2 /mnt
echo "cmdline $(cat /mnt/root/etc/kernel/cmdline)"
echo "copy $(cat /mnt/copy/etc/kernel/cmdline)"
echo "file $(cat /mnt/root/etc/made)"
test ! -e /mnt/copy/etc/made && test ! -e /mnt/etc
umount /mnt
printf sesame | cryptsetup open --key-file - $disk-part3 vault
mount -o ro /dev/mapper/vault /mnt
echo "volume $(cat /mnt/x)"
umount /mnt
`

// inSubvolume is a config for it, with kernel arguments and another partition, which has a volume.
const inSubvolume = `{"ignition": {"version": "3.4.0"},
  "kernelArguments": {"shouldExist": ["added=\"a b\""], "shouldNotExist": ["quiet"]},
  "storage": {
    "disks": [{"device": "/dev/vda", "partitions": [{"number": 3, "label": "vault", "sizeMiB": 64}]}],
    "luks": [{"name": "vault", "device": "/dev/disk/by-partlabel/vault", "options": ["--pbkdf", "pbkdf2",
      "--pbkdf-force-iterations", "1000"],
      "keyFile": {"source": "data:,sesame"}}],
    "filesystems": [{"device": "/dev/mapper/vault", "format": "ext4", "path": "/srv/vault"}],
    "files": [{"path": "/etc/made", "contents": {"source": "data:,made"}},
      {"path": "/srv/vault/x", "contents": {"source": "data:,vault"}}]}}`

func TestAnImageWithItsRootInASubvolume(t *testing.T) {
	w := workplace.New(t, prepare(t))
	w.Blank("a.raw", 512)
	run := func(script string) string {
		t.Helper()
		dir := t.TempDir()
		require.NoError(t, os.WriteFile(filepath.Join(dir, "run"), []byte(script), 0o755))
		var out bytes.Buffer
		status, result, err := w.Parts.RunPayload(t.Context(), machine.Payload{Dir: dir,
			Output: io.MultiWriter(&out, t.Output()), Machine: machine.Spec{
				Args: []string{"quiet"}, Remains: filepath.Join(t.ArtifactDir(), "ended"),
				Disks: []machine.Disk{{Name: "a", Path: w.Path("a.raw")}}}})
		require.NoError(t, err, "%s", tail{result})
		require.Zero(t, status, "%s", out.String())
		return out.String()
	}
	run(laysOut)
	code, said := w.Apply(inSubvolume, "--image", "a.raw")
	require.Zero(t, code, said)
	assert.NotContains(t, said, "added")
	out := run(looksAtRoot)
	for _, line := range []string{`options root=LABEL=root rootflags=subvol=root ro added="a b"`,
		`cmdline root=LABEL=root added="a b"`, "copy root=LABEL=root quiet", "file made", "volume vault"} {
		assert.Contains(t, out, line+"\n")
	}
}
