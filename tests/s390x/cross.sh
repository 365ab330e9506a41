#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# cross.sh TREE BUILD TARGET…: make the targets for s390x in BUILD, warnings being errors, with the compiler of this
# machine and the libraries of TREE (what tree.sh printed). Without targets: the helper and all unit tests.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."

sysroot="$1/sysroot" build="$2"
shift 2
if [[ $# -eq 0 ]]; then
    set -- "$build/cexluks"
    for source in tests/unit/*/test-*.c; do
        set -- "$@" "$build/${source%.c}"
    done
fi
export PKG_CONFIG_SYSROOT_DIR="$sysroot"
export PKG_CONFIG_LIBDIR="$sysroot/usr/lib/s390x-linux-gnu/pkgconfig:$sysroot/usr/share/pkgconfig"
exec "${MAKE:-make}" --no-print-directory -j"$(nproc)" "B=$build" "CC=s390x-linux-gnu-gcc --sysroot=$sysroot" WERROR=1 "$@"
