package machine

import (
	"os"
	"os/exec"
	"strings"
)

// What is on this host is no part of a recipe: the parts that it makes are the same.

// hostTools are what this package needs here, and in which Debian package they are.
var hostTools = map[string]string{
	"qemu-system-x86_64":                "qemu-system-x86",
	"/usr/share/seabios/bios.bin":       "seabios",
	"/usr/lib/ipxe/qemu/pxe-virtio.rom": "ipxe-qemu",
	"qemu-img":                          "qemu-utils",
	"swtpm":                             "swtpm",
	"socat":                             "socat",
	"genisoimage":                       "genisoimage",
	"mmdebstrap":                        "mmdebstrap",
	"mke2fs":                            "e2fsprogs",
	"sfdisk":                            "fdisk",
	"/usr/libexec/tangd":                "tang-common",
	"/usr/share/keyrings/debian-archive-keyring.gpg": "debian-archive-keyring",
}

// uefiTools are those of a machine that boots by UEFI, beside hostTools.
var uefiTools = map[string]string{
	firmware:    "ovmf",
	systemdBoot: "systemd-boot-efi",
	"mcopy":     "mtools",
	"mkfs.fat":  "dosfstools",
}

// installTools installs the packages of programs and files that are missing, on a Debian; not while tests/install does.
func (w workshop) installTools(tools map[string]string) error {
	missing := []string{"/run/lock/glowplug-install", "apt-get", "install", "-y", "-q", "--no-install-recommends"}
	options := len(missing)
	for tool, pkg := range tools {
		if !isHere(tool) {
			missing = append(missing, pkg)
		}
	}
	if len(missing) == options {
		return nil
	}
	if err := w.run("flock", append(missing[:2:2], "update", "-q")...); err != nil {
		return err
	}
	return w.run("flock", missing...)
}

// isHere: a path that exists, or a program on PATH.
func isHere(tool string) bool {
	if strings.HasPrefix(tool, "/") {
		_, err := os.Stat(tool)
		return err == nil
	}
	_, err := exec.LookPath(tool)
	return err == nil
}
