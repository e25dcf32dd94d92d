#!/bin/sh
# Brings every network card up by DHCP. Files of the image in /etc/systemd/network or /usr/lib/systemd/network that sort before
# 90-ignition.network count more.
set -eu
mkdir -p /run/systemd/network
cat >/run/systemd/network/90-ignition.network <<E
[Match]
Type=ether
Kind=!*
[Network]
DHCP=yes
E
# Not waited for: what it is ordered after may wait for this unit.
systemctl restart --no-block systemd-networkd.service
/usr/lib/systemd/systemd-networkd-wait-online --any --timeout=60
# Without systemd-resolved nobody else writes down which name servers DHCP gave.
if [ ! -e /etc/resolv.conf ]; then
    sed -n 's/^DNS=//p' /run/systemd/netif/state | tr ' ' '\n' | sed 's/^/nameserver /' >/etc/resolv.conf
fi
