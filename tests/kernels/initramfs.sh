#!/bin/busybox sh
# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=dash
#
# /init of the virtual machine: loads the drivers and goes on in Debian's root.
set -e

/bin/busybox mount -t devtmpfs dev /dev
for module in /modules/*.ko; do
	/bin/busybox insmod "$module"
done
/bin/busybox mount -t ext4 /dev/vda /root
/bin/busybox mount -t ext4 /dev/vdb /root/seep
/bin/busybox mount --move /dev /root/dev
exec /bin/busybox switch_root /root /bin/bash /seep/tests/kernels/guest.sh
