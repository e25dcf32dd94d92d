#!/bin/busybox sh
# The first process of a machine, in the initrd. Mounts the first partition of the disk named root, and goes on there:
# with the program that the kernel argument init= names, or else with payload.sh.
/bin/busybox --install -s /bin
export PATH=/bin
mount -t proc proc /proc
mount -t sysfs sys /sys
mount -t devtmpfs dev /dev
for module in /modules/*; do insmod "$module"; done

give_up() {
	echo "machine: $*"
	poweroff -f
	sleep 60
}

# find_disk NAME: the kernel's name for the disk with that serial.
find_disk() {
	for attempt in $(seq 200); do
		for serial in /sys/block/vd*/serial; do
			[ "$(cat "$serial" 2>/dev/null)" != "$1" ] || { basename "${serial%/serial}"; return; }
		done
		sleep 0.05
	done
	return 1
}

disk=$(find_disk root) || give_up "no disk is named root"
mount -t ext4 -o noatime "/dev/${disk}1" /root || give_up "the root cannot be mounted"
for part in proc sys dev; do mount --move /$part /root/$part; done

init=$(sed -n 's/.*\binit=\([^ ]*\).*/\1/p' /root/proc/cmdline)
[ -z "$init" ] || exec switch_root /root "$init"

mount -t tmpfs -o mode=0755 run /root/run
cp /payload.sh /witness.sh /root/run/
exec switch_root /root /bin/sh /run/payload.sh
