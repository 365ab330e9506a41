#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# initqueue/finished: the boot does not go on without a verdict, nor with a prompt that waits aside. Sourced
# in a subshell whose status is the answer.

command -v _cexluks_decided > /dev/null || . /lib/cexluks-lib.sh

_cexluks_all_decided() {
    local _job

    _cexluks_decided || return 1
    for _job in "$_cexluks_state"/parked/*.sh; do
        [ -e "$_job" ] && return 1
    done
    return 0
}

_cexluks_all_decided
