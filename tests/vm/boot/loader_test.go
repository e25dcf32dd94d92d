//go:build vmhost

package boot

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/glowplug-os/glowplug/tests/vm/machine"
)

// Firmware, systemd-boot and its entry: the helper changes the arguments in the entry and reboots once, the real root clears the mark of
// the first boot there, and the next boot is an ordinary one.
func TestAFirstBootThroughSystemdBoot(t *testing.T) {
	parts, _ := prepare(t, "bookworm")
	initrd, err := parts.Dracut(t.Context(), layer(t, func(dir string) {
		helper, err := os.ReadFile(filepath.Join(checkout, "dracut/kargs/ignition-kargs-entries.sh"))
		require.NoError(t, err)
		require.NoError(t, os.WriteFile(filepath.Join(dir, "usr/lib/dracut/modules.d/40glowplug-test/kargs-helper.sh"), helper, 0o755))
	}), []string{"glowplug-test"}, os.Stderr)
	require.NoError(t, err)
	b := newBox(t, "bookworm")
	entry := filepath.Join(b.dir, "entry")
	args := append(append([]string{"console=ttyS0", "panic=-1", "ro"}, quiet...), "unwanted", "ignition.firstboot", "ignition.platform.id=qemu")
	require.NoError(t, os.WriteFile(entry, []byte("title Debian\nlinux /vmlinuz\ninitrd /initrd\noptions "+strings.Join(args, " ")+"\n"), 0o644))
	require.NoError(t, machine.MakeESP(t.Context(), b.disk("boot"), "boot", map[string]string{
		"vmlinuz": b.parts.Kernel, "initrd": initrd, "loader/entries/debian.conf": entry,
	}, os.Stderr))
	b.spec.Disks = append([]machine.Disk{{Name: "boot", Path: b.disk("boot")}}, b.spec.Disks...)
	b.firmware, b.spec.UEFI, b.spec.Reboots = true, true, true

	unit, err := os.ReadFile(filepath.Join(checkout, "dracut/firstboot/ignition-firstboot-complete.service"))
	require.NoError(t, err)
	script, err := os.ReadFile(filepath.Join(checkout, "dracut/firstboot/ignition-firstboot-complete.sh"))
	require.NoError(t, err)
	config := oneFile(object{"source": "data:,made"})
	config["kernelArguments"] = object{"shouldExist": []string{"wanted=1"}, "shouldNotExist": []string{"unwanted"}}
	storage := config["storage"].(object)
	storage["files"] = append(storage["files"].([]object), object{
		"path": "/usr/libexec/ignition-firstboot-complete", "mode": 0o755, "contents": object{"source": dataURL(script)}})
	config["systemd"] = object{"units": []object{
		{"name": "ignition-firstboot-complete.service", "enabled": true, "contents": string(unit)},
		{"name": "boot.mount", "enabled": true, "contents": "[Mount]\nWhat=/dev/disk/by-label/boot\nWhere=/boot\nType=vfat\n[Install]\nRequiredBy=local-fs.target\n"},
	}}

	checks := append(withoutNetwork(),
		check{"the arguments", "grep -o -w -e wanted=1 -e unwanted -e ignition.firstboot /proc/cmdline | tr '\\n' ' '", "ignition.firstboot wanted=1"},
		check{"the entry for later boots", "grep -o -w -e wanted=1 -e unwanted -e ignition.firstboot /boot/loader/entries/debian.conf", "wanted=1"})
	b.spec.FwCfg = map[string][]byte{"opt/com.coreos/config": withProof(t, encode(t, config))}
	o := b.boot(b.spec, checks)
	o.must(checks)
	restarts := 0
	for _, line := range o.Console {
		if strings.Contains(line.Text, "reboot: Restarting system") {
			restarts++
		}
	}
	assert.Equal(t, 1, restarts)

	checks = []check{
		{"nothing has failed", "systemctl --failed --no-legend --plain --no-pager", ""},
		{"no stage ran", "journalctl -b -t ignition -o cat --no-pager | grep -c . || true", "0"},
		{"the file", "cat /etc/made", "made"},
	}
	b.boot(b.spec, checks).must(checks)
}
