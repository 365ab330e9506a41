#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# initqueue: start the attempt once, beside the loop. In the loop's first round udev's queue has been empty, so
# that the helper sees every device that is there.

command -v _cexluks_attempt > /dev/null || . /lib/cexluks-lib.sh

if [ ! -e "$_cexluks_state/started" ]; then
    mkdir -p "$_cexluks_state/parked"
    _cexluks_uptime > "$_cexluks_state/started"
    _cexluks_attempt < /dev/null &
    echo "$!" > "$_cexluks_state/attempt.pid"
fi
