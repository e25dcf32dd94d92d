#!/bin/sh
# Has the booted system, which keeps /run, start witness.service too, and leaves it glowplug.
cp /usr/bin/glowplug /run/glowplug-test
cp /usr/sbin/witness /run/witness.sh
mkdir -p /run/systemd/system/sysinit.target.wants
cp /usr/lib/systemd/system/witness.service /run/systemd/system/
ln -s ../witness.service /run/systemd/system/sysinit.target.wants/
