#!/bin/sh
# dracut.sh TREE LAYER OUT RELEASE MODULES: runs the dracut of a root, in a mount namespace of its own, with a layer of
# files on top that leaves the root as it is. The initrd is not compressed: under emulation, inflating costs more than
# reading.
set -eu
tree=$1 layer=$2 out=$3 release=$4 modules=$5
mount --make-rprivate /
work=$(mktemp -d)
trap 'umount -R -l "$work/root" "$work/files"; rmdir "$work"/* "$work"' EXIT
mkdir "$work/files" "$work/root"
mount -t tmpfs tmpfs "$work/files" # an overlay may not be the upper layer of another, as a container's root is
mkdir "$work/files/upper" "$work/files/work"
mount -t overlay overlay -o "lowerdir=$layer:$tree,upperdir=$work/files/upper,workdir=$work/files/work" "$work/root"
root=$work/root
mount -t proc proc "$root/proc"
mount --rbind /dev "$root/dev"
mount -t sysfs sysfs "$root/sys"
mount -t tmpfs tmpfs "$root/run"
mount -t tmpfs tmpfs "$root/tmp"

# Modules that systemd or the kernel do not load by themselves in time, or that no file of this root tells dracut of.
drivers="virtio_pci virtio_blk virtio_net virtio_console virtio_scsi virtio_rng sr_mod sd_mod qemu_fw_cfg
	ext4 xfs btrfs vfat nls_cp437 nls_ascii nls_iso8859-1 isofs udf dm_mod dm_crypt md_mod raid0 raid1 raid10 raid456
	loop overlay xts cbc sha256_generic sha512_generic algif_skcipher algif_hash af_alg crc32c_generic
	tpm_tis tpm_crb failover net_failover"
# What dracut adds for the network cards and network disks of real machines: tens of MB that no virtual machine has.
omit=$(cd "$root/usr/lib/modules/$release/kernel" && find drivers/net drivers/infiniband drivers/target \
	fs/ceph fs/nfs fs/smb -name '*.ko*' 2>/dev/null | sed 's|.*/||; s/\.ko.*$//' |
	grep -vE '^(virtio_net|failover|net_failover)$')
chroot "$root" dracut --force --quiet --no-hostonly --no-hostonly-cmdline --no-compress --nostrip --kver "$release" \
	--include /etc/systemd/system.conf.d /etc/systemd/system.conf.d \
	--drivers "$(echo $drivers)" --omit-drivers "$(echo $omit)" --add "mdraid crypt dm $modules" \
	--omit "plymouth i18n btrfs lvm multipath dmraid nvdimm iscsi nfs cifs nbd drm terminfo rngd memstrack lvmmerge
		lvmthinpool-monitor kernel-modules-extra watchdog watchdog-modules fido2 pkcs11 pcsc modsign securityfs selinux
		ecryptfs masterkey integrity biosdevname convertfs crypt-gpg crypt-loop virtiofs virtfs resume usrmount" \
	/tmp/initrd
cp "$root/tmp/initrd" "$out"
