#!/bin/bash
# glowplug as dracut's module "ignition": on the first boot it makes the machine what its config says. The name is that
# of the program which it replaces, as modules of distributions depend on it.

check() {
    # Only where another module, or the image, asks for it.
    return 255
}

depends() {
    echo qemu systemd url-lib network
}

# Programs that the stages run, if they are there. They are needed only by configs that use them; a distribution lists
# what its users may rely on in $ignition_required_tools (dracut.conf.d), whose lack then fails the build.
ignition_tools() {
    ignition_makers
    echo dmsetup setfiles systemctl
    echo clevis clevis-encrypt-sss clevis-encrypt-tang clevis-encrypt-tpm2 clevis-luks-bind clevis-luks-common-functions
    echo clevis-luks-unlock clevis-decrypt clevis-decrypt-sss clevis-decrypt-tang clevis-decrypt-tpm2 \
        clevis-encrypt-null clevis-decrypt-null
    echo pwmake jose curl tpm2_create tpm2_createpolicy tpm2_createprimary tpm2_flushcontext tpm2_load tpm2_pcrread \
        tpm2_unseal
    # clevis is a set of shell scripts.
    echo bash sort find touch id grep sed cat head tail tr mktemp rm
}

# What makes filesystems, arrays and volumes.
ignition_makers() {
    echo mkfs.btrfs mkfs.ext4 mkfs.fat mkfs.xfs mkswap wipefs mdadm cryptsetup
}

# An image without it would boot as if there were nothing to provision, or fail in the hands of its users.
ignition_fatal() {
    dfatal "ignition: $1"
    exit 1
}

ignition_needs() {
    inst_multiple "$@" || ignition_fatal "the image is to have $*, of which some are missing"
}

# Read by dracut's emergency shell after all that it says itself, just before the prompt (dracut-emergency.sh): the card
# of a failure is then the last thing on every console, where those lines would have pushed it off a small screen.
ignition_profile() {
    cat <<'E'
[ ! -r /run/glowplug/failure.txt ] || while read -r console rest; do
    while IFS= read -r line; do printf '%s\n' "$line"; done </run/glowplug/failure.txt >"/dev/$console"
done </proc/consoles 2>/dev/null
E
}

# shellcheck disable=SC2154 # dracut sets moddir, systemdsystemunitdir and dracutsysrootdir, a root to build from
install() {
    local settings="${dracutsysrootdir-}/usr/lib/glowplug/distribution.json"
    local epoch="${dracutsysrootdir-}/usr/lib/clock-epoch" tool missing=

    # The first two are for scripts of distributions, and for whoever looks for the reason of a failure. Blkid is asked
    # before a device on which nothing is known is written to.
    ignition_needs basename lsblk blkid mount umount udevadm modprobe
    # shellcheck disable=SC2046 # a list
    inst_multiple -o $(ignition_tools) is-live-image
    for tool in $(ignition_makers) clevis; do
        find_binary "$tool" >/dev/null || missing="$missing $tool"
    done
    [ -z "$missing" ] || dwarn "ignition: configs that need one of these will fail, as the image has none:$missing"
    # The TPM's tools load by name what speaks to the kernel.
    inst_libdir_file "libtss2-tcti-device.so*"
    # shellcheck disable=SC2086 # a list, of dracut.conf
    [ -z "${ignition_required_tools-}" ] || ignition_needs $ignition_required_tools
    [ "${DRACUT_ARCH:-$(uname -m)}" != s390x ] || ignition_needs chccwdev cio_ignore vmur zkey zkey-cryptsetup

    inst_simple "$moddir/ignition" /usr/bin/ignition || ignition_fatal "the program is not in $moddir"
    inst_script "$moddir/ignition-kargs-helper.sh" /usr/sbin/ignition-kargs-helper
    ln_r /usr/bin/ignition /usr/lib/systemd/system-generators/ignition-generator
    # shellcheck disable=SC2154 # dracut sets initdir
    [ ! -d "$initdir/etc" ] || ignition_profile >>"$initdir/etc/profile"
    if [ -e "$settings" ]; then
        inst_simple /usr/lib/glowplug/distribution.json
        ! grep -q '"shadow-utils"' "$settings" ||
            ignition_needs groupadd groupmod groupdel chgpasswd useradd usermod userdel chpasswd
    fi
    # Clocks of new machines may be years behind; certificates are held against this file as well.
    [ ! -e "$epoch" ] || inst_simple /usr/lib/clock-epoch

    inst_simple "$moddir/99-xx-ignition-systemd-cryptsetup.rules" \
            /usr/lib/udev/rules.d/99-xx-ignition-systemd-cryptsetup.rules
    # The config drives of some clouds are CD-ROMs, found by label.
    inst_rules 60-cdrom_id.rules
    inst_simple "$moddir/ignition-luks.conf" /etc/security/pwquality.conf.d/ignition-luks.conf
    [ "${DRACUT_ARCH:-$(uname -m)}" != s390x ] || inst_simple "$moddir/ignition-cex" /etc/luks/cex.key

    for target in complete diskful subsequent diskful-subsequent; do
        inst_simple "$moddir/ignition-$target.target" "$systemdsystemunitdir/ignition-$target.target"
    done
    for stage in fetch-offline fetch kargs disks mount files; do
        install_unit "ignition-$stage.service" ignition-complete.target
    done
    install_unit ignition-remount-sysroot.service ignition-diskful.target
    install_unit ignition-report.service emergency.target wants
}

# shellcheck disable=SC2154 # dracut sets moddir, initdir and systemdsystemunitdir
install_unit() {
    inst_simple "$moddir/$1" "$systemdsystemunitdir/$1"
    systemctl -q --root="$initdir" "add-${3-requires}" "$2" "$1" || ignition_fatal "$1 cannot be made part of $2"
}

installkernel() {
    # Hyper-V, vsock: absent on many kernels.
    instmods hv_utils
    instmods -c vsock
    instmods -c vmw_vsock_virtio_transport_common
    instmods -c vmw_vsock_virtio_transport
    case "${DRACUT_ARCH:-$(uname -m)}" in
    s390x) instmods -c zcrypt_cex4 pkey_cca ;;
    aarch64) instmods -c mlxbf_bootctl ;;
    esac
    return 0
}
