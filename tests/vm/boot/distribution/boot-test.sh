#!/bin/sh
# Does what the kernel command line says: test.remove=FILE, test.mount=DEVICE.
read -r line </proc/cmdline
for word in $line; do
	case $word in
	test.remove=*) rm "${word#*=}" ;;
	test.mount=*)
		mkdir /run/used
		mount -o ro,noload "${word#*=}" /run/used
		;;
	esac
done
exit 0
