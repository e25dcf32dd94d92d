#!/bin/sh
# boot-plan PORT: plans the config of this boot, as somebody in a shell here would, and tells the host on two ports.
glowplug plan --format json /run/ignition.json >/run/plan.json 2>/run/plan.txt
echo "exit status $?" >>/run/plan.txt
cat /run/plan.json >"/dev/virtio-ports/$1"
cat /run/plan.txt >"/dev/virtio-ports/$1-said"
rm /run/plan.json /run/plan.txt
