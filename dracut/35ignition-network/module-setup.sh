#!/bin/bash
# The network of a first boot, by systemd-networkd, for distributions that have nothing of their own: DHCP on every
# card, and only once a stage has asked for it.

check() {
    # Only where another module, or the image, asks for it.
    return 255
}

depends() {
    echo ignition systemd-networkd
}

# shellcheck disable=SC2154 # dracut sets moddir, initdir and systemdsystemunitdir
install() {
    inst_multiple cat mkdir rm sed systemctl tr "$systemdutildir/systemd-networkd-wait-online" || {
        dfatal "ignition-network: the image lacks systemd-networkd, or a tool"
        exit 1
    }
    inst_script "$moddir/ignition-network.sh" /usr/sbin/ignition-network
    inst_simple "$moddir/ignition-network.service" "$systemdsystemunitdir/ignition-network.service"
    systemctl -q --root="$initdir" add-requires ignition-complete.target ignition-network.service || {
        dfatal "ignition-network: ignition-network.service cannot be made part of ignition-complete.target"
        exit 1
    }
    # The module systemd-networkd may start it in any boot.
    systemctl -q --root="$initdir" disable systemd-networkd.service systemd-networkd.socket \
        systemd-networkd-wait-online.service || :
}
