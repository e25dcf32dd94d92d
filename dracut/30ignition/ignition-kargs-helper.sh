#!/bin/sh
# Changes kernel arguments as the config asks: --should-exist ARG and --should-not-exist ARG, each any number of times.
# A distribution puts its own program in this place, /usr/sbin/ignition-kargs-helper: it adds what is missing, removes
# every occurrence of what should not be there, and reboots if anything has changed. Called again it changes nothing.
#
# What it says on standard error is shown on the consoles. The arguments are not repeated: they may hold a secret.
echo "this distribution has no helper for kernel arguments: put one at /usr/sbin/ignition-kargs-helper of the" \
    "initramfs, or leave kernelArguments out of the config" >&2
exit 1
