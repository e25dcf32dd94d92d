#!/bin/sh
# A helper for kernel arguments, to be put at /usr/sbin/ignition-kargs-helper of the initramfs, for images whose kernel command line is
# in entries of the Boot Loader Specification (loader/entries/*.conf) or in GRUB's own configuration (grub/grub.cfg, grub2/grub.cfg).
# They are on the filesystem that /etc/ignition-boot-device names, by default the one with the label boot; with a folder as
# IGNITION_BOOT nothing is mounted, and nothing rebooted.
set -eu
boot=${IGNITION_BOOT:-}
if [ -z "$boot" ]; then
    device=/dev/disk/by-label/boot
    [ ! -e /etc/ignition-boot-device ] || read -r device </etc/ignition-boot-device
    boot=/run/ignition-boot
    mkdir -p "$boot"
    # The unit has mounts of its own, so this one ends with it.
    mount "$device" "$boot"
fi

# edit FILE WORD ARGUMENT...: changes the lines that begin with a word, and tells by its status whether there was anything to do.
edit() {
    file=$1
    shift
    awk '
        BEGIN {
            lines = ARGV[1]
            for (i = 3; i + 1 < ARGC; i += 2) { verb[++count] = ARGV[i]; argument[count] = ARGV[i + 1] }
            ARGV[1] = ARGV[2]; ARGC = 2 # the file is all that is left to read
        }
        $1 !~ ("^(" lines ")$") { print; next }
        {
            line = $0
            for (i = 1; i <= count; i++) {
                padded = line " "
                if (verb[i] == "--should-exist") {
                    if (!index(padded, " " argument[i] " ")) line = line " " argument[i]
                    continue
                }
                while (at = index(padded, " " argument[i] " "))
                    padded = substr(padded, 1, at) substr(padded, at + length(argument[i]) + 2)
                line = substr(padded, 1, length(padded) - 1)
            }
            print line
        }' "$@" >"$file.new"
    if cmp -s "$file" "$file.new"; then
        rm "$file.new"
        return
    fi
    mv "$file.new" "$file"
    changed=yes
}

changed=
found=
for file in "$boot"/loader/entries/*.conf; do
    [ ! -e "$file" ] || { found=yes; edit "$file" options "$file" "$@"; }
done
for file in "$boot"/grub/grub.cfg "$boot"/grub2/grub.cfg; do
    [ ! -e "$file" ] || { found=yes; edit "$file" 'linux|linux16|linuxefi' "$file" "$@"; }
done
[ -n "$found" ] || { echo "there are no boot entries in $boot" >&2; exit 1; }
[ -n "$changed" ] || exit 0
sync
[ -z "${IGNITION_BOOT:-}" ] || exit 0
umount "$boot"
systemctl reboot --force
# What comes next in this boot may not begin.
exec sleep infinity
