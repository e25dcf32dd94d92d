//go:build vmhost

package boot

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/glowplug-os/glowplug/tests/vm/machine"
)

// Firmware, systemd-boot and its entry: the helper changes the arguments in the entry and reboots once, the real root
// clears the mark of the first boot there, and the next boot is an ordinary one.
func TestAFirstBootThroughSystemdBoot(t *testing.T) {
	t.Parallel()
	parts, _ := prepare(t, "bookworm")
	initrd, err := parts.Dracut(t.Context(), layer(t, func(dir string) {
		helper, err := os.ReadFile(filepath.Join(checkout, "dracut/kargs/ignition-kargs-entries.sh"))
		require.NoError(t, err)
		require.NoError(t,
			os.WriteFile(filepath.Join(dir, "usr/lib/dracut/modules.d/40glowplug-test/kargs-helper.sh"), helper, 0o755))
	}), []string{"glowplug-test"}, os.Stderr)
	require.NoError(t, err)
	b := newBox(t, "bookworm")
	entry := filepath.Join(b.dir, "entry")
	args := append(append(append(machine.KernelArgs(), "ro"), quiet...), "unwanted", "ignition.firstboot",
		"ignition.platform.id=qemu")
	require.NoError(t, os.WriteFile(entry,
		[]byte("title Debian\nlinux /vmlinuz\ninitrd /initrd\noptions "+strings.Join(args, " ")+"\n"), 0o644))
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
		"path": "/usr/libexec/ignition-firstboot-complete", "mode": 0o755,
		"contents": object{"source": dataURL(script)}})
	config["systemd"] = object{"units": []object{
		{"name": "ignition-firstboot-complete.service", "enabled": true, "contents": string(unit)},
		{"name": "boot.mount", "enabled": true, "contents": "[Mount]\nWhat=/dev/disk/by-label/boot\nWhere=/boot\n" +
			"Type=vfat\n[Install]\nRequiredBy=local-fs.target\n"},
	}}

	checks := append(withoutNetwork(),
		check{"the arguments", "grep -o -w -e wanted=1 -e unwanted -e ignition.firstboot /proc/cmdline | tr '\\n' ' '",
			"ignition.firstboot wanted=1"},
		check{"the entry for later boots",
			"grep -o -w -e wanted=1 -e unwanted -e ignition.firstboot /boot/loader/entries/debian.conf", "wanted=1"})
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

// A unified kernel image has its command line in it, and is often signed: an add-on beside it says that this is a first
// boot, and another which platform's. The first of them is gone after that boot.
func TestAFirstBootOfAUnifiedKernelImage(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct{ image, marks, others string }{
		"started by systemd-boot, with an add-on for all images": {
			"EFI/Linux/debian.efi", "loader/addons", "EFI/Linux/debian.efi.extra.d"},
		"started by the firmware, with an add-on of its own": {
			"EFI/BOOT/BOOTX64.EFI", "EFI/BOOT/BOOTX64.EFI.extra.d", "loader/addons"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := newBox(t, "trixie")
			mark, other := test.marks+"/ignition.firstboot.addon.efi", test.others+"/platform.addon.efi"
			ukis := map[string][]string{
				mark:  {"--cmdline=ignition.firstboot"},
				other: {"--cmdline=ignition.platform.id=qemu"},
				test.image: {"--linux=" + guest(t, b.parts.Kernel), "--initrd=" + guest(t, b.initrd),
					"--cmdline=" + strings.Join(append(append(machine.KernelArgs(), "ro"), quiet...), " ")},
			}
			files := map[string]string{}
			for name, args := range ukis {
				files[name] = b.disk(filepath.Base(name))
				args = append(append([]string{"build"}, args...), "--output="+guest(t, files[name]))
				require.NoError(t, b.parts.Ukify(t.Context(), os.Stderr, args...))
			}
			require.NoError(t, machine.MakeESP(t.Context(), b.disk("boot"), "boot", files, os.Stderr))
			b.spec.Disks = append([]machine.Disk{{Name: "boot", Path: b.disk("boot")}}, b.spec.Disks...)
			b.firmware, b.spec.UEFI = true, true
			b.spec.FwCfg = map[string][]byte{"opt/com.coreos/config": withProof(t, encode(t, clearedByPreset(t)))}

			here := "cd /boot && ls " + mark + " " + other + " 2>/dev/null"
			checks := append(withoutNetwork(),
				check{"who started the kernel",
					"cat /sys/firmware/efi/efivars/StubInfo-* | tr -cd '[:print:]' | cut -d ' ' -f 1", "systemd-stub"},
				check{"the arguments", "grep -o -e 'ignition[^ ]*' /proc/cmdline | sort | tr '\\n' ' '",
					"ignition.firstboot ignition.platform.id=qemu"},
				check{"what clears the mark", "systemctl is-enabled ignition-firstboot-complete.service && systemctl " +
					"is-active ignition-firstboot-complete.service", "enabled\nactive"},
				check{"the add-ons for later boots", here + " || true", other})
			b.boot(b.spec, checks).must(checks)

			checks = []check{
				{"nothing has failed", "systemctl --failed --no-legend --plain --no-pager", ""},
				{"the arguments", "grep -o -e 'ignition[^ ]*' /proc/cmdline", "ignition.platform.id=qemu"},
				{"no stage ran", "journalctl -b -t ignition -o cat --no-pager | grep -c . || true", "0"},
				{"no config is there", "ls /run/ignition.json /run/ignition 2>/dev/null | wc -l", "0"},
				{"what clears the mark", "systemctl is-active ignition-firstboot-complete.service || true", "inactive"},
				{"the file", "cat /etc/made", "made"},
			}
			b.boot(b.spec, checks).must(checks)
		})
	}
}

// guest is a path of this host for Ukify.
func guest(t *testing.T, path string) string {
	t.Helper()
	path, err := filepath.Abs(path)
	require.NoError(t, err)
	return "/mnt" + path
}

// clearedByPreset is a config by which the root becomes one of an image that has what `make install-firstboot-complete`
// installs, enables it by preset, and mounts itself to be written to, and the disk that it is started from.
func clearedByPreset(t *testing.T) object {
	t.Helper()
	files := append(installed(t, "install-firstboot-complete"),
		with("/usr/lib/systemd/system-preset/50-image.preset", "enable ignition-firstboot-complete.service\n", nil),
		with("/etc/fstab", "LABEL=root / ext4\nLABEL=boot /boot vfat\n", object{"overwrite": true}))
	config := oneFile(object{"source": "data:,made"})
	storage := config["storage"].(object)
	storage["files"] = append(storage["files"].([]object), files...)
	return config
}

// installed are files of a config: what targets of the Makefile install into an image.
func installed(t *testing.T, targets ...string) (files []object) {
	t.Helper()
	dir := t.TempDir()
	out, err := exec.Command("make", append([]string{"-C", checkout, "DESTDIR=" + dir}, targets...)...).CombinedOutput()
	require.NoError(t, err, "make %v: %s", targets, out)
	require.NoError(t, filepath.WalkDir(dir, func(path string, entry os.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		info, err := entry.Info()
		require.NoError(t, err)
		text, err := os.ReadFile(path)
		files = append(files, with(strings.TrimPrefix(path, dir), string(text), object{"mode": info.Mode().Perm()}))
		return err
	}))
	return files
}
