#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# cleanup: an ifup that still waits for a DHCP server must not go on in the real root.

_cexluks_end_network() {
    local _pid

    [ -e /run/cexluks/ifup.pids ] || return 0
    while read -r _pid; do
        kill -TERM "-$_pid" 2> /dev/null
    done < /run/cexluks/ifup.pids
    rm -f /run/cexluks/ifup.pids
}

_cexluks_end_network
