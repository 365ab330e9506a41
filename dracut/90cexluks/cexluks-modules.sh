#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# pre-trigger: load what systemd-modules-load would load. A card that is absent makes a module fail, and the
# helper says which.

_cexluks_modules() {
    local _module

    [ -e /usr/lib/modules-load.d/cexluks.conf ] || return 0
    while read -r _module; do
        modprobe -q "$_module" 2> /dev/null
    done < /usr/lib/modules-load.d/cexluks.conf
}

_cexluks_modules
