#!/bin/sh
# boot-plan PORT: plans the config of this boot, as somebody in a shell here would, and tells the host on ports: the
# plan and what was said, and facts of this machine, with the config and its plan that is to come of them.
config=/run/ignition.json
glowplug plan --format json $config >/run/plan.json 2>/run/plan.txt
echo "exit status $?" >>/run/plan.txt
cat /run/plan.json >"/dev/virtio-ports/$1"
cat /run/plan.txt >"/dev/virtio-ports/$1-said"
glowplug facts --for $config >"/dev/virtio-ports/$1-facts" 2>&1
glowplug plan --no-content --format json $config >"/dev/virtio-ports/$1-bare" 2>/dev/null
cat $config >"/dev/virtio-ports/$1-config"
rm /run/plan.json /run/plan.txt
