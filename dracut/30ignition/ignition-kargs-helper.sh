#!/bin/bash
# Changes kernel arguments as the config asks: --should-exist ARG and --should-not-exist ARG, each any number of times. A
# distribution puts its own program in this place, /usr/sbin/ignition-kargs-helper: it adds what is missing, removes every
# occurrence of what should not be there, and reboots if anything has changed. Called again it changes nothing.
echo "This distribution has no helper for kernel arguments; $* cannot be applied." >&2
echo "Put one at /usr/sbin/ignition-kargs-helper of the initramfs (docs/operations.md), or remove kernelArguments from the config." >&2
exit 1
