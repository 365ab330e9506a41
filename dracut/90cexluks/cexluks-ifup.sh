#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# network-legacy's ifup without holding the queue: see cexluks-bound-network.sh. A session of its own, so that
# cexluks-end-network.sh can end a DHCP client that still waits.

setsid /sbin/ifup "$@" < /dev/null &
echo "$!" >> /run/cexluks/ifup.pids
