# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# In the real root: the disk has another header from its first read on, from its second one, and so on, until all that
# is read comes before.
. ./disk.sh
begin

for ((n = 1; n < 100; n++)); do
    tell "other $n"
    cexluks open "$bad" lies >/mnt/said 2>&1
    status=$?
    given="$(counter given)"
    echo "other from read $n: status $status cipher $(dmsetup table lies 2>/dev/null | cut -d ' ' -f 4) given $given: $(said)"
    tell good
    cexluks close lies >/dev/null 2>&1
    [[ $given -gt 0 ]] || break
done
