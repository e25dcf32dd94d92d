package machine

import (
	"context"
	"fmt"
	"io"
	"maps"
	"path"
	"slices"
)

const (
	firmware    = "/usr/share/ovmf/OVMF.fd"
	systemdBoot = "/usr/lib/systemd/boot/efi/systemd-bootx64.efi"
	bootPath    = "EFI/BOOT/BOOTX64.EFI" // what firmware starts that has been told nothing
)

// MakeESP makes a disk that a machine with UEFI boots from: a FAT filesystem with a label, without a partition table,
// that has files, whose content is that of files on this host, and systemd-boot unless one of them is in its place. It
// installs what that takes.
func MakeESP(ctx context.Context, image, label string, files map[string]string, progress io.Writer) error {
	unlock, err := lock(cacheFolder())
	if err != nil {
		return err
	}
	defer unlock()
	w := workshop{ctx: ctx, progress: progress}
	if err := w.installTools(uefiTools); err != nil {
		return err
	}
	all := map[string]string{bootPath: systemdBoot}
	maps.Copy(all, files)
	const sizeMiB = 256
	if err := w.run("mkfs.fat", "-F", "32", "-n", label, "-C", image, fmt.Sprint(sizeMiB<<10)); err != nil {
		return err
	}
	var folders []string
	for name := range all {
		for dir := path.Dir(name); dir != "."; dir = path.Dir(dir) {
			folders = append(folders, dir)
		}
	}
	slices.Sort(folders) // a folder comes before what is in it
	for _, dir := range slices.Compact(folders) {
		if err := w.run("mmd", "-i", image, "::"+dir); err != nil {
			return err
		}
	}
	for name, from := range all {
		if err := w.run("mcopy", "-i", image, from, "::"+name); err != nil {
			return err
		}
	}
	return nil
}

// Ukify runs the root's own ukify, which this host may not have. Paths among its arguments are this host's with /mnt
// before them. It needs root.
func (p Parts) Ukify(ctx context.Context, progress io.Writer, args ...string) error {
	const script = `mount --rbind / "$0/mnt" && exec chroot "$0" ukify "$@"`
	w := workshop{ctx: ctx, progress: progress}
	return w.run("unshare", append([]string{"--mount", "sh", "-c", script, p.Tree}, args...)...)
}
