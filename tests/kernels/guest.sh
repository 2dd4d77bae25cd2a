#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Process 1 of the virtual machine: runs /seep/command and leaves what came of it, as a tar archive, on the
# third disk. No archive there means that the machine did not come to its end.
set -uo pipefail

export PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
export HOME=/root LANG=C.UTF-8 PYTHONDONTWRITEBYTECODE=1

mount -t proc proc /proc
mount -t sysfs sysfs /sys
mount -t cgroup2 cgroup2 /sys/fs/cgroup
mount -t tmpfs tmpfs /tmp
mount -t tmpfs tmpfs /run
mkdir -p /dev/pts /dev/shm /run/results
mount -t devpts devpts /dev/pts
mount -t tmpfs tmpfs /dev/shm
hostname guest
busybox ip link set lo up
# what the kernel has to say is in the results
echo 1 >/proc/sys/kernel/printk

cd /seep || exit
bash ./command 2>&1 | tee /run/results/output
echo "${PIPESTATUS[0]}" >/run/results/status
dmesg >/run/results/dmesg
tar -cf /dev/vdc -C /run/results .
sync
echo o >/proc/sysrq-trigger
sleep infinity
