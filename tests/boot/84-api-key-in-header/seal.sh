# shellcheck shell=sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# In the real root of a machine with the card, whose root volume is open. On a file system of its own, because /run is
# noexec here.
mount -t tmpfs tmpfs /mnt
cp cexluks api-key ca.pem /mnt/
chmod 0600 /mnt/api-key
/mnt/cexluks credential seal prod --header /dev/disk/by-uuid/c0ffee00-* --config ./cexluks.conf >/mnt/said 2>&1
echo "status $?"
sed 's/^/said: /' /mnt/said
