//go:build vmhost

package boot

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/glowplug-os/glowplug/tests/vm/machine"
	"github.com/glowplug-os/glowplug/tests/vm/workplace"
)

// inTheImage are commands of debugfs(8), which puts files into an image as systems have them: of other owners, with
// modes, with attributes, and with a capability.
const inTheImage = `mkdir /srv/kept
cd /srv/kept
write text file
set_inode_field file uid 1077
set_inode_field file gid 1078
set_inode_field file mode 0100640
ea_set -f text file user.kept
write text tool
set_inode_field tool mode 0100755
ea_set -f capability tool security.capability
`

// netRaw is cap_net_raw+ep, as files have it (linux/capability.h, struct vfs_cap_data).
const netRaw = "\x01\x00\x00\x02\x00\x20\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00"

// attribute is a command that tells an attribute of a file, in hexadecimal digits, by getxattr(2), which is call 191.
func attribute(file, name string) string {
	return fmt.Sprintf(`perl -e '($f, $a, $b) = ("%s", "%s", "\0" x 64); $n = syscall(191, $f, $a, $b, 64); `+
		`print unpack("H*", substr($b, 0, $n))'`, file, name)
}

// asBefore is what the image had, and still has.
var asBefore = []check{
	{"owners and modes in the image", "stat -c '%a %u %g' /srv/kept/file /srv/kept/tool | tr '\\n' ';'",
		"640 1077 1078;755 0 0;"},
	{"the text of a file of the image", "cat /srv/kept/file", "kept"},
	{"an attribute of a file of the image", attribute("/srv/kept/file", "user.kept"), fmt.Sprintf("%x", "kept")},
	{"a capability of a file of the image", attribute("/srv/kept/tool", "security.capability"),
		fmt.Sprintf("%x", netRaw)},
	{"groups of the image", "stat -c %G /etc/shadow /var/mail | tr '\\n' ' '", "shadow mail"},
	{"the result file", "jq -r .userConfigProvided /etc/.ignition-result.json", "true"},
}

// A system, and blank disks beside it, that an ordinary user has provisioned without a boot are what a first boot makes
// of them: the same is asked.
func TestAnImageThatWasProvisionedWithoutABoot(t *testing.T) {
	t.Parallel()
	b := newBox(t, "bookworm")
	config := withProof(t, lasting(t, testdata(t, "machine.ign")))
	b.later = config
	w := workplace.New(t, b.parts)
	w.Copy("root.raw", b.parts.Root)
	putIntoTheRoot(t, w.Path("root.raw"))
	args := []string{"--disk", "/dev/disk/by-id/virtio-root=root.raw"}
	for i := 1; i < len(b.spec.Disks); i++ {
		d := &b.spec.Disks[i]
		w.Blank(d.Name+".raw", d.SizeMiB)
		args = append(args, "--disk", "/dev/disk/by-id/virtio-"+d.Name+"="+d.Name+".raw")
	}
	code, said := w.Apply(string(config), args...)
	require.Zero(t, code, said)
	assert.NotContains(t, said, "yj9T", "a password hash is told")
	for i, d := range b.spec.Disks {
		b.spec.Disks[i] = machine.Disk{Name: d.Name, Path: w.Path(d.Name + ".raw")}
	}
	checks := append(asDescribed[:len(asDescribed):len(asDescribed)], untouched...)
	checks = append(checks, asBefore...)
	o := b.again(append(checks, ofLater))
	o.must(checks)
	nothingToDo(t, o.plan(ofLater))
}

// rootStart is where the first partition of Parts.Root begins, in bytes.
const rootStart = 1 << 20

// putIntoTheRoot puts the files of inTheImage into the first partition of an image.
func putIntoTheRoot(t *testing.T, image string) {
	t.Helper()
	dir := t.TempDir()
	for name, text := range map[string]string{"text": "kept", "capability": netRaw, "commands": inTheImage} {
		require.NoError(t, os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644))
	}
	run := exec.CommandContext(t.Context(), "debugfs", "-w", "-f", "commands",
		fmt.Sprintf("%s?offset=%d", image, rootStart))
	run.Dir = dir
	out, err := run.CombinedOutput()
	require.NoError(t, err, "%s", out)
}
