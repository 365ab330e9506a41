#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# cleanup: what was refused stays shut for this boot, also where the real root's own crypttab names it. /run goes
# along, and systemd reads its units anew there.

_cexluks_keep_refused() {
    local _dir=/run/systemd/system/systemd-cryptsetup@.service.d
    local _name

    for _name in /run/cexluks/refused/*; do
        [ -e "$_name" ] || return 0
        break
    done
    mkdir -p "$_dir"
    printf '%s\n' '[Unit]' 'AssertPathExists=!/run/cexluks/refused/%I' > "$_dir/50-cexluks.conf"
}

_cexluks_keep_refused
