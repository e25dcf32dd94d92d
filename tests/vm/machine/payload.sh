#!/bin/sh
# The first process of a root that runs a payload: unpacks the tar on the disk named payload to /vm and runs /vm/run,
# with a running udev but without systemd. What run prints goes to the virtio port named output as it comes; at its end
# what it left in /vm/out goes to the port results as a tar, and then its exit status to the port status.
export HOME=/root PATH=/vm/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin LANG=C.UTF-8

mount -t tmpfs tmp /tmp
mkdir -p /vm
mount -t tmpfs -o mode=0755,size=75% vm /vm
mkdir -p /dev/pts /dev/shm /run/lock
mount -t devpts devpts /dev/pts
mount -t tmpfs shm /dev/shm
ln -s /proc/self/fd /dev/fd
ip link set lo up
echo localhost >/proc/sys/kernel/hostname

/lib/systemd/systemd-udevd --daemon
udevadm trigger --action=add --subsystem-match=block --subsystem-match=misc --subsystem-match=net \
	--subsystem-match=tpm --subsystem-match=tpmrm --subsystem-match=virtio --subsystem-match=virtio-ports
udevadm settle --timeout=60

sh /run/witness.sh </dev/null >/dev/null 2>&1 &

mkdir /vm/out
cd /vm && tar -xf /dev/disk/by-id/virtio-payload --no-same-owner
echo "machine: ready after $(cut -d ' ' -f 1 /proc/uptime) s"

# Only one process at a time may open a port, and a payload may well open its own standard error again: it gets a pipe.
mkfifo /run/output
cat /run/output >/dev/virtio-ports/output &
reader=$!
./run </dev/null >/run/output 2>&1
status=$?
# A process that the payload left behind may hold the pipe for ever.
for attempt in $(seq 20); do
	kill -0 $reader 2>/dev/null || break
	sleep 0.1
done

tar -C /vm/out -cf /dev/virtio-ports/results .
echo $status >/dev/virtio-ports/status
echo "machine: run exited with $status"
sync
echo o >/proc/sysrq-trigger
sleep 60
