# shellcheck shell=sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# In the real root: the lines of "steps", each with its exit status. On a file system of its own, because /run is noexec here.
mount -t tmpfs tmpfs /mnt
cp -r . /mnt
cd /mnt || exit
chmod 0600 api-key cexluks.conf
while read -r step; do
    # shellcheck disable=SC2086 # an option list
    ./cexluks $step --config ./cexluks.conf </dev/null 2>&1
    echo "status $? of $step"
done <steps
