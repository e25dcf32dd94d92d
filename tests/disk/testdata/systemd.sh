#!/bin/bash
# systemd.sh FOLDER PROGRAM...: runs a program as a service of a systemd of its own, the first process of namespaces of
# its own, on the tree and the devices of this machine. What it writes to the tree is gone afterwards. The folder is in
# /dev/shm; what the program prints goes to the file "out" there.
set -eu
folder=$1 top=$(realpath ../..)
shift
groups=/sys/fs/cgroup
[ ! -d $groups/systemd ] || groups="$groups/systemd $groups/unified $groups/devices $groups/pids"
for group in $groups; do
	mkdir -p "$group/glowplug-test"
	echo $$ >"$group/glowplug-test/cgroup.procs"
done
# shellcheck disable=SC2317 # by the trap
leave() {
	for group in $groups; do
		echo $$ >"$group/cgroup.procs"
		find "$group/glowplug-test" -depth -type d -exec rmdir {} + 2>/dev/null || true
	done
}
trap leave EXIT
cat >"$folder/test.service" <<U
[Unit]
DefaultDependencies=no
[Service]
Type=oneshot
WorkingDirectory=$PWD
Environment=PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root GLOWPLUG_UNDER_SYSTEMD=$folder
ExecStart=$*
ExecStopPost=/bin/kill -s RTMIN+14 1
StandardOutput=append:$folder/out
StandardError=append:$folder/out
U
export folder top
# shellcheck disable=SC2016 # for the inner shell
unshare --uts --ipc --pid --mount --cgroup --net --fork --kill-child=KILL bash -euc '
	mount --make-rprivate /
	mount -t tmpfs none "$folder"/tree
	cd "$folder"/tree
	mkdir up work root
	mount -t overlay -o lowerdir=/,upperdir=up,workdir=work none root
	cd root
	mount -t proc proc proc
	mount -t sysfs sys sys
	if [ -d /sys/fs/cgroup/systemd ]; then
		mount -t tmpfs none sys/fs/cgroup
		mkdir sys/fs/cgroup/{systemd,unified,devices,pids}
		mount -t cgroup -o none,name=systemd none sys/fs/cgroup/systemd
		mount -t cgroup2 none sys/fs/cgroup/unified
		mount -t cgroup -o devices none sys/fs/cgroup/devices
		mount -t cgroup -o pids none sys/fs/cgroup/pids
	else
		mount -t cgroup2 none sys/fs/cgroup
	fi
	mount --rbind /dev dev
	mount -t tmpfs none run
	mkdir -p ".$top" run/systemd/system
	mount --rbind "$top" ".$top"
	cp "$folder"/test.service run/systemd/system/
	exec chroot . env -i container=other PATH=/usr/sbin:/usr/bin:/sbin:/bin /lib/systemd/systemd --system \
		--unit=test.service --show-status=0 --log-target=null' </dev/null
