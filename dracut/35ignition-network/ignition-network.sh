#!/bin/sh
# Brings every network card up by DHCP. Files of the image in /etc/systemd/network or /usr/lib/systemd/network that sort
# before 90-ignition.network count more. With a folder as IGNITION_ROOT all paths are below it.
set -eu
root=${IGNITION_ROOT:-}
mkdir -p "$root/run/systemd/network"
cat >"$root/run/systemd/network/90-ignition.network" <<E
[Match]
Type=ether
Kind=!*
[Network]
DHCP=yes
E
# Not waited for: what it is ordered after may wait for this unit.
systemctl restart --no-block systemd-networkd.service

# online SECONDS waits for the network, 0 for as long as it takes.
online() {
    "$root/usr/lib/systemd/systemd-networkd-wait-online" --any --timeout="$1" || return 1
    [ ! -e "$root/etc/resolv.conf" ] || return 0
    # Without systemd-resolved nobody else writes down which name servers DHCP gave. There may be a link to where it
    # would.
    rm -f "$root/etc/resolv.conf"
    sed -n 's/^DNS=//p' "$root/run/systemd/netif/state" | tr ' ' '\n' | sed 's/^/nameserver /' >"$root/etc/resolv.conf"
}

# A network that comes late is no failure of this unit: with it the boot would end, without what a stage can say about
# it.
online 60 || {
    echo "the network is not there after a minute; it is still waited for, while the fetch stage begins" >&2
    online 0 &
}
