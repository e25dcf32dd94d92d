#!/bin/sh
# customize.sh ROOT: run by mmdebstrap when the packages of a root are there. Fetches the kernel with the same apt and
# lays it beside the root, its modules inside; a kernel that is installed would make an initrd and ask for a boot
# loader.
set -eu
root=$1
cd "$(dirname "$root")"
export APT_CONFIG="$MMDEBSTRAP_APT_CONFIG"

package=$(apt-cache depends --no-recommends linux-image-cloud-amd64 | sed -n 's/.*Depends: *//p' | head -n 1)
apt-get download -q -o APT::Sandbox::User=root "$package"
dpkg-deb -x "$package"_*.deb kernel
mv kernel/boot/vmlinuz-* vmlinuz
mkdir -p "$root/usr/lib/modules"
for modules in kernel/lib/modules/* kernel/usr/lib/modules/*; do
	[ ! -d "$modules" ] || mv "$modules" "$root/usr/lib/modules/"
done
chroot "$root" depmod "$(ls "$root/usr/lib/modules")"
rm -rf kernel "$package"_*.deb "$root"/var/lib/apt/lists/* "$root"/var/cache/apt/*.bin

# Debian's default is to enable everything; as in images for first-boot provisioning, what no preset names stays off
# here.
mkdir -p "$root/etc/systemd/system-preset"
echo 'disable *' >"$root/etc/systemd/system-preset/99-default.preset"
touch "$root/etc/.updated" "$root/var/.updated"

# On a busy host all takes longer: whether a machine hangs is for the host to say, which sees more of it.
mkdir -p "$root/etc/systemd/system.conf.d"
printf '[Manager]\nDefaultTimeoutStartSec=infinity\nDefaultDeviceTimeoutSec=infinity\n' \
	>"$root/etc/systemd/system.conf.d/patience.conf"

# Seconds each under emulation, and nothing that a test asks about.
for unit in apt-daily.timer apt-daily-upgrade.timer e2scrub_all.timer e2scrub_reap.service fstrim.timer \
	mdmonitor.service mdcheck_start.timer mdcheck_continue.timer getty@tty1.service serial-getty@ttyS0.service \
	ldconfig.service systemd-pcrphase.service systemd-pcrphase-sysinit.service systemd-hwdb-update.service \
	systemd-journal-catalog-update.service systemd-update-utmp-runlevel.service; do
	ln -sf /dev/null "$root/etc/systemd/system/$unit"
done
