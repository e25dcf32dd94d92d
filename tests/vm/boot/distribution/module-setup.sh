#!/bin/bash
# What a distribution adds to the module "ignition", here for tests: a first boot that has failed tells the host all
# about it and switches the machine off, where else a shell would wait; and what is to go wrong is made to.

check() {
    return 255
}

depends() {
    echo ignition ignition-network
}

install() {
    # shellcheck disable=SC2154 # dracut sets these
    inst_multiple awk cat cmp cp dmesg grep ln mkdir mount mv rm seq sleep sync systemctl journalctl tr umount
    inst_simple "$moddir/witness.service" "$systemdsystemunitdir/witness.service"
    inst_script "$moddir/witness.sh" /usr/sbin/witness
    inst_script "$moddir/boot-witness.sh" /usr/sbin/boot-witness
    systemctl -q --root="$initdir" add-wants sysinit.target witness.service
    for stage in fetch-offline fetch; do # a busy host makes answers late
        inst_simple "$moddir/patience.conf" "$systemdsystemunitdir/ignition-$stage.service.d/patience.conf"
    done
    inst_script "$moddir/boot-test.sh" /usr/sbin/boot-test
    inst_simple "$moddir/boot-test.service" "$systemdsystemunitdir/boot-test.service"
    systemctl -q --root="$initdir" add-requires ignition-complete.target boot-test.service
    inst_simple "$moddir/glowplug" /usr/bin/glowplug
    inst_script "$moddir/boot-plan.sh" /usr/sbin/boot-plan
    for stage in disks files; do
        inst_simple "$moddir/boot-plan-$stage.service" "$systemdsystemunitdir/boot-plan-$stage.service"
        systemctl -q --root="$initdir" add-requires ignition-complete.target boot-plan-$stage.service
    done
    inst_simple "$moddir/proof.service" "$systemdsystemunitdir/proof.service"
    inst_script "$moddir/boot-failed.sh" /usr/sbin/boot-failed
    inst_simple "$moddir/boot-failed.service" "$systemdsystemunitdir/boot-failed.service"
    inst_simple "$moddir/emergency.conf" "$systemdsystemunitdir/emergency.target.d/10-boot-failed.conf"
    # dracut's own functions leave a file alone that another module has installed.
    cp "$moddir/kargs-helper.sh" "$initdir/usr/sbin/ignition-kargs-helper"
}
