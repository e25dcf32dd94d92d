#!/bin/sh
# ignition-firstboot-complete [FOLDER...]: clears the mark by which the boot loader tells the initramfs that this is a first boot,
# whichever of them the folders have: GRUB's file, the argument in entries of the Boot Loader Specification, or the add-on of a unified
# kernel image. Called again it changes nothing.
set -eu
[ $# -gt 0 ] || set -- /boot /efi /boot/efi

# The folder may be mounted read-only in a running system.
writable() {
    [ -w "$1" ] || mount -o remount,rw "$1"
}

for folder; do
    if [ -e "$folder/ignition.firstboot" ]; then
        writable "$folder"
        rm -rf "$folder/ignition.firstboot" "$folder/ignition"
    fi
    for entry in "$folder"/loader/entries/*.conf; do
        grep -qsE '^[[:space:]]*options[[:space:]](.*[[:space:]])?ignition\.firstboot(=|[[:space:]]|$)' "$entry" || continue
        writable "$folder"
        cp -aL "$entry" "$entry.new" # for the owner and the mode
        sed -E -e '/^[[:space:]]*options[[:space:]]/!b' -e ':again' \
            -e 's/[[:space:]]ignition\.firstboot(=[^[:space:]]*)?([[:space:]]|$)/\2/' -e 'tagain' "$entry" >"$entry.new"
        # Whole before it takes the other's place: power may go at any time, and vfat has no journal.
        sync
        mv "$entry.new" "$entry"
    done
    for addon in "$folder"/loader/addons/ignition.firstboot.addon.efi "$folder"/EFI/*/*.extra.d/ignition.firstboot.addon.efi; do
        [ -e "$addon" ] || continue
        writable "$folder"
        rm "$addon"
    done
done
sync
