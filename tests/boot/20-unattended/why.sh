# shellcheck shell=sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# In the real root. Elsewhere, because dracut mounts /run and /dev/shm noexec.
mount -t tmpfs tmpfs /mnt
cp cexluks /mnt/
/mnt/cexluks why
echo "exit status $?"
