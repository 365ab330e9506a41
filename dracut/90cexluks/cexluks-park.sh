#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# initqueue/settled, by its number before every "cryptroot-ask-…": a prompt would hold the loop, so it waits
# aside until the helper has decided; then it comes back, unless it has become pointless or forbidden.

command -v _cexluks_decided > /dev/null || . /lib/cexluks-lib.sh

_cexluks_park() {
    local _job

    if ! _cexluks_decided; then
        for _job in "$hookdir"/initqueue/settled/cryptroot-ask-*.sh; do
            [ -e "$_job" ] && mv -f "$_job" "$_cexluks_state/parked/"
        done
        return 0
    fi
    for _job in "$_cexluks_state"/parked/*.sh; do
        [ -e "$_job" ] && mv -f "$_job" "$hookdir/initqueue/settled/"
    done
    for _job in "$hookdir"/initqueue/settled/cryptroot-ask-*.sh; do
        [ -e "$_job" ] && _cexluks_job_is_void "$_job" && rm -f "$_job"
    done
    return 0
}

_cexluks_park
