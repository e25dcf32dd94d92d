#!/bin/sh
# ignition-firstboot-complete [FOLDER...]: clears the mark by which the boot loader tells the initramfs that this is a
# first boot, whichever of them the folders have: GRUB's file, the argument in entries of the Boot Loader Specification,
# or the add-on of a unified kernel image. Called again it changes nothing.
set -eu
[ $# -gt 0 ] || set -- /boot /efi /boot/efi

# The folder may be mounted read-only in a running system.
writable() {
    [ -w "$1" ] || mount -o remount,rw "$1"
}

# The mark as an argument, between blanks or in quotes (kernel-command-line(7)), behind other words of a line of
# options. Quotes that are closed hold blanks together. Behind one that is not, or around it, words are between blanks,
# as the initramfs reads them.
words='^([[:space:]]*options([[:space:]]+("[^"]*"|[^[:space:]"])+)*)[[:space:]]+'
mark="('ignition\.firstboot(=[^']*)?'|"'"ignition\.firstboot(=[^"]*)?"|ignition\.firstboot(=("[^"]*"|[^[:space:]"])*)?)([[:space:]]|$)'
odd='^[^"]*"([^"]*"[^"]*")*[^"]*$'
last='^([[:space:]]*options([[:space:]]([^"]*"[^"]*")*[^"]*("[^"]*)?)?)[[:space:]]"?ignition\.firstboot(="?[^[:space:]"]*)?([[:space:]][^"]*)?$'

# unmarked takes the mark out of the options of an entry.
unmarked() {
    sed -E -e ':again' -e "s/$words$mark/\\1\\9/" -e 't again' \
        -e "/$odd/!b" -e ':behind' -e "s/$last/\\1\\6/" -e 't behind' "$1"
}

for folder; do
    if [ -e "$folder/ignition.firstboot" ]; then
        writable "$folder"
        rm -rf "$folder/ignition.firstboot" "$folder/ignition"
    fi
    for entry in "$folder"/loader/entries/*.conf; do
        [ -e "$entry" ] || continue
        without=$(unmarked "$entry" && echo .)
        [ "$without" != "$(cat "$entry" && echo .)" ] || continue
        writable "$folder"
        cp -aL "$entry" "$entry.new" # for the owner and the mode
        printf %s "${without%.}" >"$entry.new"
        # Whole before it takes the other's place: power may go at any time, and vfat has no journal.
        sync
        mv "$entry.new" "$entry"
    done
    for addon in "$folder"/loader/addons/ignition.firstboot.addon.efi \
        "$folder"/EFI/*/*.extra.d/ignition.firstboot.addon.efi; do
        [ -e "$addon" ] || continue
        writable "$folder"
        rm "$addon"
    done
done
sync
